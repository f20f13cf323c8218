"""Indicators that drawings, balances, limits and collateral move, and those of what is financed."""

from typing import Final

from agents.segmentation.indicators.rule import NAN, NO_BOUND, PAYING, Indicator, Kind, Measure, Seen
from agents.segmentation.tracking import covered_now
from schemas import log

COVERING: Final[tuple[Kind, ...]] = (*PAYING, log.CollateralValued)
MONTHS_BACK: Final = 3
ENOUGH_MONTHS: Final = 6
"""Of drawing before an average over a year says anything."""


def within_limits(seen: Seen) -> bool:
    """Of a client without a revolving line, within its limits for a year, that has given no collateral."""
    track = seen.client.track
    return track.level < 0 and not (track.excess or track.over or track.cover) and track.covered < 0


def utilisation(seen: Seen) -> float:
    """Drawn of revolving limits: a loan that was drawn at once and is then repaid stands at its limit by plan."""
    return max(0.0, seen.client.track.level)


def rise(seen: Seen) -> float:
    """Of the same over three months."""
    track = seen.client.track
    if track.level < 0 or len(track.used) <= MONTHS_BACK:
        return NAN
    return track.level - track.used[-1 - MONTHS_BACK] / 1000


def excess(seen: Seen) -> float:
    """Drawn above the limits of facilities, as a share of all limits. Source: SAMA."""
    return seen.client.track.over


def months_in_excess(seen: Seen) -> float:
    """Of the last twelve in which something was drawn or paid."""
    return seen.client.track.excess.bit_count()


def undrawn(seen: Seen) -> float:
    """Undrawn share of revolving limits: mean of three months over mean of a year. Source: SAMA."""
    used = seen.client.track.used
    if len(used) < ENOUGH_MONTHS:
        return NAN
    if seen.client.track.level < 0:
        return NO_BOUND
    year = 1000 - sum(used) / len(used)
    return (1000 - sum(used[-MONTHS_BACK:]) / MONTHS_BACK) / year if year > 0 else NAN


def coverage(seen: Seen) -> float:
    """Collateral after haircut over what is drawn; of a client that has given collateral. Source: EBA GL 2020/06."""
    return seen.client.track.covered if seen.client.track.covered >= 0 else NO_BOUND


def fall(seen: Seen) -> float:
    """Of the covered share below its best in a year; more than the whole is covered by nobody."""
    track = seen.client.track
    return (max(track.cover) - covered_now(track)) / 1000 if track.cover else 0.0


def drift(seen: Seen) -> float:
    """Payment ratio or utilisation has left the client's own normal, as of the last month that closed."""
    return seen.client.track.drift.score


def slippage(seen: Seen) -> float:
    """Planned less done, of the project that is furthest behind. Source: RBI."""
    return max((project.planned - project.actual for project in seen.client.projects), default=0.0)


def overrun(seen: Seen) -> float:
    """Cost above plan, of the project where it is worst; NaN if none tells its costs."""
    costs = [p.cost_actual / p.cost_planned - 1.0 for p in seen.client.projects if p.cost_planned > 0 and p.cost_actual >= 0]
    return max(costs) if costs else NAN if seen.client.projects else 0.0


INDICATORS: Final[tuple[Indicator, ...]] = (
    Indicator(
        "UTIL",
        PAYING,
        (
            Measure(utilisation, "{value:.0%} of revolving limits is drawn (from {threshold:.0%})", "fraction"),
            Measure(rise, "utilisation {value:+.0%} in three months (from {threshold:+.0%})", "fraction", name="rise"),
        ),
        within_limits,
    ),
    Indicator(
        "EXCESS",
        PAYING,
        (
            Measure(excess, "drawn {value:.1%} above the limit", "fraction"),
            Measure(
                months_in_excess,
                "above the limit in {value:.0f} of twelve months",
                "months",
                name="months",
            ),
        ),
        within_limits,
    ),
    Indicator(
        "UNDRAWN",
        PAYING,
        (Measure(undrawn, "undrawn share at {value:.0%} of its mean of a year (below {threshold:.0%})", "ratio", falling=True),),
        within_limits,
    ),
    Indicator(
        "COVERAGE",
        COVERING,
        (
            Measure(coverage, "collateral covers {value:.0%} of what is drawn (below {threshold:.0%})", "fraction", falling=True),
            Measure(fall, "the covered share fell by {value:.0%} within a year (from {threshold:.0%})", "fraction", name="fall"),
        ),
        within_limits,
    ),
    Indicator("DRIFT", (type(None),), (Measure(drift, "behaviour left its own normal: {value:.1f} times the bound", "ratio"),)),
    Indicator(
        "PROJECT",
        (log.MilestoneReported,),
        (
            Measure(slippage, "the project is {value:.0%} behind plan (from {threshold:.0%})", "fraction"),
            Measure(overrun, "cost {value:.0%} above plan (from {threshold:.0%})", "fraction", name="overrun"),
        ),
    ),
)
