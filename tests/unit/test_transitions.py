"""Transition matrices: who was where twelve months ago, and what the moves between say of the next twelve."""

from datetime import date, timedelta
from math import exp

import pytest

from online_models.tallies import GRADE_DAYS, GRADE_MOVES, GRADE_PAIRS, Tallies
from online_models.transitions import exponential, figures, generator
from schemas import topics
from streams.replaying.reporting import merged, tallied
from tests.builders import policy
from tests.driver import Driver

FIRST = date(2024, 1, 10)
QUIET = policy(default={"dpd_days": None})
D = 9


def grades_of(driver: Driver) -> Tallies:
    return merged(driver.pipeline.segmenters)["corporate"]


def test_nobody_is_in_a_cohort_before_twelve_months_have_passed() -> None:
    driver = Driver(QUIET)
    driver.send(topics.STATEMENTS, FIRST, equity="400000")
    driver.close(FIRST + timedelta(days=364))
    scale = tallied(driver.pipeline.segmenters)["transitions"]["corporate"]["grades"]
    assert all(row is None for row in scale["cohort"])


def test_a_client_that_stays_is_in_its_cohort_from_the_thirteenth_month_on() -> None:
    driver = Driver(QUIET)
    driver.send(topics.STATEMENTS, FIRST, equity="400000")
    grade = int(driver.graded()) - 1
    last = FIRST + timedelta(days=400)
    driver.close(last)
    assert grades_of(driver).days(GRADE_PAIRS + 10 * grade + grade, last.toordinal()) == 35


def test_a_default_moves_the_client_of_the_cohort_for_twelve_months() -> None:
    driver = Driver(QUIET)
    driver.send(topics.STATEMENTS, FIRST, equity="400000")
    grade = int(driver.graded()) - 1
    driver.send(topics.OUTCOMES, FIRST + timedelta(days=500))
    last = FIRST + timedelta(days=900)
    driver.close(last)
    tallies, as_of = grades_of(driver), last.toordinal()
    assert tallies.closed[GRADE_MOVES + 10 * grade + D] == 1
    assert tallies.days(GRADE_DAYS + grade, as_of) == 500
    assert tallies.days(GRADE_DAYS + D, as_of) == 400
    assert tallies.days(GRADE_PAIRS + 10 * grade + grade, as_of) == 500 - 365
    assert tallies.days(GRADE_PAIRS + 10 * grade + D, as_of) == 365
    assert tallies.days(GRADE_PAIRS + 10 * D + D, as_of) == 900 - 500 - 365


def test_who_has_left_is_in_no_cohort() -> None:
    driver = Driver(QUIET)
    driver.send(topics.DRAWDOWNS, FIRST)
    driver.send(topics.OUTCOMES, FIRST + timedelta(days=400), outcome="repaid")
    driver.close(FIRST + timedelta(days=900))
    rows = figures(grades_of(driver), (FIRST + timedelta(days=900)).toordinal())["grades"]["cohort"]
    assert sum(row is not None for row in rows) == 1
    assert sum(grades_of(driver).days(GRADE_DAYS + g, (FIRST + timedelta(days=900)).toordinal()) for g in range(10)) == 400


def test_moves_over_time_spent_make_the_generator() -> None:
    assert generator([[0, 2], [0, 0]], [730, 100]) == [[-1.0, 1.0], [0.0, 0.0]]


def test_the_exponential_of_a_generator_has_rows_of_sum_one() -> None:
    matrix = exponential([[-3.0, 2.0, 1.0], [0.5, -0.5, 0.0], [0.0, 0.0, 0.0]])
    assert [sum(row) for row in matrix] == pytest.approx([1.0, 1.0, 1.0])
    assert min(min(row) for row in matrix) >= 0


def test_the_exponential_of_two_classes_is_the_known_one() -> None:
    assert exponential([[-7.0, 7.0], [0.0, 0.0]])[0] == pytest.approx([exp(-7.0), 1 - exp(-7.0)])
