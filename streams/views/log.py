"""The decision topics, read from anywhere without a consumer group: to catch up with, or to rebuild a view from."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from schemas.records import Record
from streams.brokers.kafka import aiokafka_options
from streams.hosting import SinkUnavailable
from streams.positions import Partition
from streams.settings import Settings

FETCH_MS: Final = 500
MOST_RECORDS: Final = 5000


class DecisionLog(Protocol):
    """What was published to the decision topics."""

    def read(self, place: Partition, begin: int, until: int) -> AsyncIterator[Sequence[Record]]:
        """The records from `begin` on and before `until`, as far as the log still holds them."""

    async def ends(self, topic: str) -> dict[int, int]:
        """The next offset of each partition. Raises: SinkUnavailable."""


class KafkaLog:
    """The decision topics on the brokers of the settings. Raises: SinkUnavailable if they cannot be read."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def read(self, place: Partition, begin: int, until: int) -> AsyncIterator[Sequence[Record]]:
        """The records from `begin` on and before `until`; what retention has taken is left out."""
        tp = TopicPartition(*place)
        async with self._consumer() as consumer:
            first = (await consumer.beginning_offsets([tp]))[tp]
            consumer.assign([tp])
            consumer.seek(tp, max(first, begin))
            while await consumer.position(tp) < until:
                fetched = await consumer.getmany(tp, timeout_ms=FETCH_MS, max_records=MOST_RECORDS)
                if records := [record for record in fetched.get(tp, ()) if record.offset < until]:
                    yield records

    async def ends(self, topic: str) -> dict[int, int]:
        """The next offset of each partition."""
        async with self._consumer() as consumer:
            partitions = sorted(consumer.partitions_for_topic(topic) or await _partitions(consumer, topic))
            ends = await consumer.end_offsets([TopicPartition(topic, partition) for partition in partitions])
            return {tp.partition: end for tp, end in ends.items()}

    @asynccontextmanager
    async def _consumer(self) -> AsyncIterator[AIOKafkaConsumer]:
        options = aiokafka_options(self._settings)
        consumer = AIOKafkaConsumer(
            **options,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            max_partition_fetch_bytes=self._settings.fetch_bytes,
        )
        try:
            await consumer.start()
            yield consumer
        except KafkaError as error:
            raise SinkUnavailable(f"the decision topics cannot be read: {error!r}") from error
        finally:
            await consumer.stop()


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> set[int]:
    if topic not in await consumer.topics():
        raise SinkUnavailable(f"topic {topic} is missing; create it: tierwatch topics create")
    return set(consumer.partitions_for_topic(topic) or ())
