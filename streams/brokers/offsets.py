"""Offsets as the broker tells them: the ends of partitions, and where they stood at a moment."""

from collections.abc import Collection, Mapping
from datetime import datetime
from time import monotonic, sleep
from typing import Final

from confluent_kafka import Consumer, ConsumerGroupState, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from streams.brokers.kafka import consumer_config, librdkafka
from streams.positions import Partition
from streams.settings import Settings

TIMEOUT_SECONDS: Final = 30.0
LOADING: Final = (KafkaError.COORDINATOR_LOAD_IN_PROGRESS, KafkaError.COORDINATOR_NOT_AVAILABLE, KafkaError.NOT_COORDINATOR)
"""What a Kafka that has just started says of its groups."""
LOADING_SECONDS: Final = 0.2


class BrokerOffsets:
    """Asks the brokers of the settings. Raises: `KafkaException` if none answers."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connected: AdminClient | None = None
        self._consumers: dict[str, Consumer] = {}

    def at(self, partitions: Collection[Partition], moment: datetime) -> Mapping[Partition, int]:
        """Of each partition the offset of the first record since `moment`, else its end."""
        since = self._ask(partitions, OffsetSpec.for_timestamp(int(moment.timestamp() * 1000)))
        ends = self.ends([place for place, offset in since.items() if offset < 0])
        return {place: offset if offset >= 0 else ends[place] for place, offset in since.items()}

    def ends(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        """Of each partition the offset that its next record will have."""
        return self._ask(partitions, OffsetSpec.latest())  # type: ignore[no-untyped-call]

    def begins(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        """Of each partition the offset of the first record that is still there."""
        return self._ask(partitions, OffsetSpec.earliest())  # type: ignore[no-untyped-call]

    def committed(self, group: str, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        """How far a consumer group has come, where it has committed anything.

        Asked as a member would, without being one: the admin's own question ends the process while Kafka loads its offsets
        (confluent-kafka 2.16.1).
        """
        consumer = self._consumers.get(group)
        if consumer is None:
            consumer = self._consumers[group] = Consumer(consumer_config(self._settings, group))
        asked = [TopicPartition(*place) for place in partitions]
        deadline = monotonic() + TIMEOUT_SECONDS
        while True:
            try:
                found = consumer.committed(asked, timeout=TIMEOUT_SECONDS)
                return {Partition(tp.topic, tp.partition): tp.offset for tp in found if tp.offset >= 0}
            except KafkaException as error:
                if error.args[0].code() not in LOADING or monotonic() > deadline:
                    raise
            sleep(LOADING_SECONDS)

    def shared_by(self, group: str) -> int:
        """How many members share a group's partitions now; 0 while they are being shared anew, or nobody has joined."""
        try:
            found = self._admin.describe_consumer_groups([group])[group].result()
        except KafkaException:
            return 0
        return len(found.members) if found.state == ConsumerGroupState.STABLE else 0

    def close(self) -> None:
        """Lets go of the brokers, so that they may end before we do; who asks afterwards connects anew."""
        while self._consumers:
            self._consumers.popitem()[1].close()
        self._connected = None

    def partitions(self, topic: str) -> list[Partition]:
        """The partitions of a topic. Raises: LookupError if there is no such topic."""
        found = self._admin.list_topics(timeout=TIMEOUT_SECONDS).topics.get(topic)
        if found is None or not found.partitions:
            raise LookupError(f"topic {topic} is missing; create it: tierwatch topics create")
        return [Partition(topic, number) for number in sorted(found.partitions)]

    @property
    def _admin(self) -> AdminClient:
        if self._connected is None:
            self._connected = AdminClient(librdkafka(self._settings))
        return self._connected

    def _ask(self, partitions: Collection[Partition], spec: OffsetSpec) -> dict[Partition, int]:
        if not partitions:
            return {}
        asked = {TopicPartition(*place): spec for place in partitions}
        answers = self._admin.list_offsets(asked, request_timeout=TIMEOUT_SECONDS)
        return {Partition(tp.topic, tp.partition): answer.result().offset for tp, answer in answers.items()}
