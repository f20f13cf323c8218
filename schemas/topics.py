"""The topics by their logical names: what each is for, how it is kept, and what it is called on the broker."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

REPAYMENTS: Final = "repayments"
DRAWDOWNS: Final = "drawdowns"
STATEMENTS: Final = "statements"
PROFILES: Final = "profiles"
RATINGS: Final = "ratings"
COLLATERAL: Final = "collateral"
MACRO: Final = "macro"
OUTCOMES: Final = "outcomes"
MILESTONES: Final = "milestones"
FEEDBACK: Final = "feedback"

CLIENT_EVENTS: Final = "client-events"
TIER_CHANGES: Final = "tier-changes"
EARLY_WARNINGS: Final = "early-warnings"
LEARNING: Final = "learning"
MODELS: Final = "models"
MODEL_WARNINGS: Final = "model-warnings"
LEDGER: Final = "ledger"
PORTFOLIOS: Final = "portfolios"
DEAD_LETTERS: Final = "dead-letters"

SOURCE_PREFIX: Final = "corebank."
OWN_PREFIX: Final = "tierwatch."

FOREVER: Final = -1
DAY_MS: Final = 24 * 60 * 60 * 1000
LONG_MS: Final = 10 * 366 * DAY_MS
"""Ten years: past the five years for which CRR Article 180(1)(h) asks of the history behind a PD."""

Kind = Literal["source", "log", "one"]
"""Partitions: `source` the bank's choice, `log` as many as client-events, `one` exactly one."""


class Topic(NamedTuple):
    """How one topic is kept. Units: `retention_ms` milliseconds, -1 for ever."""

    name: str
    kind: Kind
    cleanup: Literal["delete", "compact"]
    retention_ms: int

    @property
    def is_source(self) -> bool:
        """Whether the bank writes it and we read it."""
        return self.kind == "source"


def _source(name: str) -> Topic:
    return Topic(name, "source", "delete", 30 * DAY_MS)


SOURCES: Final = (
    _source(REPAYMENTS),
    _source(DRAWDOWNS),
    _source(STATEMENTS),
    _source(PROFILES),
    _source(RATINGS),
    _source(COLLATERAL),
    _source(MACRO),
    _source(OUTCOMES),
    _source(MILESTONES),
    _source(FEEDBACK),
)
"""What the bank publishes. Our retention holds only where we create them: in the demo and in tests."""

OWN: Final = (
    Topic(CLIENT_EVENTS, "log", "delete", LONG_MS),
    Topic(TIER_CHANGES, "log", "delete", LONG_MS),
    Topic(EARLY_WARNINGS, "log", "delete", LONG_MS),
    Topic(LEARNING, "one", "delete", LONG_MS),
    Topic(MODELS, "one", "compact", FOREVER),
    Topic(MODEL_WARNINGS, "one", "delete", LONG_MS),
    Topic(LEDGER, "one", "delete", LONG_MS),
    Topic(PORTFOLIOS, "one", "compact", FOREVER),
    Topic(DEAD_LETTERS, "log", "delete", 90 * DAY_MS),
)
"""What tierwatch writes."""

TOPICS: Final[Mapping[str, Topic]] = MappingProxyType({topic.name: topic for topic in (*SOURCES, *OWN)})
SOURCE_NAMES: Final = tuple(topic.name for topic in SOURCES)
OWN_NAMES: Final = tuple(topic.name for topic in OWN)


class TopicNames(NamedTuple):
    """What the topics are called on the broker: a prefix for the bank's and one for ours, and names given outright."""

    source_prefix: str = SOURCE_PREFIX
    own_prefix: str = OWN_PREFIX
    overrides: Mapping[str, str] = MappingProxyType({})

    def real(self, logical: str) -> str:
        """Raises: `KeyError` for a name that is not ours."""
        topic = TOPICS[logical]
        return self.overrides.get(logical) or (self.source_prefix if topic.is_source else self.own_prefix) + logical

    def by_logical(self) -> dict[str, str]:
        """All of them, logical name to real name."""
        return {logical: self.real(logical) for logical in TOPICS}
