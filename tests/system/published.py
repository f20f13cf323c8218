"""A scene put into Kafka by hand: its topics, its log and its decisions, without a worker."""

import uuid
from collections.abc import Iterable

from confluent_kafka import Producer

from schemas import topics
from schemas.records import Outcome
from streams.brokers.kafka import producer_config
from streams.brokers.topics import ensure
from streams.replaying.pipeline import partition_of
from streams.settings import Settings, load
from tests.scenes import Scene


def fresh(brokers: str, partitions: int, **arguments: object) -> Settings:
    """Settings of a run with topics of its own, which are created."""
    run = f"run-{uuid.uuid4().hex[:8]}"
    settings = load(
        brokers=brokers, partitions=partitions, app_id=run, own_prefix=f"{run}.", source_prefix=f"{run}.bank.", **arguments
    )
    ensure(settings)
    return settings


def put_log(settings: Settings, scene: Scene) -> None:
    """The scene's log, each record at its own partition and offset."""
    producer = Producer(producer_config(settings))
    for record in scene.log:
        producer.produce(settings.topic_names.real(topics.CLIENT_EVENTS), record.value, record.key, record.partition)
    assert producer.flush(30) == 0


def put_decisions(settings: Settings, decisions: Iterable[Outcome]) -> None:
    """Decisions, as the worker would publish them."""
    producer = Producer(producer_config(settings))
    for outcome in decisions:
        partition = partition_of(outcome.key or b"", settings.partitions)
        name = settings.topic_names.real(outcome.topic)
        producer.produce(name, outcome.value, outcome.key, partition, headers=list(outcome.headers))
    assert producer.flush(30) == 0
