"""Treatment: what is done with a client, by its segment, and by its lifecycle, industry and size as far as the policy says so."""

from typing import Any, Final

from agents.segmentation.in_force import InForce
from agents.segmentation.valuation import Exposure
from schemas.decisions import Segment
from schemas.industries import section_of
from schemas.state import Appraisal, ClientState
from schemas.treatment_rules import SIZES, Adjustment

HEADCOUNTS: Final = (10, 50, 250)
REVENUES: Final = (2e6, 10e6, 50e6)
ASSETS: Final = (2e6, 10e6, 43e6)
"""Where micro, small and medium end; a year and in euro. Source: Commission Recommendation 2003/361/EC, annex, art. 2."""
UNKNOWN: Final = ""


def treatment_of(client: ClientState, segment: Segment, held: Exposure, kept: Appraisal, now: InForce) -> dict[str, Any]:
    """The segment's treatment with the adjustments that apply, and what it comes to for this client."""
    section, size = section_of(client.industry), size_of(client)
    asked = segment.segment, segment.lifecycle, section, size
    adjusted = now.adjusted.get(asked)
    if adjusted is None:
        adjusted = now.adjusted[asked] = _adjusted(segment, section, size, now)
    said = dict(adjusted)
    said["limit"] = round(target_limit(held, said["limit_action"], said["limit_factor"]))
    said["collateral_missing"] = round(max(0.0, said["collateral_ratio"] * held.drawn - kept.covered))
    return said


def _adjusted(segment: Segment, section: str, size: str, now: InForce) -> dict[str, Any]:
    """What holds for every client of a segment, lifecycle, section and size."""
    said = dict(now.treatments[segment.segment])
    for adjustment in now.rules.adjustments:
        if _applies(adjustment, segment, section, size):
            said.update((name, value) for name, value in adjustment.then.model_dump(mode="json").items() if value is not None)
    if size:
        said["size"] = size
    return said


def target_limit(held: Exposure, action: str, factor: float) -> float:
    """The limit that the treatment comes to: raised to the factor, or reduced to it, never below what is drawn."""
    granted = max(held.drawn, held.drawn * factor)
    if action == "raise":
        return max(held.limit, granted)
    if action == "reduce":
        return max(held.drawn, min(held.limit, granted))
    return held.drawn if action == "cancel undrawn" else max(held.limit, held.drawn)


def size_of(client: ClientState) -> str:
    """Micro, small, medium or large: by headcount, else by revenue or assets of the last statement, whichever is smaller."""
    if client.employees >= 0:
        return _class_of(client.employees, HEADCOUNTS)
    if not client.figures:
        return UNKNOWN
    last = client.figures[-1]
    revenue = last.revenue * 12.0 / last.months
    classes = [_class_of(last.total_assets, ASSETS)] if last.total_assets == last.total_assets else []
    if revenue == revenue:
        classes.append(_class_of(revenue, REVENUES))
    return min(classes, key=SIZES.index, default=UNKNOWN)


def _class_of(figure: float, ends: tuple[float, float, float]) -> str:
    return SIZES[sum(figure >= end for end in ends)]


def _applies(adjustment: Adjustment, segment: Segment, section: str, size: str) -> bool:
    asked = (
        (adjustment.segments, segment.segment),
        (adjustment.lifecycles, segment.lifecycle),
        (adjustment.industries, section),
        (adjustment.sizes, size),
    )
    return all(not names or is_now in names for names, is_now in asked)
