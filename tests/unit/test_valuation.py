"""Value: its parts, what they are made from, and what of them no payment moves."""

from datetime import date
from typing import Any

import pytest

from agents.segmentation.appraising import appraisal, loyalty, past_drawn
from agents.segmentation.valuation import Contribution, Exposure, contribution, exposure, lgd_of, yearly
from schemas import topics
from schemas.state import Appraisal, ClientState, Collateral, Facility, Month
from tests.builders import policy, rules_in_force
from tests.driver import Driver

VALUE = {
    "margin": 0.03,
    "commitment_fee": 0.01,
    "credit_conversion": 0.5,
    "capital_ratio": 0.1,
    "cost_of_capital": 0.1,
    "lgd": 0.5,
}
NOW = rules_in_force(policy(value=VALUE))
HELD = Exposure(1000.0, 200.0, 30.0)


def kept(**fields: Any) -> Appraisal:
    nothing = {"covered": 0.0, "covered_lgd": 0.0, "loyalty": 1.0, "referral": 1.0, "industry": 0.0, "rating": 0.0}
    trend = {"revenue_trend": None, "past_drawn": 0.0, "past_months": 0}
    return Appraisal(**{"policy": NOW.tag, **nothing, **trend, **fields})


def parts(pd: float = 0.1, held: Exposure = HELD, **fields: Any) -> Contribution:
    return contribution(ClientState(), held, kept(**fields), pd, NOW)


def test_the_parts_are_margin_fees_expected_loss_and_capital() -> None:
    said = parts()
    assert (said.income, said.fees) == (30.0, 2.0)
    assert said.expected_loss == pytest.approx(0.1 * 0.5 * 1100)  # PD, LGD, drawn and half of the undrawn
    assert said.capital == pytest.approx(0.1 * 0.1 * 1100)
    assert said.total == pytest.approx(30 + 2 - 55 - 11)


def test_income_is_the_margin_on_what_was_drawn_on_average_over_the_months_known() -> None:
    assert parts(past_drawn=11 * 400.0, past_months=11).income == pytest.approx(0.03 * (11 * 400 + 1000) / 12)


def test_who_has_repaid_everything_has_still_brought_the_policys_margin_on_the_average() -> None:
    assert parts(held=Exposure(0.0, 0.0, 0.0), past_drawn=1200.0, past_months=11).income == pytest.approx(0.03 * 100)


def test_loyalty_and_referrals_are_factors_of_a_gain_one_after_the_other() -> None:
    said = parts(pd=0.0, loyalty=1.1, referral=1.2)
    gain = 30 + 2 - 11
    assert (said.loyalty, said.referral) == (pytest.approx(gain * 0.1), pytest.approx(gain * 1.1 * 0.2))
    assert said.total == pytest.approx(gain * 1.1 * 1.2)


def test_loyalty_makes_no_loss_larger() -> None:
    said = parts(pd=1.0, loyalty=1.5, referral=1.5)
    assert (said.loyalty, said.referral) == (0.0, 0.0)
    assert said.total < 0


@pytest.mark.parametrize(
    ("pd", "years", "wanted"), [(0.1, 1.0, 0.1), (0.19, 2.0, 0.1), (0.1, 0.5, 0.19), (1.0, 0.1, 1.0), (0, 3.0, 0)]
)
def test_a_pd_of_another_horizon_is_made_one_of_a_year(pd: float, years: float, wanted: float) -> None:
    assert yearly(pd, years) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("covered", "lgd"), [(0.0, 0.5), (500.0, 0.35), (1000.0, 0.2), (5000.0, 0.2)], ids=["none", "half", "all", "more than all"]
)
def test_lgd_falls_with_coverage_to_that_of_the_collateral(covered: float, lgd: float) -> None:
    assert lgd_of(1000.0, kept(covered=covered, covered_lgd=0.2), 0.5) == pytest.approx(lgd)


def test_collateral_counts_after_the_haircut_of_the_event_else_of_its_kind() -> None:
    client = ClientState(
        collateral=[
            Collateral("K1", 100_000, "EUR", -1.0, "real-estate"),
            Collateral("K2", 100_000, "EUR", 0.1, "cash"),
            Collateral("K3", 100_000, "EUR", -1.0, "yachts"),
        ]
    )
    held = appraisal(client, NOW)
    assert held.covered == pytest.approx(600 + 900 + 600)
    assert held.covered_lgd == pytest.approx((600 * 0.2 + 600 * 0.25) / 2100)


def test_a_closed_facility_is_no_exposure() -> None:
    open_, closed = Facility("L1", "EUR", limit=200_00, balance=100_00), Facility("L2", "EUR", limit=900_00, closed=True)
    held = exposure(ClientState(facilities=[open_, closed]), NOW)
    assert (held.drawn, held.undrawn, held.limit) == (100.0, 100.0, 200.0)


def test_months_without_events_stood_as_the_one_before_them_ended() -> None:
    months = [Month(100, balance=1000_00), Month(103, balance=2000_00), Month(105, balance=9_00)]
    assert past_drawn(months) == (3 * 1000.0 + 2 * 2000.0, 5)


def test_no_more_than_eleven_months_before_the_last_count() -> None:
    assert past_drawn([Month(100, balance=500_00), Month(120, balance=0)]) == (11 * 500.0, 11)
    assert past_drawn([Month(100, balance=500_00)]) == (0.0, 0)


@pytest.mark.parametrize(
    ("years", "facilities", "confirmed", "factor"),
    [
        (0, 1, 0, 1.0),
        (5, 1, 0, 1.05),
        (10, 1, 0, 1.1),
        (30, 1, 0, 1.1),
        (0, 3, 0, 1.04),
        (0, 99, 0, 1.1),
        (0, 1, 1, 0.95),
        (0, 1, 9, 0.85),
    ],
)
def test_loyalty_is_years_facilities_and_nothing_confirmed(years: int, facilities: int, confirmed: int, factor: float) -> None:
    client = ClientState(first_day=1, last_day=1 + round(years * 365.25), confirmed=confirmed)
    client.facilities = [Facility(f"L{i}", "EUR") for i in range(facilities)]
    assert loyalty(client, NOW.rules.value) == pytest.approx(factor, abs=1e-4)


def test_the_years_are_those_of_the_relationship_where_a_profile_tells_them() -> None:
    client = ClientState(first_day=737_000, last_day=737_000, relationship_day=737_000 - 3653)
    assert loyalty(client, NOW.rules.value) == pytest.approx(1.1, abs=1e-4)


def test_referrals_count_up_to_a_bound() -> None:
    assert appraisal(ClientState(referrals=2), NOW).referral == pytest.approx(1.04)
    assert appraisal(ClientState(referrals=99), NOW).referral == pytest.approx(1.10)


def test_a_payment_within_a_month_keeps_the_appraisal_and_collateral_or_a_new_month_makes_it_anew() -> None:
    driver = Driver()
    driver.send(topics.DRAWDOWNS, date(2024, 1, 1))
    was = driver.client().appraisal
    driver.send(topics.REPAYMENTS, date(2024, 1, 10))
    assert driver.client().appraisal == was
    driver.send(topics.REPAYMENTS, date(2024, 2, 10))
    assert driver.client().appraisal != was
    driver.send(topics.COLLATERAL, date(2024, 2, 11), value="1000", kind="cash")
    covered = driver.client().appraisal
    assert covered is not None
    assert covered.covered == 1000.0


def test_another_policy_makes_the_appraisal_anew() -> None:
    client = ClientState(referrals=1)
    appraisal(client, NOW)
    assert appraisal(client, rules_in_force(policy(value={"referral": {"each": 0.5}}))).referral == 1.5


def test_a_confirmed_warning_counts_against_the_relationship() -> None:
    driver = Driver()
    driver.send(topics.DRAWDOWNS, date(2024, 1, 1))
    driver.send(topics.FEEDBACK, date(2024, 1, 2), verdict="false-alarm")
    driver.send(topics.FEEDBACK, date(2024, 1, 2), verdict="confirmed")
    assert driver.client().confirmed == 1
