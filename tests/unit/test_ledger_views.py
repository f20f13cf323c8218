"""The ledger where others read it: in Prometheus, and in the view."""

import json
from datetime import date, timedelta
from typing import Any, cast

from prometheus_client import CollectorRegistry

from schemas import topics
from schemas.learning import LedgerPublished
from streams.ledger_metrics import LedgerMetrics
from streams.replaying.ledger_tables import ledger_table
from streams.replaying.reporting import tallied
from streams.running import Segmenters
from streams.views.folding import fold_ledgers
from streams.views.keys import ViewKeys
from tests.builders import policy
from tests.driver import Driver

FIRST = date(2024, 1, 10)


def scraped(*drivers: Driver) -> dict[str, dict[tuple[str, ...], float]]:
    """What a worker with these partitions says."""
    segmenters = Segmenters(cast(Any, lambda number, _: drivers[number].pipeline.segmenters[0]))
    for number in range(len(drivers)):
        segmenters(number, {})
    registry = CollectorRegistry()
    registry.register(LedgerMetrics(segmenters.tallies))
    said: dict[str, dict[tuple[str, ...], float]] = {}
    for family in registry.collect():
        for sample in family.samples:
            said.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return said


def warned(portfolio: str = "corporate") -> Driver:
    """A default 200 days after a warning at amber; as of 365 days after the first event."""
    driver = Driver(policy(default={"dpd_days": None}))
    driver.send(topics.STATEMENTS, FIRST, equity="40000", portfolio=portfolio)
    driver.send(topics.OUTCOMES, FIRST + timedelta(days=200))
    driver.close(FIRST + timedelta(days=365))
    return driver


def test_prometheus_hears_of_captured_defaults_leads_and_episodes() -> None:
    said = scraped(warned())
    assert said["tierwatch_ledger_defaults"] == {("corporate",): 1}
    assert said["tierwatch_ledger_captured_defaults"] == {("corporate", "any"): 1, ("corporate", "amber"): 1}
    assert said["tierwatch_ledger_episodes"]["corporate", "LEVERAGE", "amber", "hit"] == 1
    buckets = said["tierwatch_ledger_lead_days_bucket"]
    assert (buckets["corporate", "amber", "180.0"], buckets["corporate", "amber", "270.0"]) == (0, 1)
    assert round(said["tierwatch_ledger_client_years"]["corporate",], 3) == round(200 / 365.25, 3)


def test_portfolios_that_no_policy_names_share_one_label() -> None:
    assert scraped(warned("p-17"))["tierwatch_ledger_defaults"] == {("other",): 1}


def test_the_view_keeps_the_last_ledger_of_each_portfolio() -> None:
    first, last = (
        LedgerPublished(portfolio="sme", as_of=date(2024, month, 29), ledger={"defaults": month}, transitions={}, liquidity={})
        for month in (1, 2)
    )
    writes = fold_ledgers([first, last])
    assert json.loads(writes.ledgers["sme"]["ledger"]) == {"defaults": 2}
    assert writes.ledgers["sme"]["as_of"] == "2024-02-29"


def test_a_rebuild_of_the_view_takes_its_ledgers_too() -> None:
    keys = ViewKeys("tierwatch")
    assert keys.is_ours(keys.ledger("sme"))


def test_the_table_tells_the_headline() -> None:
    table = ledger_table(tallied(warned().pipeline.segmenters)["ledger"])
    assert [next(iter(column.cells)) for column in table.columns][:6] == [
        "corporate", "1", "1", "100.0%", "100.0%", "200 · 200 · 200",
    ]  # fmt: skip
