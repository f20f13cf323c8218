"""What occurred in a run: the indicators, grades, tiers, stages, segments and treatments of its decisions; and what never did."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import msgspec

from agents.segmentation.grading import TIERS
from online_models.ledger import SEVERITIES, YEAR
from online_models.transitions import GRADES
from schemas import topics
from schemas.decisions import DIRECTIONS, STATUSES, Segment
from schemas.policy import INDICATORS
from schemas.records import Outcome
from schemas.treatment_rules import LIFECYCLES, SEGMENTS

KNOWN: Final[Mapping[str, Sequence[str]]] = {
    "indicators": INDICATORS,
    "severities": SEVERITIES,
    "statuses": STATUSES,
    "value_tiers": TIERS,
    "risk_grades": GRADES,
    "stages": ("1", "2", "3"),
    "lifecycles": LIFECYCLES,
    "segments": SEGMENTS,
    "directions": DIRECTIONS,
}
"""What there is, as far as it does not depend on the policy."""
COUNTED: Final = (
    "value_tiers", "risk_grades", "stages", "lifecycles", "segments", "products", "limit_actions", "service_models", "directions",
)  # fmt: skip
"""What is counted of a tier change: its classes, its treatment, its direction."""
LEAST_DAYS: Final = 180
"""A client that has been known for less has no changes a year."""


class Treated(msgspec.Struct):
    """What is counted of a treatment; a policy may leave out any of them."""

    product: Any = msgspec.UNSET
    limit_action: Any = msgspec.UNSET
    service_model: Any = msgspec.UNSET


class Moved(msgspec.Struct):
    """What is counted of a `TierChange`: the rest of it is not even read."""

    client_id: str
    as_of: date
    was: Segment | None
    now: Segment
    direction: str
    treatment: Treated


class Warned(msgspec.Struct):
    """What is counted of an `EarlyWarning`."""

    status: str
    severity: str
    indicator: str


read_moved: Final = msgspec.json.Decoder(Moved).decode
read_warned: Final = msgspec.json.Decoder(Warned).decode


class Occurred:
    """Counts a run's decisions. Memory: a few numbers for each client."""

    def __init__(self) -> None:
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._moves: Counter[tuple[Any, ...]] = Counter()
        """Changes by all that is counted of them: one count each, and there are few that differ."""
        self._changes: Counter[str] = Counter()
        self._tier_moves: Counter[str] = Counter()
        self._first: dict[str, date] = {}
        self._last = date.min

    def take(self, outcome: Outcome) -> None:
        """One outcome of the run; what is no decision is passed over."""
        if outcome.topic == topics.TIER_CHANGES:
            self._change(read_moved(outcome.value))
        elif outcome.topic == topics.EARLY_WARNINGS:
            self._warning(read_warned(outcome.value))

    def report(self) -> dict[str, Any]:
        """How often each occurred, what never did, and how often a client changes in a year."""
        whole = self._counted()
        counts = {name: dict(sorted(counted.items())) for name, counted in sorted(whole.items())}
        never = {name: [one for one in known if not counts.get(name, {}).get(one)] for name, known in KNOWN.items()}
        return {
            **counts,
            "never": {name: missing for name, missing in never.items() if missing},
            "changes_per_client_year": {"any": self._yearly(self._changes), "value_tier": self._yearly(self._tier_moves)},
        }

    def _change(self, change: Moved) -> None:
        now, given = change.now, change.treatment
        self._moves[
            now.value_tier, now.risk_grade, now.stage, now.lifecycle, now.segment,
            given.product, given.limit_action, given.service_model, change.direction,
        ] += 1  # fmt: skip
        if change.as_of > self._last:
            self._last = change.as_of
        client_id = change.client_id
        if change.was is None:
            self._first[client_id] = change.as_of
            return
        self._changes[client_id] += 1
        self._tier_moves[client_id] += change.was.value_tier != now.value_tier

    def _counted(self) -> dict[str, Counter[str]]:
        """The warnings' counts, and the changes' by each of what is counted of them."""
        whole = defaultdict(Counter, {name: counted.copy() for name, counted in self._counts.items()})
        for move, times in self._moves.items():
            for name, value in zip(COUNTED, move, strict=True):
                if value is not msgspec.UNSET:
                    whole[name][str(value)] += times
        return whole

    def _warning(self, warning: Warned) -> None:
        self._counts["statuses"][warning.status] += 1
        self._counts["severities"][warning.severity] += 1
        if warning.status == "raised":
            self._counts["indicators"][warning.indicator] += 1

    def _yearly(self, changes: Mapping[str, int]) -> dict[str, float] | None:
        known = {client: (self._last - first).days for client, first in self._first.items()}
        rates = sorted(changes.get(client, 0) * YEAR / days for client, days in known.items() if days >= LEAST_DAYS)
        if not rates:
            return None
        return {
            name: round(rates[int(share * (len(rates) - 1))], 2) for name, share in (("median", 0.5), ("p90", 0.9), ("most", 1))
        }
