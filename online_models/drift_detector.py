"""Change detectors of single clients: River's Page-Hinkley test, its state a handful of floats that a client carries.

Source: Page, Continuous Inspection Schemes, Biometrika 41 (1954). River is loaded by the first month that is entered: it
costs every worker memory that those who close no month do not need.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from river.drift.page_hinkley import PageHinkley

Direction = Literal["up", "down"]


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
        river = self._restored(state)
        river.update(x)  # type: ignore[no-untyped-call]
        if self.direction == "up":
            total, extreme = river._sum_increase, river._min_increase
        else:
            total, extreme = river._sum_decrease, river._max_decrease
        score = abs(total - extreme) / self.bound if river._x_mean.n >= self.min_instances else 0.0
        if river.drift_detected:
            return Shift([], score)
        return Shift([river._x_mean.n, river._x_mean.get(), total, extreme], score)

    def _restored(self, state: Sequence[float]) -> "PageHinkley":
        from river.drift.page_hinkley import PageHinkley
        from river.stats import Mean

        river = PageHinkley(self.min_instances, self.tolerance, self.bound, mode=self.direction)
        if state:
            n, mean, total, extreme = state
            river._x_mean = Mean._from_state(n, mean)
            if self.direction == "up":
                river._sum_increase, river._min_increase = total, extreme
            else:
                river._sum_decrease, river._max_decrease = total, extreme  # type: ignore[assignment]
        return river
