"""What one scorecard says more than another, of many examples at once: the difference of two additive models is additive."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from online_models.features import INDEX
from online_models.grids import Floats
from online_models.scorecard import lines_through
from schemas.learning import FeaturePoints

CHUNK: Final = 256
"""Examples at a time: bounds the memory of a comparison with all edges."""

Learned = tuple[float, Sequence[FeaturePoints]]
"""Intercept and points of an additive model."""


class Difference:
    """Points of `second` less those of `first`. Shapes: `edges` most edges x features, `base` and `slope` features x one more."""

    def __init__(self, kept: Mapping[str, Any]) -> None:
        self.kept = kept
        """As it is stored."""
        self.intercept = float(kept["intercept"])
        self.places = np.array(kept["places"], dtype=np.intp)
        features, width = len(self.places), int(kept["width"])
        self.base, self.slope = (_floats(kept[name]).reshape(features, width + 1) for name in ("base", "slope"))
        self.edges = _floats(kept["edges"]).reshape(width, features)
        self.missing = _floats(kept["missing"])
        self._starts = np.arange(features) * self.base.shape[1]

    @classmethod
    def of(cls, first: Learned, second: Learned) -> "Difference":
        """Of two models on the same features."""
        lows = [_lows(a, b) for a, b in zip(first[1], second[1], strict=True)]
        width = max((len(some) for some in lows), default=1) - 1
        edges = np.full((width, len(lows)), np.inf)
        base, slope = (np.zeros((len(lows), width + 1)) for _ in range(2))
        for i, (low, mine, theirs) in enumerate(zip(lows, first[1], second[1], strict=True)):
            edges[: len(low) - 1, i] = low[1:]
            (less, falls), (more, rises) = _pieces(mine, low), _pieces(theirs, low)
            base[i, : len(low)], slope[i, : len(low)] = more - less, rises - falls
        missing = np.array([theirs.missing - mine.missing for mine, theirs in zip(first[1], second[1], strict=True)])
        return cls({
            "intercept": second[0] - first[0],
            "width": width,
            "places": [INDEX[points.name] for points in first[1]],
            "edges": edges.tobytes(),
            "base": base.tobytes(),
            "slope": slope.tobytes(),
            "missing": missing.tobytes(),
        })  # fmt: skip

    def scores(self, xs: Floats) -> list[float]:
        """Logits. Shape of `xs`: examples x all features, NaN is missing. A row's score is the same to the bit in any company."""
        found: list[float] = []
        for start in range(0, len(xs), CHUNK):
            x = xs[start : start + CHUNK, self.places]
            known = x == x
            at = self._starts + reached(x, self.edges)
            clear = np.where(known, x, 0.0)
            points = np.where(known, self.base.take(at) + self.slope.take(at) * clear, self.missing)
            found += (np.add.reduce(points, axis=1) + self.intercept).tolist()
        return found


def reached(x: Floats, edges: Floats) -> npt.NDArray[np.uint8]:
    """How many edges of its feature each value has reached. Shapes: examples x features; most edges (255) x features."""
    counted: npt.NDArray[np.uint8] = np.add.reduce((x[:, None, :] >= edges).view(np.uint8), axis=1, dtype=np.uint8)
    return counted


def _lows(first: FeaturePoints, second: FeaturePoints) -> Floats:
    """Where the pieces of either begin, ascending."""
    return np.array([-np.inf, *sorted({*first.edges, *first.knots, *second.edges, *second.knots})])


def _pieces(points: FeaturePoints, lows: Floats) -> tuple[Floats, Floats]:
    """Height at 0 and slope of the pieces that begin at these places."""
    base = np.array(points.points)[np.searchsorted(points.edges, lows, side="right")]
    heights, slopes = (np.array(some) for some in lines_through(points.knots, points.levels))
    at = np.searchsorted(points.knots, lows, side="right") if points.knots else np.zeros(len(lows), dtype=np.intp)
    return base + heights[at], slopes[at]


def _floats(kept: bytes) -> Floats:
    return np.frombuffer(kept, dtype=np.float64)
