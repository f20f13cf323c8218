"""Features of standing: ratings, collateral, industry, economy, group and relationship; and the path. No payment moves them.

They are made with the appraisal: anew when a fact, a month, the policy or the economy has moved it. Ages count whole months of
the client's own time, so they move with its months.
"""

from collections.abc import Sequence
from math import isnan
from typing import Final

from agents.segmentation.folding import month_number
from agents.segmentation.groups import IN_DEFAULT
from agents.segmentation.in_force import InForce
from agents.segmentation.rating_scale import notch_of
from agents.segmentation.ratings import worst_class
from online_models.features import NAN, STANDING, packed, unpacked
from online_models.scorecard import Scorecard, partial_logit
from schemas.industries import section_of
from schemas.overlays import DOWN, NEUTRAL, UP
from schemas.risk_rules import RATING_CLASSES
from schemas.state import ClientState, Graded

YEAR_DAYS: Final = 365
UNTOLD: Final = packed((NAN,) * len(STANDING))
"""Of a client of whom nobody has told anything."""
REGIMES: Final = {DOWN: -1.0, NEUTRAL: 0.0, UP: 1.0}


def standing_x(client: ClientState, covered: float, now: InForce, before: bytes) -> bytes:
    """The features, packed, in the order of `features.STANDING` and `PATH`; those that nobody can know at the end are left off.

    `covered`: collateral after haircut, in units of the reporting currency; `before`: the path, packed.
    """
    is_told = client.ratings or client.collateral or client.industry or client.group_id or client.relationship_day
    if not is_told and now.macro_signal is None:
        return UNTOLD + before if before else b""
    told = (
        max(feature.low, min(feature.high, value)) if value == value else NAN
        for feature, value in zip(STANDING, _features(client, covered, now), strict=True)
    )
    return packed(tuple(told)) + before


def path_of(standing: bytes) -> bytes:
    """The path, packed, of what `standing_x` has packed."""
    return standing[len(UNTOLD) :]


def standing_logit(x: bytes, card: Scorecard) -> float:
    """What they add to the logit; also of fewer features, as an earlier release kept them."""
    values = unpacked(x)
    known, others = card.standing_terms[len(values)]
    return partial_logit(known, values) + others


def _features(client: ClientState, covered: float, now: InForce) -> tuple[float, ...]:
    section, rated = section_of(client.industry), worst_class(client.ratings)
    cover = _cover(client, covered) if client.collateral else NAN
    return (
        float(RATING_CLASSES.index(rated)) if rated else NAN,
        _notches(client.ratings, client.last_day),
        _months(client.ratings[-1].day, client.last_day) if client.ratings else NAN,
        cover,
        _change_of_cover(cover, client.track.cover),
        now.rules.peers.industries.get(section, 1.0) if section else NAN,
        NAN if now.macro_signal is None else REGIMES[now.regime],
        NAN if now.macro_signal is None else now.macro_signal,
        _group_default(client),
        _months(client.relationship_day, client.last_day) / 12.0 if client.relationship_day else NAN,
    )


def _months(since: int, day: int) -> float:
    return float(max(0, month_number(day) - month_number(since)))


def _notches(ratings: Sequence[Graded], day: int) -> float:
    """By how many notches the agency that has moved furthest down rates it lower than a year ago; rises are negative.

    A year ago: by the last rating from before it, else by the first. NaN without a grade that is on a scale.
    """
    spans: dict[str, tuple[int, int]] = {}
    for rated in ratings:
        notch = notch_of(rated.grade)
        if notch is not None:
            is_old = rated.day <= day - YEAR_DAYS or rated.agency not in spans
            spans[rated.agency] = (notch if is_old else spans[rated.agency][0], notch)
    return float(max((now - was for was, now in spans.values()), default=NAN))


def _cover(client: ClientState, covered: float) -> float:
    """Over the balance at the end of the month before and what was drawn since; in the first month over the limits.

    Thus a payment does not move it before its month has ended. NaN where nothing was drawn.
    """
    months, exposure = client.months, 0
    if months:
        exposure = months[-2].balance + months[-1].drawn if len(months) > 1 else months[-1].limit
    return 100.0 * covered / exposure if exposure > 0 else NAN


def _change_of_cover(cover: float, before: Sequence[int]) -> float:
    """Of the covered share, at most the whole, against the oldest month of twelve; NaN in the first month."""
    return min(1.0, cover) - before[0] / 1000.0 if len(before) > 1 and not isnan(cover) else NAN


def _group_default(client: ClientState) -> float:
    """Whether another client of its group is in default. Never the group's stage 2: that follows from PDs, and would go round."""
    if not client.group_id:
        return NAN
    return 1.0 if client.ties is not None and client.ties.worst == IN_DEFAULT else 0.0
