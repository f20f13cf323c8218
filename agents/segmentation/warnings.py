"""Warnings: the indicators' readings on the client's watchlist; what is raised, escalated or cleared is told."""

from collections.abc import Collection
from datetime import date

import msgspec

from agents.segmentation import tracking, watchlist
from agents.segmentation.agenda import last_day
from agents.segmentation.answering import answered
from agents.segmentation.clearing import clearing, raising, reasons
from agents.segmentation.in_force import InForce
from agents.segmentation.indicators.rule import Reading, Seen
from agents.segmentation.place import Place
from agents.segmentation.watchlist import Cause
from schemas import log
from schemas.decisions import Counterfactual, EarlyWarning, Severity


class Warned(msgspec.Struct, frozen=True, gc=False):
    """What a step has to say, and what a feedback counts as."""

    told: list[EarlyWarning]
    counted: str = ""


def warnings(seen: Seen, fact: log.Fact | None, place: Place) -> Warned:
    """What the readings that a fact moves change, what a person says, and, when a day closes, what its passing does."""
    client, now = seen.client, seen.now
    rules = now.rules.watchlist
    told: list[EarlyWarning] = []
    counted = ""
    again: list[str] = []
    if fact is None:
        _close_months(seen)
        if client.quiet:
            again = watchlist.spoken_again(client, place.today)
    elif isinstance(fact, log.FeedbackGiven):
        transition, counted = answered(client, fact, place.today, rules)
        if transition is not None:
            told.append(_told(seen, transition, place, len(told), None))
    if client.collateral or client.track.cover:
        _cover(seen)
    for code in _stirred(seen, fact, again):
        reading = now.watched[code].reading(seen)
        if reading is not None:
            alert = watchlist.alert_of(client, code)
            was = Severity.NORMAL if alert is None else Severity(alert.severity)
            transition = watchlist.step(client, code, reading.severity, place.today, rules)
            if transition is not None:
                told.append(_told(seen, transition, place, len(told), reading, was))
    if fact is None and client.alerts:
        for alert in list(client.alerts):
            transition = watchlist.close(client, alert, place.today, rules)
            if transition is not None:
                told.append(_told(seen, transition, place, len(told), None))
    return Warned(told, counted)


def _close_months(seen: Seen) -> None:
    """Months of activity that have closed since, entered into the client's own normal."""
    months, entered = seen.client.months, seen.client.track.drift.month
    if months and months[-1].number > entered and "DRIFT" in seen.now.watched:
        closed = [m for m in months if entered < m.number and last_day(m.number) <= seen.closed_day]
        tracking.close_month(seen.client, closed, seen.now.rules)


def _cover(seen: Seen) -> None:
    """What of the drawings collateral covers, as the appraisal has it; without drawings there is nothing to cover."""
    kept, drawn = seen.client.appraisal, seen.held.drawn if seen.client.facilities else 0.0
    covered = kept.covered / drawn if kept is not None and kept.covered > 0 and drawn > 0 else -1.0
    tracking.cover(seen.client.track, covered)


def _stirred(seen: Seen, fact: log.Fact | None, again: list[str]) -> list[str]:
    """The indicators of which something is wrong, or was: of all others a reading costs one comparison, at rest not even that."""
    client = seen.client
    known: Collection[str] = ()
    if client.alerts or client.quiet:
        known = {alert.code for alert in client.alerts} | {quiet.code for quiet in client.quiet}
    stirred = [code for code in again if code in seen.now.watched] if again else []
    for rests, gates in seen.now.gates.get(type(fact), ()):
        if rests is not None and not known and rests(seen):
            continue
        for read, first, falling, code in gates:
            if (code in known or (read(seen) < first if falling else read(seen) >= first)) and code not in stirred:
                stirred.append(code)
    return stirred


def _told(
    seen: Seen,
    transition: watchlist.Transition,
    place: Place,
    ordinal: int,
    reading: Reading | None,
    was: Severity = Severity.NORMAL,
) -> EarlyWarning:
    client, alert, now = seen.client, transition.alert, seen.now
    if transition.status == watchlist.CLEARED:
        reading = None
    listed = watchlist.enlist(client, place.today)
    client.sequence += 1
    return EarlyWarning(
        decision_id=place.decision_id("ew", ordinal),
        warning_id=f"{place.client_id}/{alert.code}/{alert.episode}",
        client_id=place.client_id,
        portfolio=client.portfolio,
        sequence=client.sequence,
        as_of=date.fromordinal(place.day),
        status=transition.status,
        severity=transition.severity.label,
        indicator=alert.code,
        value=None if reading is None else reading.value,
        threshold=None if reading is None else reading.threshold,
        text=reading.measure.said(reading.value, reading.threshold) if reading is not None else _said(transition, seen),
        first_raised_at=date.fromordinal(alert.raised_day),
        evidence=place.evidence(now, _source(now, alert.code, reading)),
        reasons=reasons(seen, alert.code, reading),
        counterfactual=_undone(transition, seen, reading, was),
        cause=transition.cause.value,
        watchlist=listed.label,
    )


def _undone(transition: watchlist.Transition, seen: Seen, reading: Reading | None, was: Severity) -> Counterfactual:
    """What would have kept the warning as it was: another reading, or else what a person says or does not say."""
    if reading is not None:
        return raising(seen, transition.alert.code, reading, was)
    if transition.cause is Cause.CURED:
        return clearing(seen, transition.alert.code)
    if transition.cause is Cause.UNANSWERED:
        return Counterfactual(False, why="no reading: a feedback within the turn-around would have kept it")
    return Counterfactual(False, why="no reading: a person has said so")


def _said(transition: watchlist.Transition, seen: Seen) -> str:
    """Why a warning has moved without a reading."""
    alert = transition.alert
    if transition.cause is Cause.CURED:
        return f"no trigger since {date.fromordinal(alert.clean_day)}"
    if transition.cause is Cause.UNANSWERED:
        return f"nobody has answered since {date.fromordinal(alert.raised_day)}"
    if transition.cause is Cause.SUPPRESSED:
        until = next(quiet.until for quiet in seen.client.quiet if quiet.code == alert.code)
        return f"suppressed until {date.fromordinal(until)}"
    return "called a false alarm" if transition.cause is Cause.REJECTED else "raised by hand"


def _source(now: InForce, code: str, reading: Reading | None) -> str | None:
    if reading is not None:
        return reading.source
    rule = now.rules.indicators.get(code)
    return rule.source if rule is not None else None
