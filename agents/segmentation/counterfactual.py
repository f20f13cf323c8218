"""Counterfactual: the smallest change of one driver that would undo a tier change, checked by deciding again.

Undone means: with that one figure changed and all else as it is, grade, value tier and stage are those before. Changes of
several drivers are compared by a measure without unit: a feature and days past due in spreads of their bins
(`undoing.nearest`), amounts and rates as a share of themselves, collateral as a share of the exposure.
Source: Wachter, Mittelstadt, Russell, Counterfactual explanations (2018).
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from math import ceil, inf
from typing import Final

import msgspec

from agents.segmentation.defaulting import Arrears
from agents.segmentation.grading import DEFAULTED, grade_of, tier_of
from agents.segmentation.in_force import InForce
from agents.segmentation.staging import stage_of
from agents.segmentation.undoing import changeable, nearest, rounded, single, window
from agents.segmentation.valuation import Exposure, contribution
from agents.segmentation.wording import amount, figure, sentence
from online_models.features import FEATURES, INDEX, Feature
from online_models.scorecard import MAX_LOGIT, Points, logit, sigmoid
from schemas.decisions import Counterfactual, Segment
from schemas.state import Appraisal, ClientState

DPD: Final = INDEX["days_past_due"]
CHANGEABLE: Final = tuple((i, feature) for i, feature in enumerate(FEATURES) if i != DPD and changeable(feature))
HIGHEST_MARGIN: Final = 0.5
MOST_DRAWN: Final = 10.0
"""Times what is drawn: no drawing beyond it is thought of."""


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


def is_undone(case: Case, what: WhatIf) -> bool:
    """Whether the same rules, for a client of which something is otherwise, lead to the segment before."""
    pd = 1.0 if what.defaulted else sigmoid(what.logit)
    return (
        _grade(case, what.defaulted, pd) == case.was.risk_grade
        and _has_tier(case, what.held, what.kept, pd)
        and _stage(case, what.defaulted, what.owed, pd) == case.was.stage
    )


def _grade(case: Case, defaulted: bool, pd: float) -> str:
    if defaulted:
        return DEFAULTED
    return grade_of(pd, case.was.risk_grade, case.today - case.client.graded_day, case.now.rules.grades)


def _has_tier(case: Case, held: Exposure, kept: Appraisal, pd: float) -> bool:
    tier, days, now = case.was.value_tier, case.today - case.client.tier_day, case.now
    if days < now.rules.value.dwell_days:
        return True  # whatever the value, the tier is kept for its dwell
    return tier_of(contribution(case.client, held, kept, pd, now).total, tier, days, now) == tier


def _stage(case: Case, defaulted: bool, owed: Arrears, pd: float) -> int:
    client = case.client
    scored = client.pd, client.defaulted_day
    client.pd, client.defaulted_day = pd, (client.defaulted_day or case.today) if defaulted else 0
    stage, _ = stage_of(client, owed, case.today, case.now)
    client.pd, client.defaulted_day = scored
    return stage


def standing(segment: Segment) -> str:
    """Grade, tier and stage in words."""
    grade = "default" if segment.risk_grade == DEFAULTED else f"grade {segment.risk_grade}"
    return f"{grade}, {segment.value_tier}, stage {segment.stage}"


def _undos(case: Case) -> Iterator[Undo]:
    """Those that undo it, at most one of the features: the one that is nearest."""
    nearest_yet = inf
    for undo in _by_days(case):
        nearest_yet = undo.measure
        yield undo
    if case.client.defaulted_day or case.was.risk_grade == DEFAULTED:
        yield from _by_default(case)
        return
    yield from _by_features(case, nearest_yet)
    pd = case.client.pd
    if _grade(case, False, pd) == case.was.risk_grade and _stage(case, False, case.owed, pd) == case.was.stage:
        yield from _by_value(case)


def _by_default(case: Case) -> Iterator[Undo]:
    """The default itself, where nothing but its report or its end has led here."""
    is_so = case.is_so
    text = "if the client were not in default" if is_so.defaulted else "if the client were still in default"
    what = msgspec.structs.replace(is_so, defaulted=not is_so.defaulted)
    if is_undone(case, what):
        yield Undo(inf, "default", "in default", float(is_so.defaulted), float(what.defaulted), text)


def _by_days(case: Case) -> Iterator[Undo]:
    """Days past due: they move the score, the stage and the default."""
    client, days, table = case.client, case.owed.days, case.now.reach.tables[DPD]
    if not client.facilities:
        return
    spread = table.edges[-1] - table.edges[0] if len(table.edges) > 1 else 1.0
    into_default = case.was.risk_grade == DEFAULTED
    low, high = (-inf, inf) if into_default else _bounds(case)
    for to in _days(case, table):
        what = _with_days(case, to, table)
        if what.defaulted is into_default and low <= what.logit <= high and is_undone(case, what):
            text = f"if {figure(to, 'days')} were past due instead of {figure(days, 'days')}"
            yield Undo(abs(to - days) / spread, "days_past_due", "days", float(days), float(to), text)
            return


def _days(case: Case, table: Points) -> list[int]:
    """The days at which something changes: the ends of the bins, of the stage's backstop and of default."""
    rules, days = case.now.rules.default, case.owed.days
    firsts = _firsts(table.edges, rules.significant_increase_dpd_days, rules.dpd_days)
    fewer = [first - 1 for first in reversed(firsts) if 1 < first <= days]
    return [*fewer, *((0,) if days else ()), *(first for first in firsts if first > days)]


@lru_cache(maxsize=512)
def _firsts(edges: tuple[float, ...], backstop: int, default: int | None) -> tuple[int, ...]:
    """The first days of the bins, of the backstop and of default, ascending."""
    return tuple(sorted({*map(ceil, edges), backstop + 1, *(() if default is None else (default + 1,))}))


def _with_days(case: Case, days: int, table: Points) -> WhatIf:
    """As it would be with other days past due: material arrears, and the default that hangs on the days."""
    client, was, rules = case.client, case.owed, case.now.rules.default
    owed = Arrears(days, was.amount, was.missed, days > 0 and (was.material or days > was.days))
    long = rules.dpd_days is not None and days > rules.dpd_days and owed.material
    defaulted = long or (bool(client.defaulted_day) and not client.default_by_days)
    logit = client.logit - case.points[DPD] + table.of(float(days))
    return WhatIf(logit, defaulted, owed, case.held, case.kept)


def _by_features(case: Case, within: float) -> Iterator[Undo]:
    """Of the figures that the score is made of the one that is nearest, if it is nearer than `within`."""
    low, high = _bounds(case)
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
        _grade(case, False, pd) == was.risk_grade
        and _has_tier(case, case.held, case.kept, pd)
        and _stage(case, False, case.owed, pd) == was.stage
    )


def _bounds(case: Case) -> tuple[float, float]:
    """The logits between which the client can have the grade that it had."""
    scale, held = case.now.rules.grades, int(case.was.risk_grade)
    high = _logit(scale.upper[held - 1] * (1.0 + scale.hysteresis)) if held < 9 else MAX_LOGIT
    low = _logit(scale.upper[held - 2] * (1.0 - scale.hysteresis)) if held > 1 else -MAX_LOGIT
    if case.today - case.client.graded_day < scale.dwell_days:
        low = -MAX_LOGIT
    return low, high


def _logit(pd: float) -> float:
    return logit(pd) if 0.0 < pd < 1.0 else MAX_LOGIT if pd > 0 else -MAX_LOGIT


def _by_value(case: Case) -> Iterator[Undo]:
    """What is drawn, at which margin, against which collateral."""
    held, kept = case.held, case.kept
    if held.drawn <= 0:
        return
    rate, ead = held.margin / held.drawn, held.drawn + case.now.rules.value.credit_conversion * held.undrawn

    lgd = kept.covered_lgd if kept.covered > 0 else case.now.rules.value.kind("").lgd

    def drawn(amount: float) -> tuple[Exposure, Appraisal]:
        return Exposure(amount, max(0.0, held.limit - amount), rate * amount, held.limit), kept

    def margin(share: float) -> tuple[Exposure, Appraisal]:
        return Exposure(held.drawn, held.undrawn, share * held.drawn, held.limit), kept

    def collateral(worth: float) -> tuple[Exposure, Appraisal]:
        return held, msgspec.structs.replace(kept, covered=worth, covered_lgd=lgd)

    yield from _solved(case, "drawn", held.drawn, max(held.limit, MOST_DRAWN * held.drawn), held.drawn, drawn)
    yield from _solved(case, "margin", rate, HIGHEST_MARGIN, rate, margin)
    yield from _solved(case, "collateral", kept.covered, ead, ead, collateral)


_UNITS: Final = {"drawn": "reporting currency", "margin": "fraction a year", "collateral": "reporting currency, after haircut"}
_TEXTS: Final = {
    "drawn": "if {} were drawn instead of {}",
    "margin": "if the margin were {} instead of {}",
    "collateral": "if collateral were worth {} after haircut instead of {}",
}


def _solved(
    case: Case, driver: str, was: float, most: float, share_of: float, what_if: Callable[[float], tuple[Exposure, Appraisal]]
) -> Iterator[Undo]:
    """The value of a driver, from 0 to the most, at which the value tier is the one before."""

    def undone(value: float) -> bool:
        return _has_tier(case, *what_if(value), case.client.pd)

    found = window(was, 0.0, max(most, was), undone)
    if found is None or share_of <= 0:
        return
    low, high = found
    to = (
        rounded(low, True, lambda value: value <= high and undone(value))
        if low > was
        else rounded(high, False, lambda value: value >= low and undone(value))
    )
    if undone(to):
        said = (figure(v, "fraction a year") if driver == "margin" else amount(v) for v in (to, was))
        yield Undo(abs(to - was) / share_of, driver, _UNITS[driver], was, to, _TEXTS[driver].format(*said))
