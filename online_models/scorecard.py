"""An additive scorecard: the logit is the intercept plus the points of each feature's bin.

Source: Siddiqi, Credit Risk Scorecards (2006), ch. 6; here points are logits, unscaled.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from math import exp, log
from typing import Final, NamedTuple

MAX_LOGIT: Final = 30.0
"""Beyond it a double cannot tell a probability from 0 or 1."""


class Points(NamedTuple):
    """Points of one feature. Shapes: `edges` n ascending, `points` n + 1. Units: logits."""

    edges: tuple[float, ...]
    points: tuple[float, ...]
    missing: float = 0.0

    def of(self, value: float) -> float:
        return self.points[bisect_right(self.edges, value)] if value == value else self.missing


NOTHING: Final = Points((), (0.0,), 0.0)


class Scorecard(NamedTuple):
    """Points of every feature, in the order of `online_models.features.NAMES`."""

    version: str
    intercept: float
    statement: tuple[Points, ...]
    behaviour: tuple[Points, ...]
    expert_weight: float = 1.0
    """Of the expert in the mix: as far as that, the policy's own points beside the scorecard count as well."""

    def points(self, x: Sequence[float]) -> list[float]:
        """What each feature adds. Shape: as `x`. Their sum and the intercept are the logit."""
        return [card.of(value) for card, value in zip((*self.statement, *self.behaviour), x, strict=True)]


def partial_logit(cards: Iterable[Points], x: Iterable[float]) -> float:
    """The sum of the points of one group of features."""
    total = 0.0
    for (edges, points, missing), value in zip(cards, x, strict=True):
        total += points[bisect_right(edges, value)] if value == value else missing
    return total


def mixed(a: Points, weight_a: float, b: Points, weight_b: float) -> Points:
    """One table that adds what `weight_a` of one and `weight_b` of the other add."""
    edges = tuple(sorted({*a.edges, *b.edges}))
    lows = (float("-inf"), *edges)
    return Points(
        edges,
        tuple(weight_a * a.of(low) + weight_b * b.of(low) for low in lows),
        weight_a * a.missing + weight_b * b.missing,
    )


def sigmoid(logit: float) -> float:
    """The probability of a logit."""
    return 1.0 / (1.0 + exp(-max(-MAX_LOGIT, min(MAX_LOGIT, logit))))


def logit(probability: float) -> float:
    """The logit of a probability strictly between 0 and 1."""
    return log(probability / (1.0 - probability))
