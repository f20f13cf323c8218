"""How examples are spread over the bins of every feature, and how far one spread is from another.

Source: population stability index, Siddiqi, Credit Risk Scorecards (2006), ch. 9.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from online_models.differences import CHUNK, reached
from online_models.features import TIMED
from online_models.grids import Bins, Floats, even, quantile_edges

DECILES: Final = even(10)
HALF: Final = 0.5
"""Added to each count, so that an empty bin is no infinite shift."""

Counts = npt.NDArray[np.int64]


class FeatureSpread:
    """The bins of the features that were known when they were drawn: deciles, and one for missing."""

    def __init__(self, places: Sequence[int], edges: Sequence[Sequence[float]]) -> None:
        self.places = list(places)
        self.bins = Bins(edges)
        self._columns = np.array(self.places, dtype=np.intp)
        self._edges = np.ascontiguousarray(self.bins.edges.T)
        self._widths = (self.bins.missing - self.bins.starts + 1).astype(np.float64)

    @classmethod
    def drawn(cls, xs: Sequence[Sequence[float | None]]) -> "FeatureSpread":
        """The deciles of these examples."""
        columns = [[value for value in column if value is not None] for column in zip(*xs, strict=True)]
        places = [place for place, values in enumerate(columns) if values and place not in TIMED]
        return cls(places, [quantile_edges(columns[place], DECILES) for place in places])

    def counted(self, xs: Floats) -> Counts:
        """Examples in each bin, feature by feature. Shape of `xs`: examples x all features, NaN is missing."""
        counts = np.zeros(self.bins.size, dtype=np.int64)
        for start in range(0, len(xs), CHUNK):
            x = xs[start : start + CHUNK, self._columns]
            at = np.where(x == x, self.bins.starts + reached(x, self._edges), self.bins.missing)
            counts += np.bincount(at.ravel(), minlength=self.bins.size)
        return counts

    def stability(self, now: Counts, reference: Counts) -> dict[int, float]:
        """The population stability index of each feature, by its place."""
        starts = self.bins.starts
        share, was = (self._shares(counts) for counts in (now, reference))
        terms = (share - was) * np.log(share / was)
        return dict(zip(self.places, np.add.reduceat(terms, starts).tolist(), strict=True)) if len(starts) else {}

    def dump(self) -> dict[str, Any]:
        """All of it."""
        return {"places": self.places, "edges": self.bins.given}

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "FeatureSpread":
        """The bins that `dump` described."""
        return cls(dumped["places"], dumped["edges"])

    def _shares(self, counts: Counts) -> Floats:
        wholes = np.add.reduceat(counts, self.bins.starts) + HALF * self._widths
        shares: Floats = (counts + HALF) / np.repeat(wholes, self._widths.astype(np.intp))
        return shares


def summed(counts: Iterable[Counts], size: int) -> Counts:
    """All of them together."""
    whole = np.zeros(size, dtype=np.int64)
    for some in counts:
        whole += some
    return whole


def packed(counts: Counts) -> bytes:
    """As they are stored."""
    return counts.astype(np.int32).tobytes()


def unpacked(kept: bytes) -> Counts:
    """As `packed` had them."""
    return np.frombuffer(kept, dtype=np.int32).astype(np.int64)
