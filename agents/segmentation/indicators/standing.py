"""Indicators of where the client stands as a whole: its probability of default, its group."""

from typing import Final

from agents.segmentation.indicators.rule import ANYTHING, NAN, Indicator, Kind, Measure, Seen
from schemas import log


def pd_rise(seen: Seen) -> float:
    """PD over the one at the client's first decision. Source: IFRS 9 practice."""
    origin = seen.client.origin_pd
    return seen.client.pd / origin if origin > 0 else NAN


def group(seen: Seen) -> float:
    """The worst stage among the other members of the client's group; it stays what it was last heard to be."""
    ties = seen.client.ties
    return float(ties.worst) if ties is not None else NAN


HEARING: Final[tuple[Kind, ...]] = (log.GroupStanding, log.ProfileUpdated)
"""What moves the group: it tells, or the client leaves it."""

def pd(seen: Seen) -> float:
    """The probability of default; of a client in default nothing is left to foretell."""
    return NAN if seen.client.defaulted_day else seen.client.pd


INDICATORS: Final = (
    Indicator("GROUP", HEARING, (Measure(group, "a client of the same group is in stage {value:.0f}", "stage"),)),
    Indicator(
        "PD-RISE", ANYTHING, (Measure(pd_rise, "PD is {value:.1f} times the one at origination (from {threshold:.0f})", "ratio"),)
    ),
    Indicator("PD", ANYTHING, (Measure(pd, "PD is {value:.1%} (alarms from {threshold:.1%})", "fraction"),)),
)
