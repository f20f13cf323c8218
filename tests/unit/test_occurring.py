"""What occurred in a run, and what never did."""

from datetime import date, timedelta
from typing import Any

from msgspec.structs import replace

from schemas import topics
from schemas.decisions import write
from schemas.records import Outcome
from streams.replaying.occurring import Occurred
from tests.driver import Driver
from tests.system.decision_topics import change

FIRST = date(2024, 1, 10)


def report(driver: Driver) -> dict[str, Any]:
    occurred = Occurred()
    for outcome in driver.outcomes:
        occurred.take(outcome)
    return occurred.report()


def test_what_a_run_came_to_is_counted_and_what_it_never_came_to_is_named() -> None:
    driver = Driver()
    driver.send(topics.STATEMENTS, FIRST, equity="40000")
    driver.send(topics.OUTCOMES, FIRST + timedelta(days=30))
    told = report(driver)
    assert told["indicators"]["LEVERAGE"] == 1
    assert told["stages"]["3"] == 1
    assert "EXCESS" in told["never"]["indicators"]
    assert "LEVERAGE" not in told["never"]["indicators"]
    assert "2" in told["never"]["stages"]


def moved(*tiers: str) -> Occurred:
    """A client that comes to these tiers, half a year apart."""
    occurred = Occurred()
    was = None
    for i, tier in enumerate(tiers):
        made = replace(change("C1", i + 1, tier), as_of=FIRST + timedelta(days=183 * i), was=was)
        occurred.take(Outcome(topics.TIER_CHANGES, b"C1", write(made)))
        was = made.now
    return occurred


def test_changes_a_year_are_those_after_the_first_over_the_time_that_the_client_is_known() -> None:
    yearly = round(2 * 365.25 / 366, 2)
    assert moved("basic", "gold", "basic").report()["changes_per_client_year"]["value_tier"]["median"] == yearly


def test_a_change_of_grade_alone_is_none_of_the_tier() -> None:
    told = moved("gold", "gold", "gold").report()["changes_per_client_year"]
    assert (told["value_tier"]["median"], told["any"]["median"]) == (0, round(2 * 365.25 / 366, 2))


def test_a_client_that_is_hardly_known_has_no_changes_a_year() -> None:
    driver = Driver()
    driver.send(topics.DRAWDOWNS, FIRST)
    assert report(driver)["changes_per_client_year"] == {"any": None, "value_tier": None}
