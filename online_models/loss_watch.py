"""Whether the losses are still what the PDs announce: River's ADWIN on the log loss beyond the one that the PDs expect.

A PD announces its own log loss, its entropy; what comes beyond it, (pd - y) * logit(pd), is 0 on the mean while PDs are right,
also when everybody's risk rises and the PDs say so (as Spiegelhalter 1986 has it for the Brier score). It grows when the level
is off and when the order is: a default of a client held to be safe costs most.

The examples whose horizon ends in one month are spread over groups by their client, so that neither their order nor the
label's date matters; groups are joined until so many defaults are expected in one that its sum is about normal, and ADWIN sees
the sum in standard deviations. Source: Bifet and Gavaldà, Learning from Time-Changing Data with Adaptive Windowing, 2007.
"""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any, Final, NamedTuple
from zlib import crc32

from river.drift import ADWIN

from online_models.scorecard import inside, logit

GROUPS: Final = 32
"""Of a month: values that ADWIN sees of it at most."""
LEAST_DEFAULTS: Final = 2.0
"""Expected in a group."""
WIDEST: Final = 4.0
"""Standard deviations that ADWIN, which wants values from 0 to 1, tells apart on either side."""
MOST_VALUES: Final = 2048
"""Kept of the window: more than five years of months; beyond it the newer half goes on."""

Sums = tuple[float, float, float]
"""Expected defaults, loss beyond the announced one, its variance."""
NOTHING: Final[Sums] = (0.0, 0.0, 0.0)


class Change(NamedTuple):
    """The mean of the window has changed. Units: standard deviations of a group."""

    was: float
    now: float
    groups: int
    """Since the change."""


class LossWatch:
    """Of one portfolio. `delta`: ADWIN's confidence."""

    def __init__(self, delta: float) -> None:
        self.delta = delta
        self.months: dict[int, list[Sums]] = {}
        """Groups of the cohorts that are not over."""
        self.rest: Sums = NOTHING
        """A group that does not expect enough defaults yet."""
        self.values: list[float] = []
        """The window, from which ADWIN's own state follows: River has no way to store it."""
        self._adwin = self._filled()

    @property
    def mean(self) -> float:
        """Of the window, in standard deviations."""
        return sum(_deviations(value) for value in self.values) / len(self.values) if self.values else 0.0

    def add(self, client_id: str, pd: float, y: bool, month: int) -> None:
        """One labelled example: its PD as it was published, the month in which its horizon ends."""
        groups = self.months.get(month)
        if groups is None:
            groups = self.months[month] = [NOTHING] * GROUPS
        p = inside(pd)
        surprise = logit(p)
        place = crc32(client_id.encode()) % GROUPS
        expected, beyond, variance = groups[place]
        groups[place] = (expected + p, beyond + (p - y) * surprise, variance + p * (1 - p) * surprise * surprise)

    def close(self, month: int) -> list[Change]:
        """The cohorts up to a month are over; the changes that they show."""
        changes = []
        for over in sorted(m for m in self.months if m <= month):
            for group in self.months.pop(over):
                self.rest = _sum(self.rest, group)
                if self.rest[0] >= LEAST_DEFAULTS and self.rest[2] > 0:
                    change = self._see(self.rest[1] / sqrt(self.rest[2]))
                    self.rest = NOTHING
                    changes += [change] if change is not None else []
        return changes

    def dump(self) -> dict[str, Any]:
        """All of it."""
        return {"months": dict(sorted(self.months.items())), "rest": self.rest, "values": self.values}

    @classmethod
    def load(cls, delta: float, dumped: Mapping[str, Any]) -> "LossWatch":
        """The watch that `dump` described."""
        watch = cls(delta)
        watch.months = {month: [_sums(group) for group in groups] for month, groups in dumped["months"].items()}
        watch.rest = _sums(dumped["rest"])
        watch.values = list(dumped["values"])
        watch._adwin = watch._filled()
        return watch

    def _see(self, deviations: float) -> Change | None:
        value = min(1.0, max(0.0, 0.5 + deviations / (2 * WIDEST)))
        self.values.append(value)
        self._adwin.update(value)
        if self._adwin.drift_detected:
            before, since = _parted(self.values)
            self._go_on(since)
            return Change(_mean(before), _mean(since), len(since))
        if len(self.values) > MOST_VALUES:
            self._go_on(self.values[-MOST_VALUES // 2 :])
        return None

    def _go_on(self, values: list[float]) -> None:
        self.values = values
        self._adwin = self._filled()

    def _filled(self) -> Any:
        """ADWIN as it stands after the window's values."""
        adwin: Any = ADWIN(self.delta, clock=1)  # type: ignore[no-untyped-call]
        for value in self.values:
            adwin.update(value)
        return adwin


def _parted(values: list[float]) -> tuple[list[float], list[float]]:
    """Before and after the cut whose means differ most, in standard errors."""
    whole, count, left = sum(values), len(values), 0.0
    best, cut = -1.0, 1
    for n, value in enumerate(values[:-1], start=1):
        left += value
        apart = (left / n - (whole - left) / (count - n)) ** 2 * n * (count - n)
        if apart > best:
            best, cut = apart, n
    return values[:cut], values[cut:]


def _mean(values: Sequence[float]) -> float:
    return sum(_deviations(value) for value in values) / len(values)


def _deviations(value: float) -> float:
    return (value - 0.5) * 2 * WIDEST


def _sum(a: Sums, b: Sums) -> Sums:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


def _sums(kept: Sequence[float]) -> Sums:
    expected, beyond, variance = kept
    return expected, beyond, variance
