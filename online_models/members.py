"""The members of the ensemble: additive logistic models that learn from the same examples, each in its own way.

`Amounts` is River's pipeline. The two over all features are River's optimisers on arrays: one example with 66 features in 20
bins costs River's dictionaries many times as much.
"""

from math import exp, sqrt
from typing import Any, Final, Protocol

import numpy as np
from river import linear_model, optim, preprocessing, utils

from online_models.grids import Bins, Curves, Floats, Places

INTERCEPT_RATE: Final = 0.01
"""River's default `intercept_lr`."""
CLIP: Final = 8.0
"""Standard deviations beyond which an amount adds nothing more."""


class Seen:
    """An example as the members see it, prepared once for all of them; places and scores are found when first asked for."""

    def __init__(self, x: Floats, amounts: dict[str, float]) -> None:
        self.x = x
        self.known = x == x
        self.amounts = amounts


class Member(Protocol):
    """One additive model."""

    def score(self, seen: Seen) -> float:
        """The logit."""

    def learn(self, seen: Seen, y: bool) -> None:
        """One labelled example."""

    def dump(self) -> dict[str, Any]:
        """What `load` needs to go on to the last bit."""

    def load(self, dumped: dict[str, Any]) -> None:
        """As it was."""


class Binned:
    """FTRL-Proximal on one-hot bins. Source: McMahan et al., KDD 2013, algorithm 1 (l1 = 0); River's `optim.FTRLProximal`."""

    def __init__(self, bins: Bins, alpha: float, l2: float, beta: float = 1.0, start: float = 0.0) -> None:
        self.bins, self.alpha, self.beta, self.l2 = bins, alpha, beta, l2
        self.intercept = start
        self.w, self.z, self.n = (np.zeros(bins.size) for _ in range(3))

    def score(self, seen: Seen) -> float:
        return self.intercept + float(self.w[self.bins.places(seen.x, seen.known)].sum())

    def learn(self, seen: Seen, y: bool) -> None:
        at: Places = self.bins.places(seen.x, seen.known)
        w = self.w.take(at)
        g = _sigmoid(self.intercept + float(np.add.reduce(w))) - y
        self.intercept -= INTERCEPT_RATE * g
        before = self.n.take(at)
        after = before + g * g
        root = np.sqrt(after)
        z = self.z.take(at) + (g - (root - np.sqrt(before)) * w / self.alpha)
        self.n[at], self.z[at] = after, z
        self.w[at] = -z / ((self.beta + root) / self.alpha + self.l2)

    def dump(self) -> dict[str, Any]:
        return {"intercept": self.intercept, "w": self.w.tobytes(), "z": self.z.tobytes(), "n": self.n.tobytes()}

    def load(self, dumped: dict[str, Any]) -> None:
        self.intercept = dumped["intercept"]
        self.w, self.z, self.n = (_floats(dumped[name]) for name in ("w", "z", "n"))


class Smooth:
    """AdaGrad on normal scores of all features. Source: Duchi et al., JMLR 12 (2011); River's `optim.AdaGrad`."""

    def __init__(self, curves: Curves, rate: float, start: float = 0.0) -> None:
        self.curves, self.rate = curves, rate
        self.intercept = start
        self.w, self.g2 = (np.zeros(len(curves.given)) for _ in range(2))

    def score(self, seen: Seen) -> float:
        return self.intercept + float((self.w * self.curves.scores(seen.x, seen.known)).sum())

    def learn(self, seen: Seen, y: bool) -> None:
        scores = self.curves.scores(seen.x, seen.known)
        g = _sigmoid(self.intercept + float(np.add.reduce(self.w * scores))) - y
        self.intercept -= INTERCEPT_RATE * g
        gradient = g * scores
        self.g2 += gradient * gradient
        self.w -= self.rate / np.sqrt(self.g2 + 1e-8) * gradient

    def dump(self) -> dict[str, Any]:
        return {"intercept": self.intercept, "w": self.w.tobytes(), "g2": self.g2.tobytes()}

    def load(self, dumped: dict[str, Any]) -> None:
        self.intercept = dumped["intercept"]
        self.w, self.g2 = _floats(dumped["w"]), _floats(dumped["g2"])


class Amounts:
    """River's logistic regression with SGD on logarithmic amounts, standardised by River as they come."""

    def __init__(self, rate: float, start: float = 0.0) -> None:
        self.scaler: Any = preprocessing.StandardScaler()
        self.regression = linear_model.LogisticRegression(optim.SGD(rate), intercept_init=start)

    def score(self, seen: Seen) -> float:
        return float(self.regression._raw_dot_one(self._scaled(seen.amounts)))

    def learn(self, seen: Seen, y: bool) -> None:
        self.scaler.learn_one(seen.amounts)
        self.regression.learn_one(self._scaled(seen.amounts), y)

    def line(self, name: str) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """What an amount adds: nothing at its mean, straight to `CLIP` deviations either side; knots and levels."""
        spread = sqrt(self.scaler.vars.get(name, 0.0))
        weight = float(self.regression.weights.get(name, 0.0))
        if not spread or not weight:
            return None
        mean = float(self.scaler.means[name])
        return (mean - CLIP * spread, mean + CLIP * spread), (-CLIP * weight, CLIP * weight)

    def dump(self) -> dict[str, Any]:
        scaler = self.scaler
        return {
            "intercept": float(self.regression.intercept),
            "weights": {name: float(w) for name, w in self.regression.weights.items()},
            "iterations": self.regression.optimizer.n_iterations,
            "counts": dict(scaler.counts),
            "means": {name: float(v) for name, v in scaler.means.items()},
            "vars": {name: float(v) for name, v in scaler.vars.items()},
        }

    def load(self, dumped: dict[str, Any]) -> None:
        self.regression.intercept = dumped["intercept"]
        self.regression._weights = utils.VectorDict(dumped["weights"])  # River has no public way to set weights
        self.regression.optimizer.n_iterations = dumped["iterations"]
        self.scaler.counts.update(dumped["counts"])
        self.scaler.means.update(dumped["means"])
        self.scaler.vars.update(dumped["vars"])

    def _scaled(self, amounts: dict[str, float]) -> dict[str, float]:
        scaled = self.scaler.transform_one(amounts)
        return {name: z if -CLIP <= z <= CLIP else max(-CLIP, min(CLIP, z)) for name, z in scaled.items()}


def _sigmoid(logit: float) -> float:
    return 1.0 / (1.0 + exp(-max(-30.0, min(30.0, logit))))


def _floats(dumped: bytes) -> Floats:
    return np.frombuffer(dumped, dtype=np.float64).copy()
