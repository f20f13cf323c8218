"""Faust transport over record batches: one message per partition batch, the position owned by whoever processes."""

import asyncio
import contextlib
from collections.abc import Collection, Iterator
from time import monotonic
from typing import Any, Final, cast

import structlog
from aiokafka.errors import ConsumerStoppedError, IllegalStateError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage, Message
from mode import Service

from schemas.records import Record
from streams.engine import Engine
from streams.lease import boot_clock
from streams.positions import Chunk, Partition, Refused
from streams.table import Recovery, StateTable

FETCH_SECONDS: Final = 0.1
IDLE_SECONDS: Final = 0.005
EMPTY_SECONDS: Final = 0.02
"""An answer without records that came sooner than this was not waited for by the broker."""
LOOK_SECONDS: Final = 0.5
"""How often to look for batches that vanished with nothing behind them that would show it."""

log = structlog.get_logger(__name__)


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """Renews the lease with each answered heartbeat; does not ask at once again where nothing came."""

    async def on_start(self) -> None:
        """Connects, and listens in on fetches and heartbeats."""
        await super().on_start()
        self._pace()
        coordinator = self._ensure_consumer()._coordinator
        heartbeat = getattr(coordinator, "_do_heartbeat", None)
        if heartbeat is None:
            return
        engine = engine_of(self.app)

        async def renewing() -> bool:
            sent_at = boot_clock()
            answered: bool = await heartbeat()
            if answered:
                engine.lease.renew(sent_at)
            return answered

        coordinator._do_heartbeat = renewing

    def _pace(self) -> None:
        """A broker waits with an empty answer for up to `fetch_max_wait_ms`; the embedded one does not: we do."""
        fetcher = self._ensure_consumer()._fetcher
        fetch = getattr(fetcher, "_proc_fetch_request", None)
        if fetch is None:
            return

        async def paced(*request: Any) -> bool:
            asked_at = monotonic()
            came: bool = await fetch(*request)
            if not came and monotonic() - asked_at < EMPTY_SECONDS:
                with contextlib.suppress(asyncio.CancelledError):  # Asked to end: aiokafka expects an answer even then.
                    await asyncio.sleep(EMPTY_SECONDS)
            return came

        fetcher._proc_fetch_request = paced

    async def seek_now(self, tp: TP, offset: int) -> None:
        """Seeks; to be called in the consumer's thread."""
        self._ensure_consumer().seek(tp, offset)


class Consumer(driver.Consumer):
    """Delivers batches, seeks back where one is missing, commits what is durable."""

    _thread: ConsumerThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.engine = engine_of(self.app)
        self._fetched_to: dict[Partition, int | None] = {}
        self._seek_wanted: dict[Partition, int] = {}
        self._suspects: dict[Partition, tuple[int, int]] = {}
        self._looked = 0.0
        self._sought: set[Partition] = set()
        self._revocations = 0
        self._asked: list[tuple[Collection[Partition], asyncio.Future[dict[Partition, int]]]] = []

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    # -- delivering

    async def _drain_messages(self, fetcher: Any) -> None:
        try:
            while not (self.should_stop or fetcher.should_stop):
                self._look_for_vanished()
                await self._seek_where_wanted()
                await self._tell_reached()
                await self._deliver_next()
        except (ConsumerStoppedError, asyncio.CancelledError):
            if not self.app.should_stop:
                raise

    async def _deliver_next(self) -> None:
        if not self.flow_active:
            await self.wait(cast(Any, self.can_resume_flow))
            return  # What a rebalance wants sought comes before the next fetch.
        generation, seeks = self.app.consumer_generation_id, self.engine.positions.all_seeks()
        for tp, records in (await self._fetch()).items():
            place = Partition(tp.topic, tp.partition)
            current = self.flow_active and self.app.consumer_generation_id == generation
            if not current or self.engine.positions.seeks(place) != seeks.get(place, 0):
                self._dropped(place)
            elif self._is_changelog_tp(tp):
                await self._restore(tp, place, records)
            else:
                await self._deliver(tp, place, records, generation)

    async def _fetch(self) -> dict[TP, list[Any]]:
        active = self._get_active_partitions()
        if not active:
            await asyncio.sleep(IDLE_SECONDS)
            return {}
        fetched = await self._getmany(active_partitions=active, timeout=FETCH_SECONDS)
        return {tp: records for tp, records in (fetched or {}).items() if records}

    async def _deliver(self, tp: TP, place: Partition, records: list[Any], generation: int) -> None:
        begins, seek = self._fetched_to.get(place), self.engine.positions.seeks(place)
        for part in _parts(records, self.engine.max_batch):
            message = _message(tp, Chunk(part, begins, seek), generation)
            await self.wait_first(self.callback(message), self.suspend_flow.wait())
            if not self.flow_active or self.engine.positions.seeks(place) != seek:
                self._dropped(place)
                return
            begins = self._fetched_to[place] = part[-1].offset + 1

    async def _restore(self, tp: TP, place: Partition, records: list[Any]) -> None:
        states, telemetry = self._table(place).partition_states, self.engine.telemetry
        begins, expected = self._fetched_to.get(place), states.expected(place.partition)
        if begins is None or begins > expected:
            telemetry.refused(*place)
            self.want_seek(place, expected)
            return
        self._fetched_to[place] = records[-1].offset + 1
        restored, disowned = states.apply(place.partition, records)
        remaining = (self.highwater(tp) or 0) - records[-1].offset - 1
        telemetry.restoring(*place, restored, max(0, remaining))
        if disowned:
            telemetry.disowned(*place, disowned)
            log.warning("changelog_records_disowned", topic=tp.topic, partition=tp.partition, records=disowned)
        await self.wait_first(self.callback(self._to_message(tp, records[-1])), self.suspend_flow.wait())

    def _table(self, place: Partition) -> StateTable:
        table = cast(Any, self.app.tables)._changelogs[place.topic]
        assert isinstance(table, StateTable)
        return table

    def _dropped(self, place: Partition) -> None:
        self._fetched_to[place] = None
        if self.flow_active:  # Otherwise a rebalance seeks.
            self.want_seek(place, self._expected(place))

    # -- seeking

    def want_seek(self, tp: Partition, offset: int) -> None:
        """Fetch the partition from this offset on. Done between two fetches, so that no fetch is of two minds."""
        self._seek_wanted[tp] = offset

    async def _seek_where_wanted(self) -> None:
        while self._seek_wanted:
            place, offset = self._seek_wanted.popitem()
            try:
                await self._thread.call_thread(self._thread.seek_now, TP(*place), offset)
            except IllegalStateError:
                continue  # No longer ours.
            self.engine.positions.sought(place)
            self._fetched_to[place] = offset

    async def perform_seek(self) -> None:
        """Faust seeks to what is committed, after each assignment, one partition after the other while fetches go on."""
        revocations = self._revocations
        await super().perform_seek()
        if revocations != self._revocations:
            return  # The next assignment's states are not restored yet.
        for tp in self.assignment():
            if not self._is_changelog_tp(tp):
                place = Partition(tp.topic, tp.partition)
                self._sought.add(place)
                self._seek_anew(place)

    async def seek_wait(self, partitions: Any) -> None:
        """Faust seeks changelogs, to where recovery goes on: after the last record that was applied."""
        places = [Partition(*tp) for tp in partitions]
        await super().seek_wait({TP(*place): self._expected(place) for place in places})
        for place in places:
            self._seek_anew(place)

    def _seek_anew(self, place: Partition) -> None:
        """After a seek that a fetch may have overtaken: where the next fetch begins, only a seek between two can tell."""
        self.engine.positions.sought(place)
        self._fetched_to[place] = None
        self.want_seek(place, self._expected(place))

    def _expected(self, place: Partition) -> int:
        if self._is_changelog_tp(TP(*place)):
            return self._table(place).partition_states.expected(place.partition)
        positions = self.engine.positions
        return positions.expected(place) if positions.started(place) else self.committed(place)

    def _look_for_vanished(self) -> None:
        """Seeks back where something was delivered but never arrived, and nothing behind it has shown that."""
        if monotonic() - self._looked < LOOK_SECONDS:
            return
        self._looked = monotonic()
        self._tell_recovery()
        delivered = [(place, to) for place, to in self._fetched_to.items() if to]
        sources = [(place, to) for place, to in delivered if not self._is_changelog_tp(TP(*place))]
        suspects = {place: (self._expected(place), to) for place, to in sources if self._idle(place)}
        for place, (expected, to) in suspects.items():
            if expected < to and self._suspects.get(place) == (expected, to):
                self.engine.telemetry.refused(*place)
                self.want_seek(place, expected)
        self._suspects = suspects

    def _tell_recovery(self) -> None:
        """What Faust's recovery counts by messages, in case one of them has vanished from its queue."""
        recovery: Recovery = cast(Any, self.app.tables).recovery
        for tp in list(recovery.active_highwaters) if recovery.in_recovery else ():
            applied = self._table(Partition(*tp)).partition_states.offset(tp.partition)
            if applied is not None and applied > (recovery.active_offsets.get(tp) or -1):
                recovery.active_offsets[tp] = applied

    async def reached(self, places: Collection[Partition]) -> dict[Partition, int]:
        """Up to where nothing of each partition is left to process, past offsets that hold no record for us at its end:
        markers of transactions, what retention has taken. Told between two fetches, when all that was fetched is delivered.
        """
        answer: asyncio.Future[dict[Partition, int]] = asyncio.get_running_loop().create_future()
        self._asked.append((places, answer))
        return await answer

    async def _tell_reached(self) -> None:
        while self._asked:
            places, answer = self._asked.pop()
            reached = {place: await self._reached(place) for place in places}
            if not answer.done():
                answer.set_result(reached)

    async def _reached(self, place: Partition) -> int:
        expected, delivered = self._expected(place), self._fetched_to.get(place)
        if delivered is None or expected < delivered or place in self._seek_wanted:
            return expected
        with contextlib.suppress(IllegalStateError, TimeoutError):  # No longer ours; not known yet.
            position: int | None = await asyncio.wait_for(cast(Any, self.position(TP(*place))), FETCH_SECONDS)
            return max(expected, position or 0)
        return expected

    def _idle(self, place: Partition) -> bool:
        lane = self.engine.lanes.get(place)
        return lane is None or lane.idle

    def knows_committed(self, place: Partition) -> bool:
        """Whether the broker has told it. Faust asks when all states are restored, and may fetch before."""
        return place in self._sought

    def committed(self, place: Partition) -> int:
        """The offset from which the group goes on; 0 if it has not begun."""
        return self._committed_offset[TP(*place)] or 0

    # -- taking and committing

    def take(self, place: Partition, chunk: Chunk) -> Any:
        """The records of the chunk that come next, or none; a hole before them sends the consumer back."""
        admitted = self.engine.positions.admit(place, chunk)
        telemetry = self.engine.telemetry
        if isinstance(admitted, Refused):
            if admitted.seek_to is not None:
                telemetry.refused(*place)
                self.want_seek(place, admitted.seek_to)
            return []
        if admitted.skipped:
            telemetry.skipped(*place, admitted.skipped)
            log.info("offsets_not_in_log", topic=place.topic, partition=place.partition, offsets=admitted.skipped)
        return admitted.records

    def ack(self, message: Message) -> bool:
        """Faust's acks say only that the agent has the batch; what may be committed is said by the writer."""
        message.acked = True
        self._unacked_messages.discard(message)
        return True

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Faust lets a commit go with one that runs already: that one may have begun before the last became durable."""
        while self._commit_fut is not None:
            await self.maybe_wait_for_commit_to_finish()
        return bool(await super().commit(topics, start_new_transaction))

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        for place in self.engine.positions.with_progress():
            if topics is None or place.topic in topics or place in topics:
                yield TP(*place)

    def _new_offset(self, tp: TP) -> int | None:
        return self.engine.positions.committable(Partition(tp.topic, tp.partition))

    async def verify_all_partitions_active(self) -> None:
        """Faust's livelock detector counts messages and would cry wolf: lag is what tells (see telemetry)."""

    # -- holding a partition back

    def hold(self, place: Partition) -> None:
        """Fetch no more of the partition for now."""
        self.on_buffer_full(TP(*place))

    def release(self, place: Partition) -> None:
        """Fetch the partition again."""
        self.on_buffer_drop(TP(*place))

    # -- rebalancing

    @Service.transitions_to("PARTITIONS_REVOKED")
    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Lets what was written settle, commits it, and forgets the partitions."""
        places = [Partition(tp.topic, tp.partition) for tp in revoked]
        self._revocations += 1
        self._sought.difference_update(places)  # A batch that comes late begins nothing before the next assignment.
        if revoked and not self.app.should_stop:
            self.stop_flow()
            await self.engine.let_go(places)
            if self.engine.lease.held():
                await self._commit_within(self.engine.settle_seconds)
        await super().on_partitions_revoked(revoked)
        await self.engine.let_go(places)  # Lanes that what still stood in Faust's queues has called up meanwhile.
        self.engine.positions.forget(places)
        for place in places:
            self.engine.positions.sought(place)
            self._fetched_to.pop(place, None)
            self._seek_wanted.pop(place, None)
            self._buffered_partitions.discard(TP(*place))

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """A new generation: the partitions are ours from now on. Nothing flows before Faust's recovery lets it."""
        self.engine.lease.renew(boot_clock())
        self.stop_flow()  # A worker that had no partition fetches at once from those that it is given.
        await super().on_partitions_assigned(assigned, generation_id)

    async def _commit_within(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self.commit(), seconds)
        except TimeoutError:
            log.warning("commit_timed_out_on_revocation")


def _parts(records: list[Record], size: int) -> Iterator[list[Record]]:
    if len(records) <= size:
        yield records
        return
    for start in range(0, len(records), size):
        yield records[start : start + size]


def _message(tp: TP, chunk: Chunk, generation: int) -> ConsumerMessage:
    last = chunk.records[-1]
    return ConsumerMessage(
        tp.topic,
        tp.partition,
        last.offset,
        last.timestamp / 1000,
        0,
        None,
        None,
        cast(Any, chunk),
        None,
        0,
        0,
        tp,
        generation_id=generation,
    )


class Producer(driver.Producer):
    """Faust's producer (it creates the changelog topics), and beside it the writer."""

    async def on_start(self) -> None:
        """Connects both."""
        await super().on_start()
        await engine_of(self.app).writer.start()

    async def on_stop(self) -> None:
        """Lets the writer finish, for a bounded time."""
        await engine_of(self.app).writer.stop(engine_of(self.app).settle_seconds)
        await super().on_stop()


class Transport(driver.Transport):
    """The transport of a tierwatch app."""

    Consumer = Consumer
    Producer = Producer


def engine_of(app: Any) -> Engine:
    """The engine of a tierwatch app."""
    engine = app.engine
    assert isinstance(engine, Engine)
    return engine
