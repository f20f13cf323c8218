"""What core banking publishes: one model per source topic, the boundary of tierwatch (JSON on the wire)."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from schemas import topics
from schemas.money import EXPONENTS, MAX_MAJOR
from schemas.policy import CODES


def _known(currency: str) -> str:
    if currency not in EXPONENTS:
        raise ValueError("no ISO 4217 currency with minor units")
    return currency


def _within(moment: datetime) -> datetime:
    if not FIRST_DAY <= moment.date() <= LAST_DAY:
        raise ValueError(f"must be from {FIRST_DAY} to {LAST_DAY}")
    return moment


def _indicator(code: str) -> str:
    if code not in CODES:
        raise ValueError(f"no indicator; allowed: {', '.join(CODES)}")
    return code


Identifier = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[!-~]+$", description="printable ASCII")]
EventId = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[!-~]+$", description="the bank's own id")]
IdentifierOrNone = Annotated[str, Field(max_length=64, pattern=r"^[!-~]*$", description="printable ASCII; empty: no longer any")]
FIRST_DAY: Final = date(1000, 1, 1)
LAST_DAY: Final = date(2999, 12, 31)
"""Past it calendars end, and with them what is reckoned in days."""
Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
Moment = Annotated[AwareDatetime, AfterValidator(_within)]
Code = Annotated[str, Field(min_length=1, max_length=64)]
Portfolio = Annotated[str, Field(max_length=40, pattern=r"^[a-z0-9][a-z0-9-]*$")]
CurrencyCode = Annotated[str, Field(description="ISO 4217 code"), AfterValidator(_known)]
Amount = Annotated[Decimal, Field(gt=-MAX_MAJOR, lt=MAX_MAJOR, description="decimal, in `currency`")]
Positive = Annotated[Decimal, Field(ge=0, lt=MAX_MAJOR, description="decimal, in `currency`")]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Progress = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False, description="fraction done")]
Cost = Annotated[float, Field(ge=0, lt=MAX_MAJOR, allow_inf_nan=False, description="any unit, the same in both")]
Rate = Annotated[float, Field(ge=-1, le=10, allow_inf_nan=False, description="a year, as a fraction")]
Number = Annotated[float, Field(allow_inf_nan=False)]


class SourceEvent(BaseModel):
    """What every event says: which one, and when (with its offset from UTC). Unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    money: ClassVar[tuple[str, ...]] = ()
    """The fields that are amounts in `currency`."""

    event_id: EventId
    occurred_at: Moment


class ClientEvent(SourceEvent):
    """An event about one client. The first event fixes the client's portfolio."""

    client_id: Identifier
    portfolio: Portfolio | None = None


class MoneyEvent(ClientEvent):
    """An event with amounts in `currency`."""

    currency: CurrencyCode


class Repayment(MoneyEvent):
    """An instalment was paid, in full, in part or not at all; or an earlier payment was undone (`reverses`)."""

    money = ("amount_due", "amount_paid", "balance_after", "next_amount_due", "fees")

    facility_id: Identifier
    due_date: Day
    amount_due: Positive
    amount_paid: Positive
    balance_after: Amount | None = None
    next_due_date: Day | None = None
    next_amount_due: Positive | None = None
    fees: Positive | None = None
    reverses: EventId | None = None


class Drawdown(MoneyEvent):
    """Money was drawn under a facility (negative: a correction of the balance); the limit and balance it left."""

    money = ("amount", "limit", "balance_after", "next_amount_due")

    facility_id: Identifier
    amount: Amount
    limit: Positive
    balance_after: Amount
    interest_rate: Rate | None = None
    margin: Rate | None = None
    maturity_date: date | None = None
    next_due_date: Day | None = None
    next_amount_due: Positive | None = None
    purpose: Code | None = None
    reverses: EventId | None = None


class Statement(MoneyEvent):
    """A financial statement of the client, for the period that ended at `period_end`."""

    money = (
        "total_assets", "revenue", "cost_of_goods_sold", "gross_profit", "operating_expenses", "ebitda", "ebit",
        "net_income", "interest_expense", "depreciation", "operating_cash_flow", "current_assets", "cash", "receivables",
        "inventory", "total_liabilities", "current_liabilities", "long_term_debt", "total_debt", "equity",
        "retained_earnings", "market_value",
    )  # fmt: skip

    period_end: Day
    total_assets: Positive
    period_months: Annotated[int, Field(ge=1, le=24)] = 12
    published_at: Moment | None = None
    revenue: Amount | None = None
    cost_of_goods_sold: Amount | None = None
    gross_profit: Amount | None = None
    operating_expenses: Amount | None = None
    ebitda: Amount | None = None
    ebit: Amount | None = None
    net_income: Amount | None = None
    interest_expense: Amount | None = None
    depreciation: Amount | None = None
    operating_cash_flow: Amount | None = None
    current_assets: Amount | None = None
    cash: Amount | None = None
    receivables: Amount | None = None
    inventory: Amount | None = None
    total_liabilities: Amount | None = None
    current_liabilities: Amount | None = None
    long_term_debt: Amount | None = None
    total_debt: Amount | None = None
    equity: Amount | None = None
    retained_earnings: Amount | None = None
    market_value: Amount | None = None
    audited: bool | None = None


class Profile(ClientEvent):
    """Who the client is; each event overwrites the fields it has."""

    industry: Code | None = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166 alpha-2")] | None = None
    relationship_since: date | None = None
    referred_by: IdentifierOrNone | None = None
    group_id: IdentifierOrNone | None = None
    legal_form: Code | None = None
    employees: Annotated[int, Field(ge=0, le=10_000_000)] | None = None


class Rating(ClientEvent):
    """An agency (or the bank itself) graded the client."""

    agency: Code
    grade: Annotated[str, Field(min_length=1, max_length=16)]
    outlook: Literal["positive", "stable", "negative", "developing"] | None = None


class Collateral(MoneyEvent):
    """A collateral was valued; value 0 releases it."""

    money = ("value",)

    collateral_id: Identifier
    value: Positive
    facility_id: Identifier | None = None
    kind: Code | None = None
    haircut: Fraction | None = None


class Macro(SourceEvent):
    """A figure of the economy; about no client."""

    indicator: Code
    value: Number
    as_of: Day
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166 alpha-2")] | None = None


class Outcome(ClientEvent):
    """What became of a client or a facility. `loss` is a fraction of the exposure."""

    outcome: Literal["defaulted", "cured", "written-off", "repaid", "forborne"]
    facility_id: Identifier | None = None
    loss: Fraction | None = None


class Milestone(ClientEvent):
    """Progress of a project: fractions done, and what it cost, planned and actual."""

    project_id: Identifier
    milestone: Code
    planned: Progress
    actual: Progress
    cost_planned: Cost | None = None
    cost_actual: Cost | None = None


class Feedback(ClientEvent):
    """What a person thinks of a warning; or (`raised`) a signal of their own, (`suppressed`) an indicator not to be raised.

    `indicator` and `severity` are of a signal (MANUAL, watch); `suppressed` says `until` and a warning or an indicator.
    """

    warning_id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    verdict: Literal["confirmed", "false-alarm", "snoozed", "raised", "suppressed"]
    until: Day | None = None
    note: Annotated[str, Field(max_length=2000)] | None = None
    indicator: Annotated[str, AfterValidator(_indicator)] | None = None
    severity: Literal["watch", "amber", "red"] | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.verdict == "suppressed" and self.until is None:
            raise ValueError("until: a suppression says until when")
        if self.verdict == "suppressed" and self.warning_id is None and self.indicator is None:
            raise ValueError("warning_id: a suppression names a warning or an indicator")
        if self.verdict in ("confirmed", "false-alarm", "snoozed") and self.warning_id is None:
            raise ValueError("warning_id: the warning that is answered")
        return self


class EndOfDay(BaseModel):
    """The bank's end-of-day record: everything of `day` and before stands before it in this partition."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Literal["end-of-day"]
    day: Day


BY_TOPIC: Final[dict[str, type[SourceEvent]]] = {
    topics.REPAYMENTS: Repayment,
    topics.DRAWDOWNS: Drawdown,
    topics.STATEMENTS: Statement,
    topics.PROFILES: Profile,
    topics.RATINGS: Rating,
    topics.COLLATERAL: Collateral,
    topics.MACRO: Macro,
    topics.OUTCOMES: Outcome,
    topics.MILESTONES: Milestone,
    topics.FEEDBACK: Feedback,
}
"""The contract of each source topic, by its logical name."""
