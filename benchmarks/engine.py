"""How fast the engine is without a step: bare drain of a topic, and restore of a changelog.

`python -m benchmarks.engine [records] [states]`: on the embedded broker, or on TIERWATCH_BROKERS. Prints one line each.
"""

import contextlib
import os
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import faust
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from schemas.records import Batch, Record, Settle
from streams.app import EngineOptions, host_stateful, make_app
from streams.brokers.embedded import EmbeddedBroker
from streams.table import owner_header
from streams.telemetry import Silent

PARTITIONS = 4


class Counter:
    """An agent that only counts."""

    seen = 0
    target = 0
    began = 0.0
    ended = threading.Event()

    def __init__(self, partition: int, states: Mapping[bytes, bytes]) -> None:
        self.position = -1

    def run(self, records: Sequence[Record]) -> Iterator[Batch | Settle]:
        """Counts."""
        Counter.began = Counter.began or time.perf_counter()
        Counter.seen += len(records)
        if Counter.seen >= Counter.target:
            Counter.ended.set()
        yield Batch([], [], {})


class Clock(Silent):
    """Notes when the first states were restored, and the last."""

    first = last = 0.0

    def restoring(self, topic: str, partition: int, states: int, remaining: int) -> None:
        """Notes the time."""
        self.last = time.perf_counter()
        self.first = self.first or self.last


def fill(brokers: str, run: str, records: int, states: int) -> None:
    """Publishes records of a realistic size."""
    admin = AdminClient({"bootstrap.servers": brokers})
    names = (f"{run}-events", f"{run}-counter-changelog")
    for made in admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in names]).values():
        made.result()
    producer = Producer({"bootstrap.servers": brokers, "linger.ms": 20, "queue.buffering.max.messages": 2_000_000})
    for number in range(records):
        producer.produce(names[0], b"x" * 300, key=b"client-%d" % (number % 20_000))
        if number % 1000 == 0:
            producer.poll(0)
    headers: list[tuple[str, str | bytes | None]] = list(owner_header((1, 1)))
    for number in range(states):
        place = number % PARTITIONS
        producer.produce(names[1], b"x" * 300, key=b"client-%d" % number, partition=place, headers=headers)
        if number % 1000 == 0:
            producer.poll(0)
    producer.flush()


def measure(brokers: str, records: int, states: int) -> None:
    """Runs one worker until all is drained."""
    run, clock = f"benchmark-{uuid.uuid4().hex[:8]}", Clock()
    fill(brokers, run, records, states)
    Counter.target = records
    app = make_app(EngineOptions(group=run, broker=f"kafka://{brokers}", group_instance_id="one"), clock)
    host_stateful(app, f"{run}-events", "counter", Counter, PARTITIONS)
    worker = faust.Worker(app, loglevel="ERROR", redirect_stdouts=False, quiet=True)

    def report() -> None:
        Counter.ended.wait(120)
        drained = time.perf_counter() - Counter.began
        print(f"drain: {Counter.seen} records in {drained:.2f} s, {Counter.seen / drained:,.0f}/s")
        print(f"restore: {states} states in {clock.last - clock.first:.2f} s, {states / (clock.last - clock.first):,.0f}/s")
        worker.loop.call_soon_threadsafe(worker._on_sigterm)

    threading.Thread(target=report, daemon=True).start()
    with contextlib.suppress(SystemExit):
        worker.execute_from_commandline()


def main() -> None:
    """Arguments: records, states."""
    records, states = (int(number) for number in (*sys.argv[1:], "1000000", "400000")[:2])
    given = os.environ.get("TIERWATCH_BROKERS")
    if given:
        measure(given, records, states)
        return
    with tempfile.TemporaryDirectory() as folder, EmbeddedBroker(Path(folder), keeps=False) as broker:
        measure(broker.bootstrap, records, states)


if __name__ == "__main__":
    main()
