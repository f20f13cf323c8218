"""Telling: what a batch says to others (decisions, lessons, tidings, dead letters), and how often what has occurred."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Final

import msgspec

from agents.dead_letters import INVALID, TOO_LATE, dead_letter
from agents.segmentation.deciding import Decided
from agents.segmentation.groups import Tiding
from agents.segmentation.place import Place
from online_models.features import whole
from schemas import decisions, log, topics
from schemas.learning import LabelledExample, TalliesTold, ValueHistogram
from schemas.records import Outcome, Record
from schemas.state import Snapshot


class Telling:
    """Of one batch."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.counts: Counter[str] = Counter()

    def decided(self, decided: Decided, portfolio: str, place: Place) -> None:
        """What a step led to."""
        if decided.counted:
            self.counts[decided.counted] += 1
        if not (decided.warnings or decided.change or decided.labelled):
            return
        key = place.client_id.encode()
        for warning in decided.warnings:
            self._publish(topics.EARLY_WARNINGS, key, warning)
            self.counts[f"warning/{warning.indicator}/{warning.status}"] += 1
        if decided.change is not None:
            self._publish(topics.TIER_CHANGES, key, decided.change)
            self.counts[f"tier-change/{decided.change.direction}"] += 1
        for ordinal, (snapshot, defaulted) in enumerate(decided.labelled):
            self.lesson(_example(snapshot, defaulted, portfolio, place, ordinal))
            self.counts["example"] += 1

    def tidings(self, tidings: Iterable[Tiding]) -> None:
        """To segmenters of other partitions, through the log."""
        for key, fact in tidings:
            self.outcomes.append(Outcome(topics.CLIENT_EVENTS, key, log.write(fact)))

    def lesson(self, lesson: LabelledExample | TalliesTold | ValueHistogram) -> None:
        """To the learner."""
        self.outcomes.append(Outcome(topics.LEARNING, None, msgspec.json.encode(lesson), (), 0))

    def dead(self, record: Record, cause: str, reason: str, client_id: str = "") -> None:
        """A record that cannot be done."""
        field = reason.split(":")[0] if cause in (INVALID, TOO_LATE) else ""
        self.outcomes.append(dead_letter(record, topics.CLIENT_EVENTS, cause, field, reason, client_id))
        self.counts["dead-letter/" + cause] += 1

    def _publish(self, topic: str, key: bytes, decision: decisions.TierChange | decisions.EarlyWarning) -> None:
        """With CloudEvents 1.0.2 binary-mode headers: readers that drop repeated `ce_id`s see each decision once."""
        headers = [
            _VERSION,
            ("ce_id", decision.decision_id.encode()),
            _SOURCE,
            _TYPES[topic],
            _time(decision.as_of),
            ("ce_subject", key),
            _CONTENT,
        ]
        self.outcomes.append(Outcome(topic, key, decisions.write(decision), headers))


def _example(taken: Snapshot, defaulted: bool, portfolio: str, place: Place, ordinal: int) -> LabelledExample:
    return LabelledExample(
        portfolio=portfolio,
        client_id=place.client_id,
        as_of=date.fromordinal(taken.day),
        labelled_on=date.fromordinal(max(1, place.closed_day)),
        x=tuple([None if v != v else v for v in whole(taken.x)]),
        y=defaulted,
        pd=taken.pd,
        model_version=taken.model_version,
        partition=place.partition,
        offset=place.offset,
        ordinal=ordinal,
        period=date.fromordinal(taken.period_day) if taken.period_day else None,
        since_days=taken.since_days,
        was_pd=taken.was_pd,
        alarmed=taken.alarmed,
    )


_VERSION: Final = ("ce_specversion", b"1.0")
_SOURCE: Final = ("ce_source", b"/tierwatch/segmenter")
_TYPES: Final = {
    topics.TIER_CHANGES: ("ce_type", b"tierwatch.tier-change.v1"),
    topics.EARLY_WARNINGS: ("ce_type", b"tierwatch.early-warning.v1"),
}
_CONTENT: Final = ("content-type", b"application/json")


@lru_cache(maxsize=64)
def _time(as_of: date) -> tuple[str, bytes]:
    """Most decisions are of a few days."""
    return "ce_time", f"{as_of}T00:00:00Z".encode()
