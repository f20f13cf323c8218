"""Where the engines meet: one embedded broker, the events in its source topics, and the settings of each engine's run."""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Final

from confluent_kafka import KafkaError, Producer

from benchmarks.decided import NOTHING, TOPICS, Decided
from benchmarks.events import SourceRecord
from schemas import topics
from schemas.records import Outcome
from streams import settings as settings_of
from streams.brokers import topics as broker_topics
from streams.brokers.child import Child
from streams.brokers.kafka import producer_config
from streams.brokers.log_reading import LogReader
from streams.settings import Settings
from streams.settings_sources import PREFIX

PARTITIONS: Final = 4
BATCH: Final = 500
"""The worker's `batch_records`."""
SOURCES: Final = (topics.REPAYMENTS, topics.DRAWDOWNS)
COMMIT_SECONDS: Final = 0.2
"""So that the end of the work is seen when it comes."""
QUEUE: Final = 100_000
NUMBERS: Final = count(1)


class Place:
    """A broker with events; each run has topics and states of its own."""

    def __init__(self, brokers: str, folder: Path, source_prefix: str) -> None:
        self.brokers = brokers
        self.folder = folder
        self.source_prefix = source_prefix

    def environment(self, engine: str, **more: str) -> dict[str, str]:
        """What a run of an engine is told, as a worker is."""
        name = f"{engine}-{next(NUMBERS)}"
        given = {
            "BROKERS": self.brokers,
            "PARTITIONS": str(PARTITIONS),
            "SOURCES": ",".join(SOURCES),
            "SOURCE_PREFIX": self.source_prefix,
            "OWN_PREFIX": f"{name}.",
            "APP_ID": name,
            "INSTANCE_ID": name,
            "STANDBYS": "0",
            "END_OF_DAY": "records",
            "COMMIT_INTERVAL_SECONDS": str(COMMIT_SECONDS),
            "METRICS_PORT": "0",
            "LOG_LEVEL": "warning",
            **more,
        }
        return {PREFIX + key: value for key, value in given.items()}

    def child(self, command: Sequence[str], environment: Mapping[str, str]) -> Child:
        """A process that is told so; its output goes to a log in our folder."""
        log = self.folder / f"{environment[PREFIX + 'APP_ID']}.log"
        return Child(list(command), log, {**os.environ, "PYTHONPATH": str(Path.cwd()), **environment})


def settings(environment: Mapping[str, str]) -> Settings:
    """The same as typed settings."""
    return settings_of.load(None, **{name.removeprefix(PREFIX).lower(): value for name, value in environment.items()})


def python(*arguments: str) -> list[str]:
    """Our own interpreter's command."""
    return [sys.executable, *arguments]


def publish(to: Settings, events: Iterable[SourceRecord], changelogs: Mapping[str, int]) -> None:
    """Creates the topics and writes the events, once for all engines."""
    broker_topics.ensure(to, changelogs)
    records = ((to.topic_names.real(event.topic), event.key, event.value, -1) for event in events)
    write(to, records)


Addressed = tuple[str, bytes | None, bytes, int]
"""Topic, key, value, partition (-1: by the key)."""


def write(to: Settings, records: Iterable[Addressed], headers: Sequence[tuple[str, bytes]] = ()) -> None:
    """Writes records. Raises: RuntimeError if one was not taken."""
    refused: list[KafkaError] = []

    def delivered(error: KafkaError | None, _: object) -> None:
        if error is not None:
            refused.append(error)

    producer = Producer({**producer_config(to), "queue.buffering.max.messages": 2 * QUEUE, "linger.ms": 20})
    for topic, key, value, partition in records:
        while len(producer) > QUEUE:
            producer.poll(0.05)
        producer.produce(topic, value, key, partition, on_delivery=delivered, headers=list(headers))
    left = producer.flush(120)
    if refused or left:
        raise RuntimeError(f"{len(refused)} records refused, {left} not acknowledged: {refused[:1]}")


def came_to(of: Settings) -> Decided:
    """What stands in the decision topics of a run."""
    with LogReader(of) as reader:
        return NOTHING.and_of(
            Outcome(topic, key, value or b"")
            for topic in TOPICS
            for span in reader.spans(topic)
            for key, value in reader.contents(span)
        )
