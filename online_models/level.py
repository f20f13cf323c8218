"""The level of a portfolio's PDs: one number added to every logit, so that as many default as the scores had said.

A default is learned from at once, the good ones beside it only when their horizon has passed; between the two the models'
level is off, whatever order they are learned in. So the level is set from whole cohorts alone: a default waits here until
its horizon has passed as well. Only the scores as they were published count.
"""

from heapq import heappop, heappush
from typing import Any, Final

from online_models.scorecard import logit, sigmoid

BINS: Final = 320
WIDTH: Final = 32.0
"""Logits from -16 to 16 in bins of a tenth."""
HALF: Final = 60.0
"""Defaults after which an example counts one half."""
DOUBT: Final = 10.0
"""Prior: that the level is right, worth so many examples at even odds."""
CREDIBLE: Final = 0.6
"""Weight of what was learned in the mix from which on a model has a level: before, it is the expert's that would be measured."""
MOST_WAITING: Final = 4096
MOST_OFFSETS: Final = 256
BOUND: Final = 6.0


class Level:
    """Decayed counts of what was scored, without the level it had, and what came of it."""

    def __init__(self) -> None:
        self.scored = [0.0] * BINS
        self.defaults = 0.0
        self.waiting: list[tuple[int, float]] = []
        self.offsets: dict[int, float] = {}

    def add(self, pd: float, number: int, y: bool, ends: int, today: int) -> None:
        """One labelled example: its PD by model `number`, and the days its horizon ends and this one."""
        if number not in self.offsets:
            return  # it was scored by a model without a level, or too long ago
        raw = logit(min(1 - 1e-9, max(1e-9, pd))) - self.offsets[number]
        while self.waiting and (self.waiting[0][0] <= today or len(self.waiting) > MOST_WAITING):
            self._count(heappop(self.waiting)[1], True)
        if y and ends > today:
            heappush(self.waiting, (ends, raw))
        else:
            self._count(raw, y)

    def publish(self, number: int) -> float:
        """The level of model `number`: solves Σ sigmoid(logit + level) = defaults, by Newton's steps."""
        level = self.offsets.get(number - 1, 0.0)
        counted = [(n, (i + 0.5) / BINS * WIDTH - WIDTH / 2) for i, n in enumerate(self.scored) if n > 1e-6]
        for _ in range(30):
            excess, slope = DOUBT / 4 * level - self.defaults, DOUBT / 4
            for n, raw in counted:
                p = sigmoid(raw + level)
                excess += n * p
                slope += n * p * (1 - p)
            step = max(-1.0, min(1.0, excess / slope))
            level = max(-BOUND, min(BOUND, level - step))
            if abs(step) < 1e-9:
                break
        level = round(level, 7)
        self.offsets[number] = level
        while len(self.offsets) > MOST_OFFSETS:
            del self.offsets[next(iter(self.offsets))]
        return level

    def dump(self) -> dict[str, Any]:
        """All of it."""
        return dict(vars(self))

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> "Level":
        """The level that `dump` described."""
        level = cls()
        vars(level).update(dumped)
        level.waiting = [(ends, raw) for ends, raw in dumped["waiting"]]
        return level

    def _count(self, raw: float, y: bool) -> None:
        if y:
            keep = 0.5 ** (1.0 / HALF)
            self.scored = [n * keep for n in self.scored]
            self.defaults = self.defaults * keep + 1.0
        place = int((raw / WIDTH + 0.5) * BINS)
        self.scored[max(0, min(BINS - 1, place))] += 1.0
