"""What Faust's seeks leave unknown: a batch that vanishes while they run is found, and nothing begins before they are over."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from faust.types import TP
from mode import Service

from schemas.records import PlainRecord, Record
from streams.app import EngineOptions, TierwatchApp, host_stateful, make_app
from streams.hosting import POLL_SECONDS, Lane
from streams.positions import Chunk, Partition
from streams.transport import Consumer
from tests.system.counting import Counting

EVENTS = TP("events", 0)
HERE = Partition(*EVENTS)
COMMITTED, END = 100, 160


class Broker(Service):
    """In place of aiokafka's thread: a partition, and that it takes its time to seek all of them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.position = {EVENTS: COMMITTED}
        self.may_go_on = asyncio.Event()

    def assignment(self) -> set[TP]:
        return set(self.position)

    async def getmany(self, active_partitions: Iterable[TP] | None, timeout: float) -> dict[TP, list[Record]]:
        fetched: dict[TP, list[Record]] = {}
        for tp in active_partitions or ():
            first, last = self.position[tp], min(self.position[tp] + 20, END)
            fetched[tp] = [PlainRecord(tp.topic, 0, offset, 0, None, b"7") for offset in range(first, last)]
            self.position[tp] = last
        await asyncio.sleep(0)
        return fetched

    async def seek_to_committed(self) -> dict[TP, int]:
        self.position[EVENTS] = COMMITTED
        await self.may_go_on.wait()
        return {EVENTS: COMMITTED}

    async def call_thread(self, function: Any, *given: Any) -> Any:
        return await function(*given)

    async def seek_now(self, tp: TP, offset: int) -> None:
        self.position[tp] = offset


class Watched(Consumer):
    """A consumer of that broker."""

    broker: Broker

    def _new_consumer_thread(self) -> Any:
        self.broker = Broker(loop=self.loop, beacon=self.beacon)
        return self.broker


class Agents:
    """In place of Faust's queues: what they are given is kept, or vanishes."""

    def __init__(self) -> None:
        self.given: list[Chunk] = []
        self.clearing = False

    async def take(self, message: Any) -> None:
        if not self.clearing:
            self.given.append(message.value)


class Noting:
    """Work that notes where it begins."""

    def __init__(self) -> None:
        self.begun: list[int] = []

    async def begin(self, committed: int) -> int:
        self.begun.append(committed)
        return committed

    async def run(self, records: Sequence[Record]) -> bool:
        return True


async def nothing(*_: Any) -> None:
    """A rebalance that nobody listens to."""


@pytest.fixture
def app() -> TierwatchApp:
    app = make_app(EngineOptions("group", "kafka://nowhere:9092"))
    host_stateful(app, EVENTS.topic, "clients", Counting, 1)
    return app


@pytest.fixture
def agents() -> Agents:
    return Agents()


@pytest.fixture
async def consumer(app: TierwatchApp, agents: Agents) -> Watched:
    consumer = Watched(app.transport, agents.take, nothing, nothing)
    consumer.resume_partitions([EVENTS])
    consumer.resume_flow()
    return consumer


def lane_of(consumer: Watched) -> Lane:
    return Lane("clients", HERE, consumer.engine, consumer, ended=lambda why: None, backoff=1.0)


async def rounds(consumer: Watched, count: int) -> None:
    """What the consumer's loop does between two looks at the clock."""
    for _ in range(count):
        await consumer._seek_where_wanted()
        await consumer._deliver_next()


async def taken_from(consumer: Watched, agents: Agents, start: int) -> list[int]:
    """What a lane that starts there makes of its batches; the consumer is sent back as often as it takes."""
    positions, taken = consumer.engine.positions, list[int]()
    positions.start(HERE, start)
    for _ in range(10):
        while agents.given:
            records = consumer.take(HERE, agents.given.pop(0))
            taken += [record.offset for record in records]
            if records:
                positions.taken(HERE, taken[-1] + 1)
        await rounds(consumer, 1)
    return taken


@pytest.mark.parametrize(("clearing", "start"), [(True, COMMITTED), (False, COMMITTED + 10)])
async def test_what_vanishes_or_is_refused_while_faust_seeks_to_what_is_committed_is_fetched_again(
    consumer: Watched, agents: Agents, clearing: bool, start: int
) -> None:
    seeking = asyncio.create_task(consumer.perform_seek())
    await asyncio.sleep(0)
    agents.clearing = clearing  # As Faust does with its queues when it lets the flow go on.
    await rounds(consumer, 1)
    consumer.broker.may_go_on.set()
    await seeking
    agents.clearing = False

    assert await taken_from(consumer, agents, start) == list(range(start, END))


async def test_a_lane_begins_when_faust_has_restored_all_states_however_early_a_batch_comes(
    consumer: Watched, agents: Agents
) -> None:
    lane, work = lane_of(consumer), Noting()
    lane.start(work)
    await rounds(consumer, 1)
    lane.offer(agents.given[0])
    await asyncio.sleep(3 * POLL_SECONDS)
    assert work.begun == []

    consumer.broker.may_go_on.set()
    await consumer.perform_seek()
    await asyncio.sleep(3 * POLL_SECONDS)

    assert work.begun == [COMMITTED]
    await lane.stop(1.0)


async def test_a_seek_that_ends_after_the_partitions_were_taken_away_begins_nothing_in_the_next_assignment(
    consumer: Watched,
) -> None:
    seeking = asyncio.create_task(consumer.perform_seek())
    await asyncio.sleep(0)
    await consumer.on_partitions_revoked({EVENTS})
    consumer.broker.may_go_on.set()
    await seeking
    assert not consumer.knows_committed(HERE)


async def test_a_lane_that_is_stopped_before_all_is_restored_takes_no_states(consumer: Watched) -> None:
    lane, work = lane_of(consumer), Noting()
    lane.start(work)
    await lane.stop(1.0)
    assert work.begun == []


async def test_a_worker_that_had_no_partition_fetches_none_that_it_is_given_before_its_states_are_restored(
    consumer: Watched,
) -> None:
    assert consumer.flow_active
    await consumer.on_partitions_assigned({EVENTS}, 2)
    assert not consumer.flow_active


async def test_a_lane_that_a_late_batch_begins_while_partitions_are_taken_away_does_not_outlive_that(
    app: TierwatchApp, agents: Agents
) -> None:
    async def late(_: object) -> None:
        app.engine.lanes[HERE] = lane = lane_of(consumer)
        lane.start(Noting())

    consumer = Watched(app.transport, agents.take, late, nothing)
    consumer.broker.may_go_on.set()
    await consumer.perform_seek()

    await consumer.on_partitions_revoked({EVENTS})

    assert app.engine.lanes == {}
    assert not consumer.knows_committed(HERE)
