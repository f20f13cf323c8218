"""Pure agents on Faust: each partition is a lane that takes batches, runs the agent, and writes what it yields."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterable, Awaitable, Callable, Sequence
from time import perf_counter
from typing import Final, Protocol

import structlog
from faust.types import TP

from agents.hosting import MakeAgent, PartitionAgent
from schemas.records import Batch, Record, Settle
from streams.engine import Engine
from streams.positions import Chunk, Partition
from streams.producer import Changelog
from streams.table import StateTable, owner_header
from streams.transport import Consumer

MOST_QUEUED_BATCHES: Final = 3
"""Batches that wait in a lane before the partition is fetched no more."""
POLL_SECONDS: Final = 0.05

log = structlog.get_logger(__name__)

Sink = Callable[[Sequence[Record]], Awaitable[None]]


class SinkUnavailable(Exception):
    """Raised by a sink that cannot take its records now: it will get them again."""


class BatchAgent(Protocol):
    """An agent without state: what it writes depends on nothing but the records."""

    def run(self, records: Sequence[Record]) -> Batch:
        """The records, in order."""


class Work(Protocol):
    """What a lane does with the records of its partition."""

    async def begin(self, committed: int) -> int:
        """Gets ready and says which offset comes first; `committed` is where the group stands."""

    async def run(self, records: Sequence[Record]) -> bool:
        """Goes through the records; False if it was stopped half-way."""


class Lane:
    """One partition: its queue of batches and the task that works on them.

    `ended` is told when the work fails.
    """

    def __init__(
        self,
        name: str,
        place: Partition,
        engine: Engine,
        consumer: Consumer,
        ended: Callable[[BaseException], None],
        backoff: float,
    ) -> None:
        self.name = name
        self.place = place
        self.engine = engine
        self.consumer = consumer
        self.stopping = False
        self._ended = ended
        self._backoff = backoff
        self._queue: deque[Chunk] = deque()
        self._arrived = asyncio.Event()
        self._holding = False
        self._backing_off = False
        self._waiting = False
        self._task: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """Whether it waits for a batch."""
        return self._waiting and not self._queue and not self._backing_off

    def start(self, work: Work) -> None:
        """Begins to work on what arrives."""
        self._task = asyncio.create_task(self._loop(work), name=f"{self.name}-{self.place.partition}")
        self._task.add_done_callback(self._done)

    def offer(self, chunk: Chunk) -> None:
        """A batch has arrived. Never waits: a full lane has its partition held back instead."""
        if self._backing_off or self.stopping:
            return
        self._queue.append(chunk)
        self._arrived.set()
        if len(self._queue) >= MOST_QUEUED_BATCHES and not self._holding:
            self._holding = True
            self.consumer.hold(self.place)

    async def stop(self, seconds: float) -> None:
        """Takes no more; what runs may come to its next resting point, for a bounded time."""
        self.stopping = True
        self._queue.clear()
        self._arrived.set()
        if self._task is None:
            return
        await asyncio.wait([self._task], timeout=seconds)
        if not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])

    def _done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._ended(error)

    async def _loop(self, work: Work) -> None:
        while not (self.consumer.knows_committed(self.place) or self.stopping):  # Until then states may not be whole.
            await asyncio.sleep(POLL_SECONDS)
        if not self.stopping:
            self.engine.positions.start(self.place, await work.begin(self.consumer.committed(self.place)))
        while not self.stopping:
            records = await self._next()
            if not records:
                continue
            started = perf_counter()
            try:
                finished = await work.run(records)
            except SinkUnavailable as unavailable:
                await self._step_back(unavailable)
                continue
            if finished:
                self.engine.positions.taken(self.place, records[-1].offset + 1)
                self._measure(records, perf_counter() - started)

    async def _next(self) -> Sequence[Record]:
        while not self._queue and not self.stopping:
            self._arrived.clear()
            self._waiting = True
            await self._arrived.wait()
            self._waiting = False
        if self.stopping:
            return []
        chunk = self._queue.popleft()
        if self._holding and len(self._queue) < MOST_QUEUED_BATCHES - 1:
            self._holding = False
            self.consumer.release(self.place)
        taken: Sequence[Record] = self.consumer.take(self.place, chunk)
        return taken

    async def _step_back(self, unavailable: SinkUnavailable) -> None:
        log.warning("sink_unavailable", agent=self.name, topic=self.place.topic, reason=str(unavailable))
        self.engine.telemetry.sink_unavailable(self.name)
        self._backing_off = True
        self._queue.clear()
        self.consumer.hold(self.place)
        self._arrived.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._arrived.wait(), self._backoff)
        self._backing_off = self._holding = False
        if not self.stopping:
            self.consumer.want_seek(self.place, self.engine.positions.expected(self.place))
            self.consumer.release(self.place)

    def _measure(self, records: Sequence[Record], seconds: float) -> None:
        telemetry, last = self.engine.telemetry, records[-1]
        telemetry.ran(self.name, len(records), seconds)
        end = self.consumer.highwater(TP(*self.place))
        telemetry.lag(*self.place, max(0, (end or 0) - last.offset - 1), last.timestamp)

    async def may_write(self) -> bool:
        """Waits until the partition is certainly still ours; False if it is ours no more."""
        while not self.stopping:
            if self.engine.lease.held():
                return True
            await asyncio.sleep(POLL_SECONDS)
        return False


class Stateful:
    """An agent with a table. Its own partition record, not the committed offset, says where it goes on."""

    def __init__(self, lane: Lane, make_agent: MakeAgent, table: StateTable, generation: Callable[[], int]) -> None:
        self._lane = lane
        self._make_agent = make_agent
        self._table = table
        self._generation = generation
        self._agent: PartitionAgent
        self._changelog: Changelog

    async def begin(self, committed: int) -> int:
        """Builds the agent from the restored states, and repairs what a fenced worker has overwritten."""
        place, writer = self._lane.place, self._lane.engine.writer
        restored = self._table.partition_states.hand_over(place.partition)
        owner = (restored.owner[0] + 1, self._generation())
        self._changelog = Changelog(self._table.changelog_topic_name, place.partition, owner_header(owner))
        repairs = restored.repairs()
        self._agent = self._make_agent(place.partition, restored.states)
        if repairs and await self._lane.may_write():
            await writer.write(place, (), repairs, self._changelog)
            log.warning("states_repaired", topic=place.topic, partition=place.partition, states=len(repairs))
        following = self._agent.position + 1
        if following:  # An earlier owner may have died before it committed this, and nothing new may ever come.
            self._lane.engine.positions.durable(place, following)
        return following

    async def run(self, records: Sequence[Record]) -> bool:
        """Runs the agent; others may work between two of the batches that it yields."""
        place, writer, telemetry = self._lane.place, self._lane.engine.writer, self._lane.engine.telemetry
        for item in self._agent.run(records):
            if not await self._lane.may_write():
                return False
            if isinstance(item, Settle):
                await writer.settled(place)
                continue
            await writer.write(place, item.outcomes, item.states, self._changelog)
            telemetry.counted(self._lane.name, item.counts)
            await asyncio.sleep(0)
        await writer.write(place, (), position=records[-1].offset + 1)
        return True


class Stateless:
    """An agent without state: outcomes acknowledged, then position."""

    def __init__(self, lane: Lane, agent: BatchAgent) -> None:
        self._lane = lane
        self._agent = agent

    async def begin(self, committed: int) -> int:
        """Goes on where the group stands."""
        return committed

    async def run(self, records: Sequence[Record]) -> bool:
        """Runs the agent and writes its outcomes."""
        batch = self._agent.run(records)
        if not await self._lane.may_write():
            return False
        await self._lane.engine.writer.write(self._lane.place, batch.outcomes, position=records[-1].offset + 1)
        self._lane.engine.telemetry.counted(self._lane.name, batch.counts)
        return True


class Sinking:
    """Hands the records to a sink; done when the sink returns."""

    def __init__(self, lane: Lane, sink: Sink) -> None:
        self._lane = lane
        self._sink = sink

    async def begin(self, committed: int) -> int:
        """Goes on where the group stands."""
        return committed

    async def run(self, records: Sequence[Record]) -> bool:
        """Hands over.

        Raises: SinkUnavailable, from the sink.
        """
        await self._sink(records)
        self._lane.engine.positions.durable(self._lane.place, records[-1].offset + 1)
        return True


async def dispatch(stream: AsyncIterable[Chunk], lane_of: Callable[[Partition], Lane]) -> None:
    """The body of each Faust agent: gives every batch to its partition's lane."""
    async for chunk in stream:
        record = chunk.records[0]
        lane_of(Partition(record.topic, record.partition)).offer(chunk)
