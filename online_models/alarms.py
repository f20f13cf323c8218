"""The threshold of the PD warning: false alarms per client-year stay under a bound, whatever the scores and the clients do.

After each labelled example the threshold moves: up by `step` logits for a false alarm, down by `step` times what the bound
allows for the example's share of a client-year. That is adaptive conformal inference (Gibbs and Candès, NeurIPS 2021) with
client-years for time, and labels that come late. A false alarm is an episode of the PD warning at a client that did not
default within the horizon: one that was raised since the client's snapshot before, or one that would be now.

What is guaranteed, for any sequence at all: let `late` be the most examples that are labelled between the moment a
threshold is left behind and the label of the last score that was judged by it (about those of one horizon). Then

    false alarms <= bound * client-years + (LARGEST - start) / step + late + 2

so the realised rate exceeds the bound by O(1 / client-years) at most. Proof: with the threshold above LARGEST no PD reaches
it, so only scores that were judged by an older threshold can raise it any more, `late` times at most; it is never above
LARGEST + step * (late + 2). All that it ever rose, less all that it ever fell, is where it stands; the floor only adds to it.
Proved by trial in tests/laws/test_alarm_laws.py.
"""

from collections.abc import Mapping
from typing import Any, Final

from online_models.scorecard import MAX_LOGIT, logit, sigmoid
from schemas.learning import LabelledExample
from schemas.policy import Alarms as Rules

START: Final = 0.0
"""Logit of the first threshold, a PD of one half: few alarms before anything is known."""
LARGEST: Final = MAX_LOGIT
"""No score has a higher logit."""
LONGEST_DAYS: Final = 366
"""An example stands for the time since the snapshot before it, but not for more than a year."""
YEAR_DAYS: Final = 365.25
EDGE: Final = 1e-12


class Alarms:
    """One portfolio's. `floor`: a PD below which nobody is warned of, the portfolio's average."""

    def __init__(self, rules: Rules, floor: float) -> None:
        self.rules = rules
        self.floor = logit(floor)
        self.threshold = max(self.floor, START)
        self.client_years = 0.0
        self.false_alarms = 0
        """Raised, and no default came."""
        self.true_alarms = 0
        self.missed = 0
        """Defaults at whose snapshot no warning had been raised since the one before."""

    @property
    def pd(self) -> float:
        """From this PD on a client is warned of; 1 is more than any score."""
        return sigmoid(self.threshold) if self.threshold <= LARGEST else 1.0

    @property
    def bound(self) -> float:
        """False alarms a client-year."""
        return self.rules.false_alarms_per_100_client_years / 100.0

    def add(self, example: LabelledExample) -> None:
        """One labelled example, each once and in the order in which they are labelled."""
        years = min(example.since_days, LONGEST_DAYS) / YEAR_DAYS
        self.client_years += years
        if example.y:
            self.true_alarms += example.alarmed
            self.missed += not example.alarmed
        else:
            self.false_alarms += example.alarmed
        rises = not example.y and (example.alarmed or self._would_alarm(example))
        moved = self.threshold + self.rules.step * (rises - self.bound * years)
        self.threshold = max(self.floor, moved)

    def report(self) -> dict[str, Any]:
        """The bound and what was realised, per 100 client-years."""
        realised = 100.0 * self.false_alarms / self.client_years if self.client_years else None
        return {
            "bound_per_100_client_years": self.rules.false_alarms_per_100_client_years,
            "realised_per_100_client_years": realised,
            "threshold_pd": self.pd,
            "client_years": self.client_years,
            "false_alarms": self.false_alarms,
            "true_alarms": self.true_alarms,
            "missed": self.missed,
        }

    def dump(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {
            "threshold": self.threshold,
            "client_years": self.client_years,
            "false_alarms": self.false_alarms,
            "true_alarms": self.true_alarms,
            "missed": self.missed,
        }

    @classmethod
    def load(cls, rules: Rules, floor: float, dumped: Mapping[str, Any]) -> "Alarms":
        """The alarms that `dump` described; none described are new ones."""
        alarms = cls(rules, floor)
        vars(alarms).update(dumped)
        return alarms

    def _would_alarm(self, example: LabelledExample) -> bool:
        """Whether an episode would have begun here by the threshold of now."""
        return _logit(example.was_pd) < self.threshold <= _logit(example.pd)


def _logit(pd: float) -> float:
    return logit(min(1 - EDGE, max(EDGE, pd)))
