"""When a day closes: by the source partitions that there are."""

from datetime import date

from agents.intake import day_passed
from agents.segmentation.agenda import SLICE, Agenda
from agents.segmenter import Segmenter
from schemas.log import Source
from schemas.order import place_of
from schemas.state import ClientState, write_client
from tests.builders import policy
from tests.driver import log_of, run_all

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
