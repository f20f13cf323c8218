"""Tier changes: grade, value tier and stage against what they were; a change names its reasons."""

from datetime import date
from typing import NamedTuple

from agents.segmentation.grading import DEFAULTED, TIERS, grade_of, tier_of
from agents.segmentation.in_force import InForce
from agents.segmentation.lifecycle import lifecycle_of, segment_of
from agents.segmentation.place import Place
from agents.segmentation.reasons import remember, risk_reasons, value_reason
from agents.segmentation.valuation import Contribution
from online_models.features import UNKNOWN_STATEMENT, unpacked
from schemas.decisions import Segment, TierChange
from schemas.state import ClientState


class Scored(NamedTuple):
    """What a client was found to be. `logit` is of the probability of default."""

    behaviour_x: bytes
    logit: float
    parts: Contribution
    stage: int


def tier_change(client: ClientState, place: Place, now: InForce, scored: Scored) -> TierChange | None:
    """The change, if grade, tier or stage has moved; it is entered into the client's state."""
    was = client.segment
    was_grade, was_tier = (was.risk_grade, was.value_tier) if was is not None else (None, None)
    grade = DEFAULTED
    if not client.defaulted_day:
        grade = grade_of(client.pd, was_grade, place.day - client.graded_day, now.rules.grades)
    tier = tier_of(client.value, was_tier, place.day - client.tier_day, now)
    if was is not None and was.risk_grade == grade and was.value_tier == tier and was.stage == scored.stage:
        return None
    segment = Segment(tier, grade, scored.stage, lifecycle_of(client, place.day, now), segment_of(tier, grade, now))
    return _entered(client, place, now, scored, segment)


def _entered(client: ClientState, place: Place, now: InForce, scored: Scored, segment: Segment) -> TierChange:
    was = client.segment
    x = unpacked((client.statement_x or UNKNOWN_STATEMENT) + scored.behaviour_x)
    points = now.card.points(x)
    if was is None:
        client.decided_logit = now.card.intercept
    reasons = risk_reasons(client, x, points, scored.logit)
    if was is None or was.value_tier != segment.value_tier:
        client.tier_day = place.day
        reasons.append(value_reason(scored.parts, segment.value_tier))
    if was is None or was.risk_grade != segment.risk_grade:
        client.graded_day = place.day
    remember(client, points, scored.logit)
    client.segment = segment
    client.sequence += 1
    return TierChange(
        decision_id=place.decision_id("tc", 0),
        client_id=place.client_id,
        portfolio=client.portfolio,
        sequence=client.sequence,
        as_of=date.fromordinal(place.day),
        was=was,
        now=segment,
        direction=direction(was, segment),
        pd=client.pd,
        value=round(client.value, 2),
        reasons=reasons,
        counterfactual=None,
        treatment=now.treatments[segment.segment],
        evidence=place.evidence(now),
    )


def direction(was: Segment | None, now: Segment) -> str:
    """Up or down by value tier, then by risk; sideways where they disagree."""
    if was is None:
        return "first"
    value = TIERS.index(was.value_tier) - TIERS.index(now.value_tier)
    risk = _rank(was.risk_grade) - _rank(now.risk_grade) or was.stage - now.stage
    if value * risk < 0:
        return "sideways"
    return "up" if value + risk > 0 else "down"


def _rank(grade: str) -> int:
    return 10 if grade == DEFAULTED else int(grade)
