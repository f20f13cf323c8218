"""The members of the ensemble: additive logistic models that learn from the same examples, each in its own way.

They are River's optimisers on arrays, because River's dictionaries cost many times as much; where a River optimiser takes
arrays itself, it is the one that steps. `tests/laws/test_river_laws.py` holds each of them equal to River's. What is scored
and published is the running mean of the weights, not where the last examples left them. Source of the mean: Polyak and
Juditsky, SIAM J. Control Optim. 30 (1992).
"""

from collections.abc import Sequence
from math import exp
from typing import Any, Final, Protocol

import numpy as np
from river import optim

from online_models.grids import Bins, Curves, Floats, Places

INTERCEPT_RATE: Final = 0.01
"""River's default `intercept_lr`."""
CLIP: Final = 8.0
"""Standard deviations beyond which an amount adds nothing more."""
TINY: Final = 1e-12
"""Instead of a spread of nought: what has never moved is not off its mean."""


class Seen:
    """An example as the members see it, prepared once for all of them. Missing is NaN."""

    __slots__ = ("amounts", "known", "x")

    def __init__(self, x: Floats, amounts: Floats) -> None:
        self.x = x
        self.known = x == x
        self.amounts = amounts


class Member(Protocol):
    """One additive model."""

    w: Floats
    intercept: float
    mean: "Mean"

    def score(self, seen: Seen) -> float:
        """The logit, by the mean weights."""

    def dump(self) -> dict[str, Any]:
        """What `load` needs to go on to the last bit."""

    def load(self, dumped: dict[str, Any]) -> None:
        """As it was."""


class Teacher(Protocol):
    """What one or more members learn by."""

    def learn(self, seen: Seen, y: bool) -> None:
        """One labelled example."""


class Mean:
    """The running mean of a member's weights and intercept."""

    def __init__(self, size: int) -> None:
        self.w = np.zeros(size)
        self.intercept = 0.0

    def take(self, w: Floats, intercept: float, share: float) -> None:
        """The weights as they are now; a share of 1 forgets what was."""
        self.w += (w - self.w) * share
        self.intercept += (intercept - self.intercept) * share

    def dump(self) -> dict[str, Any]:
        return {"mean_w": self.w.tobytes(), "mean_intercept": self.intercept}

    def load(self, dumped: dict[str, Any]) -> None:
        """What was dumped before there were means begins with the weights themselves."""
        self.w = _floats(dumped.get("mean_w", dumped.get("w", b"")))
        self.intercept = dumped.get("mean_intercept", dumped["intercept"])


class Binned:
    """Weights of one-hot bins; `BinnedTogether` teaches them."""

    def __init__(self, bins: Bins, alpha: float, l2: float, start: float = 0.0) -> None:
        self.bins, self.alpha, self.l2 = bins, alpha, l2
        self.intercept = start
        self.w, self.z, self.n, self.root = (np.zeros(bins.size) for _ in range(4))
        self.mean = Mean(bins.size)

    def score(self, seen: Seen) -> float:
        return self.mean.intercept + float(np.add.reduce(self.mean.w.take(self.bins.places(seen.x, seen.known))))

    def dump(self) -> dict[str, Any]:
        kept = {"intercept": self.intercept, "w": self.w.tobytes(), "z": self.z.tobytes(), "n": self.n.tobytes()}
        return {**kept, **self.mean.dump()}

    def load(self, dumped: dict[str, Any]) -> None:
        self.intercept = dumped["intercept"]
        self.w[:], self.z[:], self.n[:] = (_floats(dumped[name]) for name in ("w", "z", "n"))
        self.root[:] = np.sqrt(self.n)
        self.mean.load(dumped)


class BinnedTogether:
    """FTRL-Proximal of several one-hot members side by side: one step costs hardly more than that of one of them.

    Source: McMahan et al., KDD 2013, algorithm 1 (l1 = 0); River's `optim.FTRLProximal`.
    """

    def __init__(self, members: Sequence[Binned], beta: float = 1.0) -> None:
        self.members = tuple(members)
        self.bins = Bins([edges for member in members for edges in member.bins.given])
        self.per_root = np.array([[1.0 / member.alpha] for member in members])
        self.shrink = np.array([[beta / member.alpha + member.l2] for member in members])
        self.w, self.z, self.n, self.root = (np.zeros(self.bins.size) for _ in range(4))
        start = 0
        for member in members:
            here = slice(start, start := start + member.bins.size)
            member.w, member.z, member.n, member.root = self.w[here], self.z[here], self.n[here], self.root[here]

    def learn(self, seen: Seen, y: bool) -> None:
        count = len(self.members)
        at: Places = self.bins.places(np.concatenate((seen.x,) * count), np.concatenate((seen.known,) * count)).reshape(count, -1)
        w = self.w.take(at)
        g = self._errors(np.add.reduce(w, axis=1).tolist(), y)
        n = self.n.take(at)
        n += g * g
        root = np.sqrt(n)
        w *= (self.root.take(at) - root) * self.per_root
        w += self.z.take(at)
        w += g
        self.n[at], self.root[at], self.z[at] = n, root, w
        root *= self.per_root
        root += self.shrink
        w /= root
        self.w[at] = np.negative(w, out=w)

    def _errors(self, sums: list[float], y: bool) -> Floats:
        errors = []
        for member, total in zip(self.members, sums, strict=True):
            g = _sigmoid(member.intercept + total) - y
            member.intercept -= INTERCEPT_RATE * g
            errors.append([g])
        return np.array(errors)


class Smooth:
    """AdaGrad on normal scores of all features. Source: Duchi et al., JMLR 12 (2011); River's `optim.AdaGrad`."""

    def __init__(self, curves: Curves, rate: float, start: float = 0.0) -> None:
        self.curves, self.rate = curves, rate
        self.intercept = start
        self.w, self.g2 = (np.zeros(len(curves.given)) for _ in range(2))
        self.mean = Mean(len(curves.given))

    def score(self, seen: Seen) -> float:
        return self.mean.intercept + float(np.add.reduce(self.mean.w * self.curves.scores(seen.x, seen.known)))

    def learn(self, seen: Seen, y: bool) -> None:
        gradient = self.curves.scores(seen.x, seen.known)
        g = _sigmoid(self.intercept + float(np.add.reduce(self.w * gradient))) - y
        self.intercept -= INTERCEPT_RATE * g
        gradient *= g
        self.g2 += gradient * gradient
        gradient *= self.rate
        gradient /= np.sqrt(self.g2 + 1e-8)
        self.w -= gradient

    def dump(self) -> dict[str, Any]:
        return {"intercept": self.intercept, "w": self.w.tobytes(), "g2": self.g2.tobytes(), **self.mean.dump()}

    def load(self, dumped: dict[str, Any]) -> None:
        self.intercept = dumped["intercept"]
        self.w, self.g2 = _floats(dumped["w"]), _floats(dumped["g2"])
        self.mean.load(dumped)


class Amounts:
    """River's SGD on logarithmic amounts, standardised as they come (Welford, as River's `StandardScaler`)."""

    def __init__(self, names: tuple[str, ...], rate: float, start: float = 0.0) -> None:
        self.names = names
        self.sgd = optim.SGD(rate)
        self.intercept = start
        self.w, self.counts, self.means, self.vars = (np.zeros(len(names)) for _ in range(4))
        self.mean = Mean(len(names))

    def score(self, seen: Seen) -> float:
        off = np.where(seen.amounts == seen.amounts, seen.amounts - self.means, 0.0)
        return self.mean.intercept + float(np.add.reduce(self.mean.w * self._scaled(off)))

    def learn(self, seen: Seen, y: bool) -> None:
        known = seen.amounts == seen.amounts
        self.counts += known
        off = np.where(known, seen.amounts - self.means, 0.0)
        share = known / np.maximum(self.counts, 1.0)
        self.means += off * share
        now = np.where(known, seen.amounts - self.means, 0.0)
        off *= now
        off -= self.vars
        off *= share
        self.vars += off
        gradient = self._scaled(now)
        g = _sigmoid(self.intercept + float(np.add.reduce(self.w * gradient))) - y
        self.intercept -= INTERCEPT_RATE * g
        gradient *= g
        self.sgd.step(self.w, gradient)

    def line(self, name: str) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """What an amount adds: nothing at its mean, straight to `CLIP` deviations either side; knots and levels."""
        if name not in self.names:
            return None
        i = self.names.index(name)
        spread, weight = float(np.sqrt(self.vars[i])), float(self.mean.w[i])
        if not spread or not weight:
            return None
        middle = float(self.means[i])
        return (middle - CLIP * spread, middle + CLIP * spread), (-CLIP * weight, CLIP * weight)

    def dump(self) -> dict[str, Any]:
        kept: dict[str, Any] = {"intercept": self.intercept, "iterations": self.sgd.n_iterations}
        for key, values in (("weights", self.w), ("counts", self.counts), ("means", self.means), ("vars", self.vars)):
            kept[key] = dict(zip(self.names, values.tolist(), strict=True))
        return {**kept, **self.mean.dump()}

    def load(self, dumped: dict[str, Any]) -> None:
        self.intercept = dumped["intercept"]
        self.sgd.n_iterations = dumped["iterations"]
        self.w, self.counts, self.means, self.vars = (
            np.array([float(dumped[key].get(name, 0.0)) for name in self.names]) for key in ("weights", "counts", "means", "vars")
        )
        self.mean.load({"w": self.w.tobytes(), **dumped})

    def _scaled(self, off: Floats) -> Floats:
        """How many deviations amounts are off their means."""
        spread = np.sqrt(self.vars)
        scaled: Floats = off / np.maximum(spread, TINY)
        return np.minimum(np.maximum(scaled, -CLIP, out=scaled), CLIP, out=scaled)


def _sigmoid(logit: float) -> float:
    return 1.0 / (1.0 + exp(-max(-30.0, min(30.0, logit))))


def _floats(dumped: bytes) -> Floats:
    return np.frombuffer(dumped, dtype=np.float64).copy()
