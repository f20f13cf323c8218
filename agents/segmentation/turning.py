"""Turning: the day on which a client's segment may move by itself, though nothing happens: a dwell, a cure, a probation ends."""

from agents.segmentation import lifecycle
from agents.segmentation.defaulting import cured_day
from agents.segmentation.grading import better_waits, tier_waits
from agents.segmentation.in_force import InForce
from agents.segmentation.staging import INCREASED
from schemas.decisions import Segment
from schemas.state import ClientState


def next_turn(client: ClientState, was: Segment, after: int, now: InForce) -> int:
    """The first such day after another one; 0 if there is none."""
    rules, first = now.rules, 0
    if client.defaulted_day:
        first = sooner(first, cured_day(client, rules.default), after)
    else:
        if better_waits(client.pd, was.risk_grade, rules.grades):
            first = sooner(first, client.graded_day + rules.grades.dwell_days, after)
        if was.stage == INCREASED:
            first = sooner(first, client.stage_day + rules.staging.dwell_days, after)
            first = sooner(first, client.probation_day + 1, after)
    if tier_waits(client.value, was.value_tier, now):
        first = sooner(first, client.tier_day + rules.value.dwell_days, after)
    if rules.lifecycle.is_told:
        for day in lifecycle.turns(client, was.lifecycle, now):
            first = sooner(first, day, after)
    return first


def sooner(first: int, day: int, after: int) -> int:
    """The earlier of two days, the second only if it comes after another; 0 is no day."""
    return day if day > after and (not first or day < first) else first
