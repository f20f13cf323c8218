"""Publishing: the keys that banks use, the end of a day everywhere, nothing lost in silence."""

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from confluent_kafka import KafkaError

from streams.brokers.publishing import Delivered, PublishingError, Target, publish, target

NAMES = {"repayments": "corebank.repayments", "macro": "corebank.macro"}
COUNTS = {"corebank.repayments": 3, "corebank.macro": 2}
REPAYMENT: dict[str, object] = {"topic": "repayments", "event_id": "e1", "client_id": "C1", "facility_id": "F1"}
MACRO: dict[str, object] = {"topic": "macro", "event_id": "e2", "indicator": "pmi"}
CLOSED: dict[str, object] = {"kind": "end-of-day", "day": "2022-01-31"}


class Broker:
    """Takes records; is full every other time, and refuses them all if told so."""

    def __init__(self, refuses: bool = False) -> None:
        self.records: list[tuple[str, bytes | None, bytes, int]] = []
        self.refuses = refuses
        self.unacknowledged = 0
        self._full = False

    def produce(self, topic: str, value: bytes, key: bytes | None, partition: int, *, on_delivery: Delivered) -> None:
        self._full = not self._full
        if self._full:
            raise BufferError
        self.records.append((topic, key, value, partition))
        on_delivery(KafkaError(KafkaError.MSG_SIZE_TOO_LARGE) if self.refuses else None, None)

    def poll(self, timeout: float) -> int:
        return 0

    def flush(self, timeout: float) -> int:
        return self.unacknowledged

    def list_topics(self, *, timeout: float) -> Any:
        return SimpleNamespace(topics={"corebank.macro": SimpleNamespace(partitions={0: 1, 1: 1})})


def test_repayments_are_keyed_by_facility_and_macro_figures_not_at_all() -> None:
    broker = Broker()
    sent = publish([REPAYMENT, MACRO], Target(broker, NAMES, COUNTS))
    assert sent == {"repayments": 1, "macro": 1}
    assert [(topic, key) for topic, key, _, _ in broker.records] == [
        ("corebank.repayments", b"F1"),
        ("corebank.macro", None),
    ]
    assert msgspec.json.decode(broker.records[0][2]) == {"event_id": "e1", "client_id": "C1", "facility_id": "F1"}


def test_the_end_of_a_day_is_written_into_each_partition_of_each_topic() -> None:
    broker = Broker()
    publish([REPAYMENT, CLOSED], Target(broker, NAMES, COUNTS))
    ends = [(topic, partition) for topic, _, value, partition in broker.records[1:] if msgspec.json.decode(value) == CLOSED]
    assert ends == [("corebank.repayments", p) for p in range(3)] + [("corebank.macro", p) for p in range(2)]


def test_every_event_is_told_to_the_progress() -> None:
    heard: list[int] = []
    publish([MACRO] * 1234, Target(Broker(), NAMES, COUNTS), progress=heard.append)
    assert sum(heard) == 1234


def test_a_refused_record_is_an_error() -> None:
    with pytest.raises(PublishingError, match="refused"):
        publish([REPAYMENT], Target(Broker(refuses=True), NAMES, COUNTS))


def test_a_record_without_an_answer_is_an_error() -> None:
    broker = Broker()
    broker.unacknowledged = 1
    with pytest.raises(PublishingError, match="not acknowledged"):
        publish([REPAYMENT], Target(broker, NAMES, COUNTS))


def test_an_event_of_an_unknown_topic_is_named() -> None:
    with pytest.raises(PublishingError, match="event e9: topic 'gossip'"):
        publish([{"topic": "gossip", "event_id": "e9"}], Target(Broker(), NAMES, COUNTS))


def test_a_missing_topic_is_named_with_the_remedy() -> None:
    with pytest.raises(PublishingError, match=r"corebank\.repayments; create them"):
        target(Broker(), NAMES)
