"""A tally of scores against what came of them, in bounded memory: every figure of discrimination and calibration from it.

Scores are counted in fine bins of their logit, apart for defaults and the rest; tallies of disjoint examples add up.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from math import floor, log
from typing import Any, Final

from online_models.scorecard import inside, logit

PER_LOGIT: Final = 50
"""Bins to a logit: a bin holds PDs that differ by 2 %, relative."""
MOST: Final = 15 * PER_LOGIT
"""Logits from -15 to 15: no more bins than that, on each side of zero."""
BANDS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
"""Bounds of the bands of PD in which calibration is told."""
ALERTS: Final = 0.05
"""Share of the examples that may be alerted, by the highest scores."""


class ScoreCounts:
    """Of probabilities `pd` as scored, and whether a default came."""

    __slots__ = ("bad", "bands", "good", "log_loss", "squares")

    def __init__(self) -> None:
        self.good: dict[int, int] = {}
        self.bad: dict[int, int] = {}
        self.bands: list[list[float]] = [[0, 0, 0.0] for _ in range(len(BANDS) + 1)]
        """Examples, defaults and sum of the PDs of each band."""
        self.squares = 0.0
        self.log_loss = 0.0

    def add(self, pd: float, y: bool) -> None:
        """One labelled example."""
        pd = inside(pd)
        place = max(-MOST, min(MOST - 1, floor(logit(pd) * PER_LOGIT)))
        counts = self.bad if y else self.good
        counts[place] = counts.get(place, 0) + 1
        band = self.bands[bisect_right(BANDS, pd)]
        band[0] += 1
        band[1] += y
        band[2] += pd
        self.squares += (pd - y) ** 2
        self.log_loss -= log(pd) if y else log(1 - pd)

    def merge(self, other: "ScoreCounts") -> None:
        """Adds what another has counted."""
        for mine, others in ((self.good, other.good), (self.bad, other.bad)):
            for place, count in others.items():
                mine[place] = mine.get(place, 0) + count
        for band, more in zip(self.bands, other.bands, strict=True):
            if more[0]:
                band[0] += more[0]
                band[1] += more[1]
                band[2] += more[2]
        self.squares += other.squares
        self.log_loss += other.log_loss

    @property
    def examples(self) -> int:
        """All of them."""
        return int(sum(band[0] for band in self.bands))

    @property
    def defaults(self) -> int:
        """Those that defaulted."""
        return int(sum(band[1] for band in self.bands))

    def figures(self) -> dict[str, Any]:
        """ROC-AUC, PR-AUC (average precision), KS, recall at 5 % alerts, Brier, log loss, mean PD and observed rate.

        Scores of one bin count as equal. What takes both outcomes is left out while one is missing.
        """
        n, bad = self.examples, self.defaults
        if not n:
            return {"examples": 0, "defaults": 0}
        counted: dict[str, Any] = {
            "examples": n,
            "defaults": bad,
            "brier": self.squares / n,
            "log_loss": self.log_loss / n,
            "mean_pd": sum(band[2] for band in self.bands) / n,
            "observed_rate": bad / n,
        }
        return counted if bad in (0, n) else {**counted, **self._discrimination(n - bad, bad)}

    def reliability(self) -> list[dict[str, float]]:
        """Mean PD against the observed rate by band of PD, without bands that hold nobody."""
        lows = (0.0, *BANDS)
        return [
            {"from": low, "examples": int(n), "defaults": int(bad), "mean_pd": sum_pd / n, "observed_rate": bad / n}
            for low, (n, bad, sum_pd) in zip(lows, self.bands, strict=True)
            if n
        ]

    def caught(self, share: float = ALERTS) -> float:
        """Defaults among the `share` of the examples with the highest scores; a bin that is cut counts in proportion."""
        wanted, taken, caught = share * self.examples, 0, 0.0
        for g, b in self._descending():
            if taken + g + b > wanted:
                return caught + b * (wanted - taken) / (g + b)
            taken, caught = taken + g + b, caught + b
        return caught

    def curve(self) -> list[tuple[int, int]]:
        """(non-defaults, defaults) scored at least as high, from the highest bin down: what ROC and PR are drawn from."""
        points, g, b = [(0, 0)], 0, 0
        for more_good, more_bad in self._descending():
            g, b = g + more_good, b + more_bad
            points.append((g, b))
        return points

    def dump(self) -> dict[str, Any]:
        """All of it as JSON: bins as their distance from the one before, so that they are short."""
        return {
            "good": _packed(self.good),
            "bad": _packed(self.bad),
            "bands": self.bands,
            "squares": self.squares,
            "log_loss": self.log_loss,
        }

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> "ScoreCounts":
        """The tally that `dump` described."""
        tally = cls()
        tally.good, tally.bad = _unpacked(dumped["good"]), _unpacked(dumped["bad"])
        tally.bands = [list(band) for band in dumped["bands"]]
        tally.squares, tally.log_loss = dumped["squares"], dumped["log_loss"]
        return tally

    def _descending(self) -> Iterable[tuple[int, int]]:
        good, bad = self.good, self.bad
        return ((good.get(place, 0), bad.get(place, 0)) for place in sorted(good.keys() | bad.keys(), reverse=True))

    def _discrimination(self, good: int, bad: int) -> dict[str, float]:
        area = precision = ks = 0.0
        g = b = 0
        for gi, bi in self._descending():
            area += gi * (b + bi / 2)
            g, b = g + gi, b + bi
            precision += bi * b / (g + b)
            ks = max(ks, b / bad - g / good)
        return {
            "roc_auc": area / (good * bad),
            "pr_auc": precision / bad,
            "ks": ks,
            "recall_at_5_percent": self.caught() / bad,
        }


def merged(tallies: Iterable[ScoreCounts]) -> ScoreCounts:
    """All of them as one."""
    whole = ScoreCounts()
    for tally in tallies:
        whole.merge(tally)
    return whole


def pooled(tallies: Iterable[ScoreCounts]) -> dict[str, Any]:
    """The figures of all together, and the recall if each of them alerts its own 5 % (as DOMAIN.md counts years)."""
    apart = list(tallies)
    figures = merged(apart).figures()
    if figures["defaults"]:
        figures["recall_at_5_percent_of_each"] = sum(t.caught() for t in apart) / figures["defaults"]
    return figures


def stability(now: ScoreCounts, reference: ScoreCounts) -> float:
    """Population stability index of the scores, by band of PD; above 0.25 they have shifted (Siddiqi 2006, ch. 9)."""
    total = 0.0
    for band, before in zip(now.bands, reference.bands, strict=True):
        share = (band[0] + 0.5) / (now.examples + 0.5 * len(now.bands))
        was = (before[0] + 0.5) / (reference.examples + 0.5 * len(now.bands))
        total += (share - was) * log(share / was)
    return total


def _packed(counts: Mapping[int, int]) -> list[int]:
    packed: list[int] = []
    last = 0
    for place in sorted(counts):
        packed += (place - last, counts[place])
        last = place
    return packed


def _unpacked(packed: list[int]) -> dict[int, int]:
    counts, place = {}, 0
    for distance, count in zip(packed[::2], packed[1::2], strict=True):
        place += distance
        counts[place] = count
    return counts
