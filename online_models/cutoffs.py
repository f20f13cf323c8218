"""Population cut-offs of value: an exact log-bin histogram per partition, merged, and the bounds its quantiles give."""

from collections.abc import Iterable, Sequence
from math import expm1, log1p
from typing import Final

BINS_PER_E: Final = 50
"""Bins for a factor e in value: a bin is about 2 % wide."""


def bin_of(value: float) -> int:
    """The bin that a value falls into; negative values have negative bins. Units: of the reporting currency, a year."""
    magnitude = int(log1p(abs(value)) * BINS_PER_E)
    return magnitude if value >= 0 else -magnitude - 1


def lower_bound(number: int) -> float:
    """The least value that falls into a bin."""
    return expm1(number / BINS_PER_E) if number >= 0 else -expm1(-number / BINS_PER_E)


def merged(histograms: Iterable[Iterable[tuple[int, int]]]) -> dict[int, int]:
    """All clients by bin."""
    total: dict[int, int] = {}
    for histogram in histograms:
        for number, clients in histogram:
            total[number] = total.get(number, 0) + clients
    return total


def quantile_bounds(histogram: dict[int, int], shares: Sequence[float]) -> tuple[float, ...]:
    """For each share the lower bound of the bin in which the best-valued `share` of the clients ends."""
    clients = sum(histogram.values())
    bounds, seen, wanted = [], 0, list(shares)
    for number in sorted(histogram, reverse=True):
        seen += histogram[number]
        while wanted and seen >= wanted[0] * clients:
            bounds.append(lower_bound(number))
            wanted.pop(0)
    return tuple(bounds)
