"""A counts of scores against what came of them, against plain arithmetic."""

import json
from collections.abc import Iterable
from math import exp
from random import Random

import pytest

from online_models.score_counts import ScoreCounts, merged, pooled, stability
from online_models.scorecard import sigmoid

SEED = Random().randrange(2**32)


@pytest.fixture
def chance() -> Random:
    """Random, and repeatable by the seed it prints."""
    print(f"SEED={SEED}")
    return Random(SEED)


def counts_of(told: Iterable[tuple[float, bool]]) -> ScoreCounts:
    counts = ScoreCounts()
    for pd, y in told:
        counts.add(pd, y)
    return counts


def scored(chance: Random, count: int = 400) -> list[tuple[float, bool]]:
    """Probabilities on a coarse grid, so that many are equal, and what came of them."""
    told = []
    for _ in range(count):
        z = chance.randrange(-8, 4) / 2
        told.append((1 / (1 + exp(-z)), chance.random() < 1 / (1 + exp(-z))))
    return [*told, (0.9, True), (0.01, False)]


def figures(told: list[tuple[float, bool]]) -> dict[str, float]:
    return counts_of(told).figures()


def test_roc_auc_is_the_share_of_pairs_in_the_right_order(chance: Random) -> None:
    told = scored(chance)
    bad, good = [p for p, y in told if y], [p for p, y in told if not y]
    pairs = sum((b > g) + 0.5 * (b == g) for b in bad for g in good)
    assert figures(told)["roc_auc"] == pytest.approx(pairs / (len(bad) * len(good)))


def test_pr_auc_is_the_average_precision(chance: Random) -> None:
    told = scored(chance)
    bad, area, before = sum(y for _, y in told), 0.0, 0.0
    for threshold in sorted({p for p, _ in told}, reverse=True):
        caught = [y for p, y in told if p >= threshold]
        recall = sum(caught) / bad
        area += (recall - before) * sum(caught) / len(caught)
        before = recall
    assert figures(told)["pr_auc"] == pytest.approx(area)


def test_ks_is_the_widest_gap_between_the_two_distributions(chance: Random) -> None:
    told = scored(chance)
    bad, good = [p for p, y in told if y], [p for p, y in told if not y]
    gaps = [sum(p >= t for p in bad) / len(bad) - sum(p >= t for p in good) / len(good) for t in {p for p, _ in told}]
    assert figures(told)["ks"] == pytest.approx(max(gaps))


def test_brier_log_loss_and_the_rates_are_means(chance: Random) -> None:
    told = scored(chance)
    n = len(told)
    said = figures(told)
    assert said["brier"] == pytest.approx(sum((p - y) ** 2 for p, y in told) / n)
    assert said["mean_pd"] == pytest.approx(sum(p for p, _ in told) / n)
    assert said["observed_rate"] == pytest.approx(sum(y for _, y in told) / n)
    assert (said["examples"], said["defaults"]) == (n, sum(y for _, y in told))


def test_recall_at_five_per_cent_of_alerts_counts_the_riskiest() -> None:
    told = [(sigmoid(-i / 25), i < 10) for i in range(200)]
    assert figures(told)["recall_at_5_percent"] == pytest.approx(1.0)
    told = [(sigmoid(-i / 25), 10 <= i < 20) for i in range(200)]
    assert figures(told)["recall_at_5_percent"] == 0.0


def test_a_bin_that_the_alerts_cut_counts_in_proportion() -> None:
    assert counts_of([(0.5, i < 40) for i in range(400)]).caught(0.05) == pytest.approx(2.0)


def test_without_defaults_only_calibration_is_told() -> None:
    assert set(figures([(0.1, False)])) == {"examples", "defaults", "brier", "log_loss", "mean_pd", "observed_rate"}
    assert figures([]) == {"examples": 0, "defaults": 0}


def test_certainties_are_borne() -> None:
    assert figures([(1.0, True), (0.0, False), (1.0, False), (0.0, True)])["roc_auc"] == pytest.approx(0.5)


def test_the_reliability_of_a_band_is_its_mean_pd_against_its_rate() -> None:
    told = [(0.015, False), (0.019, True), (0.3, True)]
    assert counts_of(told).reliability() == [
        {"from": 0.01, "examples": 2, "defaults": 1, "mean_pd": pytest.approx(0.017), "observed_rate": 0.5},
        {"from": 0.2, "examples": 1, "defaults": 1, "mean_pd": pytest.approx(0.3), "observed_rate": 1.0},
    ]


def test_the_curve_ends_with_all_of_them(chance: Random) -> None:
    counts = counts_of(scored(chance))
    assert counts.curve()[0] == (0, 0)
    assert counts.curve()[-1] == (counts.examples - counts.defaults, counts.defaults)


def test_tallies_add_up(chance: Random) -> None:
    told = scored(chance)
    both = merged([counts_of(told[:150]), counts_of(told[150:])])
    assert both.figures() == pytest.approx(figures(told))


def test_pooled_years_each_alert_their_own_share() -> None:
    """The first year's scores are all above the second's: one cut-off for both would alert nobody of the second."""
    first = counts_of([(sigmoid(5 - i / 25), i < 5) for i in range(100)])
    second = counts_of([(sigmoid(-i / 25), i < 5) for i in range(100)])
    said = pooled([first, second])
    assert said["recall_at_5_percent_of_each"] == pytest.approx(1.0)
    assert said["recall_at_5_percent"] == pytest.approx(0.5)


def test_a_tally_sleeps_as_json_and_goes_on_to_the_last_bit(chance: Random) -> None:
    told = scored(chance)
    again = ScoreCounts.load(json.loads(json.dumps(counts_of(told[:100]).dump())))
    for pd, y in told[100:]:
        again.add(pd, y)
    assert again.dump() == counts_of(told).dump()


def test_a_tally_is_bounded(chance: Random) -> None:
    counts = counts_of((sigmoid(chance.uniform(-60, 60)), chance.random() < 0.5) for _ in range(20_000))
    assert len(counts.good) <= 1500
    assert len(counts.bad) <= 1500


def test_scores_that_have_not_moved_are_stable_and_others_are_not(chance: Random) -> None:
    told = scored(chance)
    assert stability(counts_of(told), counts_of(told)) == pytest.approx(0.0)
    assert stability(counts_of([(min(0.99, pd * 5), y) for pd, y in told]), counts_of(told)) > 0.25
