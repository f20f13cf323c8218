"""The model's own drift: losses beyond what the PDs announce, and features that are no longer spread as they were.

Each is an episode: raised, escalated, cleared, and nothing in between while nothing changes. Examples count with the month in
which their horizon ends, when that is over, so that survivors and defaults of a cohort count together: by the dates of their
labels, defaults alone would stand for a cohort as long as its horizon runs.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np

from online_models.evaluation import ROLLING_MONTHS
from online_models.feature_spread import Counts, FeatureSpread, packed, summed, unpacked
from online_models.features import NAMES
from online_models.grids import Floats
from online_models.loss_watch import Change, LossWatch
from schemas.decisions import Severity
from schemas.model_warnings import FEATURE, LOSS
from schemas.oversight_rules import ModelDrift


class Episode(NamedTuple):
    """A warning that stands."""

    number: int
    severity: int
    since: int
    """Day on which it was raised."""


class Reference(NamedTuple):
    """What spreads are measured against: since which model, from which day, how many examples."""

    model: int = 0
    day: int = 0
    examples: int = 0


class Finding(NamedTuple):
    """An episode was raised, escalated or cleared."""

    kind: str
    feature: str
    status: str
    severity: Severity
    episode: int
    since: int
    value: float
    """PSI; of the loss, standard deviations of a group beyond what was announced."""
    threshold: float | None
    was: float | None
    """Of the loss: before the change."""
    examples: int
    """Of the loss: groups since the change."""


class DriftWatch:
    """Of one portfolio."""

    def __init__(self, rules: ModelDrift) -> None:
        self.rules = rules
        self.loss = LossWatch(rules.adwin_delta)
        self.spread: FeatureSpread | None = None
        """None until the bins are drawn."""
        self.reference = Reference()
        self.months: dict[int, Counts] = {}
        """By the month in which the horizon ends: cohorts that are not over, and the last twelve that are."""
        self.counted: list[int] = []
        self.psi: dict[str, float] = {}
        """As last measured."""
        self.standing: dict[str, Episode] = {}
        """By feature, or `loss`."""
        self.episodes: dict[str, int] = {}
        """How many there have been of each."""
        self._was: Counts = np.zeros(0, dtype=np.int64)

    def draw(self, xs: Sequence[Sequence[float | None]], day: int) -> None:
        """The reference of the first champion: the examples that its bins are drawn from."""
        self.spread = FeatureSpread.drawn(xs)
        self._was = self.spread.counted(as_floats(xs))
        self.reference = Reference(1, day, len(xs))

    def take_over(self, drawn: Sequence[tuple[int, Sequence[float]]]) -> None:
        """Of a model of an earlier release, which kept no reference: the first cohorts that are enough become it."""
        if drawn:
            self.spread = FeatureSpread([place for place, _ in drawn], [edges for _, edges in drawn])

    def add(self, xs: Floats, months: Sequence[int]) -> None:
        """Labelled examples, and the months in which their horizons end."""
        if self.spread is None:
            return
        for month in sorted(set(months)):
            counts = self.spread.counted(xs[[i for i, one in enumerate(months) if one == month]])
            self.months[month] = self.months[month] + counts if month in self.months else counts

    def close(self, month: int, day: int) -> list[Finding]:
        """The cohorts up to a month are over; what they show, as of `day`."""
        found = [finding for change in self.loss.close(month) if (finding := self._of_loss(change, day)) is not None]
        found += self._eased(day)
        over = [m for m in self.months if m <= month and m not in self.counted]
        if self.spread is None or not over:
            return found
        self.counted = sorted([*self.counted, *over])
        for old in self.counted[:-ROLLING_MONTHS]:
            del self.months[old]
        del self.counted[:-ROLLING_MONTHS]
        now = self._recent(self.spread)
        examples = _examples(self.spread, now)
        if examples < self.rules.least_examples:
            return found
        if not self.reference.examples:
            self._was, self.reference = now, Reference(1, day, examples)
        measured = self.spread.stability(now, self._was)
        self.psi = {NAMES[place]: value for place, value in measured.items()}
        return found + [f for name, value in self.psi.items() if (f := self._of_feature(name, value, examples, day)) is not None]

    def promoted(self, number: int, day: int) -> None:
        """A new champion: from here on features are measured against the last twelve months, if they are enough."""
        if self.spread is None:
            return
        now = self._recent(self.spread)
        examples = _examples(self.spread, now)
        if examples >= self.rules.least_examples:
            self._was, self.reference = now, Reference(number, day, examples)

    def report(self) -> dict[str, Any]:
        """What stands, and how far everything is from the reference."""
        standing = {
            name: {"severity": Severity(episode.severity).label, "since": _day(episode.since), "episode": episode.number}
            for name, episode in sorted(self.standing.items())
        }
        loss = {"beyond_announced": self.loss.mean, "groups": len(self.loss.values)}
        reference = {**self.reference._asdict(), "day": _day(self.reference.day)}
        return {"standing": standing, "loss": loss, "psi": dict(sorted(self.psi.items())), "reference": reference}

    def dump(self) -> dict[str, Any]:
        """All of it."""
        return {
            "loss": self.loss.dump(),
            "spread": None if self.spread is None else self.spread.dump(),
            "reference": list(self.reference),
            "was": packed(self._was),
            "months": {month: packed(counts) for month, counts in sorted(self.months.items())},
            "counted": self.counted,
            "psi": self.psi,
            "standing": {name: list(episode) for name, episode in self.standing.items()},
            "episodes": self.episodes,
        }

    @classmethod
    def load(cls, rules: ModelDrift, dumped: Mapping[str, Any]) -> "DriftWatch":
        """The watch that `dump` described; none described is a new one."""
        watch = cls(rules)
        if not dumped:
            return watch
        watch.loss = LossWatch.load(rules.adwin_delta, dumped["loss"])
        watch.spread = None if dumped["spread"] is None else FeatureSpread.load(dumped["spread"])
        watch.reference = Reference(*dumped["reference"])
        watch._was = unpacked(dumped["was"])
        watch.months = {month: unpacked(counts) for month, counts in dumped["months"].items()}
        watch.counted = list(dumped["counted"])
        watch.psi, watch.episodes = dict(dumped["psi"]), dict(dumped["episodes"])
        watch.standing = {name: Episode(*episode) for name, episode in dumped["standing"].items()}
        return watch

    def _recent(self, spread: FeatureSpread) -> Counts:
        """The cohorts that are over, of the last twelve months that have one."""
        return summed((self.months[month] for month in self.counted), spread.bins.size)

    def _of_loss(self, change: Change, day: int) -> Finding | None:
        severity = Severity.NORMAL
        if change.now > change.was:
            if change.now <= 0:
                return None  # the PDs were too high, and are less so
            severity = Severity.AMBER if LOSS in self.standing else Severity.WATCH
        moved = self._moved(LOSS, severity, day)
        if moved is None:
            return None
        status, at = moved
        return Finding(LOSS, "", status, Severity(at.severity), at.number, at.since, change.now, None, change.was, change.groups)

    def _eased(self, day: int) -> list[Finding]:
        """Losses since the change are on the mean no longer beyond what the PDs announce."""
        if LOSS not in self.standing or self.loss.mean > 0:
            return []
        change = Change(self.loss.mean, self.loss.mean, len(self.loss.values))
        return [finding._replace(was=None) for finding in (self._of_loss(change, day),) if finding is not None]

    def _of_feature(self, name: str, psi: float, examples: int, day: int) -> Finding | None:
        moved = self._moved(name, self._severity(name, psi), day)
        if moved is None:
            return None
        status, at = moved
        threshold = self.rules.psi_amber if at.severity >= Severity.AMBER else self.rules.psi_watch
        return Finding(FEATURE, name, status, Severity(at.severity), at.number, at.since, psi, threshold, None, examples)

    def _severity(self, name: str, psi: float) -> Severity:
        if psi >= self.rules.psi_amber:
            return Severity.AMBER
        lowest = self.rules.psi_watch * (1.0 - self.rules.hysteresis * (name in self.standing))
        return Severity.WATCH if psi >= lowest else Severity.NORMAL

    def _moved(self, name: str, severity: Severity, day: int) -> tuple[str, Episode] | None:
        """What the episode has come to, if that is new."""
        held = self.standing.get(name)
        if held is None:
            if severity is Severity.NORMAL:
                return None
            number = self.episodes[name] = self.episodes.get(name, 0) + 1
            self.standing[name] = Episode(number, int(severity), day)
            return "raised", self.standing[name]
        if severity is Severity.NORMAL:
            del self.standing[name]
            return "cleared", held
        if severity <= held.severity:
            return None
        self.standing[name] = held._replace(severity=int(severity))
        return "escalated", self.standing[name]


def as_floats(xs: Sequence[Sequence[float | None]]) -> Floats:
    """Examples x features; None is NaN."""
    return np.array(xs, dtype=np.float64)


def _day(ordinal: int) -> str | None:
    return date.fromordinal(ordinal).isoformat() if ordinal else None


def _examples(spread: FeatureSpread, counts: Counts) -> int:
    """Every example is in one bin of each feature."""
    return int(counts[: spread.bins.missing[0] + 1].sum()) if len(spread.places) else 0
