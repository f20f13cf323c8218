"""A case: a client as it was scored, and whether, were something of it otherwise, it would be decided as before."""

from collections.abc import Sequence

import msgspec

from agents.segmentation.defaulting import Arrears
from agents.segmentation.grading import DEFAULTED, grade_of, tier_of
from agents.segmentation.in_force import InForce
from agents.segmentation.staging import stage_of
from agents.segmentation.valuation import Exposure, contribution
from online_models.scorecard import MAX_LOGIT, logit, sigmoid
from schemas.decisions import Segment
from schemas.state import Appraisal, ClientState


class Case(msgspec.Struct, frozen=True, gc=False):
    """A client as it was scored, and the segment it stood in before. Nothing of the change is entered yet."""

    client: ClientState
    was: Segment
    now: InForce
    today: int
    x: Sequence[float]
    points: Sequence[float]
    held: Exposure
    kept: Appraisal
    owed: Arrears

    @property
    def is_so(self) -> "WhatIf":
        """The client as it is."""
        return WhatIf(self.client.logit, bool(self.client.defaulted_day), self.owed, self.held, self.kept)


class WhatIf(msgspec.Struct, frozen=True, gc=False):
    """What a driver can change."""

    logit: float
    defaulted: bool
    owed: Arrears
    held: Exposure
    kept: Appraisal


class Undo(msgspec.Struct, frozen=True, gc=False):
    """A change of one driver that undoes the decision. `measure` compares it with those of other drivers."""

    measure: float
    driver: str
    unit: str
    was: float
    to: float
    text: str


def is_undone(case: Case, what: WhatIf) -> bool:
    """Whether the same rules, for a client of which something is otherwise, lead to the segment before."""
    pd = 1.0 if what.defaulted else sigmoid(what.logit)
    return (
        grade_if(case, what.defaulted, pd) == case.was.risk_grade
        and has_tier_if(case, what.held, what.kept, pd)
        and stage_if(case, what.defaulted, what.owed, pd) == case.was.stage
    )


def grade_if(case: Case, defaulted: bool, pd: float) -> str:
    """The grade that the client, which had the one before, would have."""
    if defaulted:
        return DEFAULTED
    return grade_of(pd, case.was.risk_grade, case.today - case.client.graded_day, case.now.rules.grades)


def has_tier_if(case: Case, held: Exposure, kept: Appraisal, pd: float) -> bool:
    """Whether the value tier would be the one before."""
    tier, days, now = case.was.value_tier, case.today - case.client.tier_day, case.now
    if days < now.rules.value.dwell_days:
        return True  # whatever the value, the tier is kept for its dwell
    return tier_of(contribution(case.client, held, kept, pd, now).total, tier, days, now) == tier


def stage_if(case: Case, defaulted: bool, owed: Arrears, pd: float) -> int:
    """The stage that the client would have."""
    client = case.client
    scored = client.pd, client.defaulted_day
    client.pd, client.defaulted_day = pd, (client.defaulted_day or case.today) if defaulted else 0
    stage, _ = stage_of(client, case.was, owed, case.today, case.now)
    client.pd, client.defaulted_day = scored
    return stage


def grade_bounds(case: Case) -> tuple[float, float]:
    """The logits between which the client can have the grade that it had."""
    scale, held = case.now.rules.grades, int(case.was.risk_grade)
    high = _logit(scale.upper[held - 1] * (1.0 + scale.hysteresis)) if held < 9 else MAX_LOGIT
    low = _logit(scale.upper[held - 2] * (1.0 - scale.hysteresis)) if held > 1 else -MAX_LOGIT
    if case.today - case.client.graded_day < scale.dwell_days:
        low = -MAX_LOGIT
    return low, high


def _logit(pd: float) -> float:
    return logit(pd) if 0.0 < pd < 1.0 else MAX_LOGIT if pd > 0 else -MAX_LOGIT
