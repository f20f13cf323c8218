"""A batch is processed only if nothing before it can have been lost."""

import pytest

from schemas.records import PlainRecord
from streams.positions import Admitted, Chunk, Partition, Positions, Refused

HERE = Partition("events", 0)


def chunk(first: int, last: int, begins: int | None, seek: int = 0, without: tuple[int, ...] = ()) -> Chunk:
    offsets = [offset for offset in range(first, last + 1) if offset not in without]
    return Chunk([PlainRecord("events", 0, offset, 0, None, b"") for offset in offsets], begins, seek)


@pytest.fixture
def positions() -> Positions:
    positions = Positions()
    positions.start(HERE, 10)
    return positions


def offsets(answer: Admitted | Refused) -> list[int]:
    assert isinstance(answer, Admitted), answer
    return [record.offset for record in answer.records]


def test_a_batch_that_begins_where_the_last_one_ended_is_taken(positions: Positions) -> None:
    assert offsets(positions.admit(HERE, chunk(10, 12, begins=10))) == [10, 11, 12]


def test_records_that_are_done_already_are_left_out(positions: Positions) -> None:
    assert offsets(positions.admit(HERE, chunk(8, 11, begins=8))) == [10, 11]
    assert offsets(positions.admit(HERE, chunk(5, 9, begins=5))) == []


def test_a_batch_behind_one_that_vanished_is_refused_and_fetched_anew(positions: Positions) -> None:
    assert positions.admit(HERE, chunk(15, 20, begins=15)) == Refused(seek_to=10)


def test_a_batch_of_which_nobody_knows_where_its_fetch_began_is_refused(positions: Positions) -> None:
    assert positions.admit(HERE, chunk(15, 20, begins=None)) == Refused(seek_to=10)


def test_what_was_fetched_before_the_last_seek_does_not_ask_for_another(positions: Positions) -> None:
    positions.sought(HERE)
    assert positions.admit(HERE, chunk(15, 20, begins=15, seek=0)) == Refused(seek_to=None)
    assert positions.admit(HERE, chunk(15, 20, begins=15, seek=1)) == Refused(seek_to=10)


def test_a_gap_that_the_fetch_itself_covered_is_the_logs_own_and_is_counted(positions: Positions) -> None:
    answer = positions.admit(HERE, chunk(15, 16, begins=10))
    assert offsets(answer) == [15, 16]
    assert isinstance(answer, Admitted)
    assert answer.skipped == 5


def test_a_gap_within_a_batch_is_the_logs_own(positions: Positions) -> None:
    assert offsets(positions.admit(HERE, chunk(10, 14, begins=10, without=(12, 13)))) == [10, 11, 14]


def test_retention_that_overtook_the_reader_does_not_stop_it(positions: Positions) -> None:
    positions.sought(HERE)  # To 10, where the log no longer begins: the broker answers from 100 on.
    answer = positions.admit(HERE, chunk(100, 101, begins=10, seek=1))
    assert isinstance(answer, Admitted)
    assert answer.skipped == 90


def test_only_what_is_durable_may_be_committed(positions: Positions) -> None:
    positions.taken(HERE, 20)
    assert positions.committable(HERE) is None
    positions.durable(HERE, 15)
    assert positions.committable(HERE) == 15
    assert positions.with_progress() == [HERE]


def test_a_forgotten_partition_has_no_position(positions: Positions) -> None:
    positions.durable(HERE, 15)
    positions.forget([HERE])
    assert not positions.started(HERE)
    assert positions.committable(HERE) is None
