"""Redriving: what a letter was before it died, and the memory of which letters went back."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from agents.dead_letters import INVALID, UNREADABLE, dead_letter
from schemas import topics
from schemas.records import PlainRecord
from streams.auditing.redriving import Choice, Letter, Memory, Remaining, letter_of, original_headers

BANKS = (("ce_specversion", b"1.0"), ("ce_id", b"bank-7"), ("trace", b"x"))


def died(headers: tuple[tuple[str, bytes], ...] = BANKS) -> PlainRecord:
    record = PlainRecord("corebank.repayments", 3, 42, 9, b"k", b"{}", headers)
    outcome = dead_letter(record, topics.REPAYMENTS, INVALID, "f", "why")
    return PlainRecord(topics.DEAD_LETTERS, 0, 5, 1_700_000_000_000, outcome.key, outcome.value, outcome.headers)


def test_a_letter_tells_where_its_record_had_stood_and_why_it_died() -> None:
    letter = letter_of(died())
    assert letter is not None
    assert letter[:5] == (topics.REPAYMENTS, 3, 42, INVALID, 1_700_000_000_000)
    assert (letter.key, letter.value) == (b"k", b"{}")


def test_the_banks_headers_come_back_as_they_were_with_its_own_ce_id() -> None:
    assert original_headers(died().headers) == list(BANKS)


def test_a_record_without_our_headers_is_no_letter() -> None:
    assert letter_of(died()._replace(headers=BANKS)) is None


def letter(topic: str = topics.REPAYMENTS, cause: str = INVALID, died_ms: int = 0) -> Letter:
    return Letter(topic, 0, 0, cause, died_ms, None, b"", ())


@pytest.mark.parametrize(
    ("choice", "takes"),
    [
        (Choice(), True),
        (Choice(cause=INVALID), True),
        (Choice(cause=UNREADABLE), False),
        (Choice(topic=topics.DRAWDOWNS), False),
        (Choice(since=datetime.fromtimestamp(1, UTC)), True),
        (Choice(since=datetime.fromtimestamp(2, UTC)), False),
    ],
)
def test_a_choice_takes_by_cause_topic_and_time(choice: Choice, takes: bool) -> None:
    assert choice.takes(letter(died_ms=1000)) is takes


def test_a_memory_is_read_as_it_was_written() -> None:
    memory = Memory(50, {"repayments/invalid": ((0, 4), (9, 9)), "macro/unreadable": ((7, 30),)})
    assert Memory.read(50, memory.written()) == memory
    assert Memory.read(-1001, None) == Memory(0, {})


@given(some.lists(some.lists(some.sampled_from(["a/x", "b/y", "a/z"]), max_size=12), max_size=4), some.data())
def test_every_letter_goes_back_exactly_once_whatever_was_chosen_when(arrivals: list[list[str]], chance: some.DataObject) -> None:
    """Letters arrive between runs; each run takes any set of cells and any time from which on; the last takes all."""
    letters: list[str] = []
    sent: list[int] = []
    memory = Memory(0, {})
    for arrived in [*arrivals, []]:
        letters += arrived
        last = arrived == []
        cells = {"a/x", "b/y", "a/z"} if last else chance.draw(some.sets(some.sampled_from(["a/x", "b/y", "a/z"])))
        since = 0 if last else chance.draw(some.integers(0, len(letters)))
        remaining = Remaining()
        for offset in range(memory.begin, len(letters)):
            cell = letters[offset]
            if not memory.leaves(offset, cell):
                remaining.close(cell)
            elif cell in cells and offset >= since:
                sent.append(offset)
                remaining.close(cell)
            else:
                remaining.leave(offset, cell)
        memory = Memory.read(len(letters), remaining.memory(len(letters)).written())
    assert sorted(sent) == list(range(len(letters)))
