"""What the partitions say of each portfolio: ledger, transition matrices, liquidity, value curve, limits."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from agents.segmentation import limits, liquidity
from agents.segmenter import Segmenter
from online_models import cutoffs, ledger, transitions
from online_models.tallies import Tallies
from schemas.learning import SegmentLimits
from schemas.state import is_client, read_borrower

Figures = Callable[[Tallies, int], dict[str, Any]]


def merged(segmenters: Iterable[Segmenter]) -> dict[str, Tallies]:
    """The tallies of all partitions, by portfolio."""
    whole: dict[str, Tallies] = {}
    for segmenter in segmenters:
        for portfolio, tallies in segmenter.sums.tallies.items():
            whole.setdefault(portfolio, Tallies()).merge(tallies)
    return dict(sorted(whole.items()))


def tallied(segmenters: Iterable[Segmenter]) -> dict[str, dict[str, Any]]:
    """Ledger and transitions by portfolio, as of the last close; nothing before the first."""
    partitions = list(segmenters)
    as_of = max(segmenter.partition.closed_day for segmenter in partitions)
    if not as_of:
        return {"ledger": {}, "transitions": {}, "liquidity": {}}
    whole = merged(partitions)
    day = str(date.fromordinal(as_of))
    flows = {name: found for name, found in liquid(partitions, as_of).items() if found}
    kinds: dict[str, Figures] = {"ledger": ledger.figures, "transitions": transitions.figures}
    told = {name: {p: {"as_of": day, **of(tallies, as_of)} for p, tallies in whole.items()} for name, of in kinds.items()}
    return {**told, "liquidity": {p: {"as_of": day, "currencies": liquidity.figures(found)} for p, found in flows.items()}}


def liquid(segmenters: Iterable[Segmenter], day: int) -> dict[str, liquidity.Flows]:
    """What the borrowers of each portfolio are expected to pay and to draw after a day."""
    flows: dict[str, liquidity.Flows] = {}
    for segmenter in segmenters:
        for key, value in segmenter.states.items():
            if is_client(key):
                borrower = read_borrower(value)
                liquidity.add(flows.setdefault(borrower.portfolio, {}), borrower, day, segmenter.resolver.policy.per_minor)
    return dict(sorted(flows.items()))


def spread(segmenters: Iterable[Segmenter]) -> dict[str, dict[str, Any]]:
    """The value curve and the limits by segment of each portfolio, as they stand."""
    partitions = [segmenter.sums for segmenter in segmenters]
    valued = {name for sums in partitions for name, bins in sums.histograms.items() if any(bins.values())}
    curves = {
        name: cutoffs.value_curve(cutoffs.merged(s.histograms[name].items() for s in partitions if name in s.histograms))
        for name in sorted(valued)
    }
    lent = sorted({name for sums in partitions for name in sums.limits.portfolios})
    by_segment = {name: limits.merged(sums.limits.of(name) for sums in partitions) for name in lent}
    return {
        "value_curve": curves,
        "limits": {name: {one.segment: _figures(one) for one in told} for name, told in by_segment.items()},
    }


def _figures(told: SegmentLimits) -> dict[str, int]:
    return {name: getattr(told, name) for name in limits.SUMMED}
