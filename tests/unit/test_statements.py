"""Features of a financial statement."""

from datetime import date
from typing import Any

import pytest

from online_models.features import INDEX, STATEMENT, unpacked
from online_models.statements import EXTREME, altman, features, figures
from schemas.state import Figures
from tests.builders import statement

CENT = 0.01
FULL: dict[str, Any] = {
    "total_assets": 1000_00, "current_assets": 400_00, "current_liabilities": 200_00, "inventory": 100_00, "equity": 300_00,
    "total_liabilities": 700_00, "retained_earnings": 150_00, "ebit": 80_00, "ebitda": 100_00, "net_income": 40_00,
    "revenue": 2000_00, "interest_expense": 20_00, "total_debt": 500_00, "market_value": 350_00,
}  # fmt: skip


def of(before: list[Figures] | None = None, **fields: Any) -> dict[str, float]:
    x = unpacked(features(statement(**{**FULL, **fields}), before or [], CENT))
    return {feature.name: x[i] for i, feature in enumerate(STATEMENT)}


def year(end: date, **fields: Any) -> Figures:
    return figures(statement(**{**FULL, "period_end": end, **fields}), CENT)


def is_missing(value: float) -> bool:
    return value != value


LAST = date(2022, 12, 31)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("equity_to_assets", 0.3),
        ("current_ratio", 2.0),
        ("working_capital_to_assets", 0.2),
        ("retained_earnings_to_assets", 0.15),
        ("ebit_to_assets", 0.08),
        ("net_income_to_assets", 0.04),
        ("altman_z", 6.56 * 0.2 + 3.26 * 0.15 + 6.72 * 0.08 + 1.05 * 3 / 7),
        ("ebitda_margin", 0.05),
        ("net_margin", 0.02),
        ("asset_turnover", 2.0),
        ("debt_to_assets", 0.5),
        ("debt_to_ebitda", 5.0),
        ("interest_cover", 4.0),
        ("quick_ratio", 1.5),
        ("market_to_liabilities", 0.5),
        ("market_to_assets", 0.35),
        ("log_assets", 3.0),
        ("loss_streak", 0.0),
        ("statements_seen", 1.0),
    ],
)
def test_a_ratio_is_what_its_name_says(name: str, value: float) -> None:
    assert of()[name] == pytest.approx(value, rel=1e-6)


def test_what_is_not_told_is_missing_and_nothing_else_is() -> None:
    x = unpacked(features(statement(total_assets=1000_00), [], CENT))
    known = {feature.name for i, feature in enumerate(STATEMENT) if x[i] == x[i]}
    assert known == {"log_assets", "statements_seen"}


def test_a_missing_term_leaves_altman_unknown() -> None:
    for term in ("current_assets", "current_liabilities", "retained_earnings", "ebit"):
        assert is_missing(altman(statement(**{**FULL, term: None})))


@pytest.mark.parametrize(
    ("denominator", "names"),
    [
        ("total_assets", ("equity_to_assets", "ebit_to_assets", "altman_z", "debt_to_assets", "market_to_assets")),
        ("current_liabilities", ("current_ratio", "quick_ratio")),
        ("interest_expense", ("interest_cover",)),
        ("revenue", ("ebitda_margin", "net_margin")),
        ("total_liabilities", ("market_to_liabilities",)),
    ],
)
def test_a_ratio_to_nothing_is_missing(denominator: str, names: tuple[str, ...]) -> None:
    x = of(**{denominator: 0})
    assert all(is_missing(x[name]) for name in names)


def test_equity_is_what_assets_leave_above_liabilities_and_the_other_way_round() -> None:
    assert of(equity=None)["equity_to_assets"] == pytest.approx(0.3)
    assert of(total_liabilities=None)["market_to_liabilities"] == pytest.approx(0.5)


def test_without_total_debt_the_long_term_debt_counts() -> None:
    assert of(total_debt=None, long_term_debt=400_00)["debt_to_assets"] == pytest.approx(0.4)


@pytest.mark.parametrize(("debt", "ebitda", "burden"), [(0, 0, 0.0), (500_00, 0, EXTREME), (500_00, -1, EXTREME)])
def test_debt_without_earnings_is_the_heaviest_burden(debt: int, ebitda: int, burden: float) -> None:
    assert of(total_debt=debt, ebitda=ebitda)["debt_to_ebitda"] == burden


def test_a_ratio_to_next_to_nothing_is_cut() -> None:
    assert of(total_assets=1, equity=10**15)["equity_to_assets"] == EXTREME
    assert of(total_assets=1, equity=-(10**15))["equity_to_assets"] == -EXTREME


def test_flows_of_a_quarter_are_scaled_to_a_year_and_margins_are_not() -> None:
    quarter = of(period_months=3)
    assert quarter["asset_turnover"] == pytest.approx(8.0)
    assert quarter["ebit_to_assets"] == pytest.approx(0.32)
    assert quarter["debt_to_ebitda"] == pytest.approx(1.25)
    assert quarter["ebitda_margin"] == pytest.approx(0.05)
    assert quarter["interest_cover"] == pytest.approx(4.0)


def test_growth_is_against_the_same_period_of_the_year_before() -> None:
    before = [year(LAST, revenue=1600_00), year(date(2023, 9, 30), revenue=1_00)]
    assert of(before)["revenue_growth"] == pytest.approx(0.25)


def test_growth_without_that_period_is_missing() -> None:
    x = of([year(date(2021, 12, 31)), year(date(2023, 9, 30))])
    assert is_missing(x["revenue_growth"])
    assert is_missing(x["income_change"])


def test_a_quarter_against_a_year_is_compared_by_the_month() -> None:
    x = of([year(LAST, revenue=2000_00, period_months=12)], revenue=500_00, period_months=3)
    assert x["revenue_growth"] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("revenue", [0, -100])
def test_growth_from_nothing_is_missing(revenue: int) -> None:
    assert is_missing(of([year(LAST, revenue=revenue)])["revenue_growth"])


def test_changes_of_income_and_equity_are_differences_of_their_shares() -> None:
    x = of([year(LAST, net_income=100_00, equity=250_00)])
    assert x["income_change"] == pytest.approx(0.04 - 0.1)
    assert x["equity_change"] == pytest.approx(0.05)


def test_a_change_from_what_was_not_told_is_missing() -> None:
    x = of([year(LAST, net_income=None, equity=None, total_liabilities=None)])
    assert is_missing(x["income_change"])
    assert is_missing(x["equity_change"])


def test_a_change_from_no_assets_is_missing() -> None:
    assert is_missing(of([year(LAST, total_assets=0)])["income_change"])


def test_losses_in_a_row_are_counted_back_to_the_first_profit() -> None:
    before = [year(date(2019 + i, 12, 31), net_income=income) for i, income in enumerate((-1, 5, -1, -1))]
    assert of(before, net_income=-1)["loss_streak"] == 3.0
    assert of(before, net_income=1)["loss_streak"] == 0.0


def test_a_statement_that_does_not_tell_its_income_ends_a_row_of_losses() -> None:
    before = [year(LAST, net_income=-1), year(date(2023, 6, 30), net_income=None)]
    assert of(before, net_income=-1)["loss_streak"] == 1.0
    assert is_missing(of(before, net_income=None)["loss_streak"])


def test_amounts_are_compared_in_the_reporting_currency() -> None:
    yen = unpacked(features(statement(**{**FULL, "currency": "JPY"}), [], 0.0061))
    assert yen[INDEX["log_assets"]] == pytest.approx(2.785, abs=1e-3)
