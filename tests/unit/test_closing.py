"""When a day closes: by the source partitions that there are."""

from collections.abc import Callable, Iterator
from datetime import date
from hashlib import blake2b

import pytest

from agents.intake import day_passed
from agents.segmentation.agenda import AHEAD, SLICE, SPREAD, Agenda
from agents.segmentation.folding import RECENT, is_repeat
from agents.segmenter import Segmenter
from schemas import topics
from schemas.log import Source
from schemas.order import place_of
from schemas.state import ClientState, encode, is_client, read_client, write_client
from tests.builders import policy
from tests.driver import Driver, log_of, run_all

TWO = {"repayments": 1, "ratings": 1}


def closed(*passed: tuple[str, date, dict[str, int]]) -> int:
    """The last closed day after these have passed."""
    segmenter = Segmenter(0, {}, policy(), 1)
    run_all(segmenter, log_of([day_passed(Source(topic, 0, 0), day, sources) for topic, day, sources in passed]))
    return segmenter.partition.closed_day


def test_a_day_closes_when_every_source_partition_has_passed_it() -> None:
    first, second = date(2024, 3, 1), date(2024, 3, 2)
    assert closed(("repayments", second, TWO)) == 0
    assert closed(("repayments", second, TWO), ("ratings", first, TWO)) == first.toordinal()


def test_a_source_that_is_taken_away_holds_up_nobody() -> None:
    first, second = date(2024, 3, 1), date(2024, 3, 2)
    both = (("repayments", first, TWO), ("ratings", first, TWO))
    assert closed(*both, ("repayments", second, TWO)) == first.toordinal()
    assert closed(*both, ("repayments", second, {"repayments": 1})) == second.toordinal()


def test_a_new_partition_of_a_source_must_pass_the_day_too() -> None:
    first, second = date(2024, 3, 1), date(2024, 3, 2)
    both = (("repayments", first, TWO), ("ratings", first, TWO))
    wider = {"repayments": 2, "ratings": 1}
    assert closed(*both, ("repayments", second, wider), ("ratings", second, wider)) == first.toordinal()


def test_clients_are_looked_at_in_one_order_however_many_there_are() -> None:
    """The learner tells by it what it has been told: a rerun finds fewer of them left."""
    for count in (3, SLICE + 1, 20 * SLICE):
        clients = [f"C{i}" for i in range(count)]
        agenda = Agenda({client.encode(): write_client(ClientState(look_day=7)) for client in clients})
        assert [client for some in agenda.due(7) for client in some] == sorted(clients, key=place_of)


def agenda_of(**days: int) -> tuple[Agenda, dict[bytes, bytes]]:
    states = {name.encode(): write_client(ClientState(look_day=day)) for name, day in days.items()}
    return Agenda(states), states


def due(agenda: Agenda, day: int) -> list[str]:
    return sorted(client for some in agenda.due(day) for client in some)


def test_whom_a_day_far_ahead_has_to_look_at_is_found_when_it_comes() -> None:
    agenda, states = agenda_of(soon=100, later=100 + 3 * AHEAD, never=0)
    assert due(agenda, 100) == ["soon"]
    states[b"soon"] = write_client(ClientState(look_day=100 + AHEAD))
    agenda.move("soon", 100, 100 + AHEAD)
    found = {day - 100: clients for day in range(101, 101 + 3 * AHEAD) if (clients := due(agenda, day))}
    assert found == {AHEAD: ["soon"], 3 * AHEAD: ["later"]}


def test_nobody_is_missed_where_one_week_of_an_agenda_ends_and_the_next_begins() -> None:
    agenda, _ = agenda_of(soon=100 + AHEAD, later=100 + 3 * AHEAD, never=0)
    found = {day - 100: clients for day in range(100, 101 + 3 * AHEAD) if (clients := due(agenda, day))}
    assert found == {AHEAD: ["soon"], 3 * AHEAD: ["later"]}


def test_whoever_moves_within_the_days_ahead_is_due_on_the_new_day_only() -> None:
    agenda, _ = agenda_of(C1=100, C2=101, C3=102)
    assert due(agenda, 100) == ["C1"]
    agenda.move("C1", 100, 103)
    agenda.move("C2", 101, 103)
    agenda.move("C3", 102, 0)
    assert [due(agenda, day) for day in (101, 102, 103)] == [[], [], ["C1", "C2"]]


def test_the_first_close_of_all_finds_who_was_due_before_it() -> None:
    agenda, states = agenda_of(C1=98, C2=100, C3=101, C4=0)
    states[b"\x00partition"] = b"\x9a\x00"
    assert sorted(client for some in agenda.due_by(100) for client in some) == ["C1", "C2"]


@pytest.mark.parametrize("find", [Agenda.due, Agenda.due_by])
def test_a_large_table_is_not_read_without_letting_others_work(find: Callable[[Agenda, int], Iterator[list[str]]]) -> None:
    """As it is read once more for the days ahead, and for the first close: the events of other partitions wait meanwhile."""
    state = write_client(ClientState(look_day=500))
    agenda = Agenda({f"C{number}".encode(): state for number in range(5 * SPREAD)})
    assert list(find(agenda, 100)) == [[]] * 5


@pytest.mark.parametrize("find", [Agenda.due, Agenda.due_by])
def test_a_version_may_go_while_a_large_table_is_read(find: Callable[[Agenda, int], Iterator[list[str]]]) -> None:
    """As it does when the batches of a close are written: the last client that it had scored has been scored anew."""
    states = {f"C{number}".encode(): write_client(ClientState(look_day=100)) for number in range(SPREAD)}
    states[b"\x00model/corporate-1"] = b"\x90"
    found = find(Agenda(states), 100)
    assert next(found) == []
    del states[b"\x00model/corporate-1"]
    assert sum(len(clients) for clients in found) == SPREAD


def test_states_of_an_earlier_release_are_packed_and_counted_as_they_are_taken_over() -> None:
    driver = Driver()
    driver.send(topics.REPAYMENTS, next_due_date="2024-03-10", next_amount_due="5000")
    driver.send(topics.STATEMENTS)
    driver.send(topics.DRAWDOWNS)  # who draws does not rest: no mark stands in the table that an earlier release would not have
    driver.close(date(2024, 3, 31))
    now = driver.pipeline.segmenters[0]
    earlier = {key: encode(read_client(value)) if is_client(key) else value for key, value in now.states.items()}
    assert earlier != now.states
    later = Segmenter(0, dict(earlier), policy(), 1)
    assert later.states == now.states
    rebuilt, kept = later.sums, now.sums
    assert rebuilt.histograms == {name: +bins for name, bins in kept.histograms.items()}
    assert {name: one.dump() for name, one in rebuilt.tallies.items()} == {name: one.dump() for name, one in kept.tallies.items()}
    assert rebuilt.limits.of("corporate") == kept.limits.of("corporate")


def test_an_event_that_an_earlier_release_has_seen_is_still_a_repeat() -> None:
    numbers = [int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big") for name in ("e1", "e2")]
    client = ClientState(recent=numbers)
    assert is_repeat(client, "e2")
    assert not is_repeat(client, "e3")
    assert all(is_repeat(client, name) for name in ("e1", "e2", "e3"))


def test_the_last_sixteen_events_are_remembered() -> None:
    client = ClientState()
    assert not any(is_repeat(client, f"e{number}") for number in range(RECENT + 1))
    assert all(is_repeat(client, f"e{number}") for number in range(1, RECENT + 1))
    assert not is_repeat(client, "e0")
