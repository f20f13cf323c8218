"""Counterfactuals: the smallest change of one driver that would undo a decision, and why there is none."""

from datetime import date

import pytest

from agents.segmentation.undoing import Reach, beyond, changeable, nearest, rounded, window
from online_models.expert import expert
from online_models.features import FEATURES, Feature
from online_models.scorecard import Points
from schemas import topics
from schemas.decisions import Counterfactual
from tests.builders import policy
from tests.driver import Driver

SHARE = Feature("share", "fraction", "a share")
DAYS = Feature("days", "days", "days")
STEPS = Points((0.1, 0.3, 0.9), (1.0, 0.5, 0.0, -1.0))


def undone(driver: Driver) -> Counterfactual:
    told = driver.changes[-1].counterfactual
    assert told is not None
    return told


# how far a figure must go


def test_the_nearest_value_is_the_edge_of_the_first_bin_whose_points_fit() -> None:
    assert nearest(STEPS, SHARE, 0.05, -0.1, 0.1) == (pytest.approx(0.25 / 0.8), 0.3)
    assert nearest(STEPS, SHARE, 0.95, 0.4, 0.6) == (pytest.approx((0.95 - 0.299) / 0.8), 0.299)


def test_no_value_fits_where_no_bin_has_such_points() -> None:
    assert nearest(STEPS, SHARE, 0.05, 2.0, 3.0) is None
    assert nearest(STEPS, SHARE, float("nan"), -9.0, 9.0) is None


def test_whole_things_stay_whole() -> None:
    table = Points((1.0, 31.0), (0.0, 1.0, 2.0))
    assert nearest(table, DAYS, 40.0, 0.5, 1.5) == (pytest.approx(10 / 30), 30.0)
    assert nearest(table, DAYS, 40.0, -0.5, 0.5) == (pytest.approx(40 / 30), 0.0)
    assert beyond(0.2, False, True, lambda value: value > 0) is None


@pytest.mark.parametrize(
    ("edge", "above", "to"), [(0.9, False, 0.899), (0.0, False, -0.01), (4.0, False, 3.99), (1.5, True, 1.5)]
)
def test_a_value_beyond_an_edge_has_few_digits(edge: float, above: bool, to: float) -> None:
    assert beyond(edge, above, False, lambda value: value >= edge if above else value < edge) == pytest.approx(to)


def test_a_value_is_rounded_away_from_where_it_does_not_hold() -> None:
    assert rounded(1234.56, True, lambda value: value >= 1234.5) == 1240.0
    assert rounded(1234.56, False, lambda value: 1234.5 <= value <= 1234.57) == pytest.approx(1234.5)


def test_a_window_begins_nearest_to_where_one_stands() -> None:
    assert window(9.0, 2.0, 5.0, lambda value: True) == (2.0, 5.0)
    assert window(9.0, 2.0, 5.0, lambda value: False) is None
    low, high = window(3.0, 2.0, 10.0, lambda value: value >= 4.0) or (0.0, 0.0)
    assert (low, high) == (pytest.approx(4.0, abs=1e-3), 10.0)


def test_what_no_client_can_change_is_no_driver() -> None:
    drivers = {feature.name for feature in FEATURES if changeable(feature)}
    assert {"equity_to_assets", "utilisation", "late_days_worst"} <= drivers
    assert not drivers & {"log_assets", "statements_seen", "months_seen", "industry_risk", "macro_regime", "relationship_years"}


def test_the_reach_of_a_feature_is_its_least_and_most_points() -> None:
    reach = {one.feature.name: (one.least, one.most) for one in Reach(expert(0.02)).turning()}
    assert reach["equity_to_assets"] == (-0.4, 1.0)
    assert "log_assets" not in reach  # the expert adds nothing for it


# of tier changes


def test_the_first_decision_has_nothing_to_go_back_to() -> None:
    driver = Driver()
    driver.send(topics.PROFILES)
    assert undone(driver) == Counterfactual(False, why="the client's first decision: there is nothing to go back to")


def test_a_statement_that_lowers_the_grade_would_not_with_another_figure() -> None:
    driver = Driver(policy(staging={"watchlist": None}))
    figures = {"net_income": "60000", "current_assets": "400000", "current_liabilities": "200000"}
    driver.send(topics.STATEMENTS, date(2023, 3, 1), period_end="2022-12-31", equity="400000", **figures)
    was = driver.graded()
    driver.send(topics.STATEMENTS, date(2024, 3, 1), equity="20000", **figures)
    assert driver.graded() > was
    told = undone(driver)
    assert (told.possible, told.driver) == (True, "equity_to_assets")
    assert told.from_ == pytest.approx(0.02)
    assert told.to is not None
    assert told.to > 0.02
    assert told.then == f"grade {was}, basic, stage 1"
    assert told.text.startswith("if equity is ")
    assert told.text.endswith(" of assets instead of 2 %")


def test_a_default_by_days_would_not_be_one_with_a_day_less() -> None:
    driver = Driver()
    terms = {"limit": "200000", "balance_after": "100000", "next_due_date": "2024-01-10", "next_amount_due": "5000"}
    driver.send(topics.DRAWDOWNS, date(2024, 1, 1), **terms)
    driver.close(date(2024, 1, 9))
    driver.close(date(2024, 4, 9))
    driver.close(date(2024, 4, 10))
    told = undone(driver)
    assert driver.graded() == "D"
    assert (told.driver, told.from_, told.to, told.change) == ("days_past_due", 91.0, 90.0, -1.0)


def test_a_reported_default_is_undone_by_nothing_but_its_end() -> None:
    driver = Driver()
    driver.send(topics.PROFILES)
    driver.send(topics.OUTCOMES, outcome="defaulted")
    assert (undone(driver).driver, undone(driver).text) == ("default", "if the client were not in default")


def test_a_tier_by_value_is_undone_by_what_makes_the_value() -> None:
    driver = Driver(policy(value={"cutoffs": [9e6, 8e6, 100.0], "dwell_days": 0}, staging={"watchlist": None}))
    driver.send(topics.DRAWDOWNS, limit="1000000", balance_after="1000", margin=0.05)
    driver.send(topics.DRAWDOWNS, limit="1000000", balance_after="200000", margin=0.05)
    change = driver.changes[-1]
    assert change.was is not None
    assert change.was.value_tier != change.now.value_tier
    assert undone(driver).driver in ("drawn", "margin", "collateral")


def test_where_only_the_lifecycle_moves_no_figure_undoes_it() -> None:
    driver = Driver()
    driver.send(topics.PROFILES)
    driver.send(topics.DRAWDOWNS, limit="1000000", balance_after="0")
    assert driver.changes[-1].now.lifecycle == "activation"
    assert undone(driver).why.startswith("grade, value tier and stage stand as before")


# of warnings


def warned(driver: Driver, indicator: str) -> list[tuple[str, Counterfactual | None]]:
    return [(w.status, w.counterfactual) for w in driver.warnings if w.indicator == indicator]


def test_a_warning_tells_the_reading_at_which_it_would_not_stand() -> None:
    driver = Driver()
    driver.send(topics.STATEMENTS, equity="80000", period_end="2022-12-31")
    driver.send(topics.STATEMENTS, equity="20000", period_end="2023-12-31")
    (first, raised), (second, escalated) = warned(driver, "LEVERAGE")
    assert raised is not None
    assert escalated is not None
    assert (first, raised.to, raised.then) == ("raised", 0.1, "no warning")
    assert (second, escalated.to, escalated.then) == ("escalated", 0.05, "the warning stays watch")


def test_a_warning_has_its_value_threshold_and_distance_as_its_reason() -> None:
    driver = Driver()
    driver.send(topics.STATEMENTS, equity="80000")
    (warning,) = (w for w in driver.warnings if w.indicator == "LEVERAGE")
    (reason,) = warning.reasons
    assert (reason.text, reason.threshold) == ("8 %, threshold 10 %", 0.1)
    assert reason.contribution == pytest.approx(0.02)


def test_a_cleared_warning_tells_the_reading_that_would_have_kept_it() -> None:
    driver = Driver(policy(watchlist={"cure_days": [1, 1, 1], "dwell_days": [0, 0, 0]}))
    driver.send(topics.STATEMENTS, equity="80000", period_end="2022-12-31")
    driver.send(topics.STATEMENTS, date(2024, 1, 11), equity="200000", period_end="2023-12-31")
    driver.close(date(2024, 2, 1))
    status, told = warned(driver, "LEVERAGE")[-1]
    assert status == "cleared"
    assert told is not None
    assert (told.to, told.then) == (0.099, "the warning stays")


def test_a_cleared_warning_has_the_reading_of_the_day_as_its_reason_on_the_good_side_of_the_threshold() -> None:
    driver = Driver(policy(watchlist={"cure_days": [1, 1, 1], "dwell_days": [0, 0, 0]}))
    driver.send(topics.STATEMENTS, equity="80000", period_end="2022-12-31")
    driver.send(topics.STATEMENTS, date(2024, 1, 11), equity="200000", period_end="2023-12-31")
    driver.close(date(2024, 2, 1))
    cleared = [w for w in driver.warnings if w.indicator == "LEVERAGE"][-1]
    (reason,) = cleared.reasons
    assert (cleared.value, reason.value, reason.threshold) == (None, pytest.approx(0.2), 0.1)
    assert reason.contribution == pytest.approx(-0.1)
