"""The audit on a broker: it holds where the decisions are those of the log, and finds each way in which they are not."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner
from confluent_kafka import Consumer, Producer, TopicPartition

from schemas import topics
from schemas.records import Outcome
from streams.auditing.audit import LogGone, derived, verify, whole
from streams.brokers.kafka import consumer_config, producer_config
from streams.brokers.log_reading import LogReader, Span
from streams.commands.verify import verify as command
from streams.settings import Settings, load
from streams.user_errors import UserError
from tests.scenes import Scene, small_bank
from tests.system.published import fresh, put_decisions, put_log

Decisions = list[Outcome]


@pytest.fixture(scope="module")
def bank() -> Scene:
    return small_bank()


def published(brokers: str, bank: Scene, decisions: Decisions) -> Settings:
    settings = fresh(brokers, bank.partitions)
    put_log(settings, bank)
    put_decisions(settings, decisions)
    return settings


def test_decisions_that_follow_from_the_log_are_verified(brokers: str, bank: Scene) -> None:
    verdict = verify(published(brokers, bank, bank.decisions), bank.policy)
    assert verdict.holds
    assert verdict.records == len(bank.log)
    assert verdict.expected == verdict.found == len(bank.decisions) > 20
    assert (verdict.missing, verdict.different, verdict.extra, verdict.repeated, verdict.gaps) == (0, 0, 0, 0, 0)


def test_the_same_bytes_again_are_repeats_and_no_harm(brokers: str, bank: Scene) -> None:
    verdict = verify(published(brokers, bank, [*bank.decisions, *bank.decisions[-3:]]), bank.policy)
    assert verdict.holds
    assert verdict.repeated == 3


def one_removed(decisions: Decisions) -> Decisions:
    return decisions[:4] + decisions[5:]


def one_byte_altered(decisions: Decisions) -> Decisions:
    altered = decisions[4]._replace(value=decisions[4].value.replace(b'"sequence":', b'"sequence":1', 1))
    return [*decisions[:4], altered, *decisions[5:]]


def one_under_another_key(decisions: Decisions) -> Decisions:
    return [*decisions[:4], decisions[4]._replace(key=b"somebody"), *decisions[5:]]


def one_added(decisions: Decisions) -> Decisions:
    forged = [("ce_id", b"tc/0/1/nobody/738000/0"), *decisions[4].headers[2:]]
    return [*decisions, decisions[4]._replace(headers=forged)]


def one_from_beyond_the_log(decisions: Decisions) -> Decisions:
    return [*decisions, decisions[4]._replace(headers=[("ce_id", b"tc/0/999999/nobody/738000/0")])]


def one_without_an_id(decisions: Decisions) -> Decisions:
    return [*decisions, decisions[4]._replace(headers=[])]


def a_repeat_that_differs(decisions: Decisions) -> Decisions:
    return [*decisions, one_byte_altered(decisions)[4]]


@pytest.mark.parametrize(
    ("change", "missing", "different", "extra"),
    [
        (one_removed, 1, 0, 0),
        (one_byte_altered, 0, 1, 0),
        (one_under_another_key, 0, 1, 0),
        (one_added, 0, 0, 1),
        (one_from_beyond_the_log, 0, 0, 1),
        (one_without_an_id, 0, 0, 1),
        (a_repeat_that_differs, 0, 1, 0),
    ],
)
def test_every_deviation_is_found(
    brokers: str, bank: Scene, change: Callable[[Decisions], Decisions], missing: int, different: int, extra: int
) -> None:
    verdict = verify(published(brokers, bank, change(bank.decisions)), bank.policy)
    assert (verdict.missing, verdict.different, verdict.extra) == (missing, different, extra)
    assert not verdict.holds
    assert sum(len(ids) for ids in verdict.examples.values()) == 1


def test_an_empty_log_and_no_decisions_hold(brokers: str, bank: Scene) -> None:
    assert verify(fresh(brokers, 2), bank.policy).holds


def test_waiting_ends_when_the_group_has_committed_the_end_of_the_log(brokers: str, bank: Scene) -> None:
    settings = published(brokers, bank, bank.decisions)
    with pytest.raises(UserError, match="has not decided all of the log"):
        verify(settings, bank.policy, wait_seconds=0.1)
    name = settings.topic_names.real(topics.CLIENT_EVENTS)
    ends = {record.partition: record.offset + 1 for record in bank.log}
    group = Consumer(consumer_config(settings, settings.app_id))
    group.commit(offsets=[TopicPartition(name, number, end) for number, end in ends.items()], asynchronous=False)
    group.close()
    assert verify(settings, bank.policy, wait_seconds=5).holds


@pytest.mark.parametrize(("decisions", "code"), [(slice(None), 0), (slice(1, None), 1)])
def test_the_commands_exit_code_is_the_verdict(
    brokers: str, bank: Scene, decisions: slice, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = published(brokers, bank, bank.decisions[decisions])
    given = {"BROKERS": brokers, "APP_ID": settings.app_id, "OWN_PREFIX": settings.own_prefix, "PARTITIONS": "2"}
    for name, value in given.items():
        monkeypatch.setenv(f"TIERWATCH_{name}", value)
    result = CliRunner().invoke(command, [])
    assert result.exit_code == code, result.output
    assert ("verified" if code == 0 else "DOES NOT HOLD") in result.output


def test_a_log_that_is_not_there_is_told_in_a_line(brokers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIERWATCH_BROKERS", brokers)
    monkeypatch.setenv("TIERWATCH_OWN_PREFIX", "nowhere.")
    result = CliRunner().invoke(command, [])
    assert result.exit_code == 2
    assert "topic nowhere.client-events is missing; create it: tierwatch topics create" in result.output


def test_a_broker_that_is_not_there_is_told_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.brokers.log_reading.TIMEOUT_SECONDS", 1.0)
    monkeypatch.setenv("TIERWATCH_BROKERS", "127.0.0.1:1")
    result = CliRunner().invoke(command, [])
    assert result.exit_code == 2
    assert "brokers = 127.0.0.1:1: no broker answers" in result.output


def test_a_log_without_its_beginning_cannot_be_verified() -> None:
    with pytest.raises(LogGone, match="partition 1 begins at 7"):
        whole([Span(topics.CLIENT_EVENTS, 0, 0, 9), Span(topics.CLIENT_EVENTS, 1, 7, 9)], load())


def test_a_log_written_in_transactions_has_gaps_and_is_verified_all_the_same(brokers: str, bank: Scene) -> None:
    """Markers of transactions take offsets, and what was aborted is not read: decisions follow from the offsets as they are."""
    settings = fresh(brokers, bank.partitions)
    name = settings.topic_names.real(topics.CLIENT_EVENTS)
    producer = Producer({**producer_config(settings), "transactional.id": settings.app_id})
    producer.init_transactions()
    for number, record in enumerate(bank.log):
        producer.begin_transaction()
        producer.produce(name, record.value, record.key, record.partition)
        if number % 5 == 4:
            producer.flush()
            producer.abort_transaction()
            producer.begin_transaction()
            producer.produce(name, record.value, record.key, record.partition)
        producer.commit_transaction()
    with LogReader(settings) as reader:
        spans = reader.spans(topics.CLIENT_EVENTS)
        held = {span.partition: list(reader.read(span)) for span in spans}
    assert [[(r.key, r.value) for r in held[p]] for p in held] == [
        [(r.key, r.value) for r in bank.log if r.partition == p] for p in held
    ]
    for number, records in held.items():
        put_decisions(settings, derived(number, iter(records), bank.policy, bank.partitions))
    verdict = verify(settings, bank.policy)
    assert verdict.holds
    assert verdict.records == len(bank.log)
    assert verdict.gaps == sum(span.end for span in spans) - len(bank.log)
