"""Every metric, declared once, and the Telemetry that fills them. What time alone changes is worked out when it is asked for.

Units: base units (seconds, records). Labels are bounded: a name that is not known here is counted as `other`.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from agents.dead_letters import CAUSES
from schemas.decisions import DIRECTIONS, STATUSES
from schemas.model_warnings import KINDS
from schemas.policy import CODES
from streams.positions import Partition
from streams.quality import Quality
from streams.running import OTHER, Lag, Running, Versions

OUTCOMES: Final = ("accepted", "control", "histogram", "unreadable", "feedback-taken", "feedback-unknown")
BATCH_RECORDS: Final = (1, 3, 10, 30, 100, 300, 1000, 2000, 5000, 10_000)
STEP_SECONDS: Final = (5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 5e-3, 2e-2, 0.1, 1.0)
BATCH_SECONDS: Final = (1e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 30.0)
PLACE: Final = ("topic", "partition")


class Metrics:
    """Telemetry in a registry of its own. `view_topics` are the real names of the topics that the view projects.

    `clock` tells seconds since the epoch.
    """

    def __init__(self, view_topics: Collection[str] = (), clock: Callable[[], float] = time.time) -> None:
        self.registry = CollectorRegistry()
        r = self.registry
        self._records = Counter("tierwatch_records_total", "Records that an agent has been through.", ["agent"], registry=r)
        self._batch_records = Histogram(
            "tierwatch_batch_records", "Records of a batch.", ["agent"], buckets=BATCH_RECORDS, registry=r
        )
        self._step_seconds = Histogram(
            "tierwatch_step_seconds", "Seconds for a record, the mean of a batch.", ["agent"], buckets=STEP_SECONDS, registry=r
        )
        self._batch_seconds = Histogram(
            "tierwatch_batch_seconds", "Seconds for a batch.", ["agent"], buckets=BATCH_SECONDS, registry=r
        )
        self._decisions = Counter("tierwatch_decisions_total", "Tier changes, by direction.", ["kind"], registry=r)
        self._warnings = Counter("tierwatch_warnings_total", "Early warnings.", ["indicator", "status"], registry=r)
        self._model_warnings = Counter(
            "tierwatch_model_warnings_total", "Warnings of a model's own drift.", ["kind", "status"], registry=r
        )
        self._dead_letters = Counter(
            "tierwatch_dead_letters_total", "Records that could not be used.", ["agent", "cause"], registry=r
        )
        self._duplicates = Counter("tierwatch_duplicates_total", "Events that the bank sent again.", ["agent"], registry=r)
        self._repeats = Counter("tierwatch_repeats_total", "Records that we wrote again after a crash.", ["agent"], registry=r)
        self._examples = Counter(
            "tierwatch_examples_total", "Labelled examples: told by the segmenter, learned by the learner.", ["agent"], registry=r
        )
        self._outcomes = Counter("tierwatch_outcomes_total", "What else became of records.", ["agent", "outcome"], registry=r)
        self._refused = Counter(
            "tierwatch_refused_batches_total", "Batches that did not begin where the last one ended.", PLACE, registry=r
        )
        self._skipped = Counter("tierwatch_skipped_offsets_total", "Offsets that the log does not hold.", PLACE, registry=r)
        self._restored = Counter("tierwatch_restore_states_total", "States read from a changelog.", PLACE, registry=r)
        self._disowned = Counter(
            "tierwatch_disowned_states_total", "States written by a worker that had lost the partition.", PLACE, registry=r
        )
        self._unavailable = Counter(
            "tierwatch_sink_unavailable_total", "Times that a sink could not take its records.", ["agent"], registry=r
        )
        self._in_flight = Gauge("tierwatch_in_flight_messages", "Messages not acknowledged yet.", registry=r)
        self._agents: set[str] = set()
        self._restored_last: dict[Partition, int] = {}
        self._now = AskedFor(frozenset(view_topics), clock)
        r.register(self._now)
        self.quality = Quality()
        r.register(self.quality)

    def ask(self, running: Callable[[], Running] | None = None, versions: Callable[[], Versions] | None = None) -> None:
        """Whom to ask, at each scrape and in its thread, for lags and assignment, and for the versions in force."""
        self._now.running = running or self._now.running
        self._now.versions = versions or self._now.versions

    def ran(self, agent: str, records: int, seconds: float) -> None:
        """One agent has been through one batch of a partition."""
        if agent not in self._agents:
            self._begin(agent)
        self._records.labels(agent).inc(records)
        self._batch_records.labels(agent).observe(records)
        self._batch_seconds.labels(agent).observe(seconds)
        self._step_seconds.labels(agent).observe(seconds / max(1, records))

    def counted(self, agent: str, counts: Mapping[str, int]) -> None:
        """What an agent's batch says has happened."""
        if agent not in self._agents:
            self._begin(agent)
        for name, count in counts.items():
            self._counter(agent, name).inc(count)

    def refused(self, topic: str, partition: int) -> None:
        """A batch did not begin where the last one ended and was fetched anew."""
        self._refused.labels(topic, partition).inc()

    def skipped(self, topic: str, partition: int, offsets: int) -> None:
        """Offsets that the log does not hold."""
        self._skipped.labels(topic, partition).inc(offsets)

    def lag(self, topic: str, partition: int, records: int, timestamp: int) -> None:
        """Records still to come, and the last one's timestamp (milliseconds since the epoch)."""
        self._now.told[Partition(topic, partition)] = (records, timestamp / 1000)

    def restoring(self, topic: str, partition: int, states: int, remaining: int) -> None:
        """States of a changelog partition applied so far, and changelog records still to come."""
        place = Partition(topic, partition)
        last = self._restored_last.get(place, 0)
        self._restored_last[place] = states
        self._restored.labels(topic, partition).inc(states - last if states >= last else states)
        self._now.remaining[place] = remaining

    def disowned(self, topic: str, partition: int, states: int) -> None:
        """States in a changelog that a worker wrote after it had lost the partition."""
        self._disowned.labels(topic, partition).inc(states)

    def sink_unavailable(self, agent: str) -> None:
        """A sink could not take its records; they will be handed over again."""
        self._unavailable.labels(agent).inc()

    def in_flight(self, messages: int) -> None:
        """Messages written and not yet acknowledged."""
        self._in_flight.set(messages)

    def _begin(self, agent: str) -> None:
        """A failure counts up from 0, so that an alert sees the first one."""
        self._agents.add(agent)
        for cause in CAUSES:
            self._dead_letters.labels(agent, cause)

    def _counter(self, agent: str, name: str) -> Counter:
        kind, _, rest = name.partition("/")
        if kind == "tier-change":
            return self._decisions.labels(f"{kind}/{_known(rest, DIRECTIONS)}")
        if kind == "warning":
            indicator, _, status = rest.partition("/")
            return self._warnings.labels(_known(indicator, CODES), _known(status, STATUSES))
        if kind == "model-warning":
            told, _, status = rest.partition("/")
            return self._model_warnings.labels(_known(told, KINDS), _known(status, STATUSES))
        if kind == "dead-letter":
            return self._dead_letters.labels(agent, _known(rest, CAUSES))
        plain = {"duplicate": self._duplicates, "repeated": self._repeats, "example": self._examples}
        return plain[name].labels(agent) if name in plain else self._outcomes.labels(agent, _known(name, OUTCOMES))


class AskedFor(Collector):
    """Metrics that are worked out at each scrape: lags grow while nothing is processed, and versions are facts of others."""

    def __init__(self, view_topics: frozenset[str], clock: Callable[[], float]) -> None:
        self.told: dict[Partition, tuple[int, float]] = {}
        """Records behind after the last batch, and the last record's time."""
        self.remaining: dict[Partition, int] = {}
        self.running: Callable[[], Running] | None = None
        self.versions: Callable[[], Versions] | None = None
        self._view_topics = view_topics
        self._clock = clock
        self._behind_since: dict[Partition, float] = {}

    def describe(self) -> Iterator[Metric]:
        """Nothing: a registry would otherwise collect to learn the names."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The metrics as of now."""
        running = self.running() if self.running is not None else None
        yield from self._lags(self._lags_now(running))
        yield self._restores(running)
        if self.versions is not None:
            yield from _versions(self.versions())

    def _lags_now(self, running: Running | None) -> list[Lag]:
        if running is not None:
            return sorted(running.lags)
        return sorted(Lag(place, records) for place, (records, _) in self.told.copy().items())

    def _lags(self, lags: list[Lag]) -> Iterator[Metric]:
        records = GaugeMetricFamily("tierwatch_lag_records", "Records still to come.", labels=PLACE)
        seconds = GaugeMetricFamily("tierwatch_lag_seconds", "Age of the last record while others wait; else 0.", labels=PLACE)
        view = GaugeMetricFamily("tierwatch_view_behind_records", "Decisions that the view lacks.", labels=PLACE)
        now = self._clock()
        for place, behind in lags:
            labels = [place.topic, str(place.partition)]
            records.add_metric(labels, behind)
            seconds.add_metric(labels, self._seconds_behind(place, behind, now))
            if place.topic in self._view_topics:
                view.add_metric(labels, behind)
        yield from (records, seconds, view)

    def _seconds_behind(self, place: Partition, behind: int, now: float) -> float:
        """If no record has been processed yet: since the lag was first seen."""
        if not behind:
            self._behind_since.pop(place, None)
            return 0.0
        since = self._behind_since.setdefault(place, now)
        _, last = self.told.get(place, (0, since))
        return max(0.0, now - last)

    def _restores(self, running: Running | None) -> Metric:
        left = GaugeMetricFamily("tierwatch_restore_remaining_states", "Changelog records still to restore.", labels=PLACE)
        for place, states in sorted(self.remaining.copy().items()):
            if running is None or place in running.assigned:
                left.add_metric([place.topic, str(place.partition)], states)
        return left


def _versions(versions: Versions) -> Iterator[Metric]:
    policy = GaugeMetricFamily("tierwatch_policy_info", "Policies in force; one, but for moments.", labels=["version"])
    for version in versions.policies:
        policy.add_metric([version], 1)
    model = GaugeMetricFamily("tierwatch_model_number", "Model in force; the oldest among partitions.", labels=["portfolio"])
    for portfolio, number in sorted(versions.models.items()):
        model.add_metric([portfolio], number)
    closed = GaugeMetricFamily(
        "tierwatch_closed_day_timestamp_seconds", "The last business day that has closed, its midnight UTC.", labels=["partition"]
    )
    for partition, day in sorted(versions.closed.items()):
        closed.add_metric([str(partition)], datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    yield from (policy, model, closed)


def _known(name: str, names: Collection[str]) -> str:
    return name if name in names else OTHER
