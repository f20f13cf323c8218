"""Features of standing: what is known of a client that no payment moves."""

from datetime import date, timedelta
from math import isnan
from typing import Any

import msgspec
import pytest

from agents.segmentation.appraising import appraisal
from agents.segmentation.standing import standing_x
from online_models.features import INDEX, STANDING, packed, whole
from online_models.path import path
from schemas import log, topics
from schemas.learning import FeaturePoints
from schemas.records import EVERY, Outcome
from schemas.state import ClientState
from tests.builders import model, policy, rules_in_force
from tests.driver import Driver

JAN = date(2024, 1, 10)


def standing(driver: Driver, client_id: str = "C1") -> dict[str, float]:
    """What is known, by name."""
    segmenter = driver.pipeline.segmenters[0]
    client = driver.client(client_id)
    x = whole(bytes(4 * INDEX[STANDING[0].name]) + appraisal(client, segmenter.resolver.in_force_for(client)).standing)
    return {feature.name: x[INDEX[feature.name]] for feature in STANDING}


def known(driver: Driver, client_id: str = "C1") -> dict[str, float]:
    return {name: value for name, value in standing(driver, client_id).items() if not isnan(value)}


def rated(*grades: tuple[date, str, str]) -> dict[str, float]:
    driver = Driver()
    for day, agency, grade in grades:
        driver.send(topics.RATINGS, day, agency=agency, grade=grade)
    return known(driver)


def test_of_a_client_that_only_pays_and_draws_nothing_is_known_nor_kept() -> None:
    driver = Driver()
    driver.send(topics.DRAWDOWNS)
    driver.send(topics.REPAYMENTS)
    driver.send(topics.STATEMENTS)
    assert standing_x(driver.client(), 0.0, rules_in_force(), packed(path(driver.client().months))) == b""
    assert known(driver) == {}


def test_the_class_is_the_worst_of_the_agencies_last_ratings() -> None:
    x = rated((JAN, "S&P", "D"), (JAN, "Fitch", "A"), (JAN, "S&P", "BB+"))
    assert x["rating_class"] == 4.0  # AAA AA A BBB BB


@pytest.mark.parametrize(
    ("grades", "notches"),
    [
        ([(0, "BBB")], 0.0),
        ([(0, "BBB"), (30, "BB+")], 2.0),
        ([(0, "BBB"), (30, "BBB+")], -1.0),
        ([(0, "A"), (200, "BBB"), (400, "BB+")], 5.0),  # a year ago it was A
        ([(0, "A"), (10, "BBB"), (400, "BBB-")], 1.0),  # a year ago it was BBB
        ([(0, "A"), (10, "BB"), (300, "NR")], 6.0),
    ],
)
def test_notches_are_counted_against_the_grade_of_a_year_ago(grades: list[tuple[int, str]], notches: float) -> None:
    x = rated(*((JAN + timedelta(days=days), "S&P", grade) for days, grade in grades))
    assert x["rating_notches"] == notches


def test_the_agency_that_has_moved_furthest_down_counts() -> None:
    x = rated((JAN, "S&P", "A"), (JAN, "own", "3"), (date(2024, 3, 1), "own", "5"), (date(2024, 3, 2), "S&P", "A+"))
    assert x["rating_notches"] == 2.0


def test_grades_on_no_scale_are_no_class_and_no_notch() -> None:
    assert rated((JAN, "own", "good")) == {"months_since_rating": 0.0}


def test_months_since_the_rating_go_on_with_the_clients_own_months() -> None:
    driver = Driver()
    driver.send(topics.RATINGS, date(2023, 11, 30))
    driver.send(topics.DRAWDOWNS, date(2024, 1, 2))
    assert standing(driver)["months_since_rating"] == 2.0


def covered(value: str, **fields: Any) -> Driver:
    """A client that drew 5,000 of 10,000 in January, against collateral without a haircut."""
    driver = Driver()
    driver.send(topics.DRAWDOWNS, JAN)
    driver.send(topics.COLLATERAL, value=value, kind="cash", **fields)
    return driver


def test_collateral_after_haircut_is_set_against_the_limits_until_a_month_has_ended() -> None:
    assert standing(covered("4000", haircut=0.25))["collateral_cover"] == pytest.approx(0.3)


def test_collateral_is_set_against_what_was_drawn_when_the_last_month_ended() -> None:
    driver = covered("4000")
    driver.send(topics.REPAYMENTS, date(2024, 2, 10), amount_due="2500", amount_paid="2500")
    assert standing(driver)["collateral_cover"] == pytest.approx(0.8)
    driver.send(topics.REPAYMENTS, date(2024, 3, 10), amount_due="100", amount_paid="100")
    assert standing(driver)["collateral_cover"] == pytest.approx(1.6)


def test_what_is_drawn_within_the_month_is_exposure_at_once() -> None:
    driver = covered("4000")
    driver.send(topics.REPAYMENTS, date(2024, 2, 10), amount_due="100", amount_paid="100")
    driver.send(topics.DRAWDOWNS, date(2024, 2, 20), amount="3000", balance_after="7900")
    assert standing(driver)["collateral_cover"] == pytest.approx(0.5)


def test_a_payment_within_a_month_moves_none_of_it() -> None:
    driver = covered("4000")
    driver.send(topics.REPAYMENTS, date(2024, 2, 10), amount_due="100", amount_paid="100")
    was = driver.client().appraisal
    driver.send(topics.REPAYMENTS, date(2024, 2, 20), amount_due="2000", amount_paid="2000")
    assert driver.client().appraisal == was


def test_the_covered_share_is_set_against_the_oldest_month_of_a_year() -> None:
    driver = covered("4000")
    assert isnan(standing(driver)["collateral_change"])
    driver.send(topics.REPAYMENTS, date(2024, 2, 10), amount_due="100", amount_paid="100")
    driver.send(topics.COLLATERAL, value="1000", kind="cash")
    assert standing(driver)["collateral_change"] == pytest.approx(0.2 - 0.8, abs=1e-3)


def test_who_has_given_no_collateral_has_no_cover_rather_than_none_left() -> None:
    driver = covered("4000")
    driver.send(topics.COLLATERAL, value="0")
    assert "collateral_cover" not in known(driver)


@pytest.mark.parametrize(("industry", "risk"), [("F41.20", 1.5), ("332710", 1.0), ("T97", 1.0), ("nonsense", None)])
def test_the_risk_of_an_industry_is_that_of_its_section(industry: str, risk: float | None) -> None:
    driver = Driver()
    driver.send(topics.PROFILES, industry=industry)
    assert known(driver).get("industry_risk") == risk


def test_the_economy_is_known_where_a_figure_tells_it() -> None:
    driver = Driver()
    driver.send(topics.PROFILES, country="DE")
    assert "macro_regime" not in known(driver)
    driver.send(topics.MACRO, indicator="gdp-growth", value=-0.05, country="DE")
    assert standing(driver)["macro_regime"] == -1.0
    assert standing(driver)["macro_signal"] < -0.3
    driver.send(topics.PROFILES, client_id="C2", country="FR")
    assert "macro_regime" not in known(driver, "C2")


def test_a_macro_figure_that_turns_no_regime_is_seen_at_the_next_event() -> None:
    driver = Driver()
    driver.send(topics.MACRO, value=0.015)
    driver.send(topics.REPAYMENTS)
    was = standing(driver)
    driver.send(topics.MACRO, value=0.016)
    driver.send(topics.REPAYMENTS)
    now = standing(driver)
    assert was["macro_regime"] == now["macro_regime"] == 0.0
    assert was["macro_signal"] < now["macro_signal"]


def test_only_a_default_in_the_group_counts_and_it_ends_with_it() -> None:
    driver = Driver()
    for client_id in ("C1", "C2"):
        driver.send(topics.PROFILES, client_id=client_id, group_id="G1")
    assert standing(driver)["group_default"] == 0.0
    driver.send(topics.OUTCOMES, client_id="C2", outcome="forborne")
    assert driver.client("C2").segment is not None
    assert standing(driver)["group_default"] == 0.0  # stage 2 of the other
    driver.send(topics.OUTCOMES, client_id="C2", outcome="defaulted")
    assert standing(driver)["group_default"] == 1.0
    driver.send(topics.OUTCOMES, client_id="C2", outcome="cured")
    assert standing(driver)["group_default"] == 0.0


def test_a_relationship_is_as_long_as_somebody_has_told() -> None:
    driver = Driver()
    driver.send(topics.PROFILES, JAN, relationship_since="2014-07-31")
    assert standing(driver)["relationship_years"] == 9.5
    driver.send(topics.PROFILES, client_id="C2")
    assert "relationship_years" not in known(driver, "C2")


def test_values_out_of_range_are_cut() -> None:
    client = ClientState(relationship_day=1, last_day=JAN.toordinal(), industry="F")
    now = rules_in_force(policy(peers={"industries": {"F": 999.0}}))
    x = whole(bytes(4 * INDEX[STANDING[0].name]) + standing_x(client, 0.0, now, packed(path(client.months))))
    assert (x[INDEX["relationship_years"]], x[INDEX["industry_risk"]]) == (200.0, 100.0)


def test_a_snapshot_keeps_them_as_they_were_scored() -> None:
    driver = Driver()
    driver.send(topics.RATINGS, grade="B")
    driver.send(topics.STATEMENTS)
    driver.send(topics.RATINGS, grade="AA")
    (taken,) = driver.client().snapshots
    assert whole(taken.x)[INDEX["rating_class"]] == 5.0


def learned(driver: Driver, number: int, *points: float) -> None:
    """A model that knows of the rating's class alone comes into force."""
    features = (FeaturePoints("rating_class", (3.5, 4.5), points, 0.0),)
    snapshot = msgspec.structs.replace(model(number), features=features)
    control = log.ModelPublished(source=log.Source(topics.LEARNING, 0, 0), snapshot=snapshot)
    driver.append([Outcome(topics.CLIENT_EVENTS, None, log.write(control), (), EVERY)])


def test_a_learned_feature_of_standing_moves_the_score_and_is_a_reason() -> None:
    driver = Driver(policy(grades={"dwell_days": 0}))
    learned(driver, 1, -1.0, 0.0, 3.0)
    driver.send(topics.RATINGS, grade="BB")
    pd = driver.client().pd
    driver.send(topics.RATINGS, grade="B")
    assert driver.client().pd > 2 * pd
    reason = next(r for r in driver.changes[-1].reasons if r.code == "RATING_CLASS")
    assert (reason.text, reason.contribution) == ("the worst rating is of class B", pytest.approx(1.5))


def test_a_payment_after_another_model_is_scored_by_that_models_points_of_what_is_kept() -> None:
    driver = Driver()
    learned(driver, 1, 0.0, 0.0, 3.0)
    driver.send(topics.RATINGS, grade="B")
    driver.send(topics.REPAYMENTS)
    was = driver.client()
    learned(driver, 2, 0.0, 0.0, 1.0)
    driver.send(topics.REPAYMENTS)
    now = driver.client()
    assert now.appraisal is not None
    assert was.appraisal is not None
    assert now.appraisal.standing == was.appraisal.standing
    assert now.logit - was.logit == pytest.approx(0.5 * (1.0 - 3.0))
