"""What leaves tierwatch: tier changes and early warnings (JSON, with CloudEvents binary-mode headers)."""

from datetime import date
from enum import IntEnum
from typing import Any, Final

import msgspec

DIRECTIONS: Final = ("first", "up", "down", "sideways")
"""Of a tier change."""
STATUSES: Final = ("raised", "escalated", "cleared")
"""Of an early warning."""


class Severity(IntEnum):
    """How bad a warning is; `NORMAL` is no warning. Source: DOMAIN watchlist (normal, watch, amber, red)."""

    NORMAL = 0
    WATCH = 1
    AMBER = 2
    RED = 3

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS: Final = tuple(severity.name.lower() for severity in Severity)


class Segment(msgspec.Struct, frozen=True):
    """Where a client stands."""

    value_tier: str
    """diamond, gold, silver, basic."""
    risk_grade: str
    """1 (best) to 9, D for default."""
    stage: int
    """IFRS 9: 1, 2, 3."""
    lifecycle: str
    """acquisition, activation, growth, maturity, decline."""
    segment: str
    """Risk x value, as the policy names it."""


class Reason(msgspec.Struct, frozen=True, omit_defaults=True):
    """A driver: `contribution` is what it added to the logit, or of `VALUE_…` to the value a year; of a warning, how far the
    value is beyond its threshold.
    """

    code: str
    text: str
    feature: str
    contribution: float
    value: float | None = None
    threshold: float | None = None
    """Of a warning: the bound that the value passed."""


class Counterfactual(msgspec.Struct, frozen=True, omit_defaults=True, rename={"from_": "from"}):
    """The smallest change of one driver that would undo a decision; if no single one can, why."""

    possible: bool
    driver: str = ""
    """A feature, `days_past_due`, `default`, `drawn`, `margin`, `collateral`; of a warning its indicator."""
    text: str = ""
    from_: float | None = None
    to: float | None = None
    change: float | None = None
    """`to` less `from`."""
    unit: str = ""
    then: str = ""
    """What would have been decided."""
    why: str = ""


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a decision was made from: the record of the log and the versions in force there."""

    event_id: str
    topic: str
    partition: int
    offset: int
    model_version: str
    policy_version: str
    cutoffs_version: str
    source: str | None = None
    """Of a warning's rule: where its threshold comes from."""


class TierChange(msgspec.Struct, frozen=True, kw_only=True):
    """A client's segment has moved; `was` is null for its first."""

    decision_id: str
    client_id: str
    portfolio: str
    sequence: int
    as_of: date
    was: Segment | None
    now: Segment
    direction: str
    """up, down, sideways; first for a client's first."""
    pd: float
    """Probability of default within the portfolio's horizon."""
    value: float
    """Risk-adjusted contribution a year, in units of the policy's reporting currency."""
    reasons: list[Reason]
    counterfactual: Counterfactual | None
    treatment: dict[str, Any]
    evidence: Evidence
    migration: dict[str, float] | None = None
    """Chances twelve months on: a better grade, the same, a worse one, default; null in default."""


class EarlyWarning(msgspec.Struct, frozen=True, kw_only=True):
    """An indicator was raised, escalated or cleared. One episode keeps one `warning_id`."""

    decision_id: str
    warning_id: str
    client_id: str
    portfolio: str
    sequence: int
    as_of: date
    status: str
    """raised, escalated, cleared."""
    severity: str
    """watch, amber, red."""
    indicator: str
    value: float | None
    threshold: float | None
    text: str
    first_raised_at: date
    evidence: Evidence
    reasons: list[Reason] = []
    counterfactual: Counterfactual | None = None
    cause: str = "trigger"
    """trigger, relapse, manual, unanswered; of a cleared one cured, false-alarm, suppressed."""
    watchlist: str = "normal"
    """Where the client as a whole stands with this record: normal, or the severity of its worst open warning."""


read_tier_change: Final = msgspec.json.Decoder(TierChange).decode
read_early_warning: Final = msgspec.json.Decoder(EarlyWarning).decode
write: Final = msgspec.json.Encoder().encode
