"""What the partitions' tallies say of each portfolio: the ledger, the transition matrices, the liquidity."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from agents.segmentation import liquidity
from agents.segmenter import Segmenter
from online_models import ledger, transitions
from online_models.tallies import Tallies
from schemas.state import is_client, read_borrower

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
                liquidity.add(flows.setdefault(borrower.portfolio, {}), borrower, day, segmenter.policy.per_minor)
    return dict(sorted(flows.items()))
