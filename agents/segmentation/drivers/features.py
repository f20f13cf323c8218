"""Features: of the figures that the score is made of, the one that is nearest to a value that undoes the change."""

from collections.abc import Iterator
from typing import Final

from agents.segmentation.drivers.case import Case, Undo, grade_bounds, grade_if, has_tier_if, stage_if
from agents.segmentation.drivers.days import DPD
from agents.segmentation.undoing import changeable, nearest, single, window
from agents.segmentation.wording import figure, sentence
from online_models.features import FEATURES, Feature
from online_models.scorecard import sigmoid

CHANGEABLE: Final = tuple((i, feature) for i, feature in enumerate(FEATURES) if i != DPD and changeable(feature))


def by_features(case: Case, within: float) -> Iterator[Undo]:
    """Of the figures that the score is made of the one that is nearest, if it is nearer than `within`."""
    low, high = grade_bounds(case)
    features = [one for one in CHANGEABLE if _meets(case, one[0], low, high)]
    bounds = window(case.client.logit, low, high, lambda logit: _is_undone_by(case, logit)) if features else None
    if bounds is None:
        return
    low, high = bounds
    best: tuple[Feature, float, float] | None = None
    for i, feature in features:
        if not _meets(case, i, low, high):
            continue
        without, table = case.client.logit - case.points[i], case.now.reach.tables[i]
        found = nearest(table, feature, case.x[i], low - without, high - without, within)
        if found is not None and found[0] < within and _is_undone_by(case, without + table.of(single(found[1]))):
            within = found[0]
            best = feature, case.x[i], found[1]
    if best is not None:
        feature, was, to = best
        text = f"if {sentence(feature, to)} instead of {figure(was, feature.unit)}"
        yield Undo(within, feature.name, feature.unit, was, to, text)


def _meets(case: Case, i: int, low: float, high: float) -> bool:
    """Whether a feature is known and any value of it leads to a logit from `low` to `high`."""
    value, without = case.x[i], case.client.logit - case.points[i]
    return value == value and case.now.reach.meets(i, low - without, high - without)


def _is_undone_by(case: Case, logit: float) -> bool:
    """`is_undone` for a client not in default of which nothing but the logit is otherwise."""
    pd, was = sigmoid(logit), case.was
    return (
        grade_if(case, False, pd) == was.risk_grade
        and has_tier_if(case, case.held, case.kept, pd)
        and stage_if(case, False, case.owed, pd) == was.stage
    )
