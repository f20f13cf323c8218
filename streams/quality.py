"""How good the scores are, live: what the learner of this worker reports, into the metrics and into Redis, every so often.

The learner's state changes in the event loop, so that is where it is asked: never from the thread that serves metrics.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Final

import structlog
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from schemas.model_warnings import KINDS, LOSS, SEVERITIES
from streams.hosting import SinkUnavailable
from streams.running import Making

SECONDS: Final = 15.0
FIGURES: Final = (
    "examples", "defaults", "roc_auc", "pr_auc", "ks", "recall_at_5_percent", "brier", "log_loss", "mean_pd", "observed_rate",
)  # fmt: skip
SPANS: Final = {"whole": "whole", "rolling_12_months": "12-months"}
SIDES: Final = ("champion", "challenger")
SCORED: Final = {"statements": "statement", "months": "month"}

log = structlog.get_logger(__name__)

Reports = Mapping[str, Mapping[str, Any]]
"""By portfolio, as `Learner.report` gives them."""


class Learners(Making[Any]):
    """Tells what the learner reports. It is not named: its module loads River, which a worker may do without."""

    def reports(self) -> Reports:
        """Nothing where the learner lives in another worker."""
        reports: dict[str, Mapping[str, Any]] = {}
        for one in self.living():
            reports |= one.report()
        return reports


class Quality(Collector):
    """Gauges of the last reports. Labels: portfolio (those of the policy), statement or month, span, figure."""

    def __init__(self) -> None:
        self.reports: Reports = {}

    def describe(self) -> Iterator[Metric]:
        """Nothing: a registry would otherwise collect to learn the names."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """As of the last report."""
        quality = GaugeMetricFamily(
            "tierwatch_score_quality",
            "How well scores have told who would default, where the horizon is over.",
            labels=("portfolio", "scored", "span", "figure"),
        )
        alarms = GaugeMetricFamily(
            "tierwatch_false_alarms_per_100_client_years", "Of the PD warning.", labels=("portfolio", "kind")
        )
        threshold = GaugeMetricFamily("tierwatch_alarm_pd", "PD from which is warned, as learned.", labels=("portfolio",))
        for portfolio, report in sorted(self.reports.items()):
            for labels, value in _figures(report):
                quality.add_metric([portfolio, *labels], value)
            told = report["alarms"]
            for kind in ("bound", "realised"):
                if (rate := told[f"{kind}_per_100_client_years"]) is not None:
                    alarms.add_metric([portfolio, kind], rate)
            threshold.add_metric([portfolio], told["threshold_pd"])
        yield from (quality, alarms, threshold)
        yield from _contests(self.reports)
        yield from _drifts(self.reports)


def _contests(reports: Reports) -> Iterator[Metric]:
    """Champion and challenger; nothing of a portfolio whose policy names only one."""
    sides = GaugeMetricFamily(
        "tierwatch_contest_quality",
        "How well champion and challenger told who would default, of the last twelve cohorts that are over.",
        labels=("portfolio", "side", "figure"),
    )
    evidence = GaugeMetricFamily(
        "tierwatch_contest_log_e_value", "Evidence that the challenger is better: now, and needed.", labels=("portfolio", "kind")
    )
    promotions = GaugeMetricFamily("tierwatch_promotions", "Challengers that became champion.", labels=("portfolio",))
    for portfolio, report in sorted(reports.items()):
        if (contest := report.get("contest")) is None:
            continue
        for side in SIDES:
            for figure in FIGURES:
                if (value := contest[side].get(figure)) is not None:
                    sides.add_metric([portfolio, side, figure], float(value))
        evidence.add_metric([portfolio, "now"], contest["log_e_value"])
        evidence.add_metric([portfolio, "needed"], contest["log_e_value_needed"])
        promotions.add_metric([portfolio], len(contest["promotions"]))
    yield from (sides, evidence, promotions)


def _drifts(reports: Reports) -> Iterator[Metric]:
    """Model warnings that stand, and how far the features are from the champion's reference."""
    labels = ("portfolio", "kind", "severity")
    standing = GaugeMetricFamily("tierwatch_model_warnings_standing", "Warnings of a model's drift that stand.", labels=labels)
    worst = GaugeMetricFamily("tierwatch_feature_psi_worst", "The largest PSI of a feature.", labels=("portfolio",))
    loss = GaugeMetricFamily(
        "tierwatch_loss_beyond_announced", "Standard deviations of a group of examples.", labels=("portfolio",)
    )
    for portfolio, report in sorted(reports.items()):
        drift = report["drift"]
        for kind in KINDS:
            for severity in SEVERITIES:
                held = [name for name, one in drift["standing"].items() if one["severity"] == severity]
                standing.add_metric([portfolio, kind, severity], sum((name == LOSS) is (kind == LOSS) for name in held))
        loss.add_metric([portfolio], drift["loss"]["beyond_announced"])
        if drift["psi"]:
            worst.add_metric([portfolio], max(drift["psi"].values()))
    yield from (standing, worst, loss)


async def tell(
    learners: Learners, quality: Quality, keep: Callable[[Reports], Awaitable[None]] | None, seconds: float = SECONDS
) -> None:
    """Never ends: reports, every so often. `keep` puts them where others read them; it may be away for a while."""
    while True:
        quality.reports = learners.reports()
        if keep is not None and quality.reports:
            try:
                await keep(quality.reports)
            except SinkUnavailable as unavailable:
                log.warning("view_unavailable", reason=str(unavailable))
        await asyncio.sleep(seconds)


def _figures(report: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str, str], float]]:
    for part, scored in SCORED.items():
        for span, name in SPANS.items():
            for figure in FIGURES:
                if (value := report[part][span].get(figure)) is not None:
                    yield (scored, name, figure), float(value)
