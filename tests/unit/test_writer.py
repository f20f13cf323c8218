"""Outcomes acknowledged, then states, then position."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from confluent_kafka import KafkaError

from schemas.records import BY_KEY, EVERY, Outcome, State
from streams.positions import Partition
from streams.producer import Changelog, Librdkafka, WriteFailed, Writer

HERE, THERE = Partition("events", 0), Partition("events", 1)
LOG = Changelog("changelog", 0, [("owner", b"1.1")])
Ack = Callable[[KafkaError | None, object], None]


class Broker:
    """A librdkafka that acknowledges when it is told to."""

    def __init__(self, room: int = 1000) -> None:
        self.sent: list[tuple[str, bytes | None, int]] = []
        self.room = room
        self._acks: list[Ack] = []

    def produce(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None,
        partition: int,
        on_delivery: Ack,
        headers: list[tuple[str, bytes]],
    ) -> None:
        if len(self._acks) >= self.room:
            raise BufferError
        self.sent.append((topic, value, partition))
        self._acks.append(on_delivery)

    def acknowledge(self, number: int, error: KafkaError | None = None) -> None:
        """The oldest ones."""
        for _ in range(number):
            self._acks.pop(0)(error, None)

    def poll(self, timeout: float) -> int:
        return 0

    def flush(self, timeout: float) -> int:
        return 0

    def __len__(self) -> int:
        return len(self._acks)

    def values(self) -> list[bytes | None]:
        return [value for _, value, _ in self.sent]


class Bench:
    """A writer on such a broker, and what it reported."""

    def __init__(self, room: int = 1000) -> None:
        self.broker = Broker(room)
        self.durable: list[tuple[Partition, int]] = []
        self.fatal: list[Exception] = []
        self.owned = True
        connected: Librdkafka = self.broker
        self.writer = Writer(
            lambda: connected,
            lambda _topic: 3,
            {"decisions": "bank.decisions"},
            on_durable=lambda tp, offset: self.durable.append((tp, offset)),
            on_fatal=self.fatal.append,
            may_write=lambda: self.owned,
        )


def run(story: Callable[[Bench], Coroutine[Any, Any, None]], room: int = 1000) -> None:
    async def told() -> None:
        bench = Bench(room)
        await bench.writer.start()
        await story(bench)
        await bench.writer.stop(0.0)

    asyncio.run(told())


def outcome(value: bytes, partition: int = BY_KEY) -> Outcome:
    return Outcome("decisions", b"k", value, partition=partition)


def test_states_wait_for_their_outcomes_and_the_position_for_both() -> None:
    async def story(bench: Bench) -> None:
        await bench.writer.write(HERE, [outcome(b"o")], [State(b"k", b"s"), State(b"p", b"p")], LOG, position=7)
        assert bench.broker.values() == [b"o"]
        bench.broker.acknowledge(1)
        bench.writer.pump()
        assert bench.broker.values() == [b"o", b"s", b"p"]
        assert bench.durable == []
        bench.broker.acknowledge(2)
        bench.writer.pump()
        assert bench.durable == [(HERE, 7)]

    run(story)


def test_the_next_batch_may_run_but_its_states_keep_their_place() -> None:
    async def story(bench: Bench) -> None:
        await bench.writer.write(HERE, [outcome(b"o1")], [State(b"k", b"s1")], LOG, position=1)
        await bench.writer.write(HERE, [], [State(b"k", b"s2")], LOG, position=2)
        assert bench.broker.values() == [b"o1"]
        bench.broker.acknowledge(1)
        bench.writer.pump()
        assert bench.broker.values() == [b"o1", b"s1", b"s2"]
        bench.broker.acknowledge(2)
        bench.writer.pump()
        assert bench.durable == [(HERE, 2)]

    run(story)


def test_one_partition_does_not_wait_for_another() -> None:
    async def story(bench: Bench) -> None:
        await bench.writer.write(HERE, [outcome(b"slow")], [State(b"k", b"s1")], LOG, position=1)
        await bench.writer.write(THERE, [], [State(b"k", b"s2")], LOG, position=2)
        assert bench.broker.values() == [b"slow", b"s2"]

    run(story)


def test_a_control_record_goes_to_every_partition_and_waits_for_all() -> None:
    async def story(bench: Bench) -> None:
        await bench.writer.write(HERE, [outcome(b"c", EVERY)], [State(b"k", b"s")], LOG)
        assert bench.broker.sent == [("bank.decisions", b"c", partition) for partition in range(3)]
        bench.broker.acknowledge(2)
        bench.writer.pump()
        assert b"s" not in bench.broker.values()
        bench.broker.acknowledge(1)
        bench.writer.pump()
        assert b"s" in bench.broker.values()

    run(story)


def test_a_full_queue_makes_the_writer_wait_and_loses_nothing() -> None:
    async def story(bench: Bench) -> None:
        writing = asyncio.create_task(bench.writer.write(HERE, [outcome(b"%d" % n) for n in range(5)], position=1))
        while not writing.done():
            bench.broker.acknowledge(len(bench.broker))
            await asyncio.sleep(0)
        bench.broker.acknowledge(len(bench.broker))
        bench.writer.pump()
        assert bench.broker.values() == [b"0", b"1", b"2", b"3", b"4"]
        assert bench.durable == [(HERE, 1)]

    run(story, room=2)


def test_settled_waits_for_what_was_written_before_and_not_for_what_comes_after() -> None:
    async def story(bench: Bench) -> None:
        await bench.writer.write(HERE, [], [State(b"k", b"s1")], LOG)
        settled = asyncio.create_task(bench.writer.settled(HERE))
        await asyncio.sleep(0.01)
        assert not settled.done()
        await bench.writer.write(HERE, [outcome(b"later")])
        bench.broker.acknowledge(1)
        await settled

    run(story)


def test_states_of_a_partition_that_may_be_lost_do_not_leave() -> None:
    async def story(bench: Bench) -> None:
        bench.owned = False
        await bench.writer.write(HERE, [], [State(b"k", b"s")], LOG, position=1)
        assert bench.broker.values() == []
        bench.writer.forget(HERE)
        bench.owned = True
        bench.writer.pump()
        assert bench.broker.values() == []
        assert bench.durable == []

    run(story)


def test_a_message_that_is_lost_for_good_stops_the_worker_and_no_position_follows() -> None:
    async def story(bench: Bench) -> None:
        await bench.writer.write(HERE, [outcome(b"o")], position=1)
        bench.broker.acknowledge(1, KafkaError(KafkaError._MSG_TIMED_OUT))
        bench.writer.pump()
        assert len(bench.fatal) == 1
        assert bench.durable == []
        with pytest.raises(WriteFailed):
            await bench.writer.write(HERE, [outcome(b"o")])

    run(story)
