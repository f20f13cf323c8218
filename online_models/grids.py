"""Where an example falls: quantile bins and quantile knots of every feature, drawn once from the warm-up."""

from collections.abc import Sequence
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

from online_models.scorecard import lines_through

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]

TAILS: Final = (0.01, 0.03, 0.07, 0.15, 0.3, 0.5, 0.7, 0.85, 0.93, 0.97, 0.99)
"""Quantiles that are close where the few defaults are: in the tails."""
WHOLE: Final = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
"""Counts with a bin of their own; behaviour looks back six months."""
KNOTS: Final = 17
"""Quantiles between which the normal score is interpolated."""


def even(bins: int) -> tuple[float, ...]:
    """The quantiles that make `bins` bins of about as many values."""
    return tuple(i / bins for i in range(1, bins))


def quantile_edges(values: Sequence[float], quantiles: Sequence[float]) -> tuple[float, ...]:
    """The values at these quantiles, ascending; fewer where values repeat, none without values."""
    ordered = sorted(values)
    return tuple(sorted({ordered[min(len(ordered) - 1, int(len(ordered) * q))] for q in quantiles})) if ordered else ()


def with_whole(edges: Sequence[float]) -> tuple[float, ...]:
    """The edges, and one at each whole number of `WHOLE`: what is counted may rise beyond what the warm-up has seen."""
    return tuple(sorted({*edges, *WHOLE}))


def normal_scores(values: Sequence[float], knots: int = KNOTS) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Knots of a feature and the normal score of each one's rank; values that repeat share their mean rank."""
    if not values:
        return (), ()
    ordered = sorted(values)
    ranks: dict[float, list[float]] = {}
    for i in range(knots):
        at = ordered[min(len(ordered) - 1, round(i * (len(ordered) - 1) / (knots - 1)))]
        ranks.setdefault(at, []).append((i + 0.5) / knots)
    normal = NormalDist()
    return tuple(ranks), tuple(normal.inv_cdf(sum(r) / len(r)) for r in ranks.values())


class Bins:
    """One-hot places of an example: each feature has its bins and one more for missing, side by side.

    Shapes: `edges` features x most edges, ascending, filled up with infinity.
    """

    def __init__(self, edges: Sequence[Sequence[float]]) -> None:
        width = max((len(e) for e in edges), default=0)
        self.given = tuple(tuple(e) for e in edges)
        self.edges = np.full((len(edges), width), np.inf)
        for row, some in zip(self.edges, edges, strict=True):
            row[: len(some)] = some
        self._columns = np.ascontiguousarray(self.edges.T)
        counts = [len(e) + 2 for e in edges]
        self.starts: Places = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.intp) if counts else np.zeros(0, np.intp)
        self.missing: Places = self.starts + np.array([n - 1 for n in counts], dtype=np.intp)
        self.size = sum(counts)

    def places(self, x: Floats, known: npt.NDArray[np.bool_]) -> Places:
        """Where in the weights each feature's bin is. A bin holds values from its edge on."""
        return np.where(known, self.starts + _reached(self._columns, x), self.missing)


class Curves:
    """Normal scores of an example, interpolated between knots, level beyond them; 0 where missing."""

    def __init__(self, curves: Sequence[tuple[Sequence[float], Sequence[float]]]) -> None:
        width = max((len(knots) for knots, _ in curves), default=0)
        self.given = tuple((tuple(knots), tuple(levels)) for knots, levels in curves)
        self.knots = np.full((len(curves), width), np.inf)
        self.base = np.zeros((len(curves), width + 1))
        self.slope = np.zeros((len(curves), width + 1))
        for i, (knots, levels) in enumerate(curves):
            self.knots[i, : len(knots)] = knots
            base, slope = lines_through(knots, levels)
            self.base[i, : len(base)], self.slope[i, : len(slope)] = base, slope
        self._columns = np.ascontiguousarray(self.knots.T)
        self._starts = np.arange(len(curves)) * (width + 1)

    def scores(self, x: Floats, known: npt.NDArray[np.bool_]) -> Floats:
        at = self._starts + _reached(self._columns, x)
        clear = np.where(known, x, 0.0)
        return np.where(known, self.base.take(at) + self.slope.take(at) * clear, 0.0)


def _reached(columns: Floats, x: Floats) -> npt.NDArray[np.uint8]:
    """How many edges of each feature its value has reached. Shape: `columns` most edges (at most 255) x features."""
    reached: npt.NDArray[np.uint8] = np.add.reduce((columns <= x).view(np.uint8), axis=0, dtype=np.uint8)
    return reached
