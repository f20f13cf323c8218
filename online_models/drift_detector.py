"""Change detectors of single clients: the Page-Hinkley test as River has it, its state a handful of floats that a client carries.

Source: Page, Continuous Inspection Schemes, Biometrika 41 (1954); `river.drift.PageHinkley`. The recursion stands here
because loading River holds a worker up for a second at the first month that closes, and then takes 95 MB; that both come
to the same, to the last bit, is a law (`tests/laws/test_drift_law.py`).
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

Direction = Literal["up", "down"]

FADING: Final = 1 - 0.0001
"""Of the sum, with each value. Source: River's `PageHinkley(alpha)`."""


class Shift(NamedTuple):
    """What a detector is after one more value."""

    state: list[float]
    """Values seen, their mean, the sum of deviations, its extreme; empty once a change was told: it learns anew."""
    score: float
    """The sum of deviations since its extreme, over the bound: beyond 1 it is a change."""


class Detector(NamedTuple):
    """A Page-Hinkley test in one direction."""

    direction: Direction
    min_instances: int
    tolerance: float
    bound: float

    def update(self, state: Sequence[float], x: float) -> Shift:
        """One more value."""
        n, mean, total, extreme = state or (0.0, 0.0, 0.0, float("inf") if self.direction == "up" else -1.0)
        n += 1.0
        mean += (1.0 / n) * (x - mean)
        if self.direction == "up":
            total = FADING * total + (x - mean) - self.tolerance
            extreme = min(extreme, total)
        else:
            total = FADING * total + (x - mean) + self.tolerance
            extreme = max(extreme, total)
        if n < self.min_instances:
            return Shift([n, mean, total, extreme], 0.0)
        score = abs(total - extreme) / self.bound
        return Shift([] if abs(total - extreme) > self.bound else [n, mean, total, extreme], score)
