"""Grades, stages and value tiers: their bounds, hysteresis and dwell."""

import pytest

from agents.segmentation.grading import grade_of, stage_of, tier_of
from tests.builders import policy, rules_in_force

BOUNDS = [0.0005, 0.0015, 0.004, 0.01, 0.02, 0.04, 0.08, 0.16]
SCALE = policy(grades={"hysteresis": 0.1, "dwell_days": 90, "upper": BOUNDS}).of("corporate").grades
NOW = rules_in_force(policy(value={"hysteresis": 0.1, "dwell_days": 30}), cutoffs=(1000.0, 500.0, 100.0))


@pytest.mark.parametrize(
    ("pd", "grade"), [(0.0, "1"), (0.0005, "1"), (0.00051, "2"), (0.02, "5"), (0.021, "6"), (0.16, "8"), (0.161, "9"), (1.0, "9")]
)
def test_a_grade_holds_pds_up_to_its_bound(pd: float, grade: str) -> None:
    assert grade_of(pd, None, 0, SCALE) == grade


@pytest.mark.parametrize(("pd", "grade"), [(0.0219, "5"), (0.0221, "6"), (0.0091, "5"), (0.0089, "4"), (0.9, "9"), (0.0001, "1")])
def test_a_grade_is_kept_until_its_bound_is_passed_by_the_hysteresis(pd: float, grade: str) -> None:
    assert grade_of(pd, "5", 90, SCALE) == grade


@pytest.mark.parametrize(("pd", "days", "grade"), [(0.0001, 89, "5"), (0.0001, 90, "1"), (0.9, 0, "9")])
def test_a_better_grade_waits_for_the_dwell_and_a_worse_one_does_not(pd: float, days: int, grade: str) -> None:
    assert grade_of(pd, "5", days, SCALE) == grade


def test_after_a_default_the_grade_is_the_pds() -> None:
    assert grade_of(0.021, "D", 0, SCALE) == "6"


@pytest.mark.parametrize(
    ("defaulted", "dpd", "material", "stage"),
    [
        (False, 0, False, 1),
        (False, 30, True, 1),
        (False, 31, True, 2),
        (False, 31, False, 1),
        (True, 0, False, 3),
        (True, 31, True, 3),
    ],
)
def test_the_stage_follows_default_and_the_backstop_of_thirty_days(defaulted: bool, dpd: int, material: bool, stage: int) -> None:
    assert stage_of(defaulted, dpd, material, NOW) == stage


def test_without_cut_offs_everybody_is_basic() -> None:
    assert tier_of(1e9, None, 0, rules_in_force()) == "basic"


@pytest.mark.parametrize(
    ("value", "tier"),
    [(1000.0, "diamond"), (999.0, "gold"), (500.0, "gold"), (100.0, "silver"), (99.0, "basic"), (-5.0, "basic")],
)
def test_a_tier_begins_at_its_cut_off(value: float, tier: str) -> None:
    assert tier_of(value, None, 0, NOW) == tier


@pytest.mark.parametrize(
    ("value", "tier"), [(1050.0, "gold"), (1101.0, "diamond"), (460.0, "gold"), (449.0, "silver"), (1.0, "basic")]
)
def test_a_tier_is_kept_until_its_bound_is_passed_by_the_hysteresis(value: float, tier: str) -> None:
    assert tier_of(value, "gold", 30, NOW) == tier


@pytest.mark.parametrize(("days", "tier"), [(0, "gold"), (29, "gold"), (30, "diamond")])
def test_a_tier_is_kept_for_its_dwell(days: int, tier: str) -> None:
    assert tier_of(5000.0, "gold", days, NOW) == tier


def test_cut_offs_that_are_withdrawn_leave_a_tier_as_it_is() -> None:
    assert tier_of(5.0, "gold", 100, rules_in_force()) == "gold"


def test_negative_cut_offs_have_their_hysteresis_too() -> None:
    now = rules_in_force(policy(value={"hysteresis": 0.1, "dwell_days": 0}), cutoffs=(10.0, 0.0, -100.0))
    assert tier_of(-105.0, "silver", 0, now) == "silver"
    assert tier_of(-111.0, "silver", 0, now) == "basic"
