"""Indicators of where the client stands as a whole: its PD, its ratings, its group, the economy."""

from typing import Final

from agents.segmentation.indicators.rule import ANYTHING, NAN, Indicator, Kind, Measure, Seen
from agents.segmentation.rating_scale import notch_of
from schemas import log
from schemas.industries import section_of
from schemas.overlays import DOWN
from schemas.state import Graded

YEAR_DAYS: Final = 365


def pd_rise(seen: Seen) -> float:
    """PD over the one at the client's first decision. Source: IFRS 9 practice."""
    origin = seen.client.origin_pd
    return seen.client.pd / origin if origin > 0 else NAN


def pd_peer(seen: Seen) -> float:
    """PD over the trigger of its industry and country. Source: EDF-X."""
    client, rules = seen.client, seen.now.rules
    peers = rules.peers
    trigger = rules.prior_pd * peers.multiple
    if client.industry:
        trigger *= peers.industries.get(section_of(client.industry), 1.0)
    if client.country:
        trigger *= peers.countries.get(client.country, 1.0)
    return client.pd / trigger


def notches_down(seen: Seen) -> float:
    """Below the best grade of the same agency within a year, where that is worst. Source: EDF-X."""
    worst = 0
    best: dict[str, int] = {}
    for graded, until in _held(seen.client.ratings):
        notch = notch_of(graded.grade)
        if notch is None or (until and until <= seen.day - YEAR_DAYS):
            continue
        best[graded.agency] = min(notch, best.get(graded.agency, notch))
        if not until:
            worst = max(worst, notch - best[graded.agency])
    return worst


def _held(ratings: list[Graded]) -> list[tuple[Graded, int]]:
    """Each grade, oldest first, and the day on which the same agency's next one took its place; 0 of the last."""
    until: dict[str, int] = {}
    held = []
    for graded in reversed(ratings):
        held.append((graded, until.get(graded.agency, 0)))
        until[graded.agency] = graded.day
    return held[::-1]


def forgotten_days(ratings: list[Graded]) -> list[int]:
    """The days on which a better grade is more than a year ago."""
    return [until + YEAR_DAYS for _, until in _held(ratings) if until]


def group(seen: Seen) -> float:
    """The worst stage among the other members of the client's group; it stays what it was last heard to be."""
    ties = seen.client.ties
    return float(ties.worst) if ties is not None else NAN


def downturn(seen: Seen) -> float:
    """1 while the macro regime of the client's country and industry is down."""
    return 1.0 if seen.now.regime == DOWN else 0.0


HEARING: Final[tuple[Kind, ...]] = (log.GroupStanding, log.ProfileUpdated)
"""What moves the group: it tells, or the client leaves it."""


def pd(seen: Seen) -> float:
    """The probability of default; of a client in default nothing is left to foretell."""
    return NAN if seen.client.defaulted_day else seen.client.pd


INDICATORS: Final[tuple[Indicator, ...]] = (
    Indicator(
        "RATING",
        (log.RatingAssigned, type(None)),
        (Measure(notches_down, "rated {value:.0f} notches lower within a year (from {threshold:.0f})", "notches"),),
    ),
    Indicator("GROUP", HEARING, (Measure(group, "a client of the same group is in stage {value:.0f}", "stage"),)),
    Indicator("MACRO", ANYTHING, (Measure(downturn, "the economy of its country and industry is down", "regime"),)),
    Indicator(
        "PD-RISE", ANYTHING, (Measure(pd_rise, "PD is {value:.1f} times the one at origination (from {threshold:.0f})", "ratio"),)
    ),
    Indicator("PD", ANYTHING, (Measure(pd, "PD is {value:.1%} (alarms from {threshold:.1%})", "fraction"),)),
    Indicator(
        "PD-PEER",
        ANYTHING,
        (Measure(pd_peer, "PD is {value:.1f} times the trigger of its peers", "ratio"),),
    ),
)
