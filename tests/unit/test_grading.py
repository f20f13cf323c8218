"""Grades and value tiers: their bounds, hysteresis and dwell; where a grade may be in a year."""

import pytest

from agents.segmentation.grading import better_waits, grade_of, migration_of, tier_of, tier_waits
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


@pytest.mark.parametrize(
    ("pd", "was", "waits"), [(0.0089, "5", True), (0.0091, "5", False), (0.0, "1", False), (0.0, "D", False)]
)
def test_a_better_grade_waits_where_only_the_dwell_keeps_the_one_before(pd: float, was: str, waits: bool) -> None:
    assert better_waits(pd, was, SCALE) is waits


@pytest.mark.parametrize(
    ("value", "was", "waits"),
    [(1101.0, "gold", True), (1099.0, "gold", False), (449.0, "gold", True), (451.0, "gold", False), (1e9, "diamond", False)],
)
def test_a_tier_waits_where_only_the_dwell_keeps_the_one_before(value: float, was: str, waits: bool) -> None:
    assert tier_waits(value, was, NOW) is waits


@pytest.mark.parametrize("grade", "123456789")
@pytest.mark.parametrize("pd", [0.0, 0.01, 0.5, 1.0])
def test_chances_of_migration_add_up_to_one_and_end_in_the_clients_own_pd(grade: str, pd: float) -> None:
    chances = migration_of(pd, grade, SCALE)
    assert chances is not None
    assert sum(chances.values()) == pytest.approx(1.0, abs=2e-4)
    assert chances["default"] == round(pd, 4)
    assert all(0 <= chance <= 1 for chance in chances.values())


def test_the_best_grade_gets_no_better_the_worst_no_worse_and_a_default_migrates_nowhere() -> None:
    best, worst = migration_of(0.01, "1", SCALE), migration_of(0.3, "9", SCALE)
    assert best is not None
    assert worst is not None
    assert (best["better"], worst["worse"]) == (0.0, 0.0)
    assert migration_of(1.0, "D", SCALE) is None
