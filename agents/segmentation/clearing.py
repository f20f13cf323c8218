"""Why a warning was told, and the reading at which it would not have been: checked by asking its rule again."""

from functools import lru_cache
from typing import Final

from agents.segmentation.indicators.rule import Measure, Reading, Scale, Seen, Watched
from agents.segmentation.undoing import beyond
from agents.segmentation.wording import figure, is_counted
from schemas.decisions import Counterfactual, Reason, Severity

SILENT: Final = Counterfactual(False, why="the policy has no threshold for it any more")


def reasons(code: str, reading: Reading | None) -> list[Reason]:
    """The figure, the threshold that it passed, and how far it is beyond; none once the trigger is gone."""
    if reading is None or reading.threshold is None:
        return []
    distance = reading.value - reading.threshold
    measure = reading.measure
    text = f"{figure(reading.value, measure.unit)}, threshold {figure(reading.threshold, measure.unit)}"
    beyond = -distance if measure.falling else distance
    return [Reason(code, text, measure.name or code.lower(), beyond, reading.value, reading.threshold)]


def raising(seen: Seen, code: str, reading: Reading, was: Severity) -> Counterfactual:
    """The reading at which the warning would stand as it did before: not raised, or not escalated."""
    watched = seen.now.watched[code]
    others = _others(seen, watched, reading.measure)
    if others > was:
        return Counterfactual(False, why=f"more than one figure of {code} is {others.label}")
    scale = next(scale for measure, scale in watched.measures if measure is reading.measure)
    bound, to = _on_the_good_side(scale, is_counted(reading.measure.unit), was)
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
