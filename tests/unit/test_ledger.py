"""The ledger: what of the defaults was warned of, how long before, and which warnings were false."""

from datetime import date, timedelta
from typing import Any

from online_models import ledger
from online_models.tallies import Tallies
from schemas import topics
from schemas.history import CODES
from schemas.policy import INDICATORS
from streams.replaying.reporting import merged, tallied
from tests.builders import policy
from tests.driver import Driver

FIRST = date(2024, 1, 10)
SHORT = policy(
    ledger={"look_back_days": 400},
    watchlist={"cure_days": [10, 20, 30], "dwell_days": [0, 0, 0], "turn_around_days": None},
    default={"dpd_days": None},
    indicators={"LATE-STATEMENT": {"watch": None}},
)


def strained(driver: Driver, day: date = FIRST, client: str = "C1") -> None:
    """A client with equity of 4 % of its assets: amber."""
    driver.send(topics.STATEMENTS, day, client_id=client, equity="40000", period_end=str(day - timedelta(days=90)))


def sound(driver: Driver, day: date, client: str = "C1") -> None:
    driver.send(topics.STATEMENTS, day, client_id=client, equity="700000", period_end=str(day - timedelta(days=5)))


def told(driver: Driver) -> dict[str, Any]:
    figures: dict[str, Any] = tallied(driver.pipeline.segmenters)["ledger"]["corporate"]
    return figures


def leverage(driver: Driver) -> dict[str, Any]:
    figures: dict[str, Any] = told(driver)["indicators"]["LEVERAGE"]
    return figures


def test_a_default_after_a_warning_is_captured_with_its_lead() -> None:
    driver = Driver(SHORT)
    strained(driver)
    driver.send(topics.OUTCOMES, FIRST + timedelta(days=200))
    driver.close(FIRST + timedelta(days=201))
    assert told(driver)["capture"] == {"any": 1.0, "amber": 1.0}
    assert leverage(driver)["lead_days"]["amber"] == {"p25": 200, "median": 200, "p75": 200}
    assert leverage(driver)["precision"] == {"watch": None, "amber": 1.0, "red": None}


def test_the_lead_at_amber_counts_from_the_day_it_became_amber() -> None:
    driver = Driver(SHORT)
    driver.send(topics.STATEMENTS, FIRST, equity="80000", period_end="2023-06-30")
    strained(driver, FIRST + timedelta(days=50))
    driver.send(topics.OUTCOMES, FIRST + timedelta(days=200))
    driver.close(FIRST + timedelta(days=201))
    assert leverage(driver)["lead_days"]["any"]["median"] == 200
    assert leverage(driver)["lead_days"]["amber"]["median"] == 150


def test_a_warning_on_the_day_of_the_default_tells_nothing() -> None:
    driver = Driver(SHORT)
    sound(driver, FIRST)
    strained(driver, FIRST + timedelta(days=300))
    driver.send(topics.OUTCOMES)
    driver.close(FIRST + timedelta(days=301))
    assert told(driver)["defaults"] == 1
    assert told(driver)["captured"] == {"any": 0, "amber": 0}
    assert told(driver)["false_alarms"] == {"any": 0, "amber": 0}


def test_a_client_that_comes_in_default_could_not_be_warned_of() -> None:
    driver = Driver(SHORT)
    driver.send(topics.OUTCOMES, FIRST)
    driver.close(FIRST + timedelta(days=5))
    assert (told(driver)["defaults"], told(driver)["client_years"]) == (0, 0)


def test_a_warning_that_grows_older_than_the_look_back_is_false() -> None:
    driver = Driver(SHORT)
    strained(driver)
    driver.close(FIRST + timedelta(days=400))
    assert leverage(driver)["episodes"]["amber"] == {"open": 1, "false": 0, "hit": 0, "confirmed": 0}
    driver.close(FIRST + timedelta(days=440))
    assert leverage(driver)["episodes"]["amber"] == {"open": 0, "false": 1, "hit": 0, "confirmed": 0}
    driver.send(topics.OUTCOMES, FIRST + timedelta(days=441))
    driver.close(FIRST + timedelta(days=442))
    assert told(driver)["captured"]["any"] == leverage(driver)["captured"]["any"] == 0


def test_a_cleared_warning_is_false_until_a_default_within_the_look_back_makes_it_right() -> None:
    driver = Driver(SHORT)
    strained(driver)
    sound(driver, FIRST + timedelta(days=100))
    driver.close(FIRST + timedelta(days=130))
    assert leverage(driver)["episodes"]["amber"]["false"] == 1
    driver.send(topics.OUTCOMES, FIRST + timedelta(days=300))
    driver.close(FIRST + timedelta(days=301))
    assert leverage(driver)["episodes"]["amber"] == {"open": 0, "false": 0, "hit": 1, "confirmed": 0}


def test_what_a_person_says_counts_at_once() -> None:
    for verdict, count in (("false-alarm", "false"), ("confirmed", "confirmed")):
        driver = Driver(SHORT)
        strained(driver)
        warning = next(w for w in driver.warnings if w.indicator == "LEVERAGE")
        driver.send(topics.FEEDBACK, warning_id=warning.warning_id, verdict=verdict)
        driver.close(FIRST + timedelta(days=1))
        assert leverage(driver)["episodes"]["amber"][count] == 1


def test_client_years_stop_with_a_default_and_go_on_after_the_cure() -> None:
    driver = Driver(SHORT)
    sound(driver, FIRST)
    driver.send(topics.OUTCOMES, FIRST + timedelta(days=100))
    driver.send(topics.OUTCOMES, FIRST + timedelta(days=300), outcome="cured")
    driver.close(FIRST + timedelta(days=365))
    assert told(driver)["client_years"] == round((100 + 65) / 365.25, 2)


def test_client_years_stop_when_a_client_leaves_and_go_on_when_it_comes_back() -> None:
    driver = Driver(SHORT)
    driver.send(topics.DRAWDOWNS, FIRST)
    driver.send(topics.OUTCOMES, FIRST + timedelta(days=100), outcome="repaid")
    driver.send(topics.DRAWDOWNS, FIRST + timedelta(days=200))
    driver.close(FIRST + timedelta(days=250))
    assert told(driver)["client_years"] == round(150 / 365.25, 2)


def test_false_alarms_are_told_per_hundred_client_years() -> None:
    driver = Driver(SHORT)
    strained(driver)
    driver.close(FIRST + timedelta(days=440))
    wanted = round(100 * told(driver)["false_alarms"]["any"] / (440 / 365.25), 4)
    assert told(driver)["false_alarms_per_100_client_years"]["any"] == wanted


def test_partitions_add_up() -> None:
    one, three = Driver(SHORT), Driver(SHORT, partitions=3)
    for driver in (one, three):
        for i in range(12):
            strained(driver, FIRST + timedelta(days=i), f"C{i}")
        for i in range(0, 12, 4):
            driver.send(topics.OUTCOMES, FIRST + timedelta(days=90 + i), client_id=f"C{i}")
        driver.close(FIRST + timedelta(days=500))
    assert tallied(one.pipeline.segmenters) == tallied(three.pipeline.segmenters)
    assert told(three)["captured"]["amber"] == 3


def test_tallies_are_loaded_as_they_were_dumped() -> None:
    driver = Driver(SHORT)
    strained(driver)
    driver.close(FIRST + timedelta(days=40))
    tallies = merged(driver.pipeline.segmenters)["corporate"]
    again = Tallies.load(**tallies.dump())
    assert ledger.figures(again, driver.day.toordinal()) == ledger.figures(tallies, driver.day.toordinal())


def test_every_indicator_has_its_number_in_the_tallies() -> None:
    assert set(INDICATORS) <= set(CODES)
    assert len(set(CODES)) == len(CODES)
