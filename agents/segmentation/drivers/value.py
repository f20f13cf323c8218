"""What a value tier hangs on beside the score: what is drawn, at which margin, against which collateral."""

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from agents.segmentation.drivers.case import Case, Undo, has_tier_if
from agents.segmentation.undoing import rounded, window
from agents.segmentation.valuation import Exposure
from agents.segmentation.wording import amount, figure
from schemas.state import Appraisal

HIGHEST_MARGIN: Final = 0.5
MOST_DRAWN: Final = 10.0
"""Times what is drawn: no drawing beyond it is thought of."""


def by_value(case: Case) -> Iterator[Undo]:
    """What is drawn, at which margin, against which collateral."""
    held, kept = case.held, case.kept
    if held.drawn <= 0:
        return
    rate, ead = held.margin / held.drawn, held.drawn + case.now.rules.value.credit_conversion * held.undrawn

    lgd = kept.covered_lgd if kept.covered > 0 else case.now.rules.value.kind("").lgd

    def drawn(amount: float) -> tuple[Exposure, Appraisal]:
        return Exposure(amount, max(0.0, held.limit - amount), rate * amount, held.limit), kept

    def margin(share: float) -> tuple[Exposure, Appraisal]:
        return Exposure(held.drawn, held.undrawn, share * held.drawn, held.limit), kept

    def collateral(worth: float) -> tuple[Exposure, Appraisal]:
        return held, msgspec.structs.replace(kept, covered=worth, covered_lgd=lgd)

    yield from _solved(case, "drawn", held.drawn, max(held.limit, MOST_DRAWN * held.drawn), held.drawn, drawn)
    yield from _solved(case, "margin", rate, HIGHEST_MARGIN, rate, margin)
    yield from _solved(case, "collateral", kept.covered, ead, ead, collateral)


_UNITS: Final = {"drawn": "reporting currency", "margin": "fraction a year", "collateral": "reporting currency, after haircut"}
_TEXTS: Final = {
    "drawn": "if {} were drawn instead of {}",
    "margin": "if the margin were {} instead of {}",
    "collateral": "if collateral were worth {} after haircut instead of {}",
}


def _solved(
    case: Case, driver: str, was: float, most: float, share_of: float, what_if: Callable[[float], tuple[Exposure, Appraisal]]
) -> Iterator[Undo]:
    """The value of a driver, from 0 to the most, at which the value tier is the one before."""

    def undone(value: float) -> bool:
        return has_tier_if(case, *what_if(value), case.client.pd)

    found = window(was, 0.0, max(most, was), undone)
    if found is None or share_of <= 0:
        return
    low, high = found
    to = (
        rounded(low, True, lambda value: value <= high and undone(value))
        if low > was
        else rounded(high, False, lambda value: value >= low and undone(value))
    )
    if undone(to):
        said = (figure(v, "fraction a year") if driver == "margin" else amount(v) for v in (to, was))
        yield Undo(abs(to - was) / share_of, driver, _UNITS[driver], was, to, _TEXTS[driver].format(*said))
