"""Tier changes: grade, value tier and stage against what they were; a change names its reasons."""

from collections.abc import Sequence
from datetime import date
from typing import Final

import msgspec

from agents.segmentation.counterfactual import counterfactual
from agents.segmentation.defaulting import Arrears
from agents.segmentation.drivers.case import Case
from agents.segmentation.grading import DEFAULTED, TIERS, grade_of, migration_of, tier_of
from agents.segmentation.in_force import InForce
from agents.segmentation.lifecycle import lifecycle_of, segment_of
from agents.segmentation.place import Place
from agents.segmentation.reasons import beside, remember, risk_reasons, value_reasons
from agents.segmentation.staging import stage_of
from agents.segmentation.treatment import treatment_of
from agents.segmentation.valuation import Contribution, Exposure, yearly
from online_models.features import UNKNOWN_STATEMENT, whole
from schemas.decisions import Counterfactual, Reason, Segment, TierChange
from schemas.state import Appraisal, ClientState

FIRST: Final = Counterfactual(False, why="the client's first decision: there is nothing to go back to")


class Scored(msgspec.Struct, frozen=True, gc=False):
    """What a client was found to be, beside what its state says."""

    behaviour_x: bytes
    held: Exposure
    kept: Appraisal
    parts: Contribution
    owed: Arrears
    by_payment: bool
    """Whether nothing but a payment has led to it."""


def tier_change(client: ClientState, place: Place, now: InForce, scored: Scored) -> TierChange | None:
    """The change, if value tier, grade, stage, segment or (where told) lifecycle has moved; entered into the state."""
    was, today = client.segment, place.today
    was_grade, was_tier = (was.risk_grade, was.value_tier) if was is not None else (None, None)
    grade = DEFAULTED
    if not client.defaulted_day:
        grade = grade_of(client.pd, was_grade, today - client.graded_day, now.rules.grades)
    tier = tier_of(client.value, was_tier, today - client.tier_day, now)
    stage, cause = stage_of(client, was, scored.owed, today, now)
    lifecycle = lifecycle_of(client, was, scored.by_payment, today, now)
    segment = segment_of(tier, grade, now)
    if was is not None and (was.risk_grade, was.value_tier, was.stage, was.segment) == (grade, tier, stage, segment):
        if was.lifecycle == lifecycle:
            return None
        if not now.rules.lifecycle.is_told:
            _stamp(client, was, Segment(tier, grade, stage, lifecycle, segment), today)
            return None
    return _entered(client, was, place, now, scored, Segment(tier, grade, stage, lifecycle, segment), cause)


def _entered(
    client: ClientState, was: Segment | None, place: Place, now: InForce, scored: Scored, segment: Segment, cause: str
) -> TierChange:
    x = whole((client.statement_x or UNKNOWN_STATEMENT) + scored.behaviour_x + scored.kept.standing)
    points = now.card.points(x)
    undo = FIRST
    if was is not None:
        undo = counterfactual(Case(client, was, now, place.today, x, points, scored.held, scored.kept, scored.owed))
    reasons = _reasons(client, now, scored, x, points, tier_moves=was is None or was.value_tier != segment.value_tier)
    if was is not None:
        reasons += _moves(was, segment, cause)
    _stamp(client, was, segment, place.today)
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
        counterfactual=undo,
        treatment=treatment_of(client, segment, scored.held, scored.kept, now),
        evidence=place.evidence(now),
        migration=migration_of(yearly(client.pd, now.years), segment.risk_grade, now.rules.grades),
    )


def _reasons(
    client: ClientState, now: InForce, scored: Scored, x: Sequence[float], points: Sequence[float], tier_moves: bool
) -> list[Reason]:
    """Points, which add up to the change of the logit; then, if its tier moves, the parts of the value."""
    others = beside(scored.kept, now)
    if client.stands is None:
        client.decided_logit = now.card.intercept
    reasons = risk_reasons(client, now, x, points, others)
    if tier_moves:
        reasons += value_reasons(client, scored.parts)
    remember(client, points, others, scored.parts)
    return reasons


def _moves(was: Segment, segment: Segment, cause: str) -> list[Reason]:
    """Stage and lifecycle, which no points tell."""
    reasons: list[Reason] = []
    if was.stage != segment.stage:
        reasons.append(Reason("STAGE", f"stage {was.stage} to {segment.stage}: {cause}", "stage", 0.0, float(segment.stage)))
    if was.lifecycle != segment.lifecycle:
        reasons.append(Reason("LIFECYCLE", f"{was.lifecycle} to {segment.lifecycle}", "lifecycle", 0.0))
    return reasons


def _stamp(client: ClientState, was: Segment | None, segment: Segment, today: int) -> None:
    """Where the client stands, and since when."""
    if was is not None and was.value_tier != segment.value_tier:
        client.tier_day = today  # the first tier is provisional: it has no dwell
    if was is None or was.risk_grade != segment.risk_grade:
        client.graded_day = today
    if was is None or was.stage != segment.stage:
        client.stage_day = today
    if was is None or was.lifecycle != segment.lifecycle:
        client.lifecycle_day = today
    client.segment = segment


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
