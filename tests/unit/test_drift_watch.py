"""The model's own drift: seen where there is one, not where there is none, told once, in bounded memory."""

from collections.abc import Sequence
from random import Random

import msgspec
import pytest

from online_models.drift_watch import DriftWatch, Finding, as_floats
from online_models.evaluation import ROLLING_MONTHS
from online_models.feature_spread import FeatureSpread
from online_models.features import NAMES
from online_models.loss_watch import GROUPS, MOST_VALUES, LossWatch
from online_models.scorecard import inside
from schemas.decisions import Severity
from schemas.oversight_rules import ModelDrift
from tests.builders import N

SEED = Random().randrange(2**32)
RULES = ModelDrift(least_examples=300)
FIRST, SECOND = NAMES[:2]
X = list[float | None]


@pytest.fixture
def chance() -> Random:
    """Random, and repeatable by the seed it prints."""
    print(f"SEED={SEED}")
    return Random(SEED)


def examples(chance: Random, count: int, shift: float = 0.0, missing: float = 0.1) -> list[X]:
    """Two features are known, the first of them shifted."""
    return [
        [None if chance.random() < missing else chance.gauss(shift, 1), chance.gauss(0, 1), *[None] * (N - 2)]
        for _ in range(count)
    ]


def drawn(chance: Random) -> DriftWatch:
    watch = DriftWatch(RULES)
    watch.draw(examples(chance, 2000), day=700_000)
    return watch


def passes(watch: DriftWatch, month: int, xs: Sequence[X]) -> list[Finding]:
    """A month's cohort is told of and is over."""
    watch.add(as_floats(xs), [month] * len(xs))
    return watch.close(month, 700_000 + 30 * month)


def foretells(
    watch: LossWatch, chance: Random, months: range, factor: float = 1.0, order: bool = True, count: int = 600
) -> list[float]:
    """Cohorts in which `factor` times as many default as the PDs say; without `order` whoever they say. Changes of the mean."""
    found = []
    for month in months:
        for i in range(count):
            pd = inside(chance.lognormvariate(-4.0, 1.0))
            true = min(1.0, factor * (pd if order else 0.03))
            watch.add(f"C{i}", pd, chance.random() < true, month)
        found += [change.now - change.was for change in watch.close(month)]
    return found


# the loss


def test_losses_that_the_pds_announce_are_no_drift(chance: Random) -> None:
    watch = LossWatch(RULES.adwin_delta)
    assert foretells(watch, chance, range(120)) == []
    assert watch.mean == pytest.approx(0.0, abs=0.15)


def test_a_rise_that_the_pds_foretell_is_no_drift(chance: Random) -> None:
    watch = LossWatch(RULES.adwin_delta)
    for month in range(120):
        for i in range(600):
            pd = min(0.9, chance.lognormvariate(-4.0 + (month > 60), 1.0))
            watch.add(f"C{i}", pd, chance.random() < pd, month)
        assert watch.close(month) == []


def test_more_defaults_than_the_pds_say_are_a_drift_and_as_many_again_its_end(chance: Random) -> None:
    watch = LossWatch(RULES.adwin_delta)
    assert foretells(watch, chance, range(60)) == []
    assert [change > 0 for change in foretells(watch, chance, range(60, 120), 2.5)] == [True]
    assert [change < 0 for change in foretells(watch, chance, range(120, 180))] == [True]


def test_an_order_that_no_longer_tells_is_a_drift_though_as_many_default(chance: Random) -> None:
    watch = LossWatch(RULES.adwin_delta)
    assert foretells(watch, chance, range(40), count=2000) == []
    assert [change > 0 for change in foretells(watch, chance, range(40, 80), order=False, count=2000)] == [True]


def test_defaults_that_are_told_before_the_survivors_of_their_cohort_are_no_drift(chance: Random) -> None:
    """By the dates of the labels each cohort would begin with nothing but defaults."""
    watch = LossWatch(RULES.adwin_delta)
    for month in range(120):
        outcomes = [(i, 0.02, chance.random() < 0.02) for i in range(1000)]
        for i, pd, y in sorted(outcomes, key=lambda one: -one[2]):
            watch.add(f"C{i}", pd, y, month)
        assert watch.close(month) == []


def test_losses_beyond_what_is_announced_are_raised_once_and_cleared_when_they_are_not(chance: Random) -> None:
    watch = DriftWatch(RULES)
    told = []
    for month in range(150):
        for i in range(900):
            watch.loss.add(f"C{i}", 0.03, chance.random() < (0.07 if 50 <= month < 100 else 0.03), month)
        told += watch.close(month, 700_000 + month)
    assert [(f.kind, f.status, f.severity, f.episode) for f in told] == [
        ("loss", "raised", Severity.WATCH, 1), ("loss", "cleared", Severity.WATCH, 1),
    ]  # fmt: skip
    assert 700_050 <= told[0].since < 700_100
    assert told[0].value > 0


def test_pds_that_are_less_too_high_than_before_are_no_drift(chance: Random) -> None:
    watch = DriftWatch(RULES)
    for month in range(100):
        for i in range(900):
            watch.loss.add(f"C{i}", 0.08, chance.random() < (0.02 if month < 50 else 0.05), month)
        assert watch.close(month, 700_000) == []


def test_the_window_of_the_losses_is_bounded_and_goes_on(chance: Random) -> None:
    watch = LossWatch(RULES.adwin_delta)
    for month in range(MOST_VALUES // GROUPS + 10):
        for i in range(40 * GROUPS):
            watch.add(f"C{i}", 0.2, chance.random() < 0.2, month)
        watch.close(month)
    assert MOST_VALUES // 2 <= len(watch.values) <= MOST_VALUES
    assert watch.months == {}


# features


def test_features_that_are_spread_as_they_were_are_no_drift(chance: Random) -> None:
    watch = drawn(chance)
    assert [finding for month in range(36) for finding in passes(watch, month, examples(chance, 200))] == []
    assert max(watch.psi.values()) < RULES.psi_watch


def test_a_feature_that_moves_is_raised_escalated_and_cleared_once_each(chance: Random) -> None:
    watch = drawn(chance)
    found = [f for month in range(12) for f in passes(watch, month, examples(chance, 100))]
    assert found == []
    found = [f for month in range(12, 36) for f in passes(watch, month, examples(chance, 100, shift=1.2))]
    assert [(f.feature, f.status, f.severity, f.episode) for f in found] == [
        (FIRST, "raised", Severity.WATCH, 1), (FIRST, "escalated", Severity.AMBER, 1),
    ]  # fmt: skip
    found = [f for month in range(36, 60) for f in passes(watch, month, examples(chance, 100))]
    assert [(f.feature, f.status, f.episode) for f in found] == [(FIRST, "cleared", 1)]
    assert watch.standing == {}
    again = [f for month in range(60, 72) for f in passes(watch, month, examples(chance, 100, shift=1.2))]
    assert {f.episode for f in again} == {2}


def test_a_feature_that_is_no_longer_told_is_a_drift(chance: Random) -> None:
    watch = drawn(chance)
    found = [f for month in range(12) for f in passes(watch, month, examples(chance, 100, missing=0.9))]
    assert {f.feature for f in found} == {FIRST}


def test_too_few_examples_tell_nothing(chance: Random) -> None:
    watch = drawn(chance)
    assert [f for month in range(4) for f in passes(watch, month, examples(chance, 70, shift=3.0))] == []
    assert watch.psi == {}
    assert passes(watch, 4, examples(chance, 70, shift=3.0)) != []


def test_a_psi_that_swings_about_its_threshold_is_told_once() -> None:
    watch = DriftWatch(RULES)
    psis = (0.11, 0.095, 0.105, 0.09, 0.12, 0.079)
    told = [watch._of_feature(FIRST, psi, 1000, day) for day, psi in enumerate(psis, start=1)]
    assert [(f.status, f.threshold) for f in told if f is not None] == [("raised", 0.1), ("cleared", 0.1)]


def test_a_new_champion_is_measured_against_the_time_when_it_became_one(chance: Random) -> None:
    watch = drawn(chance)
    for month in range(12):
        passes(watch, month, examples(chance, 100, shift=2.0))
    assert FIRST in watch.standing
    watch.promoted(7, 701_000)
    assert (watch.reference.model, watch.reference.examples) == (7, 1200)
    assert [f.status for f in passes(watch, 12, examples(chance, 100, shift=2.0))] == ["cleared"]


def test_a_model_of_an_earlier_release_takes_the_first_cohorts_that_are_enough_for_its_reference(chance: Random) -> None:
    watch = DriftWatch(RULES)
    watch.take_over([(0, (-1.0, 0.0, 1.0)), (1, (0.0,))])
    for month in range(3):
        assert passes(watch, month, examples(chance, 100)) == []
    assert watch.reference.examples == 300
    assert {f.feature for month in range(3, 15) for f in passes(watch, month, examples(chance, 100, shift=2.0))} == {FIRST}


def test_counts_are_those_of_the_bins_one_by_one(chance: Random) -> None:
    xs = examples(chance, 700)
    spread = FeatureSpread.drawn(xs)
    assert spread.places == [0, 1]
    counts = spread.counted(as_floats(xs))
    for i, place in enumerate(spread.places):
        edges = spread.bins.given[i]
        wanted = [0] * (len(edges) + 2)
        for x in xs:
            value = x[place]
            wanted[-1 if value is None else sum(edge <= value for edge in edges)] += 1
        start = int(spread.bins.starts[i])
        assert counts[start : start + len(wanted)].tolist() == wanted


def test_memory_is_bounded_whatever_comes(chance: Random) -> None:
    watch = drawn(chance)
    sizes = []
    for month in range(100):
        for i in range(50):
            watch.loss.add(f"C{i}", 0.05, chance.random() < 0.05, month)
        passes(watch, month, examples(chance, 50, shift=month % 3))
        sizes.append(len(msgspec.msgpack.encode(watch.dump())))
    assert len(watch.months) == ROLLING_MONTHS
    assert sizes[-1] < sizes[2 * ROLLING_MONTHS] + 9 * len(watch.loss.values) + 100


def test_a_watch_that_slept_finds_the_same(chance: Random) -> None:
    awake = drawn(chance)
    slept = awake
    for month in range(40):
        if month == 20:
            slept = DriftWatch.load(RULES, msgspec.msgpack.decode(msgspec.msgpack.encode(awake.dump())))
        outcomes = [chance.random() < 0.02 * (1 + 4 * (month > 20)) for _ in range(900)]
        xs = examples(chance, 100, shift=month / 20)
        found = []
        for watch in [awake] if slept is awake else [awake, slept]:
            for i, y in enumerate(outcomes):
                watch.loss.add(f"C{i}", 0.02, y, month)
            found.append(passes(watch, month, xs))
        assert found[0] == found[-1]
    assert slept.dump() == awake.dump()
    assert {"loss", FIRST} <= set(awake.standing)


def test_a_policy_whose_thresholds_do_not_ascend_is_refused() -> None:
    with pytest.raises(ValueError, match="psi_amber"):
        ModelDrift(psi_watch=0.3)
