"""Intake: what it writes to the log, and what it says of a record that it refuses."""

import json
from datetime import date
from typing import Any

import msgspec
import pytest

from agents.dead_letters import INVALID, UNREADABLE
from agents.intake import Intake
from schemas import log, topics
from schemas.records import BY_KEY, EVERY, Headers, Outcome
from tests.builders import event, published, source_record
from tests.driver import headers

CLOUD: Headers = [
    ("ce_specversion", b"1.0"),
    ("ce_id", b"cloud-1"),
    ("ce_source", b"/core"),
    ("ce_time", b"2024-01-10T09:00:00Z"),
    ("ce_subject", b"C9"),
]


def taken(topic: str, value: bytes | None, headers: Headers = ()) -> Outcome:
    (outcome,) = Intake(topic, sources={"repayments": 3}).run([source_record(topic, value, 7, 2, headers)]).outcomes
    return outcome


def fact(outcome: Outcome) -> Any:
    assert outcome.topic == topics.CLIENT_EVENTS, headers(outcome)
    return log.read_fact(outcome.value)


def refusal(outcome: Outcome) -> tuple[str, str, str]:
    assert outcome.topic == topics.DEAD_LETTERS
    said = headers(outcome)
    return said["tierwatch-cause"], said["tierwatch-field"], said["tierwatch-reason"]


@pytest.mark.parametrize("topic", [t for t in topics.SOURCE_NAMES if t != topics.MACRO])
def test_a_fact_is_keyed_by_client_and_carries_where_it_came_from(topic: str) -> None:
    outcome = taken(topic, json.dumps(event(topic)).encode())
    assert (outcome.key, outcome.partition) == (b"C1", BY_KEY)
    assert fact(outcome).source == log.Source(topic, 2, 7)


def test_a_macro_figure_goes_to_every_partition() -> None:
    outcome = taken(topics.MACRO, json.dumps(event(topics.MACRO)).encode())
    assert (outcome.key, outcome.partition) == (None, EVERY)
    assert isinstance(log.read_control(outcome.value), log.MacroObserved)


@pytest.mark.parametrize(
    ("paid", "currency", "minor"), [("12.34", "EUR", 1234), (12.5, "EUR", 1250), ("7", "JPY", 7), (1, "KWD", 1000)]
)
def test_an_amount_may_be_a_string_or_a_number(paid: object, currency: str, minor: int) -> None:
    record = json.dumps(event(topics.REPAYMENTS, amount_paid=paid, currency=currency)).encode()
    assert fact(taken(topics.REPAYMENTS, record)).amount_paid == minor


def test_what_an_event_does_not_say_is_not_there() -> None:
    assert fact(taken(topics.REPAYMENTS, json.dumps(event(topics.REPAYMENTS)).encode())).balance_after is None


def test_the_offset_of_a_time_is_kept_for_it_tells_the_banks_day() -> None:
    record = json.dumps(event(topics.REPAYMENTS, occurred_at="2024-01-10T00:30:00+01:00")).encode()
    assert fact(taken(topics.REPAYMENTS, record)).occurred_at.date() == date(2024, 1, 10)


# refusals


@pytest.mark.parametrize("value", [b"{", b"not json", b"\xff\xfe", b"[1]", b"3", b"null", b'"text"', None, b""])
def test_bytes_that_are_no_json_object_are_unreadable(value: bytes | None) -> None:
    assert refusal(taken(topics.REPAYMENTS, value))[0] == UNREADABLE


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"amount_paid": "-1"}, "amount_paid", "greater than or equal to 0"),
        ({"amount_due": "1000000000000000"}, "amount_due", "less than 1000000000000000"),
        ({"client_id": None}, "client_id", "required"),
        ({"client_id": "C" * 65}, "client_id", "at most 64"),
        ({"currency": "EURO"}, "currency", "ISO 4217"),
        ({"occurred_at": "2024-01-10T09:00:00"}, "occurred_at", "timezone"),
        ({"amount_paid": "0.001"}, "amount_paid", "more digits after the point than EUR has: 2"),
        ({"due_date": "2024-02-30"}, "due_date", "date"),
    ],
)
def test_a_refusal_names_the_field_its_value_and_the_bound(fields: dict[str, Any], field: str, said: str) -> None:
    outcome = taken(topics.REPAYMENTS, json.dumps(event(topics.REPAYMENTS, **fields)).encode())
    cause, named, reason = refusal(outcome)
    assert (cause, named) == (INVALID, field)
    assert said in reason
    assert fields[field] is None or fields[field][:80] in reason


def test_a_refusal_names_every_error() -> None:
    reason = refusal(taken(topics.REPAYMENTS, json.dumps(event(topics.REPAYMENTS, amount_paid="-1", currency="X")).encode()))[2]
    assert "amount_paid" in reason
    assert "currency" in reason


def test_a_dead_letter_holds_the_raw_bytes_under_the_same_key_and_says_where_from_and_when() -> None:
    outcome = taken(topics.REPAYMENTS, b"{oops", [("trace", b"t1")])
    said = headers(outcome)
    assert (outcome.key, outcome.value) == (b"key", b"{oops")
    assert (said["tierwatch-topic"], said["tierwatch-partition"], said["tierwatch-offset"]) == (topics.REPAYMENTS, "2", "7")
    assert said["tierwatch-timestamp"] == "1700000000000"
    assert (said["trace"], said["ce_id"]) == ("t1", "dl/repayments/2/7")


def test_a_record_dies_the_same_way_whenever_it_is_read() -> None:
    assert taken(topics.REPAYMENTS, b"{oops") == taken(topics.REPAYMENTS, b"{oops")


def test_one_bad_record_stops_no_other() -> None:
    records = [published(topics.REPAYMENTS, 0), source_record(topics.REPAYMENTS, b"{", 1), published(topics.REPAYMENTS, 2)]
    batch = Intake(topics.REPAYMENTS, {"file": 1}).run(records)
    assert [o.topic for o in batch.outcomes] == [topics.CLIENT_EVENTS, topics.DEAD_LETTERS, topics.CLIENT_EVENTS]
    assert batch.counts == {"accepted": 2, "dead-letter/unreadable": 1}


def test_a_long_reason_is_cut_and_the_record_is_not() -> None:
    record = json.dumps({f"{i}": "x" * 100 for i in range(1000)}).encode()
    outcome = taken(topics.STATEMENTS, record)
    assert outcome.value == record
    assert len(refusal(outcome)[2]) <= 8000


# end of day


def test_an_end_of_day_record_passes_the_day_in_every_partition() -> None:
    outcome = taken(topics.REPAYMENTS, b'{"kind": "end-of-day", "day": "2024-01-10", "bank": "B"}')
    assert (outcome.key, outcome.partition) == (None, EVERY)
    said = log.DayPassed(source=log.Source(topics.REPAYMENTS, 2, 7), day=date(2024, 1, 10), of={"repayments": 3})
    assert log.read_control(outcome.value) == said


def test_an_end_of_day_record_may_be_a_cloud_event() -> None:
    value = b'{"specversion": "1.0", "id": "x", "data": {"kind": "end-of-day", "day": "2024-01-10"}}'
    assert isinstance(log.read_control(taken(topics.REPAYMENTS, value).value), log.DayPassed)
    value = b'{"kind": "end-of-day", "day": "2024-01-10"}'
    assert isinstance(log.read_control(taken(topics.REPAYMENTS, value, CLOUD).value), log.DayPassed)


def test_an_end_of_day_record_without_its_day_is_refused_by_that_name() -> None:
    assert refusal(taken(topics.REPAYMENTS, b'{"kind": "end-of-day"}'))[:2] == (INVALID, "day")
    assert refusal(taken(topics.REPAYMENTS, b'{"kind": "end-of-day", "day": "soon"}'))[:2] == (INVALID, "day")


def test_an_event_that_only_mentions_the_end_of_day_is_an_event() -> None:
    record = json.dumps(event(topics.FEEDBACK, note='"end-of-day"', event_id="end-of-day")).encode()
    assert isinstance(fact(taken(topics.FEEDBACK, record)), log.FeedbackGiven)


# CloudEvents


def test_a_binary_cloud_event_fills_in_what_its_body_does_not_say() -> None:
    body = event(topics.REPAYMENTS, event_id=None, client_id=None, occurred_at=None)
    said = fact(taken(topics.REPAYMENTS, json.dumps(body).encode(), CLOUD))
    assert (said.event_id, said.client_id, said.occurred_at.isoformat()) == ("cloud-1", "C9", "2024-01-10T09:00:00+00:00")


def test_what_the_body_says_itself_goes_before_the_attributes() -> None:
    said = fact(taken(topics.REPAYMENTS, json.dumps(event(topics.REPAYMENTS)).encode(), CLOUD))
    assert (said.event_id, said.client_id) == ("e1", "C1")


def test_a_structured_cloud_event_is_unwrapped() -> None:
    body = event(topics.REPAYMENTS, event_id=None, client_id=None, occurred_at=None)
    whole = {"specversion": "1.0", "id": "cloud-2", "time": "2024-01-10T09:00:00Z", "subject": "C8", "data": body}
    said = fact(taken(topics.REPAYMENTS, json.dumps(whole).encode()))
    assert (said.event_id, said.client_id) == ("cloud-2", "C8")


@pytest.mark.parametrize("amount", ["123456789012345.67", "900000000000000.01", "0.10"])
def test_a_cloud_event_loses_no_cent(amount: str) -> None:
    value = json.dumps(event(topics.REPAYMENTS, amount_paid=0.5)).replace("0.5", amount).encode()
    assert fact(taken(topics.REPAYMENTS, value, CLOUD)).amount_paid == int(amount.replace(".", ""))


def test_a_cloud_event_that_breaks_the_contract_is_refused_with_its_raw_bytes() -> None:
    value = json.dumps({"specversion": "1.0", "id": "x", "data": {"client_id": "C1"}}).encode()
    outcome = taken(topics.REPAYMENTS, value)
    assert refusal(outcome)[0] == INVALID
    assert outcome.value == value


def test_other_headers_change_nothing() -> None:
    value = json.dumps(event(topics.REPAYMENTS)).encode()
    assert taken(topics.REPAYMENTS, value, [("trace", b"t1")]) == taken(topics.REPAYMENTS, value)


def test_a_header_without_a_value_is_no_attribute() -> None:
    value = json.dumps(event(topics.REPAYMENTS)).encode()
    empty: Any = None  # Kafka allows it
    assert fact(taken(topics.REPAYMENTS, value, [("ce_specversion", b"1.0"), ("ce_id", empty)])).event_id == "e1"


@pytest.mark.parametrize("value", [b"{", b"[]", b'{"specversion": 1}', b'{"specversion": "1.0", "data": "text"}'])
def test_a_cloud_event_that_cannot_be_unwrapped_is_refused(value: bytes) -> None:
    assert taken(topics.REPAYMENTS, value, CLOUD[:1]).topic == topics.DEAD_LETTERS


def test_what_is_written_can_be_read_again() -> None:
    written = fact(taken(topics.STATEMENTS, json.dumps(event(topics.STATEMENTS, revenue="5.00", audited=True)).encode()))
    assert log.read_fact(msgspec.json.encode(written)) == written
