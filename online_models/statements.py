"""Features of a financial statement, against the ones before it."""

from collections.abc import Sequence
from math import copysign, log10
from typing import Final

from online_models.features import NAN, packed
from schemas.log import StatementPublished
from schemas.state import Figures

SAME_PERIOD_DAYS: Final = (330, 400)
"""A statement this much older covers the same period of the year before."""
EXTREME: Final = 1e6
"""Ratios are cut here: nothing is known of a denominator next to nothing."""
UNKNOWN: Final = Figures(0, 12, NAN, NAN, NAN, NAN, NAN)
"""Of a year before of which no statement is known."""


def features(now: StatementPublished, before: Sequence[Figures], per_minor: float) -> bytes:
    """The statement's features, packed, in the order of `features.STATEMENT`.

    `before` are the earlier statements' figures, oldest first; `per_minor` turns minor units into the reporting currency.
    A flow is scaled to a year.
    """
    a = now.total_assets or None
    yearly = 12.0 / now.period_months
    liabilities = now.total_liabilities if now.total_liabilities is not None else _minus(now.total_assets, now.equity)
    equity = equity_of(now)
    working = _minus(now.current_assets, now.current_liabilities)
    debt = now.total_debt if now.total_debt is not None else now.long_term_debt
    last = year_before(now.period_end.toordinal(), before) or UNKNOWN
    claims = None if liabilities is None or now.market_value is None else liabilities + now.market_value
    income_to_assets = _over(now.net_income, a, yearly)
    equity_share = _over(equity, a)
    return packed(
        (
            equity_share,
            _over(now.current_assets, now.current_liabilities),
            _over(working, a),
            _over(now.retained_earnings, a),
            _over(now.ebit, a, yearly),
            income_to_assets,
            altman(now),
            _over(now.ebitda, now.revenue),
            _over(now.net_income, now.revenue),
            _over(now.revenue, a, yearly),
            _over(debt, a),
            _burden(debt, now.ebitda, yearly),
            _over(now.ebit, now.interest_expense),
            _over(_minus(now.current_assets, now.inventory), now.current_liabilities),
            _over(now.market_value, liabilities),
            _over(now.market_value, a),
            _size(now.total_assets, per_minor),
            _size(now.revenue, per_minor),
            _size(now.market_value, per_minor),
            loss_streak(now.net_income, before),
            _growth(now.revenue, last.revenue * (now.period_months / last.months), per_minor),
            _growth(now.total_assets, last.total_assets, per_minor),
            income_to_assets - _ratio(last.net_income * 12.0 / last.months, last.total_assets),
            equity_share - _ratio(last.equity, last.total_assets),
            float(len(before) + 1),
            altman_listed(now, liabilities),
            _over(now.gross_profit, now.revenue),
            _over(liabilities, claims),
            _over(now.net_income, claims, yearly),
            _growth(now.market_value, last.market_value, per_minor),
            *(_signed_log(amount, per_minor) for amount in _amounts(now, liabilities, debt, equity)),
        )
    )


REPORTED: Final = ("net_debt_to_ebitda", "cash_available", "interest", "debt", "pre_tax_margin")
"""What `reported` packs; amounts a year, in units of the reporting currency."""


def reported(now: StatementPublished, per_minor: float) -> bytes:
    """Figures that only indicators read, packed.

    Cash available for debt service is EBITDA less tax; tax is what EBIT less interest leaves above net income. What is
    invested (capex) no statement tells. Profit before tax is EBIT less interest, else net income.
    """
    yearly = 12.0 / now.period_months
    scale = per_minor * yearly
    interest = now.interest_expense
    before_tax = _minus(now.ebit, interest) if interest is not None and now.ebit is not None else now.net_income
    tax = 0
    if interest is not None and now.ebit is not None and now.net_income is not None:
        tax = max(0, now.ebit - interest - now.net_income)
    debt = now.total_debt if now.total_debt is not None else now.long_term_debt
    net = debt - (now.cash or 0) if debt is not None else None
    return packed(
        (
            _burden(net, now.ebitda, yearly),
            NAN if now.ebitda is None else (now.ebitda - tax) * scale,
            NAN if interest is None else interest * scale,
            NAN if debt is None else debt * per_minor,
            _over(before_tax, now.revenue),
        )
    )


def _amounts(now: StatementPublished, liabilities: int | None, debt: int | None, equity: int | None) -> tuple[int | None, ...]:
    """In the order of the registry."""
    return (
        now.cost_of_goods_sold,
        now.gross_profit,
        now.operating_expenses,
        now.ebitda,
        now.depreciation,
        now.ebit,
        now.net_income,
        now.current_assets,
        now.cash,
        now.inventory,
        now.receivables,
        liabilities,
        now.current_liabilities,
        debt,
        now.retained_earnings,
        equity,
        now.operating_cash_flow,
    )


def figures(now: StatementPublished, per_minor: float) -> Figures:
    """What later statements are compared with."""

    def units(amount: int | None) -> float:
        return NAN if amount is None else amount * per_minor

    return Figures(
        period_end_day=now.period_end.toordinal(),
        months=now.period_months,
        revenue=units(now.revenue),
        ebitda=units(now.ebitda),
        net_income=units(now.net_income),
        total_assets=units(now.total_assets),
        equity=units(equity_of(now)),
        current_ratio=_over(now.current_assets, now.current_liabilities),
        market_value=units(now.market_value),
    )


def equity_of(now: StatementPublished) -> int | None:
    """Equity, or what assets leave above liabilities."""
    return now.equity if now.equity is not None else _minus(now.total_assets, now.total_liabilities)


def altman(now: StatementPublished) -> float:
    """Altman's Z'' = 6.56 WC/TA + 3.26 RE/TA + 6.72 EBIT/TA + 1.05 BVE/TL, NaN if a term is missing. Source: Altman (1995)."""
    liabilities = now.total_liabilities if now.total_liabilities is not None else _minus(now.total_assets, now.equity)
    a = now.total_assets or None
    return (
        6.56 * _over(_minus(now.current_assets, now.current_liabilities), a)
        + 3.26 * _over(now.retained_earnings, a)
        + 6.72 * _over(now.ebit, a, 12.0 / now.period_months)
        + 1.05 * _over(equity_of(now), liabilities)
    )


def altman_listed(now: StatementPublished, liabilities: int | None) -> float:
    """Altman's Z of 1968, 1.2 WC/TA + 1.4 RE/TA + 3.3 EBIT/TA + 0.6 MV/TL + 1.0 S/TA, NaN if a term is missing."""
    a, yearly = now.total_assets or None, 12.0 / now.period_months
    return (
        1.2 * _over(_minus(now.current_assets, now.current_liabilities), a)
        + 1.4 * _over(now.retained_earnings, a)
        + 3.3 * _over(now.ebit, a, yearly)
        + 0.6 * _over(now.market_value, liabilities)
        + _over(now.revenue, a, yearly)
    )


def loss_streak(net_income: int | None, before: Sequence[Figures]) -> float:
    """Statements with a loss in a row, this one included; NaN if it does not tell."""
    if net_income is None:
        return NAN
    streak = 0
    for income in (net_income, *(f.net_income for f in reversed(before))):
        if not income < 0:
            break
        streak += 1
    return float(streak)


def year_before(period_end_day: int, before: Sequence[Figures]) -> Figures | None:
    """The statement for the same period of the year before, if it is known."""
    near, far = SAME_PERIOD_DAYS
    for earlier in reversed(before):
        if near <= period_end_day - earlier.period_end_day <= far:
            return earlier
    return None


def _minus(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a - b


def _ratio(a: float, b: float) -> float:
    return max(-EXTREME, min(EXTREME, a / b)) if b and a == a else NAN


def _over(a: int | None, b: int | None, scale: float = 1.0) -> float:
    return NAN if a is None or not b else max(-EXTREME, min(EXTREME, a * scale / b))


def _burden(debt: int | None, ebitda: int | None, yearly: float) -> float:
    """Debt over a year's EBITDA; no earnings at all are the heaviest burden."""
    if debt is None or ebitda is None:
        return NAN
    if debt <= 0:
        return 0.0
    return EXTREME if ebitda <= 0 else min(EXTREME, debt / (ebitda * yearly))


def _signed_log(amount: int | None, per_minor: float) -> float:
    return NAN if amount is None else copysign(log10(1.0 + abs(amount) * per_minor), amount)


def _size(amount: int | None, per_minor: float) -> float:
    return NAN if amount is None else log10(max(amount * per_minor, 1.0))


def _growth(now: int | None, before: float, per_minor: float) -> float:
    if now is None or not before > 0:
        return NAN
    return max(-EXTREME, min(EXTREME, now * per_minor / before - 1.0))

