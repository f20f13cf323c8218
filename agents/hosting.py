"""What a host (Faust, file replay, a test) needs to know of an agent that keeps state."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from schemas.records import Batch, Record, Settle


class PartitionAgent(Protocol):
    """An agent on one partition of its topic. It owns its state; the host stores what `run` yields.

    Contract with the host: records come in offset order without a gap; each yielded `Batch` is written in the order
    *outcomes acknowledged, then states, then position*; at a yielded `Settle` the host waits until everything yielded
    before is durable. Whether anything is repeated after a crash is the agent's business: a record at or below its
    `position` is skipped.
    """

    @property
    def position(self) -> int:
        """Offset of the last record that is done, by the partition record; -1 if none."""

    def run(self, records: Sequence[Record]) -> Iterator[Batch | Settle]:
        """The records, in order, folded and decided. A generator: the host may let others work between two batches."""


class MakeAgent(Protocol):
    """Builds the agent of one partition from the states of its changelog (at first none), which are its own from then on."""

    def __call__(self, partition: int, states: dict[bytes, bytes]) -> PartitionAgent: ...
