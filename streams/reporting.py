"""What the partitions' tallies say of each portfolio: the ledger, and the transition matrices."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from agents.segmenter import Segmenter
from online_models import ledger, transitions
from online_models.tallies import Tallies

Figures = Callable[[Tallies, int], dict[str, Any]]


def merged(segmenters: Iterable[Segmenter]) -> dict[str, Tallies]:
    """The tallies of all partitions, by portfolio."""
    whole: dict[str, Tallies] = {}
    for segmenter in segmenters:
        for portfolio, tallies in segmenter.tallies.items():
            whole.setdefault(portfolio, Tallies()).merge(tallies)
    return dict(sorted(whole.items()))


def tallied(segmenters: Iterable[Segmenter]) -> dict[str, dict[str, Any]]:
    """Ledger and transitions by portfolio, as of the last close; nothing before the first."""
    partitions = list(segmenters)
    as_of = max(segmenter.partition.closed_day for segmenter in partitions)
    if not as_of:
        return {"ledger": {}, "transitions": {}}
    whole = merged(partitions)
    day = str(date.fromordinal(as_of))
    kinds: dict[str, Figures] = {"ledger": ledger.figures, "transitions": transitions.figures}
    return {name: {p: {"as_of": day, **of(tallies, as_of)} for p, tallies in whole.items()} for name, of in kinds.items()}
