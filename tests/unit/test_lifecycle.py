"""Lifecycle: first contact, first drawdown, trends, inactivity; also when nothing but time passes."""

from datetime import date, timedelta
from typing import Any

import pytest

from agents.segmentation.lifecycle import exposure_trend, trend_of
from schemas import topics
from schemas.state import Appraisal, ClientState, Month
from tests.builders import policy, shipped
from tests.driver import Driver

D, R, S = topics.DRAWDOWNS, topics.REPAYMENTS, topics.STATEMENTS
START = date(2024, 1, 10)
RULES = policy(lifecycle={"growth": 0.1, "decline": 0.1, "hysteresis": 0.5}).of("corporate").lifecycle


def after(days: int) -> date:
    return START + timedelta(days=days)


def lifecycle(driver: Driver) -> str:
    segment = driver.client().segment
    assert segment is not None
    return segment.lifecycle


def client(balances: dict[int, int], revenue: float | None = None) -> ClientState:
    kept = Appraisal(0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, revenue, 0.0, 0)
    return ClientState(months=[Month(n, balance=b) for n, b in balances.items()], appraisal=kept)


def test_a_contact_without_drawdown_is_being_acquired_whatever_statements_it_has() -> None:
    driver = Driver()
    driver.send(topics.PROFILES, START)
    driver.send(S, after(1))
    assert lifecycle(driver) == "acquisition"


def test_where_the_policy_needs_no_facility_a_statement_is_enough() -> None:
    driver = Driver(policy(lifecycle={"needs_facility": False}))
    driver.send(S, START)
    assert lifecycle(driver) == "activation"


def test_the_first_drawdown_activates_and_the_days_of_activation_end_by_themselves() -> None:
    driver = Driver()
    driver.send(topics.PROFILES, START)
    driver.send(D, after(10))
    assert (driver.changes[-1].was.lifecycle, lifecycle(driver)) == ("acquisition", "activation")  # type: ignore[union-attr]
    driver.close(after(10 + 180))
    assert lifecycle(driver) == "activation"
    driver.close(after(10 + 181))
    assert lifecycle(driver) == "maturity"
    assert driver.changes[-1].as_of == after(191)


def test_who_is_not_heard_of_for_longer_than_a_year_declines_by_itself_and_is_back_with_an_event() -> None:
    driver = Driver(policy(lifecycle={"dwell_days": 0}))
    driver.send(D, START)
    driver.close(after(365))
    assert lifecycle(driver) == "maturity"
    driver.close(after(366))
    assert lifecycle(driver) == "decline"
    driver.send(D, after(370))
    assert lifecycle(driver) != "decline"


@pytest.mark.parametrize(
    ("balances", "revenue", "trend"),
    [
        ({0: 100, 12: 111}, None, "growth"),
        ({0: 100, 12: 109}, None, "maturity"),
        ({0: 100, 12: 91}, None, "maturity"),
        ({0: 100, 12: 89}, None, "decline"),
        ({0: 100, 12: 50}, 0.0, "maturity"),
        ({0: 100, 12: 50}, 0.1, "growth"),
        ({0: 100, 12: 100}, -0.1, "decline"),
        ({0: 100, 12: 120}, -0.5, "growth"),
        ({}, None, "maturity"),
    ],
    ids=["exposure grows", "a little", "falls a little", "falls", "is repaid, revenue stays", "is repaid, revenue grows",
         "revenue falls", "exposure grows while revenue falls", "nothing is known"],
)  # fmt: skip
def test_the_trend_is_of_exposure_and_revenue(balances: dict[int, int], revenue: float | None, trend: str) -> None:
    assert trend_of(client(balances, revenue), "", RULES) == trend


@pytest.mark.parametrize(
    ("was", "revenue", "trend"),
    [("growth", 0.06, "growth"), ("growth", 0.04, "maturity"), ("decline", -0.06, "decline"), ("decline", -0.04, "maturity")],
)
def test_growth_and_decline_end_short_of_their_bound(was: str, revenue: float, trend: str) -> None:
    assert trend_of(client({}, revenue), was, RULES) == trend


@pytest.mark.parametrize(
    ("balances", "growth"),
    [({0: 100, 6: 110}, 0.2), ({0: 100, 5: 110}, 0.0), ({0: 100, 8: 200, 20: 220}, 0.1), ({0: 0, 12: 100}, 0.0), ({3: 100}, 0.0)],
    ids=["half a year", "too short", "the last twelve months", "from nothing", "one month"],
)
def test_the_trend_of_exposure_is_a_years_over_the_last_twelve_months(balances: dict[int, int], growth: float) -> None:
    assert exposure_trend(client(balances).months) == pytest.approx(growth)


def grown(**rules: Any) -> Driver:
    """A borrower whose exposure has grown since activation, and who then repays it all."""
    driver = Driver(policy(lifecycle={"activation_days": 30, **rules}))
    for month in range(9):
        driver.send(D, after(30 * month), balance_after=str(1000 + 100 * month), limit="5000")
    driver.close(after(245))
    assert lifecycle(driver) == "growth"
    driver.send(D, after(246), balance_after="0", limit="5000")
    return driver


def test_a_trend_is_kept_for_its_dwell_and_found_by_the_close_of_a_day() -> None:
    driver = grown(dwell_days=180)
    since = date.fromordinal(driver.client().lifecycle_day)
    driver.close(since + timedelta(days=179))
    assert lifecycle(driver) == "growth"
    driver.close(since + timedelta(days=180))
    assert lifecycle(driver) == "decline"


def test_a_payment_alone_moves_no_trend_and_the_close_of_its_month_does() -> None:
    driver = grown(dwell_days=0)
    driver.close(after(247))
    driver.send(R, after(248), balance_after="4000")
    was = lifecycle(driver)
    driver.send(R, after(249), balance_after="1")
    assert lifecycle(driver) == was
    driver.close(after(280))
    assert lifecycle(driver) == "decline"


def test_the_shipped_policy_looks_at_listed_companies_without_facilities() -> None:
    assert shipped().of("us-listed").lifecycle.needs_facility is False
