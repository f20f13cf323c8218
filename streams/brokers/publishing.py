"""Publishing a bank's events to its source topics: simulated ones and those of event files, at a given rate."""

import gzip
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import msgspec
from confluent_kafka import KafkaError, KafkaException

from schemas import topics

Event = dict[str, object]
Delivered = Callable[[KafkaError | None, object], None]

KEYS: Final[Mapping[str, str]] = {
    topics.REPAYMENTS: "facility_id",
    topics.DRAWDOWNS: "facility_id",
    topics.COLLATERAL: "facility_id",
    topics.STATEMENTS: "client_id",
    topics.PROFILES: "client_id",
    topics.RATINGS: "client_id",
    topics.OUTCOMES: "client_id",
    topics.FEEDBACK: "client_id",
}
"""The field that is the key of a topic's records; macro figures and milestones have none. Banks differ: so do we."""
END_OF_DAY: Final = "end-of-day"
STEP: Final = 500
"""Events between two looks at the clock and at the broker's answers."""
TIMEOUT_SECONDS: Final = 30.0


class PublishingError(Exception):
    """Events could not be published; tells which topic or broker answer is to blame."""


class Producer(Protocol):
    """What is used of `confluent_kafka.Producer`."""

    def produce(
        self, topic: str, value: bytes, key: bytes | None, partition: int, *, on_delivery: Delivered
    ) -> None: ...

    def poll(self, timeout: float) -> int: ...

    def flush(self, timeout: float) -> int: ...

    def list_topics(self, *, timeout: float) -> Any: ...


class Target(NamedTuple):
    """Where events go. `topic_of` has the real name of each logical topic, `partitions` the count of each real one."""

    producer: Producer
    topic_of: Mapping[str, str]
    partitions: Mapping[str, int]


def target(producer: Producer, topic_of: Mapping[str, str]) -> Target:
    """The target as the broker knows it. Raises: PublishingError if a topic is missing or no broker answers."""
    try:
        there = producer.list_topics(timeout=TIMEOUT_SECONDS).topics
    except KafkaException as error:
        why = error.args[0].str()
        raise PublishingError(f"no broker answers ({why}): set TIERWATCH_BROKERS; `tierwatch doctor` says more") from error
    missing = sorted(name for name in topic_of.values() if name not in there)
    if missing:
        raise PublishingError(f"topics are missing: {', '.join(missing)}; create them: tierwatch topics create")
    return Target(producer, topic_of, {name: len(there[name].partitions) for name in topic_of.values()})


def publish(
    events: Iterable[Event], to: Target, rate: float = 0.0, progress: Callable[[int], object] | None = None
) -> Counter[str]:
    """Publish every event, end-of-day records into each partition of each topic; how many of each logical topic.

    Units: `rate` in events per second, 0 is as fast as the broker takes them. `progress` hears how many more were sent.
    Raises: PublishingError if a record was refused or is not acknowledged in time; nothing is lost silently.
    """
    sent: Counter[str] = Counter()
    refused: list[KafkaError] = []

    def delivered(error: KafkaError | None, _: object) -> None:
        if error is not None:
            refused.append(error)

    started, number = time.perf_counter(), 0
    for number, event in enumerate(events, 1):
        topic = str(event.get("topic", END_OF_DAY))
        for record in records(event, topic, to):
            _produce(to.producer, record, delivered)
        sent[topic] += 1
        if number % STEP == 0:
            to.producer.poll(0)
            _raise_if(refused)
            if progress:
                progress(STEP)
            if rate:
                time.sleep(max(started + number / rate - time.perf_counter(), 0))
    left = to.producer.flush(TIMEOUT_SECONDS)
    _raise_if(refused)
    if left:
        raise PublishingError(f"{left} records are not acknowledged after {TIMEOUT_SECONDS:.0f} s; is the broker up?")
    if progress:
        progress(number % STEP)
    return sent


class Addressed(NamedTuple):
    """A record to be sent. `partition` -1: by the key."""

    topic: str
    key: bytes | None
    value: bytes
    partition: int = -1


def records(event: Event, topic: str, to: Target) -> Iterator[Addressed]:
    """The records that an event becomes: one, or as many as there are partitions for the end of a day."""
    if topic == END_OF_DAY:
        value = msgspec.json.encode(event)
        for name, count in to.partitions.items():
            for partition in range(count):
                yield Addressed(name, None, value, partition)
        return
    if topic not in to.topic_of:
        raise PublishingError(f"event {event.get('event_id')}: topic {topic!r} is not one of {', '.join(to.topic_of)}")
    body = {name: value for name, value in event.items() if name != "topic"}
    key = event.get(KEYS.get(topic, ""))
    yield Addressed(to.topic_of[topic], str(key).encode() if key is not None else None, msgspec.json.encode(body))


def events_in(path: Path) -> Iterator[Event]:
    """The events of a file, `.jsonl` or `.jsonl.gz`. Raises: PublishingError with the line that is no event."""
    decode = msgspec.json.Decoder(dict[str, object]).decode
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield decode(line)
            except msgspec.DecodeError as error:
                raise PublishingError(f"{path}, line {number}: {error}") from error


def _produce(producer: Producer, record: Addressed, delivered: Delivered) -> None:
    while True:
        try:
            producer.produce(record.topic, record.value, record.key, record.partition, on_delivery=delivered)
            return
        except BufferError:  # the queue is full: the broker is slower than we are
            producer.poll(0.1)


def _raise_if(refused: list[KafkaError]) -> None:
    if refused:
        raise PublishingError(f"{len(refused)} records were refused, the first: {refused[0]}")
