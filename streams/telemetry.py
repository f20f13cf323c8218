"""What the engine tells about itself: counts, times and lags, for whoever measures."""

from collections.abc import Mapping
from typing import Protocol


class Telemetry(Protocol):
    """Called from the event loop, once per record batch, never once per record."""

    def ran(self, agent: str, records: int, seconds: float) -> None:
        """One agent has been through one batch of a partition."""

    def counted(self, agent: str, counts: Mapping[str, int]) -> None:
        """What an agent's batch says has happened."""

    def refused(self, topic: str, partition: int) -> None:
        """A batch did not begin where the last one ended and was fetched anew."""

    def skipped(self, topic: str, partition: int, offsets: int) -> None:
        """Offsets that the log does not hold (retention, compaction, transaction markers)."""

    def lag(self, topic: str, partition: int, records: int, timestamp: int) -> None:
        """Records still to come, and the last one's timestamp (milliseconds since the epoch)."""

    def restoring(self, topic: str, partition: int, states: int, remaining: int) -> None:
        """States of a changelog partition applied so far, and changelog records still to come."""

    def disowned(self, topic: str, partition: int, states: int) -> None:
        """States in a changelog that a worker wrote after it had lost the partition: ignored and repaired."""

    def sink_unavailable(self, agent: str) -> None:
        """A sink could not take its records; they will be handed over again."""

    def in_flight(self, messages: int) -> None:
        """Messages written and not yet acknowledged, outcomes and states."""


class Silent:
    """Telemetry that nobody reads."""

    def ran(self, agent: str, records: int, seconds: float) -> None: ...

    def counted(self, agent: str, counts: Mapping[str, int]) -> None: ...

    def refused(self, topic: str, partition: int) -> None: ...

    def skipped(self, topic: str, partition: int, offsets: int) -> None: ...

    def lag(self, topic: str, partition: int, records: int, timestamp: int) -> None: ...

    def restoring(self, topic: str, partition: int, states: int, remaining: int) -> None: ...

    def disowned(self, topic: str, partition: int, states: int) -> None: ...

    def sink_unavailable(self, agent: str) -> None: ...

    def in_flight(self, messages: int) -> None: ...
