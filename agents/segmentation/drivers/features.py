"""Features: of the figures that the score is made of, the one that is nearest to a value that undoes the change."""

from collections.abc import Iterator, Sequence

from agents.segmentation.drivers.case import Case, Undo, grade_bounds, grade_if, has_tier_if, stage_if
from agents.segmentation.drivers.days import DPD
from agents.segmentation.undoing import Holds, Turning, nearest, single, window
from agents.segmentation.wording import figure, sentence
from online_models.features import Feature
from online_models.scorecard import sigmoid


def by_features(case: Case, within: float) -> Iterator[Undo]:
    """Of the figures that the score is made of the one that is nearest, if it is nearer than `within`."""
    low, high = grade_bounds(case)
    turning = _meeting(case, case.now.reach.turning(), low, high)
    holds = _by_logit(case) if turning else None
    bounds = window(case.client.logit, low, high, holds) if holds is not None else None
    if holds is None or bounds is None:
        return
    low, high = bounds
    best: tuple[Feature, float, float] | None = None
    for i, feature, table, _, _ in _meeting(case, turning, low, high):
        without = case.client.logit - case.points[i]
        found = nearest(table, feature, case.x[i], low - without, high - without, within)
        if found is not None and found[0] < within and holds(without + table.of(single(found[1]))):
            within = found[0]
            best = feature, case.x[i], found[1]
    if best is not None:
        feature, was, to = best
        text = f"if {sentence(feature, to)} instead of {figure(was, feature.unit)}"
        yield Undo(within, feature.name, feature.unit, was, to, text)


def _meeting(case: Case, turning: Sequence[Turning], low: float, high: float) -> list[Turning]:
    """Those that are known and of which any value leads to a logit from `low` to `high`, as far as the extremes tell."""
    logit, x, points = case.client.logit, case.x, case.points
    meeting = []
    for one in turning:
        i, _, _, least, most = one
        value, without = x[i], logit - points[i]
        if value == value and least <= high - without and most >= low - without and i != DPD:
            meeting.append(one)
    return meeting


def _by_logit(case: Case) -> Holds | None:
    """`is_undone` for a client not in default of which nothing but the logit is otherwise; None if it holds at no logit.

    The stage can only rise with the PD: where it is the same at both ends, no PD between them has another.
    """
    was, held, kept, owed = case.was, case.held, case.kept, case.owed
    stages = [stage_if(case, False, owed, pd) for pd in (0.0, 1.0)]
    if was.stage not in stages:
        return None
    is_steady = stages[0] == stages[1]

    def holds(logit: float) -> bool:
        pd = sigmoid(logit)
        return (
            grade_if(case, False, pd) == was.risk_grade
            and has_tier_if(case, held, kept, pd)
            and (is_steady or stage_if(case, False, owed, pd) == was.stage)
        )

    return holds
