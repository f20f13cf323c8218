"""Warnings: the indicators' readings on the client's watchlist; what is raised, escalated or cleared is told."""

from datetime import date

from agents.segmentation import watchlist
from agents.segmentation.in_force import InForce
from agents.segmentation.indicators import INDICATORS, behaviour_readings, statement_readings
from agents.segmentation.place import Place
from schemas import log
from schemas.decisions import EarlyWarning
from schemas.state import ClientState


def warnings(client: ClientState, fact: log.Fact | None, place: Place, now: InForce, dpd: int, missed: int) -> list[EarlyWarning]:
    """What the readings of a day change. Statements are read when they come, behaviour each time, cures when a day closes."""
    readings = behaviour_readings(client, dpd, missed)
    if isinstance(fact, log.StatementPublished):
        readings += statement_readings(client)
    if client.origin_pd > 0:
        readings.append(("PD-RISE", client.pd / client.origin_pd))
    scales = now.scales
    told: list[EarlyWarning] = []
    alerts = {alert.code for alert in client.alerts} if client.alerts else ()
    for code, value in readings:
        scale = scales.get(code)
        if scale is None or ((value < scale.first) is not scale.falling and code not in alerts):
            continue  # nothing is wrong and nothing was
        severity, threshold = scale.severity_of(value)
        transition = watchlist.step(client, code, severity, place.day, now.rules.watchlist)
        if transition is not None:
            told.append(_told(client, transition, place, now, len(told), value, threshold))
    if fact is None and client.alerts:
        for alert in list(client.alerts):
            transition = watchlist.cure(client, alert.code, place.day, now.rules.watchlist)
            if transition is not None:
                told.append(_told(client, transition, place, now, len(told), None, None))
    return told


def _told(
    client: ClientState,
    transition: watchlist.Transition,
    place: Place,
    now: InForce,
    ordinal: int,
    value: float | None,
    threshold: float | None,
) -> EarlyWarning:
    alert = transition.alert
    if transition.status == watchlist.CLEARED:
        text = f"no trigger since {date.fromordinal(alert.clean_day)}"
    else:
        text = INDICATORS[alert.code].text.format(value=value, threshold=threshold)
    client.sequence += 1
    scale = now.scales.get(alert.code)
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
        value=value,
        threshold=threshold,
        text=text,
        first_raised_at=date.fromordinal(alert.raised_day),
        evidence=place.evidence(now, scale.source if scale is not None else None),
    )
