"""The pure step in a loop: what the agents take for the events when nothing stands around them. The limit."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from time import perf_counter
from typing import NamedTuple

from agents.intake import Intake
from agents.segmenter import Segmenter
from benchmarks.decided import NOTHING, Decided
from benchmarks.events import SourceRecord
from schemas import topics
from schemas.log import read_fact
from schemas.policy import Policy
from schemas.records import Batch, Outcome, PlainRecord
from schemas.state import read_client, write_client
from streams import garbage
from streams.replaying.pipeline import partition_of

Batches = list[list[PlainRecord]]


class Step(NamedTuple):
    """What one run took, and came to. Units: seconds."""

    intake: float
    segmenter: float
    came_to: Decided
    segmenters: list[Segmenter]
    carrying: float
    """With no rule asked: each fact and its client's state read, the state written."""

    @property
    def seconds(self) -> float:
        return self.intake + self.segmenter

    @property
    def bare(self) -> float:
        """What would be left if the rules took no time."""
        return self.intake + self.carrying


def run(events: Iterable[SourceRecord], policy: Policy, partitions: int, size: int) -> Step:
    """Bytes in, outcomes and encoded states out, in batches of the worker's size; what lies between the two is not timed."""
    intakes = {topic: Intake(topic, {topic: partitions}) for topic in topics.SOURCE_NAMES}
    segmenters = [Segmenter(number, {}, policy, partitions) for number in range(partitions)]
    accepted, taken_in = _intake(intakes, source_batches(events, partitions, size))
    batches = log_batches(accepted, partitions, size)
    came_to, decided_in = _decide(segmenters, batches)
    return Step(taken_in, decided_in, came_to, segmenters, _carry(segmenters, batches))


def source_batches(events: Iterable[SourceRecord], partitions: int, size: int) -> Batches:
    """The events as records of the source topics' partitions, in batches as a worker gets them."""
    return _batches(((event.topic, partition_of(event.key, partitions), event.key, event.value) for event in events), size)


def log_batches(accepted: Iterable[Outcome], partitions: int, size: int) -> Batches:
    """The canonical records in the partitions of the log, in batches."""
    placed = ((topics.CLIENT_EVENTS, partition_of(o.key or b"", partitions), o.key or b"", o.value) for o in accepted)
    return _batches(placed, size)


def _batches(placed: Iterable[tuple[str, int, bytes, bytes]], size: int) -> Batches:
    ends: dict[tuple[str, int], int] = defaultdict(int)
    filling: dict[tuple[str, int], list[PlainRecord]] = defaultdict(list)
    full: Batches = []
    for topic, partition, key, value in placed:
        place = (topic, partition)
        filling[place].append(PlainRecord(topic, partition, ends[place], 0, key, value))
        ends[place] += 1
        if len(filling[place]) == size:
            full.append(filling.pop(place))
    return full + list(filling.values())


def _intake(intakes: dict[str, Intake], batches: Batches) -> tuple[list[Outcome], float]:
    accepted: list[Outcome] = []
    seconds = 0.0
    garbage.collect_seldom()  # as the worker does
    for batch in batches:
        began = perf_counter()
        outcomes = intakes[batch[0].topic].run(batch).outcomes
        seconds += perf_counter() - began
        accepted += outcomes
    return accepted, seconds


def _decide(segmenters: Sequence[Segmenter], batches: Batches) -> tuple[Decided, float]:
    came_to, seconds = NOTHING, 0.0
    garbage.collect_seldom()  # as the worker does
    for records in batches:
        began = perf_counter()
        decided_now = list(segmenters[records[0].partition].run(records))
        seconds += perf_counter() - began
        came_to = came_to.and_of(o for batch in decided_now if isinstance(batch, Batch) for o in batch.outcomes)
    return came_to, seconds


def _carry(segmenters: Sequence[Segmenter], batches: Batches) -> float:
    began = perf_counter()
    for records in batches:
        states, clients = segmenters[records[0].partition].states, {}
        for record in records:
            read_fact(record.value or b"")
            clients[record.key] = read_client(states[record.key or b""])
        for client in clients.values():
            write_client(client)
    return perf_counter() - began
