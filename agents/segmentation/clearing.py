"""Why a warning was told, and the reading at which it would not have been: checked by asking its rule again."""

from functools import lru_cache
from math import isinf
from typing import Final

from agents.segmentation.indicators.rule import Measure, Reading, Scale, Seen, Watched
from agents.segmentation.undoing import beyond
from agents.segmentation.wording import figure, is_counted
from schemas.decisions import Counterfactual, Reason, Severity

SILENT: Final = Counterfactual(False, why="the policy has no threshold for it any more")


def reasons(seen: Seen, code: str, reading: Reading | None) -> list[Reason]:
    """The figure, its threshold, and how far it is beyond: below 0 where the trigger is gone; none where nothing is known.

    A warning that no reading has moved (cured, unanswered, moved by a person) is told with the reading of the day.
    """
    watched = seen.now.watched.get(code)
    if reading is None and watched is not None:
        reading = watched.reading(seen)
    if reading is None or watched is None or isinf(reading.value):
        return []
    measure = reading.measure
    threshold = reading.threshold if reading.threshold is not None else _scale(watched, measure).first
    if isinf(threshold):
        return []
    distance = threshold - reading.value if measure.falling else reading.value - threshold
    text = f"{figure(reading.value, measure.unit)}, threshold {figure(threshold, measure.unit)}"
    return [Reason(code, text, measure.name or code.lower(), distance, reading.value, threshold)]


def raising(seen: Seen, code: str, reading: Reading, was: Severity) -> Counterfactual:
    """The reading at which the warning would stand as it did before: not raised, or not escalated."""
    watched = seen.now.watched[code]
    others = _others(seen, watched, reading.measure)
    if others > was:
        return Counterfactual(False, why=f"more than one figure of {code} is {others.label}")
    bound, to = _on_the_good_side(_scale(watched, reading.measure), is_counted(reading.measure.unit), was)
    if to is None:
        return Counterfactual(False, why=f"no reading of {code} is on the good side of {bound:g}")
    then = "no warning" if was is Severity.NORMAL else f"the warning stays {was.label}"
    return _counterfactual(code, reading.measure, reading.value, to, then)


def clearing(seen: Seen, code: str) -> Counterfactual:
    """The reading with which a warning that was cleared would have stayed."""
    watched = seen.now.watched.get(code)
    if watched is None:
        return SILENT
    measure, scale = watched.measures[0]
    to = _on_the_bad_side(scale, is_counted(measure.unit))
    if to is None:
        return SILENT
    value = measure.read(seen)
    return _counterfactual(code, measure, value if value == value else None, to, "the warning stays")


def _scale(watched: Watched, asked: Measure) -> Scale:
    return next(scale for measure, scale in watched.measures if measure is asked)


def _others(seen: Seen, watched: Watched, asked: Measure) -> Severity:
    """How bad the indicator's other measures are."""
    if len(watched.measures) == 1:
        return Severity.NORMAL
    readings = ((scale, measure.read(seen)) for measure, scale in watched.measures if measure is not asked)
    return max((scale.severity_of(value)[0] for scale, value in readings if value == value), default=Severity.NORMAL)


@lru_cache(maxsize=4096)
def _on_the_good_side(scale: Scale, whole: bool, was: Severity) -> tuple[float, float | None]:
    """The bound that was passed last, and the first value before it."""
    bound = [bound for severity, bound in scale.bounds if severity > was][-1]
    return bound, beyond(bound, scale.falling, whole, lambda value: scale.severity_of(value)[0] <= was)


@lru_cache(maxsize=4096)
def _on_the_bad_side(scale: Scale, whole: bool) -> float | None:
    if not scale.bounds:
        return None
    return beyond(scale.first, not scale.falling, whole, lambda value: scale.severity_of(value)[0] > Severity.NORMAL)


def _counterfactual(code: str, measure: Measure, was: float | None, to: float, then: str) -> Counterfactual:
    instead = "" if was is None else f" instead of {figure(was, measure.unit)}"
    text = f"if it were {figure(to, measure.unit)}{instead}"
    return Counterfactual(True, code, text, was, to, None if was is None else to - was, measure.unit, then)
