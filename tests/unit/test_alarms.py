"""The threshold of the PD warning: what moves it, and what counts as a false alarm."""

import json

import pytest

from online_models.alarms import Alarms
from online_models.scorecard import sigmoid
from schemas.learning import LabelledExample
from schemas.policy import Alarms as Rules
from tests.builders import example

RULES = Rules(false_alarms_per_100_client_years=10.0, step=0.1)
YEAR = 365.25


def told(*examples: LabelledExample, floor: float = 0.001) -> Alarms:
    alarms = Alarms(RULES, floor)
    for one in examples:
        alarms.add(one)
    return alarms


def quiet(days: int = 365) -> LabelledExample:
    """Far below any threshold."""
    return example(pd=0.01, was_pd=0.01, since_days=days)


def test_who_is_quiet_lowers_the_threshold_by_what_the_bound_allows_for_the_time() -> None:
    assert told(quiet(73)).threshold == pytest.approx(-0.1 * 0.1 * 73 / YEAR)
    assert told(example(pd=0.01)).threshold == 0.0


def test_an_example_stands_for_a_year_at_most() -> None:
    assert told(quiet(3000)).client_years == pytest.approx(366 / YEAR)


def test_a_false_alarm_raises_it_by_a_step() -> None:
    assert told(example(pd=0.01, alarmed=True)).threshold == pytest.approx(0.1)


def test_what_would_be_a_false_alarm_by_the_threshold_of_now_raises_it_too() -> None:
    assert told(example(pd=0.6, was_pd=0.4)).threshold == pytest.approx(0.1)
    assert told(example(pd=0.6, was_pd=0.55)).threshold == 0.0


def test_an_alarm_that_came_true_raises_nothing() -> None:
    alarms = told(example(pd=0.6, alarmed=True, y=True))
    assert (alarms.threshold, alarms.true_alarms, alarms.false_alarms, alarms.missed) == (0.0, 1, 0, 0)


def test_a_default_without_alarm_was_missed() -> None:
    assert told(example(pd=0.01, y=True)).missed == 1


def test_it_never_falls_below_the_floor() -> None:
    assert told(*[quiet()] * 400, floor=0.2).pd == pytest.approx(0.2)


def test_bound_and_realised_are_reported_per_hundred_client_years() -> None:
    said = told(*[quiet()] * 99, example(pd=0.7, alarmed=True, since_days=365)).report()
    assert said["bound_per_100_client_years"] == 10.0
    assert said["realised_per_100_client_years"] == pytest.approx(365.25 / 365)
    assert said["threshold_pd"] == pytest.approx(sigmoid(0.1 - 0.01 * 100 * 365 / YEAR))


def test_alarms_sleep_as_json_and_go_on() -> None:
    alarms = told(quiet(), example(pd=0.9, alarmed=True))
    again = Alarms.load(RULES, 0.001, json.loads(json.dumps(alarms.dump())))
    alarms.add(quiet())
    again.add(quiet())
    assert again.dump() == alarms.dump()
