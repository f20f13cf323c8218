"""Days past due: they move the score, the stage and the default."""

from collections.abc import Iterator
from functools import lru_cache
from math import ceil, inf
from typing import Final

from agents.segmentation.defaulting import Arrears
from agents.segmentation.drivers.case import Case, Undo, WhatIf, grade_bounds, is_undone
from agents.segmentation.grading import DEFAULTED
from agents.segmentation.wording import figure
from online_models.features import INDEX
from online_models.scorecard import Points

DPD: Final = INDEX["days_past_due"]


def by_days(case: Case) -> Iterator[Undo]:
    """Days past due: they move the score, the stage and the default."""
    client, days, table = case.client, case.owed.days, case.now.reach.tables[DPD]
    if not client.facilities:
        return
    spread = table.edges[-1] - table.edges[0] if len(table.edges) > 1 else 1.0
    into_default = case.was.risk_grade == DEFAULTED
    low, high = (-inf, inf) if into_default else grade_bounds(case)
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
