"""The log, `client-events`: canonical client events and control records, the only input of a decision.

Money is in minor units of `currency`; the day of an event is its date in its own offset from UTC. A record is one JSON
object; `record` says which kind.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from schemas.learning import ModelSnapshot
from schemas.policy import Policy


class Source(NamedTuple):
    """Where a record came from: which one of a source topic's partitions, and its offset there."""

    topic: str
    partition: int
    offset: int


class Canonical(msgspec.Struct, frozen=True, tag_field="record", kw_only=True, omit_defaults=True, gc=False):
    """What every record of the log says."""

    source: Source


class ClientEvent(Canonical, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A fact about one client, keyed by it."""

    event_id: str
    client_id: str
    occurred_at: datetime
    portfolio: str | None = None


class RepaymentReceived(ClientEvent, frozen=True, tag="repayment-received", kw_only=True, omit_defaults=True, gc=False):
    """An instalment was paid, in full, in part, not at all, or undone (`reverses`)."""

    facility_id: str
    due_date: date
    amount_due: int
    amount_paid: int
    currency: str
    balance_after: int | None = None
    next_due_date: date | None = None
    next_amount_due: int | None = None
    fees: int | None = None
    reverses: str | None = None


class DrawdownMade(ClientEvent, frozen=True, tag="drawdown-made", kw_only=True, omit_defaults=True, gc=False):
    """Money was drawn under a facility."""

    facility_id: str
    amount: int
    limit: int
    balance_after: int
    currency: str
    interest_rate: float | None = None
    margin: float | None = None
    maturity_date: date | None = None
    next_due_date: date | None = None
    next_amount_due: int | None = None
    purpose: str | None = None
    reverses: str | None = None


class StatementPublished(ClientEvent, frozen=True, tag="statement-published", kw_only=True, omit_defaults=True, gc=False):
    """A financial statement for the period that ended at `period_end`."""

    period_end: date
    currency: str
    total_assets: int
    period_months: int = 12
    published_at: datetime | None = None
    revenue: int | None = None
    cost_of_goods_sold: int | None = None
    gross_profit: int | None = None
    operating_expenses: int | None = None
    ebitda: int | None = None
    ebit: int | None = None
    net_income: int | None = None
    interest_expense: int | None = None
    depreciation: int | None = None
    operating_cash_flow: int | None = None
    current_assets: int | None = None
    cash: int | None = None
    receivables: int | None = None
    inventory: int | None = None
    total_liabilities: int | None = None
    current_liabilities: int | None = None
    long_term_debt: int | None = None
    total_debt: int | None = None
    equity: int | None = None
    retained_earnings: int | None = None
    market_value: int | None = None
    audited: bool | None = None


class ProfileUpdated(ClientEvent, frozen=True, tag="profile-updated", kw_only=True, omit_defaults=True, gc=False):
    """Who the client is; what is None did not change."""

    industry: str | None = None
    country: str | None = None
    relationship_since: date | None = None
    referred_by: str | None = None
    group_id: str | None = None
    legal_form: str | None = None
    employees: int | None = None


class RatingAssigned(ClientEvent, frozen=True, tag="rating-assigned", kw_only=True, omit_defaults=True, gc=False):
    """An agency graded the client."""

    agency: str
    grade: str
    outlook: str | None = None


class CollateralValued(ClientEvent, frozen=True, tag="collateral-valued", kw_only=True, omit_defaults=True, gc=False):
    """A collateral was valued; value 0 releases it."""

    collateral_id: str
    value: int
    currency: str
    facility_id: str | None = None
    kind: str | None = None
    haircut: float | None = None


class OutcomeReported(ClientEvent, frozen=True, tag="outcome-reported", kw_only=True, omit_defaults=True, gc=False):
    """What became of a client or a facility: defaulted, cured, written-off, repaid, forborne."""

    outcome: str
    facility_id: str | None = None
    loss: float | None = None


class MilestoneReported(ClientEvent, frozen=True, tag="milestone-reported", kw_only=True, omit_defaults=True, gc=False):
    """Progress of a project."""

    project_id: str
    milestone: str
    planned: float
    actual: float
    cost_planned: float | None = None
    cost_actual: float | None = None


class FeedbackGiven(ClientEvent, frozen=True, tag="feedback-given", kw_only=True, omit_defaults=True, gc=False):
    """What a person thinks of a warning: confirmed, false-alarm, snoozed, suppressed; or a signal of their own: raised."""

    verdict: str
    warning_id: str | None = None
    until: date | None = None
    note: str | None = None
    indicator: str | None = None
    severity: str | None = None


class MemberStanding(ClientEvent, frozen=True, tag="member-standing", kw_only=True, omit_defaults=True, gc=False):
    """Derived, keyed by the group: `client_id`, a member, has come to another stage of its own; 0 if it has left the group."""

    group_id: str
    stage: int
    sequence: int
    """Counts up with what the client tells; an older or equal one is a repeat."""


class GroupStanding(ClientEvent, frozen=True, tag="group-standing", kw_only=True, omit_defaults=True, gc=False):
    """Derived: the worst stage among the other members of the client's group has changed."""

    group_id: str
    stage: int
    version: int
    """Counts up with what the group tells; an older or equal one is a repeat."""
    member: str = ""
    """Who stands there; nobody at stage 1."""


class Referred(ClientEvent, frozen=True, tag="referred", kw_only=True, omit_defaults=True, gc=False):
    """Derived: `client_id` has referred another client, `referred`; or (`holds` false) that one names somebody else now."""

    referred: str
    sequence: int
    """Counts up with what the referred one tells; an older or equal one is a repeat."""
    holds: bool = True


class MacroObserved(Canonical, frozen=True, tag="macro-observed", kw_only=True, omit_defaults=True):
    """Control: a figure of the economy, known to every partition from here on."""

    event_id: str
    occurred_at: datetime
    indicator: str
    value: float
    as_of: date
    country: str | None = None


class DayPassed(Canonical, frozen=True, tag="day-passed", kw_only=True, omit_defaults=True):
    """Control: all that the source partition `source` has to say up to and including `day` stands before this record.

    `source.offset` is of no concern: passing a day twice is the same as once.
    """

    day: date
    of: dict[str, int]
    """Partitions of each source topic, as they are now: the day closes here when all of them have passed it."""


class ModelPublished(Canonical, frozen=True, tag="model-published", kw_only=True, omit_defaults=True):
    """Control: from here on the clients of the snapshot's portfolio are scored by it."""

    snapshot: ModelSnapshot


class CutoffsPublished(Canonical, frozen=True, tag="cutoffs-published", kw_only=True, omit_defaults=True):
    """Control: from here on the value tiers of `portfolio` begin at these values (minor units of the reporting currency)."""

    portfolio: str
    number: int
    as_of: date
    clients: int
    cutoffs: tuple[float, float, float]
    """Lower bound of diamond, gold, silver."""
    curve: tuple[tuple[float, float], ...] = ()
    """The 80/20 curve: share of the clients, the best-valued first, and the share of all value that they bring."""


class PolicyPublished(Canonical, frozen=True, tag="policy-published", kw_only=True, omit_defaults=True):
    """Control: from here on this policy decides. `policy` is the whole of it (`schemas.policy.Policy` as JSON)."""

    version: str
    policy: dict[str, Any]

    def parsed(self) -> Policy:
        """Raises: pydantic.ValidationError if it was written by a release that knew another policy."""
        return Policy.model_validate(self.policy)


Fact: TypeAlias = (
    RepaymentReceived
    | DrawdownMade
    | StatementPublished
    | ProfileUpdated
    | RatingAssigned
    | CollateralValued
    | OutcomeReported
    | MilestoneReported
    | FeedbackGiven
    | MemberStanding
    | GroupStanding
    | Referred
)
DERIVED: Final = frozenset((MemberStanding, GroupStanding, Referred))
"""What segmenters tell one another through the log; `source` is the record of the log it was derived from."""

Control: TypeAlias = MacroObserved | DayPassed | ModelPublished | CutoffsPublished | PolicyPublished

read_fact: Final[Callable[[bytes], Fact]] = msgspec.json.Decoder(Fact).decode
"""Bytes of a record with a key. Raises: msgspec.DecodeError, msgspec.ValidationError."""

read_control: Final[Callable[[bytes], Control]] = msgspec.json.Decoder(Control).decode
"""Bytes of a record without a key. Raises: msgspec.DecodeError, msgspec.ValidationError."""

write: Final = msgspec.json.Encoder().encode
