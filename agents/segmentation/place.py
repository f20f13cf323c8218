"""Where in the log a decision is made, and what it is made from."""


import msgspec

from agents.segmentation.in_force import InForce
from schemas.decisions import Evidence


class Place(msgspec.Struct, frozen=True, gc=False):
    """A record of the log, a client, and the day it is about. Days are ordinals."""

    client_id: str
    event_id: str
    topic: str
    partition: int
    offset: int
    day: int
    closed_day: int
    """The last day that has closed in the partition."""

    @property
    def today(self) -> int:
        """The day of the record, but never one that has closed already: for clocks, which do not go back."""
        return max(self.day, self.closed_day)

    def decision_id(self, kind: str, ordinal: int) -> str:
        """The same decision has the same id whenever it is derived."""
        return f"{kind}/{self.partition}/{self.offset}/{self.client_id}/{self.day}/{ordinal}"

    def evidence(self, now: InForce, source: str | None = None) -> Evidence:
        """The record, and the versions in force."""
        return Evidence(
            event_id=self.event_id,
            topic=self.topic,
            partition=self.partition,
            offset=self.offset,
            model_version=now.card.version,
            policy_version=now.policy_version,
            cutoffs_version=now.cutoffs_version,
            source=source,
        )
