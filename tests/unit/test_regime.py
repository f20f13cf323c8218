"""The macro regime: what the figures of a country and an industry say, and what it changes for the clients there."""

from datetime import date
from typing import Any

import pytest

from agents.segmentation.regime import countries, observe, regime_of, regimes, score
from schemas import log, topics
from schemas.overlays import Macro, MacroFigure, Shift
from schemas.state import Partition
from tests.builders import policy
from tests.driver import Driver

GDP = MacroFigure(bad=-0.01, good=0.03, weight=2.0, source="a test")
JOBS = MacroFigure(bad=0.09, good=0.05, weight=1.0, source="a test")
RULES = Macro(up_from=0.4, down_from=-0.4, hysteresis=0.2, figures={"gdp_growth": GDP, "unemployment": JOBS}, sections={"F": 2.0})


def figure(value: float, indicator: str = "gdp_growth", as_of: date = date(2024, 1, 1), **fields: Any) -> log.MacroObserved:
    source = log.Source(topics.MACRO, 0, 0)
    when = date(2024, 1, 2)
    return log.MacroObserved(
        source=source, event_id="m1", occurred_at=when, indicator=indicator, value=value, as_of=as_of, **fields  # type: ignore[arg-type]
    )


def told(*facts: log.MacroObserved, rules: Macro = RULES) -> Partition:
    partition = Partition()
    for fact in facts:
        observe(partition, fact, rules)
    return partition


@pytest.mark.parametrize(("value", "says"), [(-0.5, -1.0), (-0.01, -1.0), (0.01, 0.0), (0.03, 1.0), (0.5, 1.0)])
def test_a_figure_says_from_minus_one_at_bad_to_one_at_good(value: float, says: float) -> None:
    assert GDP.signal(value) == pytest.approx(says)


def test_a_figure_whose_good_is_low_says_the_opposite_when_it_rises() -> None:
    assert JOBS.signal(0.05) == 1.0
    assert JOBS.signal(0.09) == -1.0


def test_the_score_is_the_weighted_mean_of_what_is_known() -> None:
    figures = {"gdp_growth": -0.01, "unemployment": 0.05}
    assert score(figures, "", "", RULES) == pytest.approx((2 * -1 + 1 * 1) / 3)
    assert score({"unemployment": 0.05}, "", "", RULES) == pytest.approx(1.0)
    assert score({}, "", "", RULES) is None


def test_an_industry_that_follows_strongly_turns_first() -> None:
    partition = told(figure(0.005))
    assert regime_of(partition, "DE", "C", RULES)[0] == "neutral"
    assert regime_of(partition, "DE", "F", RULES) == ("down", "/F")


def test_a_country_with_figures_of_its_own_has_its_own_regime_and_fills_gaps_from_the_area() -> None:
    partition = told(figure(-0.01), figure(0.03, country="DE"), figure(0.07, "unemployment"))
    assert regime_of(partition, "FR", "", RULES) == ("down", "/")
    assert regime_of(partition, "DE", "", RULES) == ("up", "DE/")
    assert countries(partition.macro) == ["DE"]


def test_a_regime_ends_only_when_the_score_is_back_by_the_hysteresis() -> None:
    down = told(figure(0.0))
    assert down.regimes["/"] == "down"
    held = told(figure(0.0), figure(0.005))
    assert held.regimes["/"] == "down"
    assert "/" not in told(figure(0.005)).regimes
    assert "/" not in told(figure(0.0), figure(0.008)).regimes


def test_a_figure_that_is_older_than_the_known_one_changes_nothing() -> None:
    partition = told(figure(0.03, as_of=date(2024, 2, 1)), figure(-0.05, as_of=date(2024, 1, 1)))
    assert partition.macro == {"gdp_growth": 0.03}
    assert partition.regimes == {"/": "up", "/F": "up"}


def test_a_figure_of_some_industries_does_not_speak_of_others() -> None:
    pmi = MacroFigure(bad=45.0, good=56.0, weight=1.0, sections=["C"], source="a test")
    rules = RULES.model_copy(update={"figures": {"pmi": pmi}})
    assert regimes({"pmi": 44.0}, {}, rules) == {"/C": "down"}


def test_hyphens_and_capitals_of_an_indicator_do_not_matter() -> None:
    assert told(figure(-0.01, "GDP-growth")).regimes["/"] == "down"


def test_a_shift_multiplies_then_adds() -> None:
    assert Shift(times=2.0, plus=-0.5).of(1.0) == 1.5
    assert Shift(times=2.0).of(None) is None


# through the log


def in_downturn(**effect: Any) -> Driver:
    """A client of the area's construction, whose regime turns down after its first event."""
    driver = Driver(policy(regimes={"down": effect}))
    driver.send(topics.PROFILES, date(2024, 1, 1), industry="F41.20", country="DE")
    return driver


def test_a_regime_meets_a_client_at_its_next_event_and_nobody_is_looked_for() -> None:
    driver = in_downturn(logit=1.0, indicators={})
    before = driver.client().pd
    assert driver.send(topics.MACRO, indicator="gdp_growth", value=-0.05, as_of="2023-12-31") == []
    assert driver.client().pd == before
    driver.send(topics.PROFILES, employees=3)
    assert driver.client().pd > 1.5 * before


def test_a_regime_shifts_the_threshold_of_a_warning() -> None:
    driver = in_downturn(logit=0.0, indicators={"LEVERAGE": {"times": 2.0}})
    driver.send(topics.STATEMENTS, equity="150000", total_assets="1000000", period_end="2022-12-31")
    assert driver.told("LEVERAGE") == []
    driver.send(topics.MACRO, indicator="gdp_growth", value=-0.05, as_of="2023-12-31")
    driver.send(topics.STATEMENTS, equity="150000", total_assets="1000000")
    assert driver.told("LEVERAGE") == [("raised", "watch")]
    (warning,) = (w for w in driver.warnings if w.indicator == "LEVERAGE")
    assert warning.threshold == pytest.approx(0.16)  # 0.08 of construction, times 2


def test_a_figure_that_intake_writes_again_changes_nothing() -> None:
    driver = in_downturn(logit=1.0)
    first = driver.bank.says(topics.MACRO, indicator="gdp_growth", value=-0.05, as_of="2023-12-31")
    corrected = driver.bank.says(topics.MACRO, indicator="gdp_growth", value=0.01, as_of="2023-12-31")
    driver.append([*first, *corrected, *first])
    assert driver.pipeline.segmenters[0].partition.macro == {"gdp_growth": 0.01}


def test_a_downturn_is_a_warning_that_clears_by_cure_when_it_is_over() -> None:
    driver = Driver(policy(watchlist={"cure_days": [10, 20, 30]}))
    driver.send(topics.PROFILES, date(2024, 1, 1), industry="F41.20", country="DE")
    driver.send(topics.MACRO, indicator="gdp_growth", value=-0.05, as_of="2023-12-31")
    assert driver.told("MACRO") == []
    driver.send(topics.PROFILES, employees=3)
    assert driver.told("MACRO") == [("raised", "watch")]
    driver.send(topics.MACRO, date(2024, 2, 1), indicator="gdp_growth", value=0.02, as_of="2024-01-31")
    driver.send(topics.PROFILES, employees=3)
    driver.close(date(2024, 3, 1))
    assert driver.told("MACRO") == [("raised", "watch"), ("cleared", "watch")]
