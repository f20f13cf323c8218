"""Draws that are the same on any machine: Python's generator, and arithmetic that IEEE 754 fixes to the bit."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from math import exp
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")


def bell(rng: Random) -> float:
    """About standard normal, within 3 deviations: three uniform draws, because the sum needs no libm."""
    draw = rng.random
    return (draw() + draw() + draw() - 1.5) * 2.0


def between(rng: Random, low: float, high: float) -> float:
    """Uniform between two bounds."""
    return low + (high - low) * rng.random()


def days_between(rng: Random, low: int, high: int) -> int:
    """A whole number of days, both bounds included."""
    return low + int(rng.random() * (high - low + 1))


def skewed(rng: Random, median: float, spread: float) -> float:
    """About log-normal, rounded to whole units, so that the last bit of the platform's `exp` does not show."""
    return float(round(median * exp(spread * bell(rng))))


class Choice(Generic[T]):
    """One of several values by weight."""

    def __init__(self, weighted: Sequence[tuple[T, float]]) -> None:
        self._values = [value for value, _ in weighted]
        total = sum(weight for _, weight in weighted)
        self._bounds = list(accumulate(weight / total for _, weight in weighted))[:-1]

    def __call__(self, rng: Random) -> T:
        return self._values[bisect_right(self._bounds, rng.random())]
