"""The probability of default that is learned: a River logistic regression on quantile bins, one-hot.

An additive model on bins is a scorecard: exact reason codes, JSON weights. Optimiser: FTRL-Proximal, McMahan et al. (KDD
2013). How much it counts beside the expert grows with the defaults it has seen (credibility, Bühlmann 1967).
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from river import optim, utils
from river.linear_model import LogisticRegression

from online_models.features import NAMES
from online_models.scorecard import sigmoid
from schemas.learning import FeaturePoints, ModelSnapshot
from schemas.policy import Learning


class PdModel:
    """Learns from one portfolio's labelled examples; until `warm_up` of them it only collects, to draw the bins."""

    def __init__(self, portfolio: str, rules: Learning) -> None:
        self.portfolio = portfolio
        self.rules = rules
        self.number = 0
        self.examples = 0
        self.defaults = 0
        self._edges: tuple[tuple[float, ...], ...] = ()
        self._names: list[tuple[tuple[float, ...], tuple[str, ...], str]] = []
        self.waiting: list[tuple[list[float | None], bool]] = []
        self.regression = LogisticRegression(optim.FTRLProximal(alpha=0.05, beta=1.0, l1=0.0, l2=1.0))

    @property
    def edges(self) -> tuple[tuple[float, ...], ...]:
        """Bin edges of each feature, none before they are drawn. Shape: as `features.NAMES`."""
        return self._edges

    @edges.setter
    def edges(self, edges: tuple[tuple[float, ...], ...]) -> None:
        self._edges = edges
        self._names = [(e, tuple(f"{i}:{b}" for b in range(len(e) + 1)), f"{i}:") for i, e in enumerate(edges)]

    def score(self, x: Sequence[float | None]) -> float:
        """Probability of default by what was learned alone; 0.5 before the bins are drawn."""
        return sigmoid(self.regression._raw_dot_one(self._binned(x))) if self.edges else 0.5

    def learn(self, x: Sequence[float | None], y: bool) -> None:
        """One labelled example. Shape of `x`: as `features.NAMES`, None is missing."""
        self.examples += 1
        self.defaults += y
        if self.edges:
            self.regression.learn_one(self._binned(x), y)
            return
        self.waiting.append((list(x), y))
        if len(self.waiting) >= self.rules.warm_up:
            self._draw_bins()

    def snapshot(self) -> ModelSnapshot:
        """The scorecard as it stands, with the next number. Raises: ValueError before the bins are drawn."""
        if not self.edges:
            raise ValueError(f"{self.portfolio}: nothing learned before {self.rules.warm_up} examples")
        self.number += 1
        weights = self.regression.weights
        return ModelSnapshot(
            portfolio=self.portfolio,
            number=self.number,
            examples=self.examples,
            defaults=self.defaults,
            credibility=self.defaults / (self.defaults + self.rules.credibility),
            intercept=float(self.regression.intercept),
            features=tuple(
                FeaturePoints(
                    name,
                    edges,
                    tuple(float(weights.get(f"{i}:{b}", 0.0)) for b in range(len(edges) + 1)),
                    float(weights.get(f"{i}:", 0.0)),
                )
                for i, (name, edges) in enumerate(zip(NAMES, self.edges, strict=True))
            ),
        )

    def dump(self) -> dict[str, Any]:
        """All of it as JSON; `load` gives a model that learns on to the last bit like this one."""
        optimiser = self.regression.optimizer
        return {
            "number": self.number,
            "examples": self.examples,
            "defaults": self.defaults,
            "edges": self.edges,
            "waiting": self.waiting,
            "intercept": float(self.regression.intercept),
            "weights": {name: float(w) for name, w in self.regression.weights.items()},
            "z": {name: float(z) for name, z in optimiser.z.items()},
            "n": {name: float(n) for name, n in optimiser.n.items()},
            "iterations": optimiser.n_iterations,
        }

    @classmethod
    def load(cls, portfolio: str, rules: Learning, dumped: dict[str, Any]) -> "PdModel":
        """The model that `dump` described."""
        model = cls(portfolio, rules)
        model.number = dumped["number"]
        model.examples = dumped["examples"]
        model.defaults = dumped["defaults"]
        model.edges = tuple(tuple(edges) for edges in dumped["edges"])
        model.waiting = [(x, y) for x, y in dumped["waiting"]]
        regression, optimiser = model.regression, model.regression.optimizer
        regression.intercept = dumped["intercept"]
        regression._weights = utils.VectorDict(dumped["weights"])  # River has no public way to set weights
        optimiser.z.update(dumped["z"])
        optimiser.n.update(dumped["n"])
        optimiser.n_iterations = dumped["iterations"]
        return model

    def _binned(self, x: Sequence[float | None]) -> dict[str, float]:
        return {
            missing if value is None else bins[bisect_right(edges, value)]: 1.0
            for (edges, bins, missing), value in zip(self._names, x, strict=True)
            if edges  # a feature that the warm-up never saw would only be one more intercept
        }

    def _draw_bins(self) -> None:
        columns = zip(*(x for x, _ in self.waiting), strict=True)
        self.edges = tuple(quantile_edges([v for v in column if v is not None], self.rules.bins) for column in columns)
        waiting, self.waiting = self.waiting, []
        for x, y in waiting:
            self.regression.learn_one(self._binned(x), y)


def quantile_edges(values: list[float], bins: int) -> tuple[float, ...]:
    """At most `bins` - 1 edges with about as many values between each two; fewer where values repeat."""
    values = sorted(values)
    return tuple(sorted({values[len(values) * i // bins] for i in range(1, bins)})) if values else ()
