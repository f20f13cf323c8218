"""How well a portfolio's scores told who would default: prequential, by cohort, in bounded memory, mergeable.

A cohort is the snapshots of one month. Its defaults are known before its survivors are, so it counts only when its
horizon is over for all of it: else every figure would see too many defaults. Statements and months count apart.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple

from online_models.score_counts import ScoreCounts, merged, pooled, stability

STATEMENT: Final = "statement"
MONTH: Final = "month"
MONTHS_TOLD: Final = 6
"""Snapshots of months are told apart by how many months of the client were known, up to these many."""
MOST_MONTHS: Final = 120
"""Cohorts of a kind that are kept by month; older ones only count in their years."""
MOST_YEARS: Final = 40
"""Years of a kind that are kept apart; older ones only count in the whole."""
ROLLING_MONTHS: Final = 12
POOLED_YEARS: Final = 10
POOLED_COHORTS: Final = 5
EARLIER: Final = 0
"""Instead of a year: all that are no longer kept apart."""


class Scored(NamedTuple):
    """A score as it was given: at a statement of a fiscal year (the year its period ends in), or (0) at a month's end."""

    as_of: date
    pd: float
    fiscal_year: int = 0
    months: int = 0
    """Months of the client that were known."""

    @property
    def kind(self) -> str:
        """What it was scored at."""
        return STATEMENT if self.fiscal_year else f"{MONTH}-{max(1, min(MONTHS_TOLD, self.months))}"


class Evaluation:
    """Of one portfolio, whose labels come `horizon_days` after the score at the latest."""

    def __init__(self, horizon_days: int) -> None:
        self.horizon_days = horizon_days
        self.frontier = 0
        """The last day that a label was told of."""
        self.open: dict[tuple[str, int, int], ScoreCounts] = {}
        """By kind, month and fiscal year: cohorts that do not count yet."""
        self.months: dict[tuple[str, int], ScoreCounts] = {}
        self.years: dict[tuple[str, int], ScoreCounts] = {}
        self.fiscal_years: dict[tuple[str, int], ScoreCounts] = {}

    def add(self, scored: Scored, y: bool, labelled_on: date) -> None:
        """One labelled example."""
        day, month = labelled_on.toordinal(), month_of(scored.as_of)
        if day <= self.frontier and self._closes(month) <= self.frontier:
            self._count_late(scored, month, y)
            return
        self._count(scored, y)
        if day > self.frontier:
            self.frontier = day
            self._settle(day)

    def by_the_end(self, unlabelled: Iterable[Scored]) -> "Evaluation":
        """As if all horizons were over now: scores without a label have survived, as far as anybody knows."""
        ended = Evaluation.load(self.dump())
        for scored in unlabelled:
            ended._count(scored, False)
        ended._settle(date.max.toordinal())
        return ended

    def whole(self, kind: str = "") -> ScoreCounts:
        """All cohorts that count, of kinds that begin like this."""
        return merged(counts for (k, _), counts in self.years.items() if k.startswith(kind))

    def rolling(self, kind: str = "") -> ScoreCounts:
        """The cohorts of the last twelve months that have one."""
        mine = {month for k, month in self.months if k.startswith(kind)}
        since = max(mine, default=0) - ROLLING_MONTHS
        return merged(t for (k, month), t in self.months.items() if k.startswith(kind) and month > since)

    def history(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        """The rolling figures as they stood at each cohort's month, oldest first."""
        mine = sorted({month for k, month in self.months if k.startswith(kind)})
        points = []
        for last in mine:
            span = [t for (k, m), t in self.months.items() if k.startswith(kind) and last - ROLLING_MONTHS < m <= last]
            points.append((name_of(last), merged(span).figures()))
        return points

    def drift(self, kind: str) -> list[tuple[str, float]]:
        """How far the scores of each cohort are from those of the first twelve months that are kept."""
        cohorts = self._cohorts(kind)
        first = min((month for k, month in self.months if k.startswith(kind)), default=0)
        until = name_of(first + ROLLING_MONTHS)
        reference = merged(counts for month, counts in cohorts if month < until)
        return [(month, stability(counts, reference)) for month, counts in cohorts]

    def report(self) -> dict[str, Any]:
        """Every figure, for people and machines."""
        waiting = merged(self.open.values())
        told = {"waiting": {"examples": waiting.examples, "defaults": waiting.defaults}}
        return {**self.whole().figures(), **told, "statements": self._statements(), "months": self._months()}

    def merge(self, other: "Evaluation") -> None:
        """Adds the examples of another."""
        for mine, others in zip(self._parts(), other._parts(), strict=True):
            for key, counts in others.items():
                mine.setdefault(key, ScoreCounts()).merge(counts)
        self.frontier = max(self.frontier, other.frontier)
        self._settle(self.frontier)
        self._forget()

    def dump(self) -> dict[str, Any]:
        """All of it as JSON."""
        parts = [[[*key, counts.dump()] for key, counts in sorted(part.items())] for part in self._parts()]
        return {"horizon_days": self.horizon_days, "frontier": self.frontier, "parts": parts}

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "Evaluation":
        """The evaluation that `dump` described."""
        evaluation = cls(dumped["horizon_days"])
        evaluation.frontier = dumped["frontier"]
        for part, entries in zip(evaluation._parts(), dumped["parts"], strict=True):
            part.update({tuple(key): ScoreCounts.load(counts) for *key, counts in entries})
        return evaluation

    def _parts(self) -> tuple[dict[Any, ScoreCounts], ...]:
        return self.open, self.months, self.years, self.fiscal_years

    def _count(self, scored: Scored, y: bool) -> None:
        key = (scored.kind, month_of(scored.as_of), scored.fiscal_year)
        counts = self.open.get(key)
        if counts is None:
            counts = self.open[key] = ScoreCounts()
        counts.add(scored.pd, y)

    def _count_late(self, scored: Scored, month: int, y: bool) -> None:
        """Into a cohort that counts already."""
        kept = self._kept()
        for counts in self._settled(scored.kind, month, scored.fiscal_year):
            counts.add(scored.pd, y)
        if self._kept() > kept:
            self._forget()

    def _settle(self, day: int) -> None:
        """Cohorts whose horizon is over by the close of `day` count from here on."""
        over = sorted(key for key in self.open if self._closes(key[1]) <= day)
        for key in over:
            counted = self.open.pop(key)
            for counts in self._settled(*key):
                counts.merge(counted)
        if over:
            self._forget()

    def _settled(self, kind: str, month: int, fiscal_year: int) -> list[ScoreCounts]:
        """Where a cohort counts: in its month, its year and its fiscal year."""
        settled = [_at(self.months, (kind, month)), _at(self.years, (kind, month // 12))]
        if fiscal_year:
            settled.append(_at(self.fiscal_years, (kind, fiscal_year)))
        return settled

    def _kept(self) -> int:
        return len(self.months) + len(self.years) + len(self.fiscal_years)

    def _closes(self, month: int) -> int:
        """Labels come at the end of the month in which a horizon is over, at the latest."""
        return _closes(month, self.horizon_days)

    def _forget(self) -> None:
        for kind in sorted({kind for kind, _ in self.years}):
            for month in _oldest(self.months, kind, MOST_MONTHS):
                del self.months[kind, month]
            for part in (self.years, self.fiscal_years):
                for year in _oldest(part, kind, MOST_YEARS):
                    part.setdefault((kind, EARLIER), ScoreCounts()).merge(part.pop((kind, year)))

    def _statements(self) -> dict[str, Any]:
        years = {year: t for (_, year), t in sorted(self.fiscal_years.items()) if year != EARLIER}
        return {**self._told(STATEMENT), "by_fiscal_year": {str(y): t.figures() for y, t in years.items()}, **_last_years(years)}

    def _months(self) -> dict[str, Any]:
        known = range(1, MONTHS_TOLD + 1)
        told = {**self._told(MONTH), "by_months_known": {str(n): self.whole(f"{MONTH}-{n}").figures() for n in known}}
        last = self._cohorts(f"{MONTH}-{MONTHS_TOLD}")[-POOLED_COHORTS:]
        if last:
            told["longest_known"] = {f"{last[0][0]}-{last[-1][0]}": merged(counts for _, counts in last).figures()}
        return told

    def _told(self, kind: str) -> dict[str, Any]:
        whole, years = self.whole(kind), sorted({year for k, year in self.years if k.startswith(kind) and year != EARLIER})
        by_year = {str(y): merged(t for (k, year), t in self.years.items() if year == y and k.startswith(kind)) for y in years}
        return {
            "whole": whole.figures(),
            "rolling_12_months": self.rolling(kind).figures(),
            "reliability": whole.reliability(),
            "by_year": {year: counts.figures() for year, counts in by_year.items()},
            "by_cohort": {month: counts.figures() for month, counts in self._cohorts(kind)},
            "drift_psi": dict(self.drift(kind)),
        }

    def _cohorts(self, kind: str) -> list[tuple[str, ScoreCounts]]:
        months = sorted({month for k, month in self.months if k.startswith(kind)})
        return [(name_of(m), merged(t for (k, mm), t in self.months.items() if mm == m and k.startswith(kind))) for m in months]


def month_of(day: date) -> int:
    """Year * 12 + month - 1."""
    return day.year * 12 + day.month - 1


@lru_cache(maxsize=4096)
def _closes(month: int, horizon_days: int) -> int:
    return _end_of(month_of(date.fromordinal(_end_of(month) + horizon_days)))


def _at(part: dict[tuple[str, int], ScoreCounts], key: tuple[str, int]) -> ScoreCounts:
    counts = part.get(key)
    if counts is None:
        counts = part[key] = ScoreCounts()
    return counts


def _end_of(month: int) -> int:
    year, number = divmod(month, 12)
    return date(year, number + 1, monthrange(year, number + 1)[1]).toordinal()


def name_of(month: int) -> str:
    """As people write it: 2005-09."""
    return f"{month // 12}-{month % 12 + 1:02}"


def _last_years(years: Mapping[int, ScoreCounts]) -> dict[str, Any]:
    last = sorted(years)[-POOLED_YEARS:]
    return {"fiscal_years": {f"{last[0]}-{last[-1]}": pooled(years[y] for y in last)}} if last else {}


def _oldest(part: Mapping[tuple[str, int], ScoreCounts], kind: str, most: int) -> list[int]:
    held = sorted(number for k, number in part if k == kind and number != EARLIER)
    return held[: max(0, len(held) - most)]
