"""Treatment: by segment, industry, size and lifecycle, and what it comes to for a client."""

from typing import Any

import pytest

from agents.segmentation.treatment import size_of, target_limit, treatment_of
from agents.segmentation.valuation import Exposure
from schemas.decisions import Segment
from schemas.state import Appraisal, ClientState, Figures
from tests.builders import policy, rules_in_force

NAN = float("nan")
HELD = Exposure(drawn=1000.0, undrawn=500.0, margin=20.0, limit=1500.0)
KEPT = Appraisal(0, 200.0, 0.2, 1.0, 1.0, 0.0, 0.0, None, 0.0, 0)


def treated(segment: str, industry: str = "", employees: int = -1, lifecycle: str = "maturity", **rules: Any) -> dict[str, Any]:
    client = ClientState(industry=industry, employees=employees)
    return treatment_of(client, Segment("gold", "4", 1, lifecycle, segment), HELD, KEPT, rules_in_force(policy(**rules)))


@pytest.mark.parametrize(
    ("industry", "employees", "product"),
    [
        ("C28.29", 500, "working capital line"),
        ("J62.01", 500, "R&D loan"),
        ("541715", 500, "R&D loan"),
        ("L68.20", 500, "project finance"),
        ("F42.11", 100, "project finance"),
        ("D35.11", 10, "strategic credit line"),
        ("Q86.10", 500, "strategic credit line"),
        ("C28.29", 9, "small business loan"),
        ("", -1, "strategic credit line"),
    ],
    ids=["manufacturer", "technology", "research, by NAICS", "real estate", "infrastructure", "small energy", "no rule", "micro",
         "nothing known"],
)  # fmt: skip
def test_the_product_is_by_industry_and_size(industry: str, employees: int, product: str) -> None:
    assert treated("star", industry, employees)["product"] == product


def test_high_risk_keeps_its_segments_product_whatever_the_industry() -> None:
    assert treated("high-risk-high-return", "C28.29", 500)["product"] == "secured term loan"


def test_a_later_adjustment_goes_over_an_earlier_one_and_lists_left_out_hold_for_everybody() -> None:
    rules = [{"then": {"product": "a"}}, {"segments": ["core"], "then": {"product": "b"}}]
    assert treated("core", adjustments=rules)["product"] == "b"
    assert treated("star", adjustments=rules)["product"] == "a"


def test_the_lifecycle_changes_terms() -> None:
    assert treated("core", lifecycle="decline")["limit_action"] == "freeze"
    assert treated("core", lifecycle="growth")["limit_action"] == "raise"


def test_default_is_the_way_out() -> None:
    assert treated("exit")["exit"] is True
    assert treated("star")["exit"] is False


@pytest.mark.parametrize(
    ("action", "factor", "limit"),
    [("raise", 2.0, 2000), ("raise", 1.2, 1500), ("keep", 9.0, 1500), ("freeze", 1.0, 1500), ("reduce", 1.1, 1100),
     ("reduce", 0.5, 1000), ("reduce", 3.0, 1500), ("cancel undrawn", 1.0, 1000)],
)  # fmt: skip
def test_the_limit_follows_the_action_and_never_falls_below_what_is_drawn(action: str, factor: float, limit: float) -> None:
    assert target_limit(HELD, action, factor) == limit


def test_what_collateral_is_missing_is_told() -> None:
    assert treated("core")["collateral_missing"] == 300
    assert treated("core", segments={"core": {"collateral_ratio": 0.1}})["collateral_missing"] == 0


@pytest.mark.parametrize(
    ("employees", "size"),
    [(0, "micro"), (9, "micro"), (10, "small"), (49, "small"), (50, "medium"), (249, "medium"), (250, "large")],
)
def test_the_size_is_by_headcount(employees: int, size: str) -> None:
    assert size_of(ClientState(employees=employees)) == size


@pytest.mark.parametrize(
    ("revenue", "months", "assets", "size"),
    [
        (60e6, 12, 50e6, "large"), (60e6, 12, 42e6, "medium"), (9e6, 12, 50e6, "small"), (3e6, 3, NAN, "medium"),
        (NAN, 12, 1e6, "micro"), (NAN, 12, NAN, ""),
    ],
)  # fmt: skip
def test_without_headcount_revenue_or_assets_tell_it(revenue: float, months: int, assets: float, size: str) -> None:
    client = ClientState(figures=[Figures(1, months, revenue, NAN, NAN, assets, NAN)])
    assert size_of(client) == size


def test_of_a_client_without_headcount_and_statement_no_size_is_known() -> None:
    assert size_of(ClientState()) == ""
