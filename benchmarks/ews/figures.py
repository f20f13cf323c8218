"""Exact figures from scores and outcomes, with nothing of tierwatch in them: ties count one half (ROC) or as one (PR)."""

from collections.abc import Hashable, Sequence
from itertools import groupby
from math import log
from typing import Any


def figures(scores: Sequence[float], ys: Sequence[bool], groups: Sequence[Hashable] | None = None) -> dict[str, Any]:
    """ROC-AUC, PR-AUC (average precision), KS, recall at 5 % alerts (of each group), Brier, log loss, mean and rate."""
    bad, n = sum(ys), len(ys)
    good = n - bad
    area = precision = ks = 0.0
    g = b = 0
    for _, tied in groupby(sorted(zip(scores, ys, strict=True), key=lambda one: -one[0]), key=lambda one: one[0]):
        outcomes = [y for _, y in tied]
        more_bad = sum(outcomes)
        more_good = len(outcomes) - more_bad
        area += more_good * (b + more_bad / 2)
        g, b = g + more_good, b + more_bad
        precision += more_bad * b / (g + b)
        ks = max(ks, b / bad - g / good)
    said = {
        "examples": n,
        "defaults": bad,
        "roc_auc": area / (good * bad),
        "pr_auc": precision / bad,
        "ks": ks,
        "recall_at_5_percent": recall(scores, ys, groups or [0] * n),
        "mean_score": sum(scores) / n,
        "observed_rate": bad / n,
    }
    if all(0.0 <= s <= 1.0 for s in scores):
        said["brier"] = sum((s - y) ** 2 for s, y in zip(scores, ys, strict=True)) / n
        cut = [min(1 - 1e-9, max(1e-9, s)) for s in scores]
        said["log_loss"] = -sum(log(s if y else 1 - s) for s, y in zip(cut, ys, strict=True)) / n
    return said


def recall(scores: Sequence[float], ys: Sequence[bool], groups: Sequence[Hashable], share: float = 0.05) -> float:
    """Defaults among the 5 % with the highest scores of each group, of all defaults; the first of equals in order."""
    by_group: dict[Hashable, list[tuple[float, bool]]] = {}
    for score, y, group in zip(scores, ys, groups, strict=True):
        by_group.setdefault(group, []).append((score, y))
    caught = 0
    for members in by_group.values():
        members.sort(key=lambda one: -one[0])
        caught += sum(y for _, y in members[: round(share * len(members))])
    return caught / sum(ys)
