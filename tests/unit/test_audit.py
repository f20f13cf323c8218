"""The audit's comparison: what is counted as what."""

import pytest

from schemas import topics
from schemas.records import Headers, Outcome, PlainRecord
from streams.auditing.audit import Comparison, LogPlace, fingerprint, log_place

ENDS, LATER_ENDS = [10, 10], [15, 10]


def decision(name: str, value: bytes = b"{}") -> Outcome:
    return Outcome(topics.TIER_CHANGES, b"c", value, [("ce_id", name.encode())])


def standing(outcome: Outcome) -> PlainRecord:
    return PlainRecord(outcome.topic, 0, 0, 0, outcome.key, outcome.value, outcome.headers)


def test_a_decision_of_a_record_that_came_after_the_audit_began_is_not_judged() -> None:
    comparison = Comparison(ENDS)
    for offset in (9, 10, 14, 15):
        comparison.meet(standing(decision(f"tc/0/{offset}/c/1/0")), LATER_ENDS)
    verdict = comparison.judge()
    assert (verdict.later, verdict.extra) == (2, 2)
    assert verdict.examples == {"extra": ["tc/0/9/c/1/0", "tc/0/15/c/1/0"]}


def test_an_extra_decision_that_stands_twice_is_one_extra_and_one_repeat() -> None:
    comparison = Comparison(ENDS)
    for _ in range(2):
        comparison.meet(standing(decision("tc/0/1/c/1/0")), ENDS)
    assert (comparison.judge().extra, comparison.judge().repeated) == (1, 1)


def test_only_the_first_findings_are_named_and_all_are_counted() -> None:
    comparison = Comparison(ENDS)
    for number in range(25):
        comparison.derive(decision(f"tc/0/1/c{number}/1/0"))
    verdict = comparison.judge()
    assert (verdict.missing, len(verdict.examples["missing"])) == (25, 10)


def test_one_id_with_two_bodies_in_the_log_itself_is_our_bug_and_stops_the_audit() -> None:
    comparison = Comparison(ENDS)
    comparison.derive(decision("tc/0/1/c/1/0"))
    with pytest.raises(RuntimeError, match="tc/0/1/c/1/0"):
        comparison.derive(decision("tc/0/1/c/1/0", b"[]"))


@pytest.mark.parametrize(
    ("headers", "same"),
    [
        ([("content-type", b"a"), ("ce_id", b"1")], True),
        ([("ce_id", b"1"), ("content-type", b"a"), ("traceparent", b"x")], True),
        ([("ce_id", b"1"), ("content-type", b"b")], False),
        ([("ce_id", b"1")], False),
    ],
)
def test_a_fingerprint_covers_what_readers_look_at_and_nothing_else(headers: Headers, same: bool) -> None:
    first = fingerprint(b"k", b"v", [("ce_id", b"1"), ("content-type", b"a")])
    assert (fingerprint(b"k", b"v", headers) == first) is same


def test_a_fingerprint_knows_where_the_key_ends() -> None:
    assert fingerprint(b"ab", b"c", []) != fingerprint(b"a", b"bc", [])


@pytest.mark.parametrize(
    ("name", "place"), [(b"tc/3/17/c/1/0", LogPlace(3, 17)), (b"", None), (b"tc/x/1/c", None), (b"tc/1/2", None)]
)
def test_a_decisions_id_says_where_in_the_log_it_was_made(name: bytes, place: LogPlace | None) -> None:
    assert log_place(name) == place
