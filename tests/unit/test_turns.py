"""The order of learning: when a default is learned."""

from datetime import date

from online_models.turns import MOST, Turns
from schemas.learning import LabelledExample
from schemas.order import place_of
from tests.builders import N, example

HORIZON = 30
FIRST, MIDDLE, LAST = sorted(("C1", "C2", "C3"), key=place_of)


def told(client: str, y: bool, month: int = 1, partition: int = 0) -> LabelledExample:
    x = (float(month), *(None,) * (N - 1))
    return example(1, client_id=client, as_of=date(2024, month, 5), y=y, partition=partition, x=x)


def learned(turns: Turns, *examples: LabelledExample) -> list[tuple[float | None, bool]]:
    """First feature and outcome of what is learned with these."""
    return [(x[0], y) for one in examples for x, y in turns.take(one, HORIZON)]


def test_a_default_waits_for_the_survivors_that_are_told_after_its_client() -> None:
    turns = Turns()
    assert learned(turns, told(MIDDLE, True)) == []
    assert learned(turns, told(FIRST, False)) == [(1.0, False)]
    assert learned(turns, told(LAST, False)) == [(1.0, True), (1.0, False)]


def test_a_default_of_an_earlier_month_is_learned_before_a_later_months_survivors() -> None:
    turns = Turns()
    assert learned(turns, told(LAST, True, 1), told(FIRST, False, 2)) == [(1.0, True), (2.0, False)]


def test_a_default_of_a_later_month_goes_on_waiting() -> None:
    turns = Turns()
    assert learned(turns, told(FIRST, True, 2), told(LAST, False, 1)) == [(1.0, False)]


def test_each_partition_tells_its_own_clients() -> None:
    turns = Turns()
    assert learned(turns, told(FIRST, True), told(LAST, False, partition=1)) == [(1.0, False)]
    assert learned(turns, told(LAST, False)) == [(1.0, True), (1.0, False)]


def test_beyond_the_bound_the_first_to_have_its_turn_has_it_now() -> None:
    turns = Turns()
    assert learned(turns, *(told(f"C{i}", True) for i in range(MOST))) == []
    assert learned(turns, told("D1", True, 2)) == [(1.0, True)]
    assert sum(map(len, turns.waiting.values())) == MOST


def test_missing_stays_missing_while_it_waits() -> None:
    turns = Turns()
    learned(turns, told(FIRST, True))
    (x, y), _ = turns.take(told(LAST, False), HORIZON)
    assert (list(x), y) == ([1.0, *(None,) * (N - 1)], True)
