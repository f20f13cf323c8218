"""An additive scorecard: the logit is the intercept plus what each feature adds, by steps and lines of its value.

Source: Siddiqi, Credit Risk Scorecards (2006), ch. 6; here points are logits, unscaled.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property
from math import exp, log
from typing import Final, NamedTuple, TypeAlias

import msgspec

MAX_LOGIT: Final = 30.0
"""Beyond it a double cannot tell a probability from 0 or 1."""
EDGE: Final = 1e-9
"""How far `inside` keeps a probability off 0 and 1."""


class Points(NamedTuple):
    """Points of one feature: steps, and lines in them. Shapes: `edges` n ascending; `points`, `slopes` n + 1. Units: logits."""

    edges: tuple[float, ...]
    points: tuple[float, ...]
    missing: float = 0.0
    slopes: tuple[float, ...] = ()
    """Of the value; none: all level."""

    def of(self, value: float) -> float:
        """What this value adds."""
        if value != value:
            return self.missing
        i = bisect_right(self.edges, value)
        return self.points[i] + self.slopes[i] * value if self.slopes else self.points[i]

    @property
    def is_level(self) -> bool:
        """Whether it adds the same whatever the value, known or not."""
        return not self.edges and not self.slopes and self.points[0] == self.missing

    def piece(self, low: float) -> tuple[float, float]:
        """Height at 0 and slope of the piece that begins at or holds `low`."""
        i = bisect_right(self.edges, low)
        return self.points[i], self.slopes[i] if self.slopes else 0.0


NOTHING: Final = Points((), (0.0,), 0.0)

Terms: TypeAlias = tuple[tuple[int, tuple[float, ...], tuple[float, ...], float, tuple[float, ...]], ...]
"""What a logit is the sum of: of each feature its place and the fields of its `Points`, all plain tuples."""


def terms(tables: Iterable[Points]) -> Terms:
    """Of a group of features; those that add nothing whatever their value are left out, which moves no bit of the sum."""
    return tuple((i, *table) for i, table in enumerate(tables) if any(table.points) or table.missing or table.slopes)


class Scorecard(msgspec.Struct, frozen=True, dict=True):
    """Points of every feature, in the order of `online_models.features.NAMES`."""

    version: str
    intercept: float
    statement: tuple[Points, ...]
    behaviour: tuple[Points, ...]
    standing: tuple[Points, ...]
    expert_weight: float = 1.0
    """Of the expert in the mix: as far as that, the policy's own points beside the scorecard count as well."""
    medians: tuple[float | None, ...] = ()
    """Of each feature among the portfolio's clients; none before a model was learned."""

    def median(self, i: int) -> float | None:
        """Of feature `i`; None if it is not known."""
        return self.medians[i] if self.medians else None

    @cached_property
    def tables(self) -> tuple[Points, ...]:
        """Of all features."""
        return (*self.statement, *self.behaviour, *self.standing)

    @cached_property
    def statement_terms(self) -> Terms:
        """What a statement may move."""
        return terms(self.statement)

    @cached_property
    def behaviour_terms(self) -> Terms:
        """What a payment may move."""
        return terms(self.behaviour)

    @cached_property
    def standing_terms(self) -> tuple[tuple[Terms, float], ...]:
        """By how many features of standing are known (the path lengthens by months): their terms, and what the others add."""
        tables = self.standing
        counts = range(len(tables) + 1)
        return tuple((terms(tables[:known]), sum([points.missing for points in tables[known:]])) for known in counts)

    @cached_property
    def adding(self) -> "Adding":
        """Its points, ready to be asked often."""
        return Adding(self.tables)

    def points(self, x: Sequence[float]) -> list[float]:
        """What each feature adds. Shape: as `x`. Their sum and the intercept are the logit."""
        return self.adding.points(x)

    def of(self, i: int, value: float) -> float:
        """What feature `i` adds at a value."""
        return self.tables[i].of(value)


class Adding:
    """What each feature of a scorecard adds, made ready to be asked often: most features add the same at every value."""

    def __init__(self, tables: Sequence[Points]) -> None:
        self._level = [table.missing for table in tables]
        self._others = [(i, *table) for i, table in enumerate(tables) if not table.is_level]

    def points(self, x: Sequence[float]) -> list[float]:
        """What each feature adds. Shape: as `x`."""
        found = self._level.copy()
        for i, edges, points, missing, slopes in self._others:
            value = x[i]
            if value != value:
                found[i] = missing
            elif slopes:
                piece = bisect_right(edges, value)
                found[i] = points[piece] + slopes[piece] * value
            else:
                found[i] = points[bisect_right(edges, value)]
        return found


def partial_logit(of: Terms, x: Sequence[float]) -> float:
    """The sum of the points of one group of features."""
    total = 0.0
    for place, edges, points, missing, slopes in of:
        value = x[place]
        if value != value:
            total += missing
        elif slopes:
            i = bisect_right(edges, value)
            total += points[i] + slopes[i] * value
        else:
            total += points[bisect_right(edges, value)]
    return total


def mixed(a: Points, weight_a: float, b: Points, weight_b: float) -> Points:
    """One table that adds what `weight_a` of one and `weight_b` of the other add."""
    edges = tuple(sorted({*a.edges, *b.edges}))
    pieces = [(a.piece(low), b.piece(low)) for low in (float("-inf"), *edges)]
    return Points(
        edges,
        tuple(weight_a * mine[0] + weight_b * theirs[0] for mine, theirs in pieces),
        weight_a * a.missing + weight_b * b.missing,
        tuple(weight_a * mine[1] + weight_b * theirs[1] for mine, theirs in pieces) if a.slopes or b.slopes else (),
    )


def steps_and_curve(
    edges: Sequence[float], points: Sequence[float], missing: float, knots: Sequence[float], levels: Sequence[float]
) -> Points:
    """One table of a step function and a curve through knots."""
    if not knots:
        return Points(tuple(edges), tuple(points), missing)
    base, slope = lines_through(knots, levels)
    return mixed(Points(tuple(edges), tuple(points), missing), 1.0, Points(tuple(knots), tuple(base), 0.0, tuple(slope)), 1.0)


def lines_through(knots: Sequence[float], levels: Sequence[float]) -> tuple[list[float], list[float]]:
    """Height at 0 and slope of each piece of a curve through knots, level beyond them: n + 1 pieces of n knots."""
    if not knots:
        return [0.0], [0.0]
    base, slope = [levels[0]], [0.0]
    for i in range(len(knots) - 1):
        rise = (levels[i + 1] - levels[i]) / (knots[i + 1] - knots[i])
        base.append(levels[i] - rise * knots[i])
        slope.append(rise)
    return [*base, levels[-1]], [*slope, 0.0]


def sigmoid(logit: float) -> float:
    """The probability of a logit."""
    return 1.0 / (1.0 + exp(-max(-MAX_LOGIT, min(MAX_LOGIT, logit))))


def logit(probability: float) -> float:
    """The logit of a probability strictly between 0 and 1."""
    return log(probability / (1.0 - probability))


def inside(probability: float) -> float:
    """The probability, kept off 0 and 1, whose logits have no end."""
    return min(1.0 - EDGE, max(EDGE, probability))
