"""Risk: the grade of a PD on the master scale, and the IFRS 9 stage. Value: the tier of a contribution."""

from bisect import bisect_left
from typing import Final

from agents.segmentation.in_force import InForce
from schemas.policy import Grades

DEFAULTED: Final = "D"
TIERS: Final = ("diamond", "gold", "silver", "basic")


def grade_of(pd: float, was: str | None, held_days: int, scale: Grades) -> str:
    """The grade, 1 to 9. It leaves the one it `was` only when the bound between is passed by the hysteresis, and for a
    better one only after the dwell: bad news at once, good news when it has lasted.
    """
    grade = bisect_left(scale.upper, pd) + 1
    if was is None or was == DEFAULTED or grade == int(was):
        return str(grade)
    held = int(was)
    if grade > held:
        return str(grade) if pd > scale.upper[held - 1] * (1.0 + scale.hysteresis) else was
    if held_days < scale.dwell_days:
        return was
    return str(grade) if pd < scale.upper[held - 2] * (1.0 - scale.hysteresis) else was


def stage_of(defaulted: bool, dpd: int, material: bool, now: InForce) -> int:
    """IFRS 9: 3 in default, 2 past the backstop of the significant increase (5.5.11), else 1."""
    if defaulted:
        return 3
    return 2 if material and dpd > now.rules.default.significant_increase_dpd_days else 1


def tier_of(value: float, was: str | None, tier_days: int, now: InForce) -> str:
    """The tier of a value, by the cut-offs in force; it is kept within the hysteresis and for the dwell.

    `tier_days`: how long the client has been in the tier it `was`. Without cut-offs everybody is basic.
    """
    if now.cutoffs is None:
        return was or "basic"
    tier = next((i for i, bound in enumerate(now.cutoffs) if value >= bound), 3)
    if was is None or TIERS[tier] == was:
        return TIERS[tier]
    held = TIERS.index(was)
    rules = now.rules.value
    if tier_days < rules.dwell_days:
        return was
    bound = now.cutoffs[held - 1] if tier < held else now.cutoffs[held]
    passed = value - bound if tier < held else bound - value
    return TIERS[tier] if passed > abs(bound) * rules.hysteresis else was
