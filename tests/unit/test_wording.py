"""Wording: figures are told as a banker reads them."""

from decimal import Context

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agents.segmentation.wording import figure, sentence
from online_models.features import FEATURES, Feature

BY_NAME = {feature.name: feature for feature in FEATURES}


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.0412, "fraction", "4.12 %"),
        (0.04, "fraction a year", "4 % a year"),
        (-0.3333, "fraction, six months", "-33.3 %"),
        (1.256, "ratio", "1.26 times"),
        (12345.6, "ratio a year", "12,346 times"),
        (1.0, "days", "1 day"),
        (35.0, "days, six months", "35 days"),
        (1.0, "facilities", "1 facility"),
        (6.0, "log10 of the reporting currency", "1 m"),
        (-6.0, "signed log10 of the reporting currency", "-1 m"),
        (0.0, "signed log10 of the reporting currency", "0"),
        (7.5, "signed log10 of the reporting currency", "31.6 m"),
        (2.61, "score", "2.61"),
        (0.0, "ratio", "0 times"),
        (float("inf"), "ratio", "without bound"),
    ],
)
def test_a_figure_has_its_unit(value: float, unit: str, said: str) -> None:
    assert figure(value, unit) == said


@given(st.floats(1e-4, 9e5) | st.floats(-9e5, -1e-4))
@example(999.5)
@example(999.4999)
@example(99.95)
@example(1e-4)
def test_a_figure_has_three_digits_and_no_more_zeros_than_it_needs(value: float) -> None:
    said = figure(value, "score")
    rounded = Context(prec=3).create_decimal(value) if abs(value) < 999.5 else round(value)
    assert float(said.replace(",", "")) == float(rounded)
    assert "e" not in said
    assert "." not in said or not said.endswith(("0", "."))


def test_a_change_has_its_sign() -> None:
    assert sentence(BY_NAME["revenue_growth"], 0.12) == "revenue has grown by +12 % a year"


def test_a_sentence_says_what_the_figure_is() -> None:
    assert sentence(BY_NAME["equity_to_assets"], 0.04) == "equity is 4 % of assets"
    assert sentence(BY_NAME["interest_cover"], 1.25) == "EBIT is 1.25 times the interest"


def test_what_is_not_known_is_said_to_be_so() -> None:
    assert sentence(BY_NAME["equity_to_assets"], float("nan")) == "equity as a share of assets: not known"


@pytest.mark.parametrize(
    ("name", "value", "peers", "said"),
    [
        ("equity_to_assets", 0.04, 0.31, "equity is 4 % of assets; peers 31 %"),
        ("interest_cover", 1.25, 3.5, "EBIT is 1.25 times the interest; peers 3.5 times"),
        ("revenue_growth", -0.12, 0.05, "revenue has grown by -12 % a year; peers +5 % a year"),
        ("log_assets", 6.0, 8.0, "assets are 1 m; peers 100 m"),
        ("days_past_due", 35.0, 0.0, "35 days past due; peers 0 days"),
        ("equity_to_assets", float("nan"), 0.31, "equity as a share of assets: not known; peers 31 %"),
        ("equity_to_assets", 0.04, None, "equity is 4 % of assets"),
    ],
)
def test_a_sentence_names_the_peers_median_in_the_same_unit(name: str, value: float, peers: float | None, said: str) -> None:
    assert sentence(BY_NAME[name], value, peers) == said


def test_a_feature_without_a_sentence_is_told_by_its_text() -> None:
    assert sentence(Feature("of_tomorrow", "fraction", "share of tomorrow"), 0.5) == "share of tomorrow: 50 %"


def test_every_feature_is_told_in_a_sentence_of_its_own() -> None:
    told = [sentence(feature, 1.0) for feature in FEATURES]
    assert len(set(told)) == len(told)


@pytest.mark.parametrize(("value", "said"), [(5.77, "589 k"), (-6.5, "-3.16 m"), (0.0, "0"), (2.0, "99")])
def test_a_signed_logarithm_is_told_as_the_amount_that_it_is_of(value: float, said: str) -> None:
    assert sentence(BY_NAME["log_gross_profit"], value) == f"gross profit: {said}"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("statements_seen", 1.0, "known by 1 statement"),
        ("months_seen", 6.0, "known by 6 months with events, of six"),
        ("rating_class", 0.0, "the worst rating is of class AAA"),
        ("rating_class", 7.0, "the worst rating is of class D"),
        ("rating_notches", -1.0, "rated -1 notch lower than a year before"),
        ("macro_regime", -1.0, "the economy is down"),
        ("macro_regime", 1.0, "the economy is up"),
        ("group_default", 1.0, "another client of its group is in default: yes"),
        ("collateral_change", -0.25, "the covered share of the exposure has changed by -25 %"),
        ("relationship_years", 9.5, "a client for 10 years"),
        ("industry_risk", 1.5, "clients of its industry default 1.5 times as often as the average"),
    ],
)
def test_standing_is_told_in_the_words_of_its_scales(name: str, value: float, said: str) -> None:
    assert sentence(BY_NAME[name], value) == said


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("dpd_1_ago", 1.0, "1 day past due a month ago"),
        ("late_days_3_ago", 14.0, "paid 14 days after the due date three months ago"),
        ("utilisation_1_ago", 0.5, "50 % of the limit was drawn a month ago"),
        ("drawn_to_limit_2_ago", 0.25, "25 % of the limit was drawn anew two months ago"),
        ("dpd_2_ago", float("nan"), "days past due 2 months ago: not known"),
    ],
)
def test_the_path_is_told_month_by_month(name: str, value: float, said: str) -> None:
    assert sentence(BY_NAME[name], value) == said
