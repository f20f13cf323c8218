"""Risk: the grade of a PD on the master scale, and where it may be in a year. Value: the tier of a contribution."""

from bisect import bisect_left
from typing import Final

from agents.segmentation.in_force import InForce
from schemas.risk_rules import Grades

DEFAULTED: Final = "D"
TIERS: Final = ("diamond", "gold", "silver", "basic")


def grade_of(pd: float, was: str | None, held_days: int, scale: Grades) -> str:
    """The grade, 1 to 9. It leaves the one it `was` only when the bound between is passed by the hysteresis, and for a
    better one only after the dwell: bad news at once, good news when it has lasted.
    """
    grade = bisect_left(scale.upper, pd) + 1
    if was is None or was == DEFAULTED:
        return str(grade)
    held = int(was)
    if grade == held:
        return was
    if grade > held:
        return str(grade) if pd > scale.upper[held - 1] * (1.0 + scale.hysteresis) else was
    if held_days < scale.dwell_days:
        return was
    return str(grade) if pd < scale.upper[held - 2] * (1.0 - scale.hysteresis) else was


def better_waits(pd: float, was: str, scale: Grades) -> bool:
    """Whether only the dwell keeps the grade from getting better."""
    return was not in (DEFAULTED, "1") and pd < scale.upper[int(was) - 2] * (1.0 - scale.hysteresis)


def tier_of(value: float, was: str | None, tier_days: int, now: InForce) -> str:
    """The tier of a value, by the cut-offs in force; it is kept within the hysteresis and for the dwell.

    `tier_days`: how long the client has been in the tier it `was`. Without cut-offs everybody is basic.
    """
    if now.cutoffs is None:
        return was or "basic"
    diamond, gold, silver = now.cutoffs
    tier = 0 if value >= diamond else 1 if value >= gold else 2 if value >= silver else 3
    if was is None or TIERS[tier] == was:
        return TIERS[tier]
    return TIERS[tier] if tier_days >= now.rules.value.dwell_days and tier_waits(value, was, now) else was


def tier_waits(value: float, was: str, now: InForce) -> bool:
    """Whether the value has left the tier by more than the hysteresis, so that only the dwell keeps it."""
    if now.cutoffs is None:
        return False
    held, slack = TIERS.index(was), now.rules.value.hysteresis
    if held and value - now.cutoffs[held - 1] > abs(now.cutoffs[held - 1]) * slack:
        return True
    return held < 3 and now.cutoffs[held] - value > abs(now.cutoffs[held]) * slack


def migration_of(pd: float, grade: str, scale: Grades) -> dict[str, float] | None:
    """Where a client may be in twelve months: chances of a better grade, the same, a worse one, default; None in default.

    The row of the grade, its last column replaced by the client's own `pd` within twelve months, the rest scaled to what is left.
    """
    if grade == DEFAULTED:
        return None
    row, held = scale.migration[grade], int(grade)
    left = 1.0 - row[9]
    kept = (1.0 - pd) / left if left > 0 else 0.0
    chances = sum(row[: held - 1]) * kept, row[held - 1] * kept, sum(row[held:9]) * kept, pd
    return {name: round(chance, 4) for name, chance in zip(("better", "same", "worse", "default"), chances, strict=True)}
