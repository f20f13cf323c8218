"""What an engine came to, so that it can be compared with another's: equal work, or the speeds say nothing."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final, NamedTuple

import msgspec

from schemas import topics
from schemas.records import Outcome

TOPICS: Final = (topics.TIER_CHANGES, topics.EARLY_WARNINGS)
PLACE: Final = ("decision_id", "warning_id", "evidence")
"""Fields that tell where in the log a decision was made; every engine's log has an order of its own among clients."""


class Decided(NamedTuple):
    """How many decisions of each kind, and a digest of what they say, in whatever order they came."""

    tier_changes: int
    warnings: int
    digest: int

    def __str__(self) -> str:
        return f"{self.tier_changes:,} tier changes, {self.warnings:,} warnings, digest {self.digest:016x}"

    def and_of(self, outcomes: Iterable[Outcome]) -> "Decided":
        """With more outcomes, or records of the decision topics; other topics are left out."""
        counts, total = dict.fromkeys(TOPICS, 0), self.digest
        for outcome in outcomes:
            if outcome.topic in counts:
                counts[outcome.topic] += 1
                total += _digest(outcome.value)
        changes, warnings = counts.values()
        return Decided(self.tier_changes + changes, self.warnings + warnings, total % 2**64)


NOTHING: Final = Decided(0, 0, 0)


def _digest(value: bytes) -> int:
    said = msgspec.json.decode(value)
    for name in PLACE:
        said.pop(name, None)
    return int.from_bytes(blake2b(msgspec.json.encode(said), digest_size=8).digest(), "big")
