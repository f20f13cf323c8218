"""How good the scores are, live: in a scrape, and told to whoever keeps it."""

import asyncio
import gc
from collections.abc import Mapping
from typing import Any

import pytest
from prometheus_client.core import CollectorRegistry

from agents.learner import Learner
from streams.hosting import SinkUnavailable
from streams.quality import Learners, Quality, tell
from tests.builders import example, shipped
from tests.driver import learning_log, run_all


def taught() -> Learner:
    """A learner whose cohort is over: of forty clients the ten that defaulted were scored higher."""
    learner = Learner(0, {}, shipped())
    told = [example(i, y=i < 10, pd=0.3 if i < 10 else 0.1, since_days=365) for i in range(40)]
    run_all(learner, learning_log(told))
    return learner


def made(learner: Learner) -> Learners:
    learners = Learners(lambda partition, states: learner)
    learners(0, {})
    return learners


def scraped(quality: Quality) -> dict[tuple[str, ...], float]:
    registry = CollectorRegistry()
    registry.register(quality)
    return {(s.name, *s.labels.values()): s.value for family in registry.collect() for s in family.samples}


def test_a_scrape_tells_the_figures_of_the_last_report_and_the_alarms() -> None:
    quality, learner = Quality(), taught()
    assert scraped(quality) == {}
    quality.reports = made(learner).reports()
    said = scraped(quality)
    assert said["tierwatch_score_quality", "corporate", "month", "whole", "roc_auc"] == 1.0
    assert said["tierwatch_score_quality", "corporate", "month", "12-months", "defaults"] == 10
    assert ("tierwatch_score_quality", "corporate", "statement", "whole", "roc_auc") not in said
    assert said["tierwatch_false_alarms_per_100_client_years", "corporate", "bound"] == 5.0
    assert said["tierwatch_alarm_pd", "corporate"] == pytest.approx(0.5, abs=0.01)


def test_a_scrape_tells_of_champion_and_challenger_and_of_what_has_drifted() -> None:
    quality = Quality()
    report: dict[str, Any] = {
        **taught().report()["corporate"],
        "contest": {
            "champion": {"members": ["bins"], "since_model": 3, "log_loss": 0.05, "roc_auc": 0.8},
            "challenger": {"members": ["tails"], "log_loss": 0.06},
            "log_e_value": 1.5, "log_e_value_needed": 3.0, "promotions": [{"number": 3}],
        },
        "drift": {
            "standing": {"loss": {"severity": "watch"}, "quick_ratio": {"severity": "amber"}, "log_debt": {"severity": "amber"}},
            "loss": {"beyond_announced": 0.4}, "psi": {"quick_ratio": 0.3, "log_debt": 0.26, "net_margin": 0.01},
        },
    }  # fmt: skip
    quality.reports = {"corporate": report}
    said = scraped(quality)
    assert said["tierwatch_contest_quality", "corporate", "champion", "roc_auc"] == 0.8
    assert said["tierwatch_contest_quality", "corporate", "challenger", "log_loss"] == 0.06
    assert ("tierwatch_contest_quality", "corporate", "challenger", "roc_auc") not in said
    assert said["tierwatch_contest_log_e_value", "corporate", "now"] == 1.5
    assert said["tierwatch_contest_log_e_value", "corporate", "needed"] == 3.0
    assert said["tierwatch_promotions", "corporate"] == 1
    standing = {labels[2:]: count for labels, count in said.items() if labels[0] == "tierwatch_model_warnings_standing"}
    assert standing == {("loss", "watch"): 1, ("loss", "amber"): 0, ("feature", "watch"): 0, ("feature", "amber"): 2}
    assert said["tierwatch_feature_psi_worst", "corporate"] == 0.3
    assert said["tierwatch_loss_beyond_announced", "corporate"] == 0.4


def test_what_a_learner_reports_can_be_scraped_from_its_first_example_on() -> None:
    quality, learner = Quality(), Learner(0, {}, shipped())
    run_all(learner, learning_log([example(1)]))
    quality.reports = made(learner).reports()
    said = scraped(quality)
    assert said["tierwatch_promotions", "corporate"] == 0
    assert said["tierwatch_model_warnings_standing", "corporate", "loss", "amber"] == 0


def test_a_learner_that_went_to_another_worker_is_told_of_no_more() -> None:
    learners = Learners(lambda partition, states: Learner(0, {}, shipped()))
    kept = learners(0, {})
    run_all(kept, learning_log([example(1)]))
    assert learners.reports().keys() == {"corporate"}
    del kept
    gc.collect()
    assert learners.reports() == {}


async def test_it_is_told_again_and_again_though_the_keeper_is_away_for_a_while() -> None:
    told: list[Mapping[str, Any]] = []

    async def keep(reports: Mapping[str, Mapping[str, Any]]) -> None:
        told.append(reports)
        if len(told) == 1:
            raise SinkUnavailable("away")

    quality, learner = Quality(), taught()
    task = asyncio.create_task(tell(made(learner), quality, keep, seconds=0.001))
    while len(told) < 3:
        await asyncio.sleep(0.001)
    task.cancel()
    assert told[0] == quality.reports
    assert quality.reports["corporate"]["examples"] == 40
