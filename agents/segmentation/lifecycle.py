"""Lifecycle of the relationship: acquisition, activation, growth, maturity, decline; and the segment, risk x value."""

from collections.abc import Sequence
from typing import Final

from agents.segmentation.grading import DEFAULTED
from agents.segmentation.in_force import InForce
from schemas.decisions import Segment
from schemas.risk_rules import Lifecycle
from schemas.state import ClientState, Month

ACQUISITION: Final = "acquisition"
ACTIVATION: Final = "activation"
GROWTH: Final = "growth"
MATURITY: Final = "maturity"
DECLINE: Final = "decline"
TRENDS: Final = (GROWTH, MATURITY, DECLINE)
LEAST_MONTHS: Final = 6
"""A shorter history of exposure tells no trend."""


def lifecycle_of(client: ClientState, stood: Segment | None, by_payment: bool, today: int, now: InForce) -> str:
    """By first contact, first drawdown, inactivity, then the yearly trend of exposure and revenue; trends have a dwell.

    A payment alone is no trend: one that is held is looked at again at a month's end, or with other facts.
    """
    rules = now.rules.lifecycle
    was = stood.lifecycle if stood is not None else ""
    if by_payment and was in TRENDS:
        return was
    began = began_day(client, rules)
    if not began:
        return ACQUISITION
    if today - client.last_day > rules.inactive_days:
        return DECLINE
    if today - began <= rules.activation_days:
        return ACTIVATION
    if was not in TRENDS:
        return trend_of(client, "", rules)
    return was if today < client.lifecycle_day + rules.dwell_days else trend_of(client, was, rules)


def trend_of(client: ClientState, was: str, rules: Lifecycle) -> str:
    """Growth, maturity or decline. Exposure that grows is growth; that it falls is decline only where revenue does not tell
    otherwise: a loan that is repaid as agreed is no decline. Growth and decline end short of their bound, by the hysteresis.
    """
    growth = rules.growth * (1.0 - rules.hysteresis * (was == GROWTH))
    decline = -rules.decline * (1.0 - rules.hysteresis * (was == DECLINE))
    exposure = exposure_trend(client.months)
    revenue = client.appraisal.revenue_trend if client.appraisal is not None else None
    if exposure >= growth or (revenue is not None and revenue >= growth):
        return GROWTH
    return DECLINE if (exposure if revenue is None else revenue) <= decline else MATURITY


def exposure_trend(months: Sequence[Month]) -> float:
    """Growth of the balance a year, over the last twelve months at most; 0 if too little is known."""
    if len(months) < 2:
        return 0.0
    last = months[-1]
    first = next(month for month in months if last.number - month.number <= 12)
    apart = last.number - first.number
    if apart < LEAST_MONTHS or first.balance <= 0:
        return 0.0
    return (last.balance / first.balance - 1.0) * 12.0 / apart


def began_day(client: ClientState, rules: Lifecycle) -> int:
    """The first drawdown, without facilities the first event if the policy counts those clients in; 0 for none."""
    facilities = client.facilities
    if facilities:
        first = facilities[0].opened_day
        for facility in facilities:
            if facility.opened_day < first:
                first = facility.opened_day
        return first
    return client.first_day if client.statement_x and not rules.needs_facility else 0


def turns(client: ClientState, was: str, now: InForce) -> tuple[int, ...]:
    """Days on which the lifecycle may change by itself from what it `was`."""
    rules = now.rules.lifecycle
    if was == ACQUISITION:
        return ()
    idle = client.last_day + rules.inactive_days + 1
    if was == ACTIVATION:
        return began_day(client, rules) + rules.activation_days + 1, idle
    dwelt = client.lifecycle_day + rules.dwell_days
    return (dwelt,) if was == DECLINE else (dwelt, idle)


def segment_of(tier: str, grade: str, now: InForce) -> str:
    """Risk x value; the names are those of the policy's treatments."""
    if grade == DEFAULTED:
        return "exit"
    valued = tier in ("diamond", "gold")
    if int(grade) >= now.rules.grades.high_risk_from:
        return "high-risk-high-return" if valued else "watch"
    return "star" if valued else "core" if tier == "silver" else "steady"
