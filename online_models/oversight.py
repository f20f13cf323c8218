"""The oversight of one portfolio's model: its contest with a challenger and its drift, from the same labelled examples.

Examples wait until many can be looked at in one go; what is found does not depend on when that is. Months close in the order
of the examples, so that a finding belongs to the example whose label's date has ended a month.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple

from online_models.contest import Contest, Promotion, Recipe
from online_models.drift_watch import DriftWatch, Finding, as_floats
from online_models.evaluation import month_of
from online_models.features import completed
from online_models.pd_model import PdModel
from schemas.learning import LabelledExample, ModelSnapshot, number_of
from schemas.policy import MEMBERS, PortfolioPolicy

SKEW_DAYS: Final = 7
"""After a month's end in which partitions of the log that lag behind may still tell their labels."""


class Waiting(NamedTuple):
    """An example that has not been looked at."""

    example: LabelledExample
    month: int
    """In which the horizon ends."""


class Oversight:
    """Keeps the champion of `model` what the contest says."""

    def __init__(self, model: PdModel, rules: PortfolioPolicy) -> None:
        self.model = model
        self.horizon_days = rules.horizon_days
        self.entered = (rules.learning.champion, rules.learning.challenger)
        """What the policy says: if it changes, both begin anew by what it says then."""
        self.contest: Contest | None = None
        self.drift = DriftWatch(rules.learning.drift)
        self.frontier = 0
        """The last day on which a label was told."""
        self.closed = 0
        """The last month that is over."""
        self.version = "none"
        """Of the model in force."""
        self._waiting: list[Waiting] = []
        self._rate = rules.learning.contest.error_rate
        self._begin(*self.entered)

    def add(self, example: LabelledExample) -> list[Finding]:
        """One labelled example, before it is learned from; what was found by the months that have ended before it."""
        today = example.labelled_on.toordinal()
        found = self._advance(today) if today > self.frontier else []
        self._waiting.append(Waiting(example, _month(example.as_of.toordinal() + self.horizon_days)))
        return found

    def drawn(self, xs: Sequence[Sequence[float | None]], day: int) -> None:
        """The model's bins were drawn from these examples, which are the reference and count in no cohort's spread."""
        self.settle()
        self.drift.draw(xs, day)

    def settle(self) -> None:
        """Looks at the examples that wait."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        xs = as_floats([completed(one.example.x) for one in waiting])
        self.drift.add(xs, [one.month for one in waiting])
        numbers = [number_of(one.example.model_version) for one in waiting]
        apart = self.contest.differences(numbers, xs) if self.contest is not None else [0.0] * len(waiting)
        for (example, month), number, difference in zip(waiting, numbers, apart, strict=True):
            self.drift.loss.add(example.client_id, example.pd, example.y, month)
            if self.contest is not None:
                self.contest.add(example.pd, number, difference, example.y, month)

    def promotes(self, day: int) -> Promotion | None:
        """Before a model is published: a challenger that has been shown to be better becomes champion."""
        self.settle()
        contest = self.contest
        promoted = contest.settle(self.model.number + 1, day) if contest is not None else None
        if contest is not None and promoted is not None:
            self.model.champion = promoted.members
            self.drift.promoted(promoted.number, day)
        return promoted

    def published(self, snapshot: ModelSnapshot, day: int) -> None:
        """A model was published: both sides are kept as they stand, to score by when its examples are labelled."""
        contest = self.contest
        self.version = snapshot.version
        if contest is None:
            return
        sides = None
        if contest.is_compared(day):
            mine, other = (snapshot.intercept, snapshot.features), self.model.learned(contest.challenger)
            sides = (mine, other) if contest.side == 0 else (other, mine)
        contest.published(snapshot.number, day, snapshot.credibility, sides)

    def report(self) -> dict[str, Any]:
        """The contest, if there is one, and the drift."""
        self.settle()
        contest = {} if self.contest is None else {"contest": self.contest.report()}
        return {**contest, "drift": self.drift.report()}

    def dump(self) -> dict[str, Any]:
        """All of it but what the contest has frozen: `frozen` tells that."""
        self.settle()
        return {
            "entered": self.entered,
            "frontier": self.frontier,
            "closed": self.closed,
            "version": self.version,
            "contest": None if self.contest is None else self.contest.dump(),
            "drift": self.drift.dump(),
        }

    @property
    def frozen(self) -> dict[int, Mapping[str, Any]]:
        """What is kept of published models, by their number."""
        return {} if self.contest is None else {number: kept.kept for number, kept in self.contest.frozen.items()}

    def load(self, dumped: Mapping[str, Any], frozen: Mapping[int, Mapping[str, Any]]) -> None:
        """As it was; nothing dumped (by an earlier release) is a beginning with the champion that there is."""
        if not dumped:
            self._take_over(self.model.champion)
            self.drift.take_over([(one["place"], one["bins"]) for one in self.model.drawn])
            return
        self.frontier, self.closed, self.version = dumped["frontier"], dumped["closed"], dumped["version"]
        self.drift = DriftWatch.load(self.drift.rules, dumped["drift"])
        if tuple(map(tuple, dumped["entered"])) == self.entered and dumped["contest"] is not None:
            recipes: tuple[Recipe, Recipe] = tuple(map(tuple, dumped["contest"]["recipes"]))  # type: ignore[assignment]
            self._begin(*recipes)
            assert self.contest is not None
            self.contest.load(dumped["contest"], frozen)
            self.model.champion = self.contest.champion
            return
        self._begin(*self.entered)

    def _take_over(self, champion: Recipe) -> None:
        """A champion of an earlier release stays, against whom of the policy it is not."""
        mine, other = self.entered
        if not set(champion) <= set(MEMBERS):
            champion = mine
        self._begin(champion, mine if set(champion) == set(other) else other)

    def _begin(self, champion: Recipe, challenger: Recipe) -> None:
        self.model.champion = champion
        is_one = set(champion) != set(challenger)
        self.contest = Contest((champion, challenger), self.horizon_days, self._rate) if is_one else None

    def _advance(self, today: int) -> list[Finding]:
        """The months that have ended before this day are over."""
        self.frontier = today
        month = _month(today - SKEW_DAYS) - 1
        if month <= self.closed:
            return []
        self.settle()
        self.closed = month
        if self.contest is not None:
            self.contest.close(month)
        return self.drift.close(month, today)


@lru_cache(maxsize=4096)
def _month(day: int) -> int:
    """The month of a day's ordinal."""
    return month_of(date.fromordinal(max(1, day)))
