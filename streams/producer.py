"""The fast producer: outcomes acknowledged, then states, then position, pipelined by partition.

What is written for one partition stands in a queue: the outcomes of each batch are sent at once, its states when its
outcomes are acknowledged and all earlier states are on their way, its position is reported when its states are
acknowledged.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer

from schemas.records import BY_KEY, EVERY, Outcome, State
from streams.positions import Partition
from streams.telemetry import Silent, Telemetry

POLL_SECONDS: Final = 0.001
DEFAULTS: Final[Mapping[str, str | int | bool]] = {
    "enable.idempotence": True,
    "partitioner": "murmur2_random",
    "linger.ms": 5,
    "queue.buffering.max.messages": 500_000,
    "queue.buffering.max.kbytes": 262_144,
}
"""Idempotence implies acks=all and order within a partition; murmur2 is how Java clients partition."""

log = structlog.get_logger(__name__)


class Librdkafka(Protocol):
    """What is used of `confluent_kafka.Producer`."""

    def produce(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None,
        partition: int,
        on_delivery: Callable[[KafkaError | None, object], None],
        headers: list[tuple[str, bytes]],
    ) -> None: ...

    def poll(self, timeout: float) -> int: ...

    def flush(self, timeout: float) -> int: ...

    def __len__(self) -> int: ...


class Changelog(NamedTuple):
    """Where the states of one partition go. `owner` tells one owner of the partition from the next."""

    topic: str
    partition: int
    owner: list[tuple[str, bytes]]


class _Write:
    """One batch on its way."""

    __slots__ = ("outcomes_left", "states", "states_left", "sent", "changelog", "position")

    def __init__(
        self, outcomes: int, states: Sequence[State], changelog: Changelog | None, position: int | None
    ) -> None:
        self.outcomes_left = outcomes
        self.states = states
        self.states_left = len(states)
        self.sent = 0
        self.changelog = changelog
        self.position = position

    def durable(self) -> bool:
        return not self.outcomes_left and not self.states_left


class Writer:
    """Writes batches in the order that makes a crash harmless.

    `may_write` is asked before states leave: a worker that lost its partitions must not touch their changelog.
    """

    def __init__(
        self,
        connect: Callable[[], Librdkafka],
        partitions_of: Callable[[str], int],
        topics: Mapping[str, str],
        *,
        on_durable: Callable[[Partition, int], None],
        on_fatal: Callable[[Exception], None],
        may_write: Callable[[], bool] = lambda: True,
        telemetry: Telemetry | None = None,
        most_in_flight: int = 200_000,
    ) -> None:
        self._connect = connect
        self._partitions_of = partitions_of
        self._topics = topics
        self._on_durable = on_durable
        self._on_fatal = on_fatal
        self._may_write = may_write
        self._telemetry: Telemetry = telemetry or Silent()
        self._most_in_flight = most_in_flight
        self._queues: dict[Partition, deque[_Write]] = defaultdict(deque)
        self._unsent: dict[Partition, deque[_Write]] = defaultdict(deque)
        """Of those, whose states are not all with librdkafka yet: a close makes queues of thousands."""
        self._in_flight = 0
        self._held = 0
        self._failed = False
        self._rd: Librdkafka | None = None
        self._pump: asyncio.Task[None] | None = None
        self._work = asyncio.Event()

    async def start(self) -> None:
        """Connects, and keeps acknowledgements flowing."""
        self._rd = self._connect()
        self._pump = asyncio.create_task(self._keep_pumping(), name="writer-pump")

    async def stop(self, seconds: float = 10.0) -> None:
        """Waits for what was written, for a bounded time."""
        if not self._failed:
            await self.all_settled(seconds)
        if self._pump is not None:
            self._pump.cancel()
            self._pump = None

    async def write(
        self,
        tp: Partition,
        outcomes: Sequence[Outcome],
        states: Sequence[State] = (),
        changelog: Changelog | None = None,
        position: int | None = None,
    ) -> None:
        """Sends the outcomes; states and position follow by themselves. Waits while too much is in flight."""
        while self._in_flight + self._held > self._most_in_flight and not self._failed:
            await asyncio.sleep(POLL_SECONDS)
        write = _Write(0, states, changelog, position)
        self._held += len(states)
        self._queues[tp].append(write)
        self._unsent[tp].append(write)
        write.outcomes_left = 1  # Until all outcomes are with librdkafka: an early ack must not release the states.
        await self._send_outcomes(write, outcomes)
        write.outcomes_left -= 1
        self._work.set()
        self.pump()

    async def settled(self, tp: Partition) -> None:
        """Waits until everything written for the partition so far is durable, outcomes and states."""
        queue = self._queues.get(tp)
        last = queue[-1] if queue else None
        while last is not None and not self._failed and last in self._queues.get(tp, ()):
            await asyncio.sleep(POLL_SECONDS)
            self.pump()

    async def all_settled(self, seconds: float) -> bool:
        """Waits until everything is durable, for a bounded time."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while any(self._queues.values()) and not self._failed and loop.time() < deadline:
            await asyncio.sleep(POLL_SECONDS)
            self.pump()
        return not any(self._queues.values())

    def forget(self, tp: Partition) -> None:
        """The partition is lost: states that have not left stay here, and its position is never reported."""
        self._unsent.pop(tp, None)
        for write in self._queues.pop(tp, ()):
            self._held -= len(write.states) - write.sent
            write.states, write.position = (), None

    def pump(self) -> None:
        """Takes acknowledgements in and lets go of the states that waited for them."""
        assert self._rd is not None
        self._rd.poll(0)
        if self._failed:
            return
        for tp in [tp for tp, queue in self._queues.items() if queue]:
            self._advance(tp, self._queues[tp])

    async def _keep_pumping(self) -> None:
        while True:
            if not self._in_flight and not self._held and not any(self._queues.values()):
                self._work.clear()
                await self._work.wait()
            self.pump()
            self._telemetry.in_flight(self._in_flight + self._held)
            await asyncio.sleep(POLL_SECONDS)

    def _advance(self, tp: Partition, queue: deque[_Write]) -> None:
        unsent = self._unsent[tp]
        while unsent and not unsent[0].outcomes_left and self._send_states(unsent[0]):
            unsent.popleft()
        position = None
        while queue and queue[0].durable():
            done = queue.popleft()
            position = position if done.position is None else done.position
        if position is not None:
            self._on_durable(tp, position)

    def _send_states(self, write: _Write) -> bool:
        if write.sent == len(write.states):
            return True
        if not self._may_write():
            return False
        log_to = write.changelog
        assert log_to is not None, "states need a changelog"

        def acknowledged(error: KafkaError | None, _message: object) -> None:
            self._in_flight -= 1
            write.states_left -= 1
            if error is not None:
                self._lost(error)

        topic, partition, owner = log_to
        for key, value in write.states[write.sent :]:
            if not self._produce(topic, key, value, partition, owner, acknowledged):
                return False
            write.sent += 1
            self._held -= 1
        return True

    async def _send_outcomes(self, write: _Write, outcomes: Sequence[Outcome]) -> None:
        def acknowledged(error: KafkaError | None, _message: object) -> None:
            self._in_flight -= 1
            write.outcomes_left -= 1
            if error is not None:
                self._lost(error)

        for name, key, value, headers, to in outcomes:
            topic = self._topics.get(name, name)
            for partition in self._destinations(topic, to):
                write.outcomes_left += 1
                while not self._produce(topic, key, value, partition, list(headers), acknowledged):
                    await asyncio.sleep(POLL_SECONDS)
                    self.pump()

    def _destinations(self, topic: str, partition: int) -> Sequence[int]:
        if partition == BY_KEY:
            return _CHOSEN_BY_KEY
        return range(self._partitions_of(topic)) if partition == EVERY else (partition,)

    def _produce(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int,
        headers: list[tuple[str, bytes]],
        acknowledged: Callable[[KafkaError | None, object], None],
    ) -> bool:
        assert self._rd is not None
        if self._failed:
            raise WriteFailed("an earlier message could not be delivered")
        try:
            self._rd.produce(topic, value, key, partition, acknowledged, headers=headers)
        except BufferError:
            return False
        except KafkaException as refused:
            self._fail(WriteFailed(f"{topic}: {refused}"))
            raise
        self._in_flight += 1
        return True

    def _lost(self, error: KafkaError) -> None:
        """Librdkafka has retried whatever can be retried."""
        self._fail(WriteFailed(f"not delivered: {error}"))

    def _fail(self, why: Exception) -> None:
        if not self._failed:
            self._failed = True
            log.error("write_failed", reason=str(why))
            self._on_fatal(why)


_CHOSEN_BY_KEY: Final = (-1,)


class WriteFailed(Exception):
    """A message could not be delivered for good: the worker must not go on."""


def connector(
    config: Mapping[str, str | int | float | bool], on_fatal: Callable[[Exception], None]
) -> Callable[[], Librdkafka]:
    """A function that connects librdkafka with our defaults; `config` has the last word."""

    def connect() -> Librdkafka:
        def raised(error: KafkaError) -> None:
            if error.fatal():
                on_fatal(WriteFailed(str(error)))

        connected: Librdkafka = Producer({**DEFAULTS, **config, "error_cb": raised})  # type: ignore[assignment]
        return connected

    return connect


class PartitionCounts:
    """How many partitions a topic has, asked of the broker once: counts are set once."""

    def __init__(self, ask: Callable[[str], int]) -> None:
        self._ask = ask
        self._known: dict[str, int] = {}

    def __call__(self, topic: str) -> int:
        if topic not in self._known:
            self._known[topic] = self._ask(topic)
        return self._known[topic]
