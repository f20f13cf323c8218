"""How well a portfolio's scores told who would default: prequential, in bounded memory, mergeable.

Scores are counted in fine bins of their logit, apart for defaults and the rest; every figure comes from the counts.
"""

from math import log
from typing import Any, Final

from online_models.scorecard import logit

BINS: Final = 1200
WIDTH: Final = 20.0
"""Logits from -10 to 10 in bins of 1/60."""


class Evaluation:
    """Of probabilities `pd` as scored, against what came of them."""

    def __init__(self) -> None:
        self.good = [0] * BINS
        self.bad = [0] * BINS
        self.sum_pd = 0.0
        self.squares = 0.0
        self.log_loss = 0.0

    def add(self, pd: float, y: bool) -> None:
        """One labelled example."""
        pd = min(1 - 1e-9, max(1e-9, pd))
        place = int((logit(pd) / WIDTH + 0.5) * BINS)
        (self.bad if y else self.good)[max(0, min(BINS - 1, place))] += 1
        self.sum_pd += pd
        self.squares += (pd - y) ** 2
        self.log_loss -= log(pd) if y else log(1 - pd)

    def figures(self) -> dict[str, Any]:
        """ROC-AUC, PR-AUC (average precision), KS, recall at 5 % alerts, Brier, log loss, mean PD and observed rate."""
        good, bad = sum(self.good), sum(self.bad)
        n = good + bad
        if not good or not bad:
            return {"examples": n, "defaults": bad}
        area = precision = ks = recall = 0.0
        g = b = 0
        for gi, bi in zip(reversed(self.good), reversed(self.bad), strict=True):
            area += gi * (b + bi / 2)
            g, b = g + gi, b + bi
            if bi:
                precision += bi * b / (g + b)
            ks = max(ks, b / bad - g / good)
            if g + b <= 0.05 * n:
                recall = b / bad
        return {
            "examples": n,
            "defaults": bad,
            "roc_auc": area / (good * bad),
            "pr_auc": precision / bad,
            "ks": ks,
            "recall_at_5_percent": recall,
            "brier": self.squares / n,
            "log_loss": self.log_loss / n,
            "mean_pd": self.sum_pd / n,
            "observed_rate": bad / n,
        }

    def dump(self) -> dict[str, Any]:
        """All of it as JSON."""
        return dict(vars(self))

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> "Evaluation":
        """The evaluation that `dump` described."""
        evaluation = cls()
        vars(evaluation).update(dumped)
        return evaluation
