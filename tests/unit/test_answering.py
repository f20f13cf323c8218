"""Feedback through the whole pipeline: what people say of warnings, and what becomes of them."""

from datetime import date, timedelta

import pytest

from schemas import topics
from tests.builders import policy
from tests.driver import Driver

JAN1 = date(2024, 1, 1)
F, D = topics.FEEDBACK, topics.DRAWDOWNS


def after(days: int) -> date:
    return JAN1 + timedelta(days=days)


def warned() -> Driver:
    """A client with 92 % of its line drawn."""
    driver = Driver()
    draws(driver, 920)
    return driver


def draws(driver: Driver, balance: int, day: int = 0) -> None:
    driver.send(D, after(day), limit="1000", balance_after=str(balance))


def says(driver: Driver, verdict: str, day: int, **fields: str) -> None:
    driver.send(F, after(day), verdict=verdict, **{"warning_id": "C1/UTIL/1", **fields})


def test_a_warning_unanswered_for_thirty_days_steps_up_by_the_close_alone() -> None:
    driver = warned()
    driver.close(after(29))
    assert driver.told("UTIL") == [("raised", "watch")]
    driver.close(after(30))
    assert driver.told("UTIL") == [("raised", "watch"), ("escalated", "amber")]
    assert (driver.warnings[-1].cause, driver.warnings[-1].value) == ("unanswered", None)
    driver.close(after(400))
    assert len(driver.told("UTIL")) == 2


def test_a_confirmed_one_does_not() -> None:
    driver = warned()
    says(driver, "confirmed", 10)
    driver.close(after(400))
    assert driver.told("UTIL") == [("raised", "watch")]


def test_a_snoozed_one_does_when_the_time_is_over() -> None:
    driver = warned()
    says(driver, "snoozed", 10, until=after(50).isoformat())
    driver.close(after(49))
    assert driver.told("UTIL") == [("raised", "watch")]
    driver.close(after(50))
    assert driver.told("UTIL")[1:] == [("escalated", "amber")]


def test_a_false_alarm_is_cleared_with_its_reason_and_comes_back_only_when_worse() -> None:
    driver = warned()
    says(driver, "false-alarm", 10)
    assert [(w.status, w.cause, w.text) for w in driver.warnings][1:] == [("cleared", "false-alarm", "called a false alarm")]
    draws(driver, 930, 11)
    assert len(driver.warnings) == 2
    draws(driver, 960, 12)
    assert driver.told("UTIL")[2:] == [("raised", "amber")]
    assert driver.warnings[-1].warning_id == "C1/UTIL/2"


def test_a_suppressed_indicator_is_raised_when_the_time_is_over_without_a_further_event() -> None:
    driver = warned()
    says(driver, "suppressed", 10, until=after(50).isoformat())
    assert driver.warnings[-1].text == f"suppressed until {after(50)}"
    driver.close(after(49))
    assert driver.told("UTIL")[1:] == [("cleared", "watch")]
    driver.close(after(50))
    assert driver.told("UTIL")[2:] == [("raised", "watch")]
    assert driver.warnings[-1].value == 0.92


def test_a_person_can_raise_a_warning_of_their_own() -> None:
    driver = Driver()
    draws(driver, 100)
    driver.send(F, after(1), verdict="raised", warning_id=None, severity="red", note="owner is ill")
    (warning,) = driver.warnings
    assert (warning.indicator, warning.severity, warning.cause, warning.watchlist) == ("MANUAL", "red", "manual", "red")
    driver.close(after(366))
    assert driver.told("MANUAL") == [("raised", "red"), ("cleared", "red")]


def test_a_person_can_raise_an_indicator_and_its_readings_go_on_from_there() -> None:
    driver = Driver()
    draws(driver, 100)
    driver.send(F, after(1), verdict="raised", warning_id=None, indicator="UTIL")
    draws(driver, 960, 2)
    assert driver.told("UTIL") == [("raised", "watch"), ("escalated", "amber")]


@pytest.mark.parametrize("name", ["C1/UTIL/2", "C1/DPD/1", "C2/UTIL/1", "nonsense", "C1/UTIL/x"])
def test_a_feedback_that_names_no_open_warning_moves_nothing(name: str) -> None:
    driver = warned()
    says(driver, "false-alarm", 10, warning_id=name)
    assert len(driver.warnings) == 1
    assert driver.dead_letters == []


def test_each_warning_tells_where_the_client_as_a_whole_stands() -> None:
    driver = Driver(policy(watchlist={"cure_days": [5, 5, 5], "dwell_days": [0, 0, 0]}))
    for balance in (960, 1001):
        draws(driver, balance)
    draws(driver, 100, 1)
    driver.close(after(10))
    assert [(w.indicator, w.status, w.watchlist) for w in driver.warnings] == [
        ("UTIL", "raised", "amber"),
        ("EXCESS", "raised", "amber"),
        ("UTIL", "cleared", "watch"),
        ("EXCESS", "cleared", "normal"),
    ]
