"""Default: by days past due and by report, its cure, probation, forbearance, and what late payments undo; seen from outside."""

from datetime import date, timedelta

import pytest

from schemas import topics
from tests.builders import policy
from tests.driver import Driver

D, R, O = topics.DRAWDOWNS, topics.REPAYMENTS, topics.OUTCOMES  # noqa: E741
DUE = date(2024, 1, 10)
RULES = policy(staging={"pd_absolute": 1.0, "watchlist": None, "dwell_days": 0})
"""Nothing but days past due, default and probation moves a stage."""


def after(days: int) -> date:
    return DUE + timedelta(days=days)


def in_default() -> Driver:
    """A client that has not paid its only instalment, at the close of the 91st day."""
    driver = Driver(RULES)
    draws(driver, date(2024, 1, 1), DUE)
    driver.close(after(91))
    assert driver.graded() == "D"
    return driver


def draws(driver: Driver, on: date, due: date) -> None:
    """An instalment of 5,000 falls due."""
    terms = {"next_due_date": due.isoformat(), "next_amount_due": "5000"}
    driver.send(D, on, balance_after="100000", limit="200000", **terms)


def pays(driver: Driver, on: date, amount: str = "5000") -> None:
    driver.send(R, on, due_date=DUE.isoformat(), amount_due="5000", amount_paid=amount, balance_after="95000")


def stage(driver: Driver) -> int:
    segment = driver.client().segment
    assert segment is not None
    return segment.stage


def test_a_default_by_days_past_due_cures_after_ninety_days_without_material_arrears() -> None:
    driver = in_default()
    pays(driver, after(100))
    driver.close(after(189))
    assert driver.graded() == "D"
    driver.close(after(190))
    assert driver.graded() != "D"
    assert driver.changes[-1].was is not None
    assert (driver.changes[-1].was.stage, stage(driver), driver.changes[-1].as_of) == (3, 2, after(190))


def test_arrears_below_materiality_do_not_stop_the_cure() -> None:
    driver = in_default()
    pays(driver, after(100), "4600")
    driver.close(after(190))
    assert driver.graded() != "D"


def test_material_arrears_set_the_clock_of_the_cure_back() -> None:
    driver = in_default()
    pays(driver, after(100))
    draws(driver, after(101), after(120))
    driver.close(after(130))
    driver.send(R, after(131), due_date=after(120).isoformat(), amount_due="5000", amount_paid="5000", balance_after="90000")
    driver.close(after(190))
    assert driver.graded() == "D"
    driver.close(after(220))
    assert driver.graded() == "D"
    driver.close(after(221))
    assert driver.graded() != "D"


def test_after_a_cure_probation_keeps_stage_two_for_its_days() -> None:
    driver = in_default()
    pays(driver, after(100))
    driver.close(after(190 + 90))
    assert stage(driver) == 2
    driver.close(after(190 + 91))
    assert stage(driver) == 1
    assert [r.text for r in driver.changes[-1].reasons if r.code == "STAGE"] == [
        "stage 2 to 1: no significant increase in credit risk"
    ]


def test_a_cured_client_can_default_again() -> None:
    driver = in_default()
    pays(driver, after(100))
    driver.close(after(200))
    draws(driver, after(201), after(210))
    driver.close(after(300))
    assert stage(driver) == 2
    driver.close(after(301))
    assert (driver.graded(), stage(driver)) == ("D", 3)


def test_a_payment_of_before_the_default_that_comes_late_takes_it_back() -> None:
    driver = in_default()
    pays(driver, after(80))
    assert driver.graded() != "D"
    assert stage(driver) == 1
    assert driver.client().probation_day == 0


def test_no_other_late_fact_takes_a_default_back() -> None:
    driver = in_default()
    pays(driver, after(95))
    driver.send(topics.PROFILES, after(50))
    assert driver.graded() == "D"


def test_a_reversed_payment_defaults_again_at_once() -> None:
    driver = in_default()
    pays(driver, after(80))
    driver.send(
        R, after(92), due_date=DUE.isoformat(), amount_due="5000", amount_paid="5000", balance_after="100000", reverses="e2"
    )
    assert driver.graded() == "D"


def test_a_reported_default_ends_only_by_a_report() -> None:
    driver = Driver(RULES)
    driver.send(D, DUE)
    driver.send(O, DUE, outcome="defaulted")
    driver.close(after(800))
    assert driver.graded() == "D"
    driver.send(O, after(801), outcome="cured")
    assert driver.graded() != "D"
    assert stage(driver) == 2


def test_a_report_of_what_days_had_found_makes_it_the_banks_to_end() -> None:
    driver = in_default()
    driver.send(O, after(92), outcome="defaulted")
    pays(driver, after(93))
    driver.close(after(400))
    assert driver.graded() == "D"


def test_forbearance_of_a_performing_client_is_two_years_of_stage_two() -> None:
    driver = Driver(RULES)
    driver.send(D, DUE)
    assert stage(driver) == 1
    driver.send(O, DUE, outcome="forborne")
    assert stage(driver) == 2
    driver.close(after(730))
    assert stage(driver) == 2
    driver.close(after(731))
    assert stage(driver) == 1


def test_a_forborne_default_cures_after_a_year_and_is_on_probation_for_two() -> None:
    driver = in_default()
    driver.send(O, after(92), outcome="forborne")
    pays(driver, after(93))
    driver.close(after(92 + 364))
    assert driver.graded() == "D"
    driver.close(after(92 + 365))
    assert (driver.graded() != "D", stage(driver)) == (True, 2)
    driver.close(after(92 + 365 + 730))
    assert stage(driver) == 2
    driver.close(after(92 + 365 + 731))
    assert stage(driver) == 1


@pytest.mark.parametrize("days", [91, 120, 400])
def test_many_days_that_close_at_once_find_default_cure_and_probation_each_on_its_day(days: int) -> None:
    one_by_one, at_once = in_default(), in_default()
    for driver in (one_by_one, at_once):
        pays(driver, after(100))
    for day in range(92, 92 + days):
        one_by_one.close(after(day))
    at_once.close(after(91 + days))
    assert [(c.as_of, c.now) for c in at_once.changes] == [(c.as_of, c.now) for c in one_by_one.changes]
