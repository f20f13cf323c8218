"""Reading topics of Kafka from beginning to end, without a group: what an audit, an export and an explanation read."""

from collections.abc import Iterator
from time import monotonic, sleep
from types import TracebackType
from typing import Final, NamedTuple, Self, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.records import PlainRecord
from streams.brokers.kafka import consumer_config, no_broker
from streams.settings import Settings
from streams.user_errors import UserError

TIMEOUT_SECONDS: Final = 10.0
STALL_SECONDS: Final = 60.0
"""Without a record for so long, reading is given up."""
POLL_SECONDS: Final = 0.2
NO_LEADER_YET: Final = (
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
)
"""What a broker answers for a moment after a topic was made or a leader has moved."""
CHUNK: Final = 5_000
"""Records asked for at a time."""


class Span(NamedTuple):
    """What one partition holds: offsets from `begin` up to, not including, `end`. `topic` is the logical name."""

    topic: str
    partition: int
    begin: int
    end: int


class LogReader:
    """A consumer that is told where to read and commits nothing. Connects when it is first asked. Raises: UserError."""

    def __init__(self, settings: Settings, group: str = "") -> None:
        self._settings = settings
        self._reason = ""
        config = consumer_config(settings, group or f"{settings.app_id}-reader")
        self._consumer = Consumer({**config, "enable.partition.eof": True, "log_level": 0, "error_cb": self._heard})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._consumer.close()

    def spans(self, topic: str) -> list[Span]:
        """What stands in each partition of a topic now. Raises: UserError if there is no broker or no such topic."""
        name, count = self._real(topic), self.partitions(topic)
        if not count:
            raise UserError(f"topic {name} is missing; create it: tierwatch topics create")
        return [Span(topic, number, *self._marks(name, number)) for number in range(count)]

    def partitions(self, topic: str) -> int:
        """How many partitions a topic has, 0 if it is not there. Raises: UserError if there is no broker."""
        try:  # of all topics: some brokers make a topic that they are asked for by name
            there = self._consumer.list_topics(timeout=TIMEOUT_SECONDS).topics.get(self._real(topic))
        except KafkaException as error:
            raise self._unreachable(error) from error
        return len(there.partitions) if there is not None and there.error is None else 0

    def read(self, span: Span) -> Iterator[PlainRecord]:
        """The records of a span, in order; offsets that the log does not hold (compaction, transactions) are passed over."""
        return (as_record(span.topic, message) for message in self._messages(span))

    def contents(self, span: Span) -> Iterator[tuple[bytes | None, bytes | None]]:
        """Their keys and values alone, for who reads many."""
        return ((message.key(), message.value()) for message in self._messages(span))

    def _messages(self, span: Span) -> Iterator[Message]:
        if span.begin >= span.end:
            return
        self._consumer.assign([TopicPartition(self._real(span.topic), span.partition, span.begin)])
        heard, following = monotonic(), span.begin
        while True:
            messages = self._consumer.consume(min(CHUNK, span.end - following), POLL_SECONDS)
            for message in messages:
                error = message.error()
                if error is not None:
                    if error.code() == KafkaError._PARTITION_EOF:
                        return
                    raise UserError(f"{self._real(span.topic)}, partition {span.partition}: {error.str()}")
                offset = message.offset()
                assert offset is not None
                if offset >= span.end:
                    return
                yield message
                following = offset + 1
                if following == span.end:
                    return
            heard = monotonic() if messages else heard
            if monotonic() - heard > STALL_SECONDS:
                raise UserError(f"{self._real(span.topic)}, partition {span.partition}: nothing came for {STALL_SECONDS:.0f} s")

    def committed(self, topic: str) -> dict[int, int]:
        """How far the reader's group has come in each partition; -1 where it has committed nothing."""
        return {place.partition: max(-1, place.offset) for place in self.committed_places(topic)}

    def committed_places(self, topic: str) -> list[TopicPartition]:
        """The same with what was noted beside each offset."""
        asked = [TopicPartition(self._real(topic), number) for number in range(self.partitions(topic))]
        try:
            return self._consumer.committed(asked, timeout=TIMEOUT_SECONDS)
        except KafkaException as error:
            raise self._unreachable(error) from error

    def commit(self, places: list[TopicPartition]) -> None:
        """Notes for the reader's group how far it has come. Raises: UserError."""
        try:
            self._consumer.commit(offsets=places, asynchronous=False)
        except KafkaException as error:
            raise UserError(f"the position could not be committed: {error.args[0].str()}") from error

    def _marks(self, name: str, number: int) -> tuple[int, int]:
        deadline = monotonic() + TIMEOUT_SECONDS
        while True:
            try:
                return self._consumer.get_watermark_offsets(TopicPartition(name, number), timeout=TIMEOUT_SECONDS)
            except KafkaException as error:
                if error.args[0].code() not in NO_LEADER_YET or monotonic() > deadline:
                    raise self._unreachable(error) from error
            sleep(POLL_SECONDS)

    def _real(self, topic: str) -> str:
        return self._settings.topic_names.real(topic)

    def _heard(self, error: KafkaError) -> None:
        if error.code() != KafkaError._ALL_BROKERS_DOWN:
            self._reason = error.str()

    def _unreachable(self, error: KafkaException) -> UserError:
        self._consumer.poll(0)  # what went wrong on the way is told only to who asks
        return no_broker(self._settings, self._reason or error.args[0].str())


def as_record(topic: str, message: Message) -> PlainRecord:
    """A message of confluent-kafka as agents read records. `topic` is the logical name."""
    given = cast(list[tuple[str, bytes | None]], message.headers() or [])
    headers = tuple((name, value or b"") for name, value in given)
    partition, offset = message.partition(), message.offset()
    assert partition is not None
    assert offset is not None
    return PlainRecord(topic, partition, offset, message.timestamp()[1], message.key(), message.value(), headers)
