"""Champion and challenger on the same examples: the challenger replaces the champion when evidence says it is better.

Both are scored as of the moment of the champion's published score: the challenger's is that score with the learned part
exchanged for its own, as it stood when that model was published. Scores by the members of today would not do: they have
learned from what came since, some of it the example's own neighbours, and a forecast is judged by what it foretold.

An example counts with the month in which its horizon ends, whatever its label and whenever that is told: a default is known
at once and a survivor a horizon later, so in the order of labels whoever scores higher would seem the better for a while. In
the order of horizons every score was made before any label that counts later: the evidence is valid (`evidence.py`).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from math import log
from typing import Any, Final, NamedTuple

from online_models.differences import Difference, Learned
from online_models.evaluation import ROLLING_MONTHS, name_of
from online_models.evidence import Evidence, loss
from online_models.grids import Floats
from online_models.score_counts import ScoreCounts, merged
from online_models.scorecard import inside, logit, sigmoid

FROZEN_A_HORIZON: Final = 52
"""Published models of a horizon that are compared, evenly: examples of the others count for neither side."""
GRACE_DAYS: Final = 45
"""Labels come at the end of the month in which the horizon ends, and from slower partitions some days later."""
MOST_PROMOTIONS: Final = 50

Recipe = tuple[str, ...]


class Frozen:
    """How the two sides differed when a model was published. `side` is whose it was, `weight` that of what was learned."""

    def __init__(self, kept: Mapping[str, Any]) -> None:
        self.kept = kept
        self.side = int(kept["side"])
        self.weight = float(kept["weight"])
        self.difference = Difference(kept["difference"])

    def both(self, published: float, difference: float) -> tuple[float, float]:
        """Logits of both sides; `difference` is of their learned parts."""
        apart = self.weight * difference
        return (published, published + apart) if self.side == 0 else (published - apart, published)


class Promotion(NamedTuple):
    """A challenger became champion with the model `number`."""

    number: int
    day: int
    members: Recipe
    was_members: Recipe
    log_e: float
    examples: int
    gain: float
    """Log loss that the challenger had less, summed over the examples."""

    def report(self) -> dict[str, Any]:
        """As people read it."""
        told = {**self._asdict(), "day": date.fromordinal(self.day).isoformat()}
        return {**told, "members": list(self.members), "was_members": list(self.was_members)}


class Cohort:
    """The examples whose horizon ends in one month, as both sides scored them."""

    __slots__ = ("examples", "gain", "scored", "squares")

    def __init__(self) -> None:
        self.examples = 0
        self.gain = self.squares = 0.0
        self.scored = (ScoreCounts(), ScoreCounts())

    @property
    def evidence(self) -> Evidence:
        """What their losses come to."""
        return Evidence(self.examples, self.gain, self.squares)

    def add(self, logits: tuple[float, float], y: bool) -> float:
        """One example; the loss of the first side less that of the second."""
        first, second = logits
        difference = loss(first, y) - loss(second, y)
        self.examples += 1
        self.gain += difference
        self.squares += difference * difference
        one, other = self.scored
        one.add(sigmoid(first), y)
        other.add(sigmoid(second), y)
        return difference

    def dump(self) -> list[Any]:
        """All of it."""
        return [list(self.evidence), *(counts.dump() for counts in self.scored)]

    @classmethod
    def load(cls, dumped: Sequence[Any]) -> "Cohort":
        """The cohort that `dump` described."""
        cohort = cls()
        cohort.examples, cohort.gain, cohort.squares = dumped[0]
        cohort.scored = (ScoreCounts.load(dumped[1]), ScoreCounts.load(dumped[2]))
        return cohort


class Contest:
    """Two recipes, side by side; one of them is the champion. `error_rate`: chance of a promotion that is not deserved.

    It begins anew when either has been shown to be better, so that what was true years ago does not bury what is true now.
    """

    def __init__(self, recipes: tuple[Recipe, Recipe], horizon_days: int, error_rate: float) -> None:
        self.recipes = recipes
        self.horizon_days = horizon_days
        self.error_rate = error_rate
        self.side = 0
        """Whose recipe is the champion's."""
        self.since = 1
        """The first model that the champion published."""
        self.number = 1
        """Counts the contests."""
        self.evidence = Evidence()
        """That side 1 is better, of this contest's cohorts that are over."""
        self.cohorts: dict[int, Cohort] = {}
        """By the month in which the horizon ends: those that are not over, and the last twelve that are."""
        self.counted: list[int] = []
        """Months of the cohorts that are over."""
        self.frozen: dict[int, Frozen] = {}
        """By the number of the model."""
        self.in_force: dict[int, list[int]] = {}
        """Of these models, the day of publication and (0 if there is none yet) that of the next."""
        self.promotions: list[Promotion] = []

    @property
    def champion(self) -> Recipe:
        """Members whose mean is published."""
        return self.recipes[self.side]

    @property
    def challenger(self) -> Recipe:
        """Members that are measured beside it."""
        return self.recipes[1 - self.side]

    def differences(self, numbers: Sequence[int], xs: Floats) -> list[float]:
        """By how much side 1 says more than side 0, of examples scored by these models; 0 where nothing is kept of one."""
        found = [0.0] * len(numbers)
        for number in sorted({number for number in numbers if number in self.frozen}):
            rows = [i for i, one in enumerate(numbers) if one == number]
            for i, score in zip(rows, self.frozen[number].difference.scores(xs[rows]), strict=True):
                found[i] = score
        return found

    def add(self, pd: float, number: int, difference: float, y: bool, month: int) -> None:
        """One labelled example, as model `number` had scored it; its horizon ends in `month`."""
        frozen = self.frozen.get(number)
        if frozen is None:
            return
        logits = frozen.both(logit(inside(pd)), difference)
        cohort = self.cohorts.get(month)
        if cohort is None:
            cohort = self.cohorts[month] = Cohort()
        more = cohort.add(logits, y)
        if month in self.counted:
            self.evidence = self.evidence.and_of(Evidence(1, more, more * more))  # a slower partition's

    def close(self, month: int) -> None:
        """The cohorts up to a month are over and count."""
        for over in sorted(m for m in self.cohorts if m <= month and m not in self.counted):
            self.evidence = self.evidence.and_of(self.cohorts[over].evidence)
            self.counted.append(over)
        self.counted.sort()
        for old in self.counted[:-ROLLING_MONTHS]:
            del self.cohorts[old]
        del self.counted[:-ROLLING_MONTHS]

    def settle(self, number: int, day: int) -> Promotion | None:
        """Before model `number` is published: the promotion, if the challenger has been shown to be better."""
        mine = self.evidence if self.side == 0 else self.evidence.turned()
        if mine.log_e >= -log(self.error_rate):
            promoted = Promotion(number, day, self.challenger, self.champion, mine.log_e, mine.examples, mine.gain)
            self.side, self.since = 1 - self.side, number
            self.promotions = [*self.promotions, promoted][-MOST_PROMOTIONS:]
            self._begin()
            return promoted
        if mine.turned().log_e >= -log(self.error_rate):
            self._begin()
        return None

    def published(self, number: int, day: int, credibility: float, sides: tuple[Learned, Learned] | None) -> None:
        """Model `number` was published; `sides` are what both had learned, if it is to be compared."""
        if self.in_force:
            last = self.in_force[max(self.in_force)]
            last[1] = last[1] or day
        if sides is not None:
            kept = {"side": self.side, "weight": credibility, "difference": Difference.of(*sides).kept}
            self.frozen[number] = Frozen(kept)
            self.in_force[number] = [day, 0]
        for old in [n for n, (_, until) in self.in_force.items() if until and until + self.horizon_days + GRACE_DAYS < day]:
            del self.in_force[old], self.frozen[old]

    def is_compared(self, day: int) -> bool:
        """Whether a model published on this day is to be compared."""
        last = max((begun for begun, _ in self.in_force.values()), default=None)
        return last is None or day - last >= self.horizon_days // FROZEN_A_HORIZON

    def report(self) -> dict[str, Any]:
        """Both sides' figures of the last twelve cohorts that are over, the evidence, and what came of it."""
        sides = [merged(self.cohorts[month].scored[side] for month in self.counted).figures() for side in (0, 1)]
        mine = self.evidence if self.side == 0 else self.evidence.turned()
        return {
            "champion": {"members": list(self.champion), "since_model": self.since, **sides[self.side]},
            "challenger": {"members": list(self.challenger), **sides[1 - self.side]},
            "by_month": {name_of(month): self._told(self.cohorts[month]) for month in sorted(self.counted)},
            "contest": self.number,
            "examples": mine.examples,
            "gain": mine.gain,
            "log_e_value": mine.log_e,
            "log_e_value_needed": -log(self.error_rate),
            "promotions": [promotion.report() for promotion in self.promotions],
        }

    def dump(self) -> dict[str, Any]:
        """All of it but what is frozen, which has entries of its own."""
        return {
            "recipes": self.recipes,
            "side": self.side,
            "since": self.since,
            "number": self.number,
            "evidence": list(self.evidence),
            "cohorts": {month: cohort.dump() for month, cohort in sorted(self.cohorts.items())},
            "counted": self.counted,
            "in_force": self.in_force,
            "promotions": [list(promotion) for promotion in self.promotions],
        }

    def load(self, dumped: Mapping[str, Any], frozen: Mapping[int, Mapping[str, Any]]) -> None:
        """As it was."""
        self.side, self.since, self.number = dumped["side"], dumped["since"], dumped["number"]
        self.evidence = Evidence(*dumped["evidence"])
        self.cohorts = {month: Cohort.load(cohort) for month, cohort in dumped["cohorts"].items()}
        self.counted = list(dumped["counted"])
        self.in_force = {number: list(days) for number, days in dumped["in_force"].items()}
        self.frozen = {number: Frozen(frozen[number]) for number in self.in_force}
        self.promotions = [Promotion(n, day, tuple(a), tuple(b), *rest) for n, day, a, b, *rest in dumped["promotions"]]

    def _begin(self) -> None:
        self.number += 1
        self.evidence = Evidence()

    def _told(self, cohort: Cohort) -> dict[str, Any]:
        champion, challenger = cohort.scored[self.side].figures(), cohort.scored[1 - self.side].figures()
        told = {"champion": champion, "challenger": challenger}
        return {name: {f: figures[f] for f in ("roc_auc", "log_loss") if f in figures} for name, figures in told.items()}
