"""Deciding: a client's state, scored and graded, against what was decided before; what has changed is told.

Arrears are taken as of the last closed day, never of an event's own day: payments of other source partitions may still be
on their way, and only the close of a day says that all of them are here.
"""

from datetime import date
from typing import NamedTuple

from agents.segmentation import arrears, labelling, watchlist
from agents.segmentation.agenda import month_end
from agents.segmentation.grading import DEFAULTED, TIERS, grade_of, stage_of, tier_of
from agents.segmentation.in_force import InForce
from agents.segmentation.indicators import INDICATORS, behaviour_readings, severity_of, statement_readings
from agents.segmentation.lifecycle import lifecycle_of, segment_of
from agents.segmentation.reasons import remember, risk_reasons, value_reason
from agents.segmentation.valuation import Contribution, contribution, exposure
from online_models import behaviour
from online_models.cutoffs import bin_of
from online_models.features import UNKNOWN_STATEMENT, unpacked
from online_models.scorecard import partial_logit, sigmoid
from schemas import log
from schemas.decisions import EarlyWarning, Evidence, Segment, Severity, TierChange
from schemas.state import ClientState, Snapshot


class Place(NamedTuple):
    """Where in the log a decision is made, and by which record."""

    client_id: str
    event_id: str
    topic: str
    partition: int
    offset: int
    day: int
    closed_day: int

    def decision_id(self, kind: str, ordinal: int) -> str:
        """The same decision has the same id whenever it is derived; one record may close several days, so the day is in it."""
        return f"{kind}/{self.partition}/{self.offset}/{self.client_id}/{date.fromordinal(self.day)}/{ordinal}"


class Decided(NamedTuple):
    """What one record led to at one client."""

    changes: list[TierChange]
    warnings: list[EarlyWarning]
    labelled: list[tuple[Snapshot, bool]]


def decide(client: ClientState, fact: log.Fact | None, place: Place, now: InForce) -> Decided:
    """Scores and decides after a fact was folded, or (None) at the close of a day."""
    day, closed = place.day, place.closed_day
    as_of = min(day, closed)
    dpd = arrears.days_past_due(client.facilities, as_of)
    past_due = material = 0.0
    if dpd:
        past_due = sum(arrears.overdue(f, as_of) * now.per_minor[f.currency] for f in client.facilities)
    held = exposure(client, now)
    if dpd:
        bounds = now.rules.default.materiality
        material = past_due > bounds.absolute and past_due > bounds.relative * (held.drawn + held.undrawn)
        backstop = now.rules.default.dpd_days
        if material and backstop is not None and dpd > backstop and not client.defaulted_day:
            client.defaulted_day = as_of
        if client.months:
            client.months[-1].dpd = max(client.months[-1].dpd, dpd)
    labelled = _labels(client, closed, now)

    behaviour_x = behaviour.features(client.months, dpd, past_due * 100)
    logit = _logit(client, behaviour_x, now)
    client.pd = 1.0 if client.defaulted_day else sigmoid(logit)
    parts = contribution(client, held, client.pd, now)
    client.value = parts.total
    client.value_bin = None if client.left_day else bin_of(client.value)
    if client.origin_pd < 0:
        client.origin_pd = client.pd

    if isinstance(fact, log.StatementPublished) or (fact is None and client.moved and _month_closed(client, closed)):
        if not client.defaulted_day and not client.left_day:
            labelling.keep(client, day, behaviour_x, now.card.version)

    warnings = _warnings(client, fact, place, now, dpd, arrears.missed(client.facilities, as_of, now.rules.grace_days) if dpd else 0)
    changes = _change(client, place, now, behaviour_x, logit, parts, stage_of(bool(client.defaulted_day), dpd, bool(material), now))
    return Decided(changes, warnings, labelled)


def _labels(client: ClientState, closed: int, now: InForce) -> list[tuple[Snapshot, bool]]:
    horizon = now.rules.horizon_days
    snapshots = client.snapshots
    if not snapshots:
        return []
    labelled: list[tuple[Snapshot, bool]] = []
    if client.defaulted_day:
        labelled += [(s, True) for s in labelling.foretold(client, client.defaulted_day, horizon)]
    if snapshots[0].day + horizon <= closed:
        labelled += [(s, False) for s in labelling.ripe(client, closed, horizon)]
    if client.left_day:
        client.snapshots = []  # censored: nobody will know
    return labelled


def _logit(client: ClientState, behaviour_x: bytes, now: InForce) -> float:
    """The logit; the statement's part of it is kept while neither statement nor model has moved."""
    card = now.card
    if client.scored_by != card.version:
        client.statement_logit = partial_logit(card.statement, unpacked(client.statement_x or UNKNOWN_STATEMENT))
        client.scored_by = card.version
    return card.intercept + client.statement_logit + partial_logit(card.behaviour, unpacked(behaviour_x))


def _month_closed(client: ClientState, closed: int) -> bool:
    return closed >= month_end(client.last_day)


def _warnings(client: ClientState, fact: log.Fact | None, place: Place, now: InForce, dpd: int, missed: int) -> list[EarlyWarning]:
    readings = behaviour_readings(client, dpd, missed)
    if isinstance(fact, log.StatementPublished):
        readings += statement_readings(client)
    readings.append(("PD-RISE", client.pd / client.origin_pd if client.origin_pd > 0 else 1.0))
    rules, told = now.rules, []
    known = {alert.code for alert in client.alerts}
    for code, value in readings:
        rule = rules.indicators.get(code)
        if rule is None:
            continue
        indicator = INDICATORS[code]
        severity, threshold = severity_of(rule, value, indicator.falling)
        if not severity and code not in known:
            continue
        known.discard(code)
        transition = watchlist.step(client, code, severity, place.day, rules.watchlist)
        if transition is not None:
            told.append(_warning(client, transition, code, value, threshold, place, now, len(told)))
    for code in sorted(known) if fact is None else ():  # cured without a new reading: at the close of a day
        transition = watchlist.cure(client, code, place.day, rules.watchlist)
        if transition is not None:
            told.append(_warning(client, transition, code, None, None, place, now, len(told)))
    return told


def _warning(
    client: ClientState,
    transition: watchlist.Transition,
    code: str,
    value: float | None,
    threshold: float | None,
    place: Place,
    now: InForce,
    ordinal: int,
) -> EarlyWarning:
    alert = transition.alert
    client.sequence += 1
    if transition.status == watchlist.CLEARED:
        text = f"cleared: no trigger since {date.fromordinal(alert.clean_day)}"
    else:
        text = INDICATORS[code].text.format(value=value, threshold=threshold)
    return EarlyWarning(
        decision_id=place.decision_id("ew", ordinal),
        warning_id=f"{place.client_id}/{code}/{alert.episode}",
        client_id=place.client_id,
        portfolio=client.portfolio,
        sequence=client.sequence,
        as_of=date.fromordinal(place.day),
        status=transition.status,
        severity=Severity(transition.severity).label,
        indicator=code,
        value=value,
        threshold=threshold,
        text=text,
        first_raised_at=date.fromordinal(alert.raised_day),
        evidence=_evidence(place, now, now.rules.indicators[code].source if code in now.rules.indicators else None),
    )


def _change(
    client: ClientState, place: Place, now: InForce, behaviour_x: bytes, logit: float, parts: Contribution, stage: int
) -> list[TierChange]:
    was = client.segment
    grade = DEFAULTED if client.defaulted_day else grade_of(client.pd, was.risk_grade if was else None, now.rules.grades)
    tier = tier_of(client.value, was.value_tier if was else None, place.day - client.tier_day, now)
    if was is not None and was.risk_grade == grade and was.value_tier == tier and was.stage == stage:
        return []
    segment = Segment(tier, grade, stage, lifecycle_of(client, place.day, now), segment_of(tier, grade, now))
    x = unpacked((client.statement_x or UNKNOWN_STATEMENT) + behaviour_x)
    points = now.card.points(x)
    if was is None:
        client.decided_logit = now.card.intercept
    reasons = risk_reasons(client, x, points, logit)
    if was is None or was.value_tier != tier:
        client.tier_day = place.day
        reasons.append(value_reason(parts, tier, now))
    remember(client, points, logit)
    client.segment = segment
    client.sequence += 1
    change = TierChange(
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
        evidence=_evidence(place, now, None),
    )
    return [change]


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


def _evidence(place: Place, now: InForce, source: str | None) -> Evidence:
    return Evidence(
        place.event_id, place.topic, place.partition, place.offset, now.card.version, now.policy_version, now.cutoffs_version, source
    )
