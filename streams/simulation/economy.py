"""The hidden path of the economy: up, neutral and down phases, the swings of each industry, and what is published of them."""

from collections.abc import Iterator
from random import Random
from typing import Final, Literal, NamedTuple

from streams.simulation.chance import bell, days_between
from streams.simulation.market import COUNTRIES, SECTORS, Sector

Path = Literal["cycle", "up", "neutral", "down"]

LEVEL: Final[dict[str, float]] = {"up": 1.0, "neutral": 0.0, "down": -1.0}
PHASES: Final = (("neutral", 9, 15), ("down", 9, 14), ("up", 9, 14))
"""A cycle repeats these, each some months long (assumption)."""


class Figure(NamedTuple):
    """A macro figure as published; `country` None is the whole area."""

    indicator: str
    value: float
    country: str | None


class Economy:
    """Levels by month of the run, fixed when built: -1 is a downturn, +1 an upswing."""

    def __init__(self, seed: int, months: int, path: Path) -> None:
        self._rng = rng = Random(f"{seed}/economy")
        self.level: list[float] = []
        self._swings: list[dict[str, float]] = []
        swing = {sector.code: 0.5 * bell(rng) for sector in SECTORS}
        level = LEVEL.get(path, 0.0)
        for target in targets(rng, months + 1, path):
            level += 0.4 * (target - level)
            swing = {code: 0.9 * was + 0.2 * bell(rng) for code, was in swing.items()}
            self.level.append(level)
            self._swings.append(swing)

    def pressure(self, month: int, sector: Sector) -> float:
        """How the economy weighs on a sector in a month of the run; negative is bad."""
        return sector.cyclical * self.level[month] + 0.3 * self._swings[month][sector.code]

    def figures(self, month: int) -> Iterator[Figure]:
        """What the statistical offices publish that month: noisy, and of the month before."""
        level, rng = self.level[max(month - 1, 0)], self._rng
        yield Figure("gdp_growth", round(0.012 + 0.025 * level + 0.003 * bell(rng), 4), None)
        yield Figure("unemployment", round(0.065 - 0.015 * level + 0.001 * bell(rng), 4), None)
        yield Figure("policy_rate", round(0.02 + 0.01 * level, 4), None)
        yield Figure("pmi", round(50.5 + 5.0 * level + 0.8 * bell(rng), 1), None)
        for country in COUNTRIES:
            yield Figure("gdp_growth", round(0.012 + 0.025 * level + 0.006 * bell(rng), 4), country)


def targets(rng: Random, months: int, path: Path) -> Iterator[float]:
    """The level that each month tends to."""
    if path != "cycle":
        yield from [LEVEL[path]] * months
        return
    done = 0
    while done < months:
        for phase, shortest, longest in PHASES:
            length = days_between(rng, shortest, longest)
            yield from [LEVEL[phase]] * min(length, max(months - done, 0))
            done += length
