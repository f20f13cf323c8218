"""A client's events in words: what a person needs to see of each fact of the log. Amounts in major units."""

from typing import Any

from schemas import log
from schemas.money import to_major

STATEMENT_FIGURES = ("total_assets", "revenue", "ebitda", "ebit", "net_income", "equity", "total_debt", "market_value")
COMMON = frozenset({"source", "event_id", "client_id", "occurred_at", "portfolio", "record"})


def told(fact: log.Fact) -> str:
    """The telling amounts of a fact."""
    if isinstance(fact, log.RepaymentReceived):
        return _repayment(fact)
    if isinstance(fact, log.DrawdownMade):
        return _drawdown(fact)
    if isinstance(fact, log.StatementPublished):
        return _statement(fact)
    if isinstance(fact, log.CollateralValued):
        return f"{fact.collateral_id}: worth {amount(fact.value, fact.currency)}{_haircut(fact)}"
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in _said(fact))


def kind(fact: log.Fact) -> str:
    """Which kind of fact: the tag that it has in the log."""
    return str(fact.__struct_config__.tag)


def amount(minor: int, currency: str) -> str:
    """An amount as a person reads it."""
    return f"{to_major(minor, currency):,} {currency}"


def _repayment(fact: log.RepaymentReceived) -> str:
    paid, due = amount(fact.amount_paid, fact.currency), amount(fact.amount_due, fact.currency)
    balance = "" if fact.balance_after is None else f", balance {amount(fact.balance_after, fact.currency)}"
    undone = f", undoing {fact.reverses}" if fact.reverses is not None else ""
    return f"{fact.facility_id}: {paid} paid of {due} due on {fact.due_date}{balance}{undone}"


def _drawdown(fact: log.DrawdownMade) -> str:
    drawn, balance, limit = (amount(minor, fact.currency) for minor in (fact.amount, fact.balance_after, fact.limit))
    due = ""
    if fact.next_due_date is not None and fact.next_amount_due is not None:
        due = f", next {amount(fact.next_amount_due, fact.currency)} due on {fact.next_due_date}"
    undone = f", undoing {fact.reverses}" if fact.reverses is not None else ""
    return f"{fact.facility_id}: {drawn} drawn, balance {balance} of a limit of {limit}{due}{undone}"


def _statement(fact: log.StatementPublished) -> str:
    figures = ((name, getattr(fact, name)) for name in STATEMENT_FIGURES)
    words = (f"{name.replace('_', ' ')} {amount(minor, fact.currency)}" for name, minor in figures if minor is not None)
    return f"{fact.period_months} months to {fact.period_end}: {', '.join(words)}"


def _haircut(fact: log.CollateralValued) -> str:
    return "" if fact.haircut is None else f", haircut {fact.haircut:.0%}"


def _said(fact: log.Fact) -> list[tuple[str, Any]]:
    fields = ((name, getattr(fact, name)) for name in fact.__struct_fields__ if name not in COMMON)
    return [(name, value) for name, value in fields if value is not None]
