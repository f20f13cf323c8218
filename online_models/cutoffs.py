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


CURVE_SHARES: Final = (0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
"""Shares of the clients, the best-valued first, at which the curve of value is told."""


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


def value_curve(histogram: dict[int, int], shares: Sequence[float] = CURVE_SHARES) -> tuple[tuple[float, float], ...]:
    """Which share of all value the best-valued `share` of the clients bring (the 80/20 curve); a bin counts at its middle.

    What clients cost is no value: negative contributions count 0. Empty where nobody brings anything.
    """
    clients = sum(histogram.values())
    total = sum(_middle(number) * count for number, count in histogram.items())
    if total <= 0:
        return ()
    curve, seen, brought, wanted = [], 0, 0.0, list(shares)
    for number in sorted((number for number in histogram if histogram[number]), reverse=True):
        while wanted and wanted[0] * clients <= seen + histogram[number]:
            share = wanted.pop(0)
            curve.append((share, round((brought + (share * clients - seen) * _middle(number)) / total, 4)))
        seen += histogram[number]
        brought += histogram[number] * _middle(number)
    return tuple(curve)


def _middle(number: int) -> float:
    return (lower_bound(number) + lower_bound(number + 1)) / 2 if number >= 0 else 0.0
