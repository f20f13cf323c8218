"""Redriving on a broker: letters go back as they were, each once."""

import json

from click.testing import CliRunner
from confluent_kafka import Producer

from agents.dead_letters import INVALID, UNREADABLE, dead_letter
from schemas import log, topics
from schemas.records import Outcome, PlainRecord
from streams.auditing.redriving import Choice, Redriven, redrive
from streams.brokers.kafka import producer_config
from streams.brokers.log_reading import LogReader
from streams.commands.redrive import redrive as command
from streams.settings import Settings
from tests.system.published import fresh

BANKS = [("ce_specversion", b"1.0"), ("ce_id", b"bank-7")]


def put(settings: Settings, *letters: Outcome) -> None:
    producer = Producer(producer_config(settings))
    for outcome in letters:
        name = settings.topic_names.real(outcome.topic)
        producer.produce(name, outcome.value, outcome.key, 0, headers=list(outcome.headers))
    assert producer.flush(30) == 0


def letter(topic: str, offset: int, cause: str = INVALID) -> Outcome:
    return dead_letter(PlainRecord(topic, 1, offset, 0, b"f%d" % offset, b"{%d" % offset, BANKS), topic, cause, "", "why")


def held(settings: Settings, topic: str) -> list[PlainRecord]:
    with LogReader(settings) as reader:
        return [record for span in reader.spans(topic) for record in reader.read(span)]


def sent(done: Redriven) -> dict[str, int]:
    return dict(done.sent)


def test_letters_go_back_once_with_their_key_value_and_headers_to_their_partition(brokers: str) -> None:
    settings = fresh(brokers, 2)
    put(settings, letter(topics.REPAYMENTS, 0), letter(topics.DRAWDOWNS, 1))
    assert sent(redrive(settings, Choice(), dry_run=True)) == {topics.REPAYMENTS: 1, topics.DRAWDOWNS: 1}
    assert held(settings, topics.REPAYMENTS) == []
    assert sent(redrive(settings, Choice())) == {topics.REPAYMENTS: 1, topics.DRAWDOWNS: 1}
    (record,) = held(settings, topics.REPAYMENTS)
    assert (record.partition, record.key, record.value, list(record.headers)) == (1, b"f0", b"{0", BANKS)
    assert sent(redrive(settings, Choice())) == {}


def test_what_was_not_chosen_is_there_the_next_time(brokers: str) -> None:
    settings = fresh(brokers, 2)
    put(settings, letter(topics.REPAYMENTS, 0), letter(topics.REPAYMENTS, 1, UNREADABLE), letter(topics.DRAWDOWNS, 2))
    done = redrive(settings, Choice(cause=UNREADABLE))
    assert (sent(done), done.left) == ({topics.REPAYMENTS: 1}, 2)
    put(settings, letter(topics.REPAYMENTS, 3))
    assert sent(redrive(settings, Choice(topic=topics.REPAYMENTS))) == {topics.REPAYMENTS: 2}
    assert sent(redrive(settings, Choice())) == {topics.DRAWDOWNS: 1}
    assert sent(redrive(settings, Choice())) == {}


def test_a_letter_of_the_log_goes_back_as_the_banks_own_record(brokers: str) -> None:
    settings = fresh(brokers, 1)
    original = Outcome(topics.OUTCOMES, b"k", b'{"the":"original"}', BANKS)
    put(settings, original)
    fact: dict[str, object] = {"record": "outcome-reported", "event_id": "e", "client_id": "c", "outcome": "repaid"}
    fact["occurred_at"] = "2024-01-01T00:00:00Z"
    values = [json.dumps({**fact, "source": [topics.OUTCOMES, 0, offset]}).encode() for offset in (0, 99)]
    assert [log.read_fact(value).source.offset for value in values] == [0, 99]
    for value in values:
        put(settings, dead_letter(PlainRecord("", 0, 7, 0, b"c", value), topics.CLIENT_EVENTS, INVALID, "currency", "no rate"))
    done = redrive(settings, Choice())
    assert (sent(done), dict(done.hopeless)) == ({topics.OUTCOMES: 1}, {"its source record is gone": 1})
    first, again = held(settings, topics.OUTCOMES)
    assert again._replace(offset=first.offset, timestamp=first.timestamp) == first


def test_the_command_says_how_many_and_refuses_a_time_that_is_none() -> None:
    told = CliRunner().invoke(command, ["--since", "yesterday"])
    assert (told.exit_code, "--since = 'yesterday': is no time" in told.output) == (2, True)
