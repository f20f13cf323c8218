"""The probability of default that is learned: an ensemble of additive models, mean of their logits.

A mean of additive models is additive: a scorecard with exact reason codes and JSON weights. Members and figures:
`docs/learning.md`. How much it counts beside the expert grows with the defaults it has seen (credibility, Bühlmann 1967).
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from online_models.features import AMOUNTS, INDEX, NAMES, TIMED, completed
from online_models.grids import TAILS, Bins, Curves, even, normal_scores, quantile_edges, with_whole
from online_models.members import Amounts, Binned, BinnedTogether, Member, Seen, Smooth, Teacher
from online_models.scorecard import lines_through, sigmoid
from online_models.turns import Turns
from schemas.learning import FeaturePoints, LabelledExample, ModelSnapshot
from schemas.policy import Learning

START: Final = -4.6
"""Intercept before anything is learned: 1 %, the order of a corporate default rate."""
DIGITS: Final = 7
"""Of published points: a ten-millionth of a logit."""
AMOUNT_NAMES: Final = tuple(NAMES[i] for i in AMOUNTS)
AMOUNT_PLACES: Final = np.array(AMOUNTS, dtype=np.intp)
COUNTED: Final = ("loss_streak", "statements_seen", "days_past_due", "days_past_due_worst", "late_months", "months_seen")
COUNTS: Final = frozenset(INDEX[name] for name in COUNTED)
"""Places of features that count something."""
MEAN_EVERY: Final = 20
"""Examples after which the weights enter their mean: a tenth of the cost of each time, and the same to three digits."""


class PdModel:
    """Learns from one portfolio's labelled examples; until `warm_up` of them it only collects, to draw the bins."""

    def __init__(self, portfolio: str, rules: Learning) -> None:
        self.portfolio = portfolio
        self.rules = rules
        self.number = 0
        self.examples = 0
        self.defaults = 0
        self.taught = 0
        """Examples that the members have learned: those that wait for the bins not yet."""
        self.turns = Turns()
        self.published = (0, 0)
        """Examples learned and the day when a model was last published."""
        self.champion: tuple[str, ...] = rules.champion
        self.drawn: list[dict[str, Any]] = []
        """Of each feature in use: its place, its edges, knots and median."""
        self.waiting: list[tuple[list[float | None], bool]] = []
        self.members: dict[str, Member] = {}
        self._teachers: tuple[Teacher, ...] = ()

    @property
    def is_drawn(self) -> bool:
        """Whether bins and knots are there."""
        return bool(self.members)

    def score(self, x: Sequence[float | None]) -> float:
        """Probability of default by what was learned alone, at the members' own level; 0.5 before the bins are drawn."""
        return sigmoid(self._mean(self.logits(self.seen(x)), self.champion)) if self.is_drawn else 0.5

    def logits(self, seen: Seen) -> dict[str, float]:
        """What each member says."""
        return {name: member.score(seen) for name, member in self.members.items()}

    def take(self, example: LabelledExample, horizon_days: int) -> None:
        """One labelled example as it is told: learned when it is its turn, whatever came of it."""
        for x, y in self.turns.take(example, horizon_days):
            self.learn(completed(x), y)

    def learn(self, x: Sequence[float | None], y: bool) -> None:
        """One labelled example, now. Shape of `x`: as `features.NAMES`, None is missing."""
        self.examples += 1
        self.defaults += y
        if self.is_drawn:
            self._teach(self.seen(x), y)
            return
        self.waiting.append((list(x), y))
        if len(self.waiting) >= self.rules.warm_up:
            self._draw()
            waiting, self.waiting = self.waiting, []
            for x, y in waiting:
                self._teach(self.seen(x), y)

    def seen(self, x: Sequence[float | None]) -> Seen:
        """An example as the members take it."""
        whole = np.array(x, dtype=np.float64)  # None is NaN
        return Seen(whole.take(self._used), whole.take(AMOUNT_PLACES))

    def is_due(self, today: int) -> bool:
        """Whether anything was learned since a model was published, and that was long enough ago."""
        learned, day = self.published
        return self.is_drawn and self.examples > learned and today - day >= self.rules.publish_days

    @property
    def is_full(self) -> bool:
        """Whether enough was learned since a model was published."""
        return self.is_drawn and self.examples - self.published[0] >= self.rules.publish_every

    def snapshot(self, today: int = 0) -> ModelSnapshot:
        """The scorecard as it stands, with the next number. Raises: ValueError before the bins are drawn."""
        if not self.is_drawn:
            raise ValueError(f"{self.portfolio}: nothing learned before {self.rules.warm_up} examples")
        self.number += 1
        self.published = (self.examples, today)
        credibility = self.defaults / (self.defaults + self.rules.credibility)
        intercept, features = self.learned(self.champion)
        return ModelSnapshot(
            portfolio=self.portfolio,
            number=self.number,
            examples=self.examples,
            defaults=self.defaults,
            credibility=credibility,
            intercept=intercept,
            features=features,
            members=self.champion,
        )

    def learned(self, names: Sequence[str]) -> tuple[float, tuple[FeaturePoints, ...]]:
        """Intercept and points of the mean of these members, as they are published."""
        intercepts = [self.members[name].mean.intercept for name in names]
        points = tuple(self._points(i, names) for i in range(len(self.drawn)))
        return round(sum(intercepts) / len(intercepts), DIGITS), points

    def dump(self) -> dict[str, Any]:
        """All of it; `load` gives a model that learns on to the last bit like this one."""
        return {
            "number": self.number,
            "examples": self.examples,
            "defaults": self.defaults,
            "champion": self.champion,
            "published": self.published,
            "taught": self.taught,
            "turns": self.turns.dump(),
            "drawn": self.drawn,
            "waiting": self.waiting,
            "members": {name: member.dump() for name, member in self.members.items()},
        }

    @classmethod
    def load(cls, portfolio: str, rules: Learning, dumped: dict[str, Any]) -> "PdModel":
        """The model that `dump` described."""
        model = cls(portfolio, rules)
        model.number = dumped["number"]
        model.examples = dumped["examples"]
        model.defaults = dumped["defaults"]
        model.champion = tuple(dumped["champion"])
        model.published = tuple(dumped["published"])
        model.taught = dumped.get("taught", model.examples)
        model.turns = Turns.load(dumped.get("turns", {}))
        model.waiting = [(list(completed(x)), y) for x, y in dumped["waiting"]]
        if dumped["members"]:
            model._found(dumped["drawn"])
            for name, kept in dumped["members"].items():
                if name in model.members:
                    model.members[name].load(kept)
        return model

    def _teach(self, seen: Seen, y: bool) -> None:
        for teacher in self._teachers:
            teacher.learn(seen, y)
        self.taught += 1
        if self.taught % MEAN_EVERY == 0:
            share = MEAN_EVERY / min(self.taught, self.rules.averaged)
            for member in self.members.values():
                member.mean.take(member.w, member.intercept, share)

    def _mean(self, logits: dict[str, float], names: Sequence[str]) -> float:
        return sum(logits[name] for name in names) / len(names)

    def _draw(self) -> None:
        """Bins and knots from what has waited; a feature that it never saw would only be one more intercept."""
        drawn = []
        for place, column in enumerate(zip(*(x for x, _ in self.waiting), strict=True)):
            values = [_short(v) for v in column if v is not None]
            if not values or place in TIMED:
                continue
            knots, levels = normal_scores(values)
            bins, tails = quantile_edges(values, even(self.rules.bins)), quantile_edges(values, TAILS)
            drawn.append({
                "place": place,
                "bins": list(with_whole(bins) if place in COUNTS else bins),
                "tails": list(with_whole(tails) if place in COUNTS else tails),
                "knots": list(knots),
                "levels": list(levels),
                "median": sorted(values)[len(values) // 2],
            })  # fmt: skip
        self._found(drawn)

    def _found(self, drawn: list[dict[str, Any]]) -> None:
        """The members, on these bins and knots."""
        self.drawn = drawn
        self._used = np.array([d["place"] for d in drawn], dtype=np.intp)
        rate = self.rules.rate
        bins = Binned(Bins([d["bins"] for d in drawn]), alpha=rate, l2=5.0, start=START)
        tails = Binned(Bins([d["tails"] for d in drawn]), alpha=2 * rate, l2=10.0, start=START)
        smooth = Smooth(Curves([(d["knots"], d["levels"]) for d in drawn]), rate=rate / 2, start=START)
        amounts = Amounts(AMOUNT_NAMES, rate=rate / 10, start=START)
        self.members = {"bins": bins, "tails": tails, "smooth": smooth, "amounts": amounts}
        self._teachers = (BinnedTogether([bins, tails]), smooth, amounts)

    def _points(self, i: int, names: Sequence[str]) -> FeaturePoints:
        """What a feature adds by these members' mean: the steps of its bins and the pieces between its knots."""
        drawn, share = self.drawn[i], 1.0 / len(names)
        name = NAMES[drawn["place"]]
        steps: list[tuple[Sequence[float], Sequence[float]]] = []
        curves: list[tuple[Sequence[float], Sequence[float]]] = []
        missing = 0.0
        for member in (self.members[chosen] for chosen in names):
            if isinstance(member, Binned):
                start, last = int(member.bins.starts[i]), int(member.bins.missing[i])
                steps.append((member.bins.given[i], (member.mean.w[start:last] * share).tolist()))
                missing += float(member.mean.w[last]) * share
            elif isinstance(member, Smooth):
                weight = float(member.mean.w[i]) * share
                given = member.curves.given[i]
                curves.append((given[0], [weight * level for level in given[1]]))
            elif isinstance(member, Amounts) and (line := member.line(name)) is not None:
                curves.append((line[0], [share * level for level in line[1]]))
        edges, points = _summed_steps(steps)
        knots, levels = _summed_curves(curves)
        return FeaturePoints(name, edges, _rounded(points), round(missing, DIGITS), knots, _rounded(levels), drawn["median"])


def _summed_steps(steps: Sequence[tuple[Sequence[float], Sequence[float]]]) -> tuple[tuple[float, ...], list[float]]:
    edges = tuple(sorted({edge for some, _ in steps for edge in some}))
    lows = (float("-inf"), *edges)
    return edges, [sum(points[_bin(some, low)] for some, points in steps) for low in lows]


def _bin(edges: Sequence[float], value: float) -> int:
    return bisect_right(edges, value)


def _summed_curves(curves: Sequence[tuple[Sequence[float], Sequence[float]]]) -> tuple[tuple[float, ...], list[float]]:
    knots = tuple(sorted({knot for some, _ in curves for knot in some}))
    levels = []
    pieces = [(some, *lines_through(some, heights)) for some, heights in curves]
    for knot in knots:
        levels.append(sum(base[_bin(some, knot)] + slope[_bin(some, knot)] * knot for some, base, slope in pieces))
    return knots, levels


def _rounded(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(value, DIGITS) for value in values)


def _short(value: float) -> float:
    """Six digits: edges are published with every model."""
    return float(f"{value:.6g}")
