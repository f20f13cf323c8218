"""Counterfactual: the smallest change of one driver that would undo a tier change, checked by deciding again.

Undone means: with that one figure changed and all else as it is, grade, value tier and stage are those before. Changes of
several drivers are compared by a measure without unit: a feature and days past due in spreads of their bins
(`undoing.nearest`), amounts and rates as a share of themselves, collateral as a share of the exposure.
Source: Wachter, Mittelstadt, Russell, Counterfactual explanations (2018).
"""

from collections.abc import Iterator
from math import inf

import msgspec

from agents.segmentation.drivers.case import Case, Undo, grade_if, is_undone, stage_if
from agents.segmentation.drivers.days import by_days
from agents.segmentation.drivers.features import by_features
from agents.segmentation.drivers.value import by_value
from agents.segmentation.grading import DEFAULTED
from schemas.decisions import Counterfactual, Segment


def counterfactual(case: Case) -> Counterfactual:
    """The smallest change of one driver that undoes the decision; if there is none, why."""
    if is_undone(case, case.is_so):
        return Counterfactual(
            False, why="grade, value tier and stage stand as before: the lifecycle has moved, by time and trend"
        )
    undo = min(_undos(case), key=lambda one: one.measure, default=None)
    if undo is None:
        return Counterfactual(False, why=f"no change of one figure alone leads back to {standing(case.was)}")
    change = undo.to - undo.was
    return Counterfactual(True, undo.driver, undo.text, undo.was, undo.to, change, undo.unit, standing(case.was))


def _undos(case: Case) -> Iterator[Undo]:
    """Those that undo it, at most one of the features: the one that is nearest."""
    nearest_yet = inf
    for undo in by_days(case):
        nearest_yet = undo.measure
        yield undo
    if case.client.defaulted_day or case.was.risk_grade == DEFAULTED:
        yield from _by_default(case)
        return
    yield from by_features(case, nearest_yet)
    pd = case.client.pd
    if grade_if(case, False, pd) == case.was.risk_grade and stage_if(case, False, case.owed, pd) == case.was.stage:
        yield from by_value(case)


def _by_default(case: Case) -> Iterator[Undo]:
    """The default itself, where nothing but its report or its end has led here."""
    is_so = case.is_so
    text = "if the client were not in default" if is_so.defaulted else "if the client were still in default"
    what = msgspec.structs.replace(is_so, defaulted=not is_so.defaulted)
    if is_undone(case, what):
        yield Undo(inf, "default", "in default", float(is_so.defaulted), float(what.defaulted), text)


def standing(segment: Segment) -> str:
    """Grade, tier and stage in words."""
    grade = "default" if segment.risk_grade == DEFAULTED else f"grade {segment.risk_grade}"
    return f"{grade}, {segment.value_tier}, stage {segment.stage}"
