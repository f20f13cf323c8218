"""How far a figure must go: the nearest value of a feature with other points, the nearest value at which a rule holds again.

A value is told as a person would say it: whole where the unit is, else with as few digits as keep it on its side of the bound.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable
from math import ceil, floor, inf, log10
from typing import Final, NamedTuple

from agents.segmentation.wording import is_counted
from online_models.features import FEATURES, Feature
from online_models.scorecard import Points, Scorecard

SIZES: Final = ("log_", "raw_")
"""Beginnings of features of size: they are what the client is, not what it does."""
ROUNDING: Final = 1.0 + 1e-9
"""A value is told no nearer than its edge, but for what doubles are rounded by."""
HALVINGS: Final = 16
"""Steps of a search between a value that holds and one that does not."""
DIGITS: Final = (2, 3, 4, 6, 9)
"""Behind the first one: so many are tried, until the value holds."""

Holds = Callable[[float], bool]


def changeable(feature: Feature) -> bool:
    """Whether a client can change the figure."""
    return not feature.is_fixed and not feature.name.startswith(SIZES)


def single(value: float) -> float:
    """A value as features are kept: in single precision."""
    return array("f", (value,))[0]


def nearest(
    table: Points, feature: Feature, value: float, low: float, high: float, within: float = inf
) -> tuple[float, float] | None:
    """How far the nearest value is whose points lie from `low` to `high`, in spreads, and the value itself.

    The spread is what lies between the outermost edges of the feature's bins: nearly all clients are between them. What is
    farther than `within` spreads need not be found.
    """
    edges = table.edges
    if value != value or not edges:
        return None
    spread = edges[-1] - edges[0] or max(abs(edges[0]), 1.0)
    farthest = within * spread * ROUNDING
    found: list[float | None] = []
    for above in (True, False):
        edge = _edge(table, value, above, low, high, farthest)
        if edge is not None and abs(edge - value) <= farthest:
            found.append(beyond(edge, above, is_counted(feature.unit), lambda v: low <= table.of(single(v)) <= high))
    return min(((abs(to - value) / spread, to) for to in found if to is not None), default=None)


class Turning(NamedTuple):
    """A figure that a client can change, and whose value moves the score."""

    i: int
    feature: Feature
    table: Points
    least: float
    """Points that it can have."""
    most: float


class Reach:
    """What the features of a scorecard could add; found when first asked for."""

    def __init__(self, card: Scorecard) -> None:
        self.tables = card.tables
        self._turning: tuple[Turning, ...] | None = None

    def turning(self) -> tuple[Turning, ...]:
        """The features that a client can change and that are not level, with what they could add."""
        if self._turning is None:
            self._turning = tuple(
                Turning(i, feature, table, *_span(table))
                for i, (feature, table) in enumerate(zip(FEATURES, self.tables, strict=True))
                if table.edges and changeable(feature)
            )
        return self._turning


def _span(table: Points) -> tuple[float, float]:
    edges, ends = table.edges, []
    for piece, level in enumerate(table.points):
        slope = _slope(table, piece)
        if not slope:
            ends.append(level)
            continue
        ends.append(level + slope * (edges[piece - 1] if piece else -inf))
        ends.append(level + slope * (edges[piece] if piece < len(edges) else inf))
    return min(ends), max(ends)


def _slope(table: Points, piece: int) -> float:
    """Of a piece of a table; one of steps alone has none."""
    return table.slopes[piece] if table.slopes else 0.0


def _edge(table: Points, value: float, above: bool, low: float, high: float, farthest: float) -> float | None:
    """Where on the way up or down from a value its points first come between the bounds; None if not within the farthest."""
    edges = table.edges
    here = bisect_right(edges, value)
    for piece in range(here, len(edges) + 1) if above else range(here, -1, -1):
        if piece != here and abs(edges[piece - 1 if above else piece] - value) > farthest:
            return None
        edge = _first(table, piece, value, above, low, high)
        if edge is not None:
            return edge
    return None


def _first(table: Points, piece: int, value: float, above: bool, low: float, high: float) -> float | None:
    """Where the points of a piece of a table come between the bounds, on the way up or down from a value; None if never."""
    edges, level = table.edges, table.points[piece]
    slope = _slope(table, piece)
    begin = edges[piece - 1] if piece else -inf
    end = edges[piece] if piece < len(edges) else inf
    if slope:
        ends = (low - level) / slope, (high - level) / slope
        begin, end = max(begin, min(ends)), min(end, max(ends))
    elif not low <= level <= high:
        return None
    begin, end = (max(begin, value), end) if above else (begin, min(end, value))
    if begin >= end:
        return None
    return begin if above else end


def beyond(edge: float, above: bool, whole: bool, holds: Holds) -> float | None:
    """A value from an edge on upwards, or below it; None if none of its kind holds."""
    if whole:
        count = float(ceil(edge)) if above else float(ceil(edge) - 1)
        return count if holds(count) else None
    if above and holds(edge):
        return edge
    scale = floor(log10(abs(edge))) if edge else 0
    for digits in DIGITS:
        step = 10.0 ** (scale - digits)
        said = round((floor(edge / step) + 1 if above else ceil(edge / step) - 1) * step, max(0, digits - scale))
        if holds(said):
            return said
    return None


def rounded(value: float, up: bool, holds: Holds) -> float:
    """A value that holds, rounded away from where it does not, with as few digits as hold."""
    scale = floor(log10(abs(value))) if value else 0
    for digits in DIGITS:
        step = 10.0 ** (scale - digits)
        said = round((ceil(value / step) if up else floor(value / step)) * step, max(0, digits - scale))
        if holds(said):
            return said
    return value


def window(here: float, low: float, high: float, holds: Holds) -> tuple[float, float] | None:
    """The values from `low` to `high` that hold, as far as they are one stretch that begins nearest to `here`.

    What holds is taken to be one stretch that reaches one of the ends: bounds of one variable are passed once.
    """
    for near, far in _sides(here, low, high):
        if near != here and holds(near):
            return _ordered(near, far if holds(far) else _between(near, far, holds))
        if holds(far):
            return _ordered(_between(far, near, holds), far)
    return None


def _sides(here: float, low: float, high: float) -> list[tuple[float, float]]:
    if here > high:
        return [(high, low)]
    return [(low, high)] if here < low else [(here, low), (here, high)]


def _between(good: float, bad: float, holds: Holds) -> float:
    """The last value that holds on the way from a good one to a bad one."""
    for _ in range(HALVINGS):
        middle = (good + bad) / 2.0
        if holds(middle):
            good = middle
        else:
            bad = middle
    return good


def _ordered(a: float, b: float) -> tuple[float, float]:
    return (a, b) if a <= b else (b, a)
