"""Where each partition stands: the next record to process, and what may be committed.

A batch may vanish between the broker and the agent: Faust starts fetching, then clears the agents' queues and seeks. So
each batch says where its fetch began, and is processed only if nothing between the last processed record and its own
first one can have been lost. A gap *within* what one fetch covered is the log's own (retention, compaction, transaction
markers) and is accepted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from schemas.records import Record


class Partition(NamedTuple):
    """One partition of a topic."""

    topic: str
    partition: int


@dataclass(slots=True)
class Chunk:
    """Records of one partition, in order, and what is known of how they were fetched."""

    records: Sequence[Record]
    begins: int | None
    """Offset from which the fetch read on, None if nobody knows: the log holds nothing from it to the first record."""
    seek: int
    """How often the partition had been sought when this was fetched."""


class Admitted(NamedTuple):
    """Records to process now, and how many offsets before them the log does not hold."""

    records: Sequence[Record]
    skipped: int = 0


class Refused(NamedTuple):
    """Nothing to process. `seek_to` is where to fetch from; None if that has been asked for already."""

    seek_to: int | None


class Positions:
    """The next offset to process and the next offset to commit, by partition."""

    def __init__(self) -> None:
        self._next: dict[Partition, int] = {}
        self._durable: dict[Partition, int] = {}
        self._seeks: dict[Partition, int] = {}

    def start(self, tp: Partition, offset: int) -> None:
        """Processing of the partition begins here."""
        self._next[tp] = offset

    def started(self, tp: Partition) -> bool:
        """Whether the start is known."""
        return tp in self._next

    def expected(self, tp: Partition) -> int:
        """Offset of the next record to process."""
        return self._next[tp]

    def seeks(self, tp: Partition) -> int:
        """How often the partition has been sought."""
        return self._seeks.get(tp, 0)

    def all_seeks(self) -> dict[Partition, int]:
        """How often each partition has been sought, now."""
        return dict(self._seeks)

    def sought(self, tp: Partition) -> None:
        """The fetch position has moved: what was fetched before is of another series."""
        self._seeks[tp] = self.seeks(tp) + 1

    def admit(self, tp: Partition, chunk: Chunk) -> Admitted | Refused:
        """The records of the chunk that come next, or a refusal because something before them may be missing."""
        expected, first = self._next[tp], chunk.records[0].offset
        if first != expected and (chunk.begins is None or chunk.begins > expected):
            return Refused(expected if chunk.seek == self.seeks(tp) else None)
        if first >= expected:
            return Admitted(chunk.records, first - expected)
        return Admitted([record for record in chunk.records if record.offset >= expected])

    def taken(self, tp: Partition, offset: int) -> None:
        """All before `offset` has been processed (and is perhaps not durable yet)."""
        self._next[tp] = offset

    def durable(self, tp: Partition, offset: int) -> None:
        """All that came of the records before `offset` is durable: it may be committed."""
        self._durable[tp] = offset

    def committable(self, tp: Partition) -> int | None:
        """Offset that may be committed, if any."""
        return self._durable.get(tp)

    def with_progress(self) -> list[Partition]:
        """Partitions of which something may be committed."""
        return list(self._durable)

    def forget(self, partitions: Iterable[Partition]) -> None:
        """These partitions may belong to somebody else from now on."""
        for tp in partitions:
            self._next.pop(tp, None)
            self._durable.pop(tp, None)
