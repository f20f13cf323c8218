"""The whole topology in one process and without a broker: intake, log, segmenters and learner, for replays and tests.

A value built from the same pure agents that the worker hosts (as Kafka Streams' TopologyTestDriver is).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from agents.learner import Learner
from agents.segmentation.in_force import InForce
from agents.segmenter import Segmenter
from schemas import log, topics
from schemas.policy import Policy
from schemas.records import EVERY, Batch, Outcome, PlainRecord
from schemas.state import ClientState

Publish = Callable[[Outcome], None]
Watch = Callable[[log.Fact, ClientState, InForce], None]


class Decided(NamedTuple):
    """What records of the log lead to, beside what is published."""

    lessons: list[PlainRecord]
    for_log: list[Outcome]
    """What the segmenter tells others; in a log that is replayed it stands already."""


class Pipeline:
    """Takes what is written to the log and publishes what follows from it.

    `publish` gets every outcome but those for the log; `written` gets every record of the log as it is written. What segmenters
    tell one another stands in the log before the next control record (a day that closes), what the learner tells at its end.
    """

    def __init__(
        self,
        policy: Policy,
        partitions: int,
        publish: Publish,
        written: Callable[[PlainRecord], None],
        watch: Watch | None = None,
        learning: bool = True,
    ) -> None:
        self.segmenters = [Segmenter(p, {}, policy, partitions, watch) for p in range(partitions)]
        self.learner = Learner(0, {}, policy) if learning else None
        self._publish = publish
        self._written = written
        self._ends = [0] * partitions
        self._lessons = 0

    def append(self, outcomes: Iterable[Outcome]) -> None:
        """Outcomes for the log: written, folded and decided, and what follows for the log written in turn."""
        waiting = list(outcomes)
        while waiting:
            lessons: list[PlainRecord] = []
            for run in _runs(waiting):
                while run:
                    decided = [self.decide(partition, records) for partition, records in enumerate(self._placed(run))]
                    lessons += [lesson for one in decided for lesson in one.lessons]
                    run = [outcome for one in decided for outcome in one.for_log]
            waiting = self._learn(lessons)

    def decide(self, partition: int, records: Sequence[PlainRecord]) -> "Decided":
        """Records of one partition of the log, as they stand there."""
        decided = Decided([], [])
        for batch in self.segmenters[partition].run(records):
            if not isinstance(batch, Batch):
                continue
            for outcome in batch.outcomes:
                if outcome.topic == topics.LEARNING:
                    decided.lessons.append(PlainRecord(topics.LEARNING, 0, self._lessons, 0, None, outcome.value))
                    self._lessons += 1
                elif outcome.topic == topics.CLIENT_EVENTS:
                    decided.for_log.append(outcome)
                else:
                    self._publish(outcome)
        return decided

    def _placed(self, outcomes: Iterable[Outcome]) -> list[list[PlainRecord]]:
        count = len(self._ends)
        placed: list[list[PlainRecord]] = [[] for _ in range(count)]
        for outcome in outcomes:
            if outcome.partition == EVERY:
                partitions: Iterable[int] = range(count)
            else:
                partitions = (partition_of(outcome.key or b"", count),)
            for p in partitions:
                placed[p].append(PlainRecord(topics.CLIENT_EVENTS, p, self._ends[p], 0, outcome.key, outcome.value))
                self._ends[p] += 1
        for records in placed:
            for record in records:
                self._written(record)
        return placed

    def _learn(self, lessons: Sequence[PlainRecord]) -> list[Outcome]:
        if self.learner is None or not lessons:
            return []
        controls = []
        for batch in self.learner.run(lessons):
            if isinstance(batch, Batch):
                for outcome in batch.outcomes:
                    if outcome.topic == topics.CLIENT_EVENTS:
                        controls.append(outcome)
                    else:
                        self._publish(outcome)
        return controls


def _runs(outcomes: Iterable[Outcome]) -> Iterator[list[Outcome]]:
    """In order, each run up to a control record."""
    run: list[Outcome] = []
    for outcome in outcomes:
        run.append(outcome)
        if outcome.partition == EVERY:
            yield run
            run = []
    yield run


@lru_cache(maxsize=1 << 16)
def partition_of(key: bytes, partitions: int) -> int:
    """Kafka's default partitioner. Source: org.apache.kafka.common.utils.Utils.murmur2 (as aiokafka has it)."""
    if partitions == 1:
        return 0
    from aiokafka.partitioner import murmur2

    return int((murmur2(key) & 0x7FFFFFFF) % partitions)
