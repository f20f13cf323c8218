"""Metrics: what a scrape says, and that nobody can make it say too much."""

import gc
import urllib.error
import urllib.request
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from agents.segmenter import Segmenter
from streams.metrics import Metrics
from streams.metrics_server import serve
from streams.positions import Partition
from streams.running import Lag, Running, Segmenters, Versions
from streams.telemetry import Telemetry

LOG = "tierwatch.client-events"
CHANGES = "tierwatch.tier-changes"


class Clock:
    """Told what time it is."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def get(port: int, path: str) -> str:
    """A page of the server."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as page:
        return str(page.read().decode())


def scraped(metrics: Metrics) -> dict[str, dict[tuple[str, ...], float]]:
    """Every sample by its name and label values, as Prometheus reads it."""
    text = generate_latest(metrics.registry).decode()
    samples: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            samples.setdefault(sample.name, {})[_in_order(sample.labels)] = sample.value
    return samples


def _in_order(labels: dict[str, str]) -> tuple[str, ...]:
    return tuple(labels[name] for name in sorted(labels, key=lambda name: (name == "partition", name)))


def test_a_batch_is_counted_and_its_time_is_shared_among_its_records() -> None:
    metrics = Metrics()
    metrics.ran("clients", 1000, 0.05)
    said = scraped(metrics)
    assert said["tierwatch_records_total"] == {("clients",): 1000}
    assert said["tierwatch_batch_records_sum"] == {("clients",): 1000}
    assert said["tierwatch_step_seconds_sum"] == {("clients",): pytest.approx(0.00005)}
    assert said["tierwatch_batch_seconds_sum"] == {("clients",): pytest.approx(0.05)}


def test_what_an_agent_says_has_happened_is_counted_by_its_kind() -> None:
    metrics = Metrics()
    counts = {"tier-change/down": 2, "warning/DPD/raised": 3, "dead-letter/unhandled": 1, "duplicate": 4, "repeated": 5}
    metrics.counted("clients", {**counts, "example": 6})
    metrics.counted("learner", {"model-warning/feature/raised": 2, "model-warning/loss/cleared": 1})
    metrics.counted("intake-repayments", {"accepted": 7, "control": 1})
    said = scraped(metrics)
    assert said["tierwatch_decisions_total"] == {("tier-change/down",): 2}
    assert said["tierwatch_warnings_total"] == {("DPD", "raised"): 3}
    assert said["tierwatch_model_warnings_total"] == {("feature", "raised"): 2, ("loss", "cleared"): 1}
    assert said["tierwatch_dead_letters_total"]["clients", "unhandled"] == 1
    assert said["tierwatch_duplicates_total"] == {("clients",): 4}
    assert said["tierwatch_repeats_total"] == {("clients",): 5}
    assert said["tierwatch_examples_total"] == {("clients",): 6}
    assert said["tierwatch_outcomes_total"] == {("intake-repayments", "accepted"): 7, ("intake-repayments", "control"): 1}


def test_dead_letters_count_up_from_zero_so_that_an_alert_sees_the_first() -> None:
    metrics = Metrics()
    metrics.ran("clients", 1, 0.1)
    causes = ("invalid", "too-late", "unhandled", "unreadable")
    assert scraped(metrics)["tierwatch_dead_letters_total"] == {("clients", cause): 0 for cause in causes}


def test_names_that_nobody_declared_share_one_label() -> None:
    metrics = Metrics()
    for n in range(50):
        metrics.counted("clients", {f"tier-change/{n}": 1, f"warning/C{n}/raised": 1, f"dead-letter/{n}": 1, f"client-{n}": 1})
    said = scraped(metrics)
    assert said["tierwatch_decisions_total"] == {("tier-change/other",): 50}
    assert said["tierwatch_warnings_total"] == {("other", "raised"): 50}
    assert said["tierwatch_dead_letters_total"]["clients", "other"] == 50
    assert said["tierwatch_outcomes_total"] == {("clients", "other"): 50}


def test_every_metric_has_our_prefix_and_no_client_label() -> None:
    metrics = Metrics()
    metrics.lag(LOG, 0, 1, 0)
    names = {family.name: {name for sample in family.samples for name in sample.labels} for family in metrics.registry.collect()}
    allowed = {"agent", "topic", "partition", "kind", "indicator", "status", "cause", "outcome", "le", "version", "portfolio"}
    assert all(name.startswith("tierwatch_") for name in names)
    assert set().union(*names.values()) <= allowed


def test_the_lag_in_seconds_grows_while_nothing_is_processed_and_is_0_without_lag() -> None:
    clock = Clock()
    metrics = Metrics(clock=clock)
    metrics.lag(LOG, 0, 10, 990_000)
    metrics.lag(LOG, 1, 0, 1_000)
    place, other = (LOG, "0"), (LOG, "1")
    assert scraped(metrics)["tierwatch_lag_seconds"] == {place: 10, other: 0}
    clock.now += 50
    said = scraped(metrics)
    assert said["tierwatch_lag_seconds"] == {place: 60, other: 0}
    assert said["tierwatch_lag_records"] == {place: 10, other: 0}
    metrics.lag(LOG, 0, 0, 991_000)
    assert scraped(metrics)["tierwatch_lag_seconds"][place] == 0


def test_the_lag_is_what_runs_says_where_it_can_be_asked() -> None:
    clock = Clock()
    metrics = Metrics(view_topics=[CHANGES], clock=clock)
    metrics.lag(LOG, 0, 0, 990_000)
    metrics.lag(LOG, 7, 3, 990_000)
    lags = [Lag(Partition(LOG, 0), 5), Lag(Partition(CHANGES, 0), 8)]
    metrics.ask(running=lambda: Running(lags, frozenset()))
    scraped(metrics)
    clock.now += 20
    said = scraped(metrics)
    assert said["tierwatch_lag_records"] == {(LOG, "0"): 5, (CHANGES, "0"): 8}
    assert said["tierwatch_lag_seconds"] == {(LOG, "0"): 30, (CHANGES, "0"): 20}  # the second since it was seen
    assert said["tierwatch_view_behind_records"] == {(CHANGES, "0"): 8}


def test_a_restore_counts_states_and_is_forgotten_with_its_partition() -> None:
    metrics = Metrics()
    for states, remaining in ((100, 50), (150, 0), (30, 120)):  # the third: restored anew
        metrics.restoring("changelog", 0, states, remaining)
    said = scraped(metrics)
    assert said["tierwatch_restore_states_total"] == {("changelog", "0"): 180}
    assert said["tierwatch_restore_remaining_states"] == {("changelog", "0"): 120}
    metrics.ask(running=lambda: Running([], frozenset()))
    assert "tierwatch_restore_remaining_states" not in scraped(metrics)


def test_the_engines_troubles_are_counted() -> None:
    metrics = Metrics()
    telemetry: Telemetry = metrics
    telemetry.refused(LOG, 0)
    telemetry.skipped(LOG, 0, 3)
    telemetry.disowned(LOG, 0, 2)
    telemetry.sink_unavailable("views")
    telemetry.in_flight(9)
    said = scraped(metrics)
    assert said["tierwatch_refused_batches_total"] == {(LOG, "0"): 1}
    assert said["tierwatch_skipped_offsets_total"] == {(LOG, "0"): 3}
    assert said["tierwatch_disowned_states_total"] == {(LOG, "0"): 2}
    assert said["tierwatch_sink_unavailable_total"] == {("views",): 1}
    assert said["tierwatch_in_flight_messages"] == {(): 9}


def test_versions_are_those_of_the_segmenters_that_live_the_oldest_model_counts() -> None:
    class Made:
        def __init__(self, partition: int, _: dict[bytes, bytes]) -> None:
            self.number, self.partition = partition, SimpleNamespace(closed_day=date(1970, 1, 2 + partition).toordinal())
            models = {"corporate": SimpleNamespace(number=partition + 1)} if partition < 2 else {}
            self.resolver = SimpleNamespace(policy=SimpleNamespace(version="shipped-1"), models=models)

    segmenters = Segmenters(cast(Any, Made))
    metrics = Metrics()
    metrics.ask(versions=segmenters.versions)
    ours: list[Segmenter] = [segmenters(partition, {}) for partition in (1, 0)]
    said = scraped(metrics)
    assert said["tierwatch_policy_info"] == {("shipped-1",): 1}
    assert said["tierwatch_model_number"] == {("corporate",): 1}
    assert said["tierwatch_closed_day_timestamp_seconds"] == {("0",): 86400, ("1",): 2 * 86400}
    ours.append(segmenters(2, {}))
    assert segmenters.versions().models == {"corporate": 0}
    ours.clear()
    gc.collect()
    assert segmenters.versions() == Versions(frozenset(), {}, {})


def test_the_server_hands_out_metrics_and_probes_tell_that_we_live_and_whether_we_are_ready() -> None:
    ready = [False]
    metrics = Metrics()
    metrics.ran("clients", 2, 0.1)
    with serve(metrics.registry, ready=lambda: ready[0]) as serving:
        assert 'tierwatch_records_total{agent="clients"} 2.0' in get(serving.port, "/metrics")
        assert get(serving.port, "/-/healthy") == "well\n"
        with pytest.raises(urllib.error.HTTPError, match="503"):
            get(serving.port, "/-/ready")
        ready[0] = True
        assert get(serving.port, "/-/ready") == "well\n"
        port = serving.port
    with serve(Metrics().registry, port=port) as again:
        assert again.port == port
