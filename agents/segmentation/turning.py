"""Turning: on which days a client's segment may move by itself, though nothing happens: a dwell, a cure, a probation ends."""

from collections.abc import Iterator

from agents.segmentation import lifecycle
from agents.segmentation.defaulting import cured_day
from agents.segmentation.grading import better_waits, tier_waits
from agents.segmentation.in_force import InForce
from agents.segmentation.staging import INCREASED
from schemas.decisions import Segment
from schemas.state import ClientState


def turns(client: ClientState, was: Segment, now: InForce) -> Iterator[int]:
    """The days; some may have passed."""
    rules = now.rules
    if client.defaulted_day:
        yield cured_day(client, rules.default)
    else:
        if better_waits(client.pd, was.risk_grade, rules.grades):
            yield client.graded_day + rules.grades.dwell_days
        if was.stage == INCREASED:
            yield client.stage_day + rules.staging.dwell_days
            yield client.probation_day + 1
    if tier_waits(client.value, was.value_tier, now):
        yield client.tier_day + rules.value.dwell_days
    if rules.lifecycle.is_told:
        yield from lifecycle.turns(client, was.lifecycle, now)
