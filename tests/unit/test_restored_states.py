"""States restored from a changelog, also from one that a worker wrote to after it had lost the partition."""

import pytest

from schemas.records import PlainRecord, State
from streams.table import Owner, PartitionStates, Restored, StateLost, owner_header


def entry(offset: int, key: bytes, value: bytes | None, owner: Owner = (1, 1)) -> PlainRecord:
    return PlainRecord("changelog", 0, offset, 0, key, value, owner_header(owner))


def test_the_last_value_of_a_key_is_its_state_and_none_deletes_it() -> None:
    restored = Restored()
    restored.apply([entry(0, b"a", b"1"), entry(1, b"b", b"1"), entry(2, b"a", b"2"), entry(3, b"b", None)])
    assert restored.states == {b"a": b"2"}
    assert restored.offset == 3


def test_a_record_is_applied_once_however_often_it_is_read() -> None:
    restored = Restored()
    restored.apply([entry(0, b"a", b"1"), entry(1, b"a", b"2")])
    restored.apply([entry(0, b"a", b"1")])
    assert restored.states == {b"a": b"2"}


def test_what_an_earlier_owner_wrote_behind_a_later_one_does_not_count() -> None:
    restored = Restored()
    late = [entry(2, b"a", b"stale", owner=(1, 1)), entry(3, b"c", b"new", owner=(2, 2))]
    assert restored.apply([entry(0, b"a", b"1"), entry(1, b"a", b"2", owner=(2, 2)), *late]) == 1
    assert restored.states == {b"a": b"2", b"c": b"new"}
    assert restored.owner == (2, 2)


def test_owners_are_told_apart_by_generation_when_they_found_the_same_changelog() -> None:
    restored = Restored()
    restored.apply([entry(0, b"a", b"right", owner=(2, 8)), entry(1, b"a", b"stale", owner=(2, 7))])
    assert restored.states == {b"a": b"right"}


def test_an_overwritten_state_is_repaired_unless_its_owner_has_written_it_since() -> None:
    restored = Restored()
    restored.apply([entry(0, b"a", b"1", owner=(2, 2)), entry(1, b"b", b"1", owner=(2, 2))])
    restored.apply([entry(2, b"a", b"stale"), entry(3, b"b", b"stale"), entry(4, b"b", b"2", owner=(2, 2))])
    assert restored.repairs() == [State(b"a", b"1")]


def test_a_deleted_state_that_was_overwritten_is_deleted_again() -> None:
    restored = Restored()
    restored.apply([entry(0, b"a", None, owner=(2, 2)), entry(1, b"a", b"stale")])
    assert restored.repairs() == [State(b"a", None)]


def test_a_state_of_which_only_the_stale_record_is_left_stops_the_worker() -> None:
    restored = Restored()
    restored.apply([entry(0, b"other", b"1", owner=(2, 2)), entry(9, b"a", b"stale")])
    with pytest.raises(StateLost, match="b'a'"):
        restored.repairs()


def test_records_without_an_owner_are_the_first_owners() -> None:
    restored = Restored()
    restored.apply([PlainRecord("changelog", 0, 0, 0, b"a", b"1"), entry(1, b"a", b"2")])
    assert restored.states == {b"a": b"2"}


def test_the_states_of_a_partition_go_to_its_agent_and_are_restored_anew_after_a_rebalance() -> None:
    table = PartitionStates()
    table.apply(0, [entry(0, b"a", b"1")])
    assert table.expected(0) == 1
    assert table.hand_over(0).states == {b"a": b"1"}
    assert table.apply(0, [entry(1, b"a", b"2")]) == (0, 0)

    assert table.drop([]) == [0]

    assert (table.expected(0), table.offset(0)) == (0, None)


def test_a_standby_keeps_what_it_has_through_a_rebalance() -> None:
    table = PartitionStates()
    table.apply(1, [entry(0, b"a", b"1")])
    assert table.drop([]) == []
    assert table.offset(1) == 0
