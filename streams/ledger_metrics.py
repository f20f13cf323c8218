"""The ledger for Prometheus: of the partitions of this worker, so that sums over the workers are those of the whole.

Figures of the whole come from sums: capture is captured over defaults, precision hits and confirmed over those and false, the
median lead a quantile of the histogram. Labels: portfolio, indicator, severity, verdict; never a client.
"""

from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from online_models.ledger import SEVERITIES, YEAR
from online_models.tallies import CAUGHT, DEFAULTS, LEAD_SPAN, LEADS, WATCHED, Tallies, episode_key
from schemas.history import CODES, VERDICTS

LEAD_DAYS: Final = (30, 60, 90, 120, 180, 270, 365, 545, 730)

Told = Callable[[], dict[str, list[tuple[Tallies, int]]]]


class LedgerMetrics(Collector):
    """Gauges worked out at each scrape, in its thread. `told`: by portfolio, tallies and last closed day of each partition."""

    def __init__(self, told: Told) -> None:
        self._told = told

    def describe(self) -> Iterator[Metric]:
        """Nothing: a registry would otherwise collect to learn the names."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The ledger as of the last closed days."""
        years = GaugeMetricFamily("tierwatch_ledger_client_years", "Client-years out of default.", labels=["portfolio"])
        defaults = GaugeMetricFamily("tierwatch_ledger_defaults", "Defaults of observed clients.", labels=["portfolio"])
        labels = ["portfolio", "severity"]
        captured = GaugeMetricFamily("tierwatch_ledger_captured_defaults", "Defaults that were warned of.", labels=labels)
        leads = HistogramMetricFamily("tierwatch_ledger_lead_days", "Days from warning to default.", labels=labels)
        labels = ["portfolio", "indicator", "severity", "verdict"]
        episodes = GaugeMetricFamily("tierwatch_ledger_episodes", "Warnings by what came of them.", labels=labels)
        for portfolio, partitions in sorted(self._told().items()):
            whole = Tallies()
            for tallies, _ in partitions:
                whole.merge(tallies)
            years.add_metric([portfolio], sum(tallies.days(WATCHED, day) for tallies, day in partitions) / YEAR)
            defaults.add_metric([portfolio], whole.closed[DEFAULTS])
            for amber, severity in enumerate(("any", "amber")):
                captured.add_metric([portfolio, severity], whole.closed[CAUGHT + amber])
                buckets, days = _leads(whole, LEADS + amber * LEAD_SPAN)
                leads.add_metric([portfolio, severity], buckets, days)
            _episodes(episodes, portfolio, whole)
        yield from (years, defaults, captured, leads, episodes)


def _leads(tallies: Tallies, first: int) -> tuple[list[tuple[str, float]], float]:
    """Cumulative buckets, and the sum of the days."""
    spread = [(key - first, count) for key, count in tallies.closed.items() if first <= key < first + LEAD_SPAN]
    buckets = [(str(float(bound)), float(sum(count for days, count in spread if days <= bound))) for bound in LEAD_DAYS]
    return [*buckets, ("+Inf", float(sum(count for _, count in spread)))], float(sum(days * count for days, count in spread))


def _episodes(family: GaugeMetricFamily, portfolio: str, tallies: Tallies) -> None:
    for code, indicator in enumerate(CODES):
        for level, severity in enumerate(SEVERITIES, start=1):
            for number, verdict in enumerate(VERDICTS):
                count = tallies.closed[episode_key(code, level, number)]
                if count:
                    family.add_metric([portfolio, indicator, severity, verdict], count)
