"""Events, workers to be killed, and what must come of them."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from schemas.records import PlainRecord
from tests.system.counting import PARTITION_RECORD, Counting

REPO = Path(__file__).resolve().parents[2]
PARTITIONS = 4


@dataclass
class Verdict:
    """What the log demands against what the topics hold."""

    missing: int
    wrong: int
    extra: int
    repeated: int
    wrong_states: int
    unlike: int
    """Repeats that differ from their first."""

    def holds(self) -> bool:
        """Nothing missing, wrong, extra; repeats identical; every final state right."""
        return not (self.missing or self.wrong or self.extra or self.wrong_states or self.unlike)


@dataclass
class Worker:
    """A worker process."""

    process: subprocess.Popen[bytes]

    def send(self, number: int) -> None:
        """Sends a signal to this process only."""
        self.process.send_signal(number)

    def end(self, number: int = signal.SIGKILL, seconds: float = 120.0) -> int:
        """Ends it and waits, for longer than a worker that is stopped amid a rebalance takes; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(seconds)

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None


@dataclass
class Rig:
    """One run: its own topics and group."""

    brokers: str
    folder: Path
    session_timeout: float = 10.0
    standbys: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    run: str = field(default_factory=lambda: f"counting-{uuid.uuid4().hex[:8]}")
    workers: list[Worker] = field(default_factory=list)

    def create_topics(self) -> None:
        """Topics of the run, the changelog compacted."""
        topics = [NewTopic(f"{self.run}-{name}", PARTITIONS, 1) for name in ("raw", "events", "outcomes")]
        topics.append(NewTopic(self.changelog, PARTITIONS, 1, config={"cleanup.policy": "compact"}))
        admin = AdminClient({"bootstrap.servers": self.brokers})
        for made in admin.create_topics(topics).values():
            made.result()

    @property
    def changelog(self) -> str:
        """The changelog topic of the run."""
        return f"{self.run}-clients-changelog"

    def start(self, instance: str = "") -> Worker:
        """A worker; its output goes to a file of the run's folder."""
        arguments = [self.brokers, self.run, str(PARTITIONS), instance, str(self.session_timeout), str(self.standbys)]
        log = (self.folder / f"worker-{len(self.workers)}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.system.counting", *arguments],
            cwd=REPO,
            env={**os.environ, **self.environment},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        self.workers.append(Worker(process))
        return self.workers[-1]

    def revived(self, worker: Worker) -> Worker:
        """The worker, or a new one if it has stopped loudly, as it does when what it wrote in its sleep has expired."""
        if worker.running:
            return worker
        assert worker.end() == 1
        return self.start()

    def end_all(self) -> None:
        """Ends every worker of the run."""
        for worker in self.workers:
            if worker.running:
                worker.end()

    @cached_property
    def producer(self) -> Producer:
        """For the events."""
        return Producer({"bootstrap.servers": self.brokers, "queue.buffering.max.messages": 1_000_000})

    def publish(self, events: int, keys: int, seed: int, topic: str = "events") -> Producer:
        """Publishes events with random keys; returns the producer, to flush."""
        chance, producer = random.Random(seed), self.producer
        for _ in range(events):
            producer.produce(f"{self.run}-{topic}", str(chance.randrange(1000)).encode(), key=b"c%d" % chance.randrange(keys))
        return producer

    def stream(self, events: int, keys: int, seed: int, seconds: float) -> threading.Thread:
        """Publishes evenly over some time, in the background; returns the thread, to join."""
        slices = max(1, int(seconds * 20))

        def publish() -> None:
            for number in range(slices):
                self.publish(events * (number + 1) // slices - events * number // slices, keys, seed + number).flush()
                time.sleep(seconds / slices)

        thread = threading.Thread(target=publish, name="events")
        thread.start()
        return thread

    def read(self, topic: str) -> list[list[Message]]:
        """All that a topic holds, by partition."""
        consumer = Consumer({"bootstrap.servers": self.brokers, "group.id": f"{self.run}-reader", "enable.auto.commit": False})
        held: list[list[Message]] = []
        for partition in range(PARTITIONS):
            place = TopicPartition(topic, partition, 0)
            low, high = consumer.get_watermark_offsets(place, timeout=10)
            consumer.assign([TopicPartition(topic, partition, low)])
            messages: list[Message] = []
            while low < high:
                messages += [m for m in consumer.consume(min(10_000, high - low), 1.0) if m.error() is None]
                low = max(low, 1 + (messages[-1].offset() or 0)) if messages else low
            held.append(messages)
        consumer.close()
        return held

    def committed(self) -> list[int]:
        """How far the group has committed the events, by partition."""
        group = Consumer({"bootstrap.servers": self.brokers, "group.id": self.run})
        places = group.committed([TopicPartition(f"{self.run}-events", number) for number in range(PARTITIONS)], timeout=10)
        group.close()
        return [place.offset for place in places]

    def commit(self, offsets: Sequence[int]) -> None:
        """Commits in place of the group, while it has no worker."""
        group = Consumer({"bootstrap.servers": self.brokers, "group.id": self.run, "enable.auto.commit": False})
        places = [TopicPartition(f"{self.run}-events", number, offset) for number, offset in enumerate(offsets)]
        group.commit(offsets=places, asynchronous=False)
        group.close()

    def done(self) -> list[int]:
        """The offset of each partition record; -1 if there is none."""
        return [int(_last_states(part).get(PARTITION_RECORD, b"-1")) for part in self.read(self.changelog)]

    def wait_until_done(self, events: int, seconds: float) -> None:
        """Waits until the partition records say that all events are done."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            done = sum(1 + offset for offset in self.done())
            if done >= events:
                return
            time.sleep(0.3)
        raise AssertionError(f"{done} of {events} events done after {seconds} s; logs in {self.folder}")

    def judge(self) -> Verdict:
        """Derives outcomes and states from the log and compares."""
        verdict = Verdict(0, 0, 0, 0, 0, 0)
        expected: dict[bytes, bytes] = {}
        changelog = self.read(self.changelog)
        for partition, messages in enumerate(self.read(f"{self.run}-events")):
            agent = Counting(partition, {})
            states = _fold(agent, messages, expected)
            verdict.wrong_states += _last_states(changelog[partition]) != states
        seen: dict[bytes, bytes] = {}
        for message in (m for part in self.read(f"{self.run}-outcomes") for m in part):
            _compare(message, expected, seen, verdict)
        verdict.missing = len(expected.keys() - seen.keys())
        return verdict


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    """Waits until it is so, for a bounded time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not so after {seconds} s")
        time.sleep(0.1)


def _fold(agent: Counting, messages: Sequence[Message], expected: dict[bytes, bytes]) -> dict[bytes, bytes]:
    records = [PlainRecord("", m.partition() or 0, m.offset() or 0, 0, m.key(), m.value()) for m in messages]
    batch = agent.fold(records)
    expected.update({_id(outcome.value): outcome.value for outcome in batch.outcomes})
    return {key: value for key, value in batch.states if value is not None}


def _compare(message: Message, expected: Mapping[bytes, bytes], seen: dict[bytes, bytes], verdict: Verdict) -> None:
    value = message.value() or b""
    name = _id(value)
    if name in seen:
        verdict.repeated += 1
        verdict.unlike += seen[name] != value
        return
    seen[name] = value
    if name not in expected:
        verdict.extra += 1
    else:
        verdict.wrong += expected[name] != value


def _id(value: bytes) -> bytes:
    return value.split(b",", 1)[0]


def _last_states(messages: Sequence[Message]) -> dict[bytes, bytes]:
    states: dict[bytes, bytes] = {}
    for message in messages:
        states[message.key() or b""] = message.value() or b""
    return states
