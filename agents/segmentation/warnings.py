"""Warnings: the indicators' readings on the client's watchlist; what is raised, escalated or cleared is told."""

from datetime import date

from agents.segmentation import tracking, watchlist
from agents.segmentation.agenda import last_day
from agents.segmentation.clearing import clearing, raising, reasons
from agents.segmentation.in_force import InForce
from agents.segmentation.indicators.rule import Reading, Seen
from agents.segmentation.place import Place
from schemas import log
from schemas.decisions import EarlyWarning, Severity
from schemas.state import ClientState


def warnings(seen: Seen, fact: log.Fact | None, place: Place) -> list[EarlyWarning]:
    """What the readings that a fact moves change; cures when a day closes."""
    client, now = seen.client, seen.now
    told: list[EarlyWarning] = []
    if fact is None:
        _close_months(seen)
    if client.collateral or client.track.cover:
        _cover(seen)
    for code in _stirred(seen, fact):
        reading = now.watched[code].reading(seen)
        if reading is None:
            continue
        was = _severity(client, code)
        transition = watchlist.step(client, code, reading.severity, place.day, now.rules.watchlist)
        if transition is not None:
            told.append(_told(seen, transition, place, len(told), reading, was))
    if fact is None and client.alerts:
        for alert in list(client.alerts):
            transition = watchlist.cure(client, alert.code, place.day, now.rules.watchlist)
            if transition is not None:
                told.append(_told(seen, transition, place, len(told), None))
    return told


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


def _severity(client: ClientState, code: str) -> Severity:
    """Of the open warning; normal without one."""
    return next((Severity(alert.severity) for alert in client.alerts if alert.code == code), Severity.NORMAL)


def _stirred(seen: Seen, fact: log.Fact | None) -> list[str]:
    """The indicators of which something is wrong, or was: of all others a reading costs one comparison."""
    alerts = {alert.code for alert in seen.client.alerts} if seen.client.alerts else ()
    stirred: list[str] = []
    for read, first, falling, code in seen.now.gates.get(type(fact), ()):
        value = read(seen)
        if (((value < first) if falling else (value >= first)) or code in alerts) and code not in stirred:
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
    text = _text(reading) if reading is not None else f"no trigger since {date.fromordinal(alert.clean_day)}"
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
        text=text,
        first_raised_at=date.fromordinal(alert.raised_day),
        evidence=place.evidence(now, _source(now, alert.code, reading)),
        reasons=reasons(alert.code, reading),
        counterfactual=clearing(seen, alert.code) if reading is None else raising(seen, alert.code, reading, was),
    )


def _text(reading: Reading) -> str:
    return reading.measure.text.format(value=reading.value, threshold=reading.threshold)


def _source(now: InForce, code: str, reading: Reading | None) -> str | None:
    if reading is not None:
        return reading.source
    rule = now.rules.indicators.get(code)
    return rule.source if rule is not None else None
