"""The PD at origination: when it is taken, and what a new model makes of it."""

from datetime import date

import pytest

from online_models.scorecard import logit
from schemas import log, topics
from schemas.records import EVERY, Outcome
from tests.builders import model, policy
from tests.driver import Driver

D, S, O = topics.DRAWDOWNS, topics.STATEMENTS, topics.OUTCOMES  # noqa: E741
JAN1, DUE = date(2024, 1, 1), date(2024, 1, 10)
BAD = {"equity": "-100000", "net_income": "-900000", "current_assets": "1", "current_liabilities": "100"}


def publish(driver: Driver, shift: float, number: int = 1) -> None:
    snapshot = model(number, shift=shift)
    control = log.ModelPublished(source=log.Source(topics.LEARNING, 0, 0), snapshot=snapshot)
    driver.append([Outcome(topics.CLIENT_EVENTS, None, log.write(control), (), EVERY)])


def odds_ratio(driver: Driver) -> float:
    client = driver.client()
    return logit(client.pd) - logit(client.origin_pd)


def test_it_is_taken_anew_when_the_first_facility_and_the_first_statement_come_and_then_stays() -> None:
    driver = Driver()
    driver.send(topics.PROFILES, JAN1)
    first = driver.client().origin_pd
    driver.send(D, JAN1, balance_after="9900", limit="10000")
    drawn = driver.client().origin_pd
    driver.send(S, JAN1, **BAD)
    complete = driver.client().origin_pd
    assert first < drawn < complete == driver.client().pd
    driver.send(S, JAN1, equity="900000", period_end="2024-06-30")
    driver.send(D, JAN1, facility_id="L2", balance_after="0", limit="1000000")
    assert driver.client().origin_pd == complete != driver.client().pd


def test_a_client_first_met_in_default_has_the_pd_that_its_figures_give() -> None:
    driver = Driver()
    driver.send(O, JAN1, outcome="defaulted")
    assert driver.client().pd == 1.0
    assert driver.client().origin_pd < 0.1


@pytest.mark.parametrize("shift", [8.0, -8.0])
def test_a_new_model_alone_raises_no_warning_and_no_stage(shift: float) -> None:
    driver = Driver(policy(staging={"pd_absolute": 0.0}))
    driver.send(D, JAN1, balance_after="8000", limit="10000")
    driver.close(DUE)
    publish(driver, shift)
    driver.send(topics.PROFILES, DUE)
    client = driver.client()
    assert client.pd != pytest.approx(0.02, rel=0.5)
    assert client.segment is not None
    assert client.segment.stage == 1
    assert driver.told("PD-RISE") == []
    assert client.origin_pd == pytest.approx(client.pd)


def test_what_the_fact_after_a_new_model_changes_is_a_rise_of_its_own() -> None:
    driver, other = Driver(), Driver()
    for one in (driver, other):
        one.send(D, JAN1, balance_after="8000", limit="10000")
    publish(driver, 3.0)
    publish(other, 3.0)
    other.send(topics.PROFILES, JAN1)
    for one in (driver, other):
        one.send(D, JAN1, balance_after="9900", limit="10000")
    assert odds_ratio(driver) == pytest.approx(odds_ratio(other)) != 0.0


def test_days_past_due_that_ran_on_before_a_new_model_remain_a_rise() -> None:
    driver, other = Driver(), Driver()
    for one in (driver, other):
        one.send(D, JAN1, balance_after="8000", limit="10000", next_due_date=DUE.isoformat(), next_amount_due="1000")
        one.close(date(2024, 2, 5))
    publish(driver, 0.0)
    for one in (driver, other):
        one.close(date(2024, 2, 20))
    assert driver.client().origin_pd < driver.client().pd
    assert driver.told("PD-RISE") == other.told("PD-RISE") != []
