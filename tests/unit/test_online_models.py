"""Cut-offs, scorecards, the model that learns, and how it is evaluated, against plain arithmetic."""

from math import nan
from random import Random

import pytest

from online_models.cutoffs import bin_of, lower_bound, merged, quantile_bounds
from online_models.expert import VERSION, expert
from online_models.features import NAMES
from online_models.grids import even, normal_scores, quantile_edges
from online_models.mixing import scorecard
from online_models.pd_model import PdModel
from online_models.scorecard import Points, logit, mixed, sigmoid, steps_and_curve
from tests.builders import N, model, policy

LEARNING = policy(learning={"warm_up": 100, "bins": 4, "credibility": 20.0}).of("corporate").learning
SEED = Random().randrange(2**32)


@pytest.fixture
def chance() -> Random:
    """Random, and repeatable by the seed it prints."""
    print(f"SEED={SEED}")
    return Random(SEED)


# cut-offs


def counted(values: list[float]) -> dict[int, int]:
    return merged([[(bin_of(value), 1)] for value in values])


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0, 99.0, 12345.6, -0.5, -1.0, -99.0, -12345.6])
def test_a_value_lies_within_its_bin_of_two_per_cent(value: float) -> None:
    low, high = lower_bound(bin_of(value)), lower_bound(bin_of(value) + 1)
    assert low - 1e-9 <= value <= high + 1e-9
    assert high - low <= 0.021 * (abs(value) + 1)


def test_higher_values_have_higher_bins() -> None:
    values = [-1e9, -10.0, -0.1, 0.0, 0.1, 10.0, 1e9]
    bins = [bin_of(value) for value in values]
    assert bins == sorted(bins)


@pytest.mark.parametrize("shares", [(0.05, 0.2, 0.5), (0.01, 0.5, 1.0)])
def test_quantiles_of_the_histogram_are_the_exact_ones_within_a_bin(chance: Random, shares: tuple[float, ...]) -> None:
    values = [chance.lognormvariate(5, 2) - 100 for _ in range(1000)]
    ranked = sorted(values, reverse=True)
    exact = [ranked[round(share * len(ranked)) - 1] for share in shares]
    assert [bin_of(bound + 1e-9) for bound in quantile_bounds(counted(values), shares)] == [bin_of(value) for value in exact]


def test_histograms_of_parts_are_the_histogram_of_the_whole(chance: Random) -> None:
    values = [chance.gauss(0, 1000) for _ in range(300)]
    parts = [counted(values[i::3]) for i in range(3)]
    assert merged(part.items() for part in parts) == counted(values)


def test_one_client_bounds_every_tier() -> None:
    assert quantile_bounds({7: 1}, (0.05, 0.2, 0.5)) == (lower_bound(7),) * 3


# scorecards


def test_a_bin_holds_values_from_its_edge_on() -> None:
    card = Points((1.0, 2.0), (-1.0, 0.0, 1.0), 0.5)
    assert [card.of(x) for x in (0.9, 1.0, 1.9, 2.0, 1e30, nan)] == [-1.0, 0.0, 0.0, 1.0, 1.0, 0.5]


def test_a_mix_adds_what_both_add_by_their_weights() -> None:
    a, b = Points((1.0, 3.0), (0.0, 1.0, 2.0), 0.5), Points((2.0,), (-4.0, 4.0), 8.0)
    both = mixed(a, 0.25, b, 0.75)
    for x in (-1.0, 1.0, 1.5, 2.0, 2.9, 3.0, 99.0, nan):
        assert both.of(x) == pytest.approx(0.25 * a.of(x) + 0.75 * b.of(x))


@pytest.mark.parametrize("p", [1e-9, 0.02, 0.5, 0.999])
def test_the_logit_of_a_probability_and_back(p: float) -> None:
    assert sigmoid(logit(p)) == pytest.approx(p)


def test_extreme_logits_are_still_probabilities() -> None:
    assert 0.0 < sigmoid(-1e308) < sigmoid(1e308) < 1.0 + 1e-12


def test_an_average_client_has_the_prior_and_arrears_raise_it() -> None:
    card = expert(0.02)
    assert sigmoid(card.intercept + sum(card.points([nan] * N))) == pytest.approx(0.02)
    late = [nan] * N
    late[NAMES.index("days_past_due")] = 95.0
    assert sum(card.points(late)) == pytest.approx(4.5)


def test_without_a_model_the_expert_scores() -> None:
    assert scorecard(None, policy().of("corporate")).version == VERSION


def test_a_feature_that_a_model_does_not_know_keeps_the_experts_points() -> None:
    rules = policy().of("corporate")
    mine, theirs = scorecard(model(credibility=0.5, shift=2.0), rules), expert(rules.prior_pd)
    x = [nan] * N
    x[NAMES.index("equity_to_assets")] = -1.0
    x[NAMES.index("utilisation")] = 0.8
    points, expected = mine.points(x), theirs.points(x)
    assert points[NAMES.index("equity_to_assets")] == expected[NAMES.index("equity_to_assets")]
    assert points[NAMES.index("utilisation")] == pytest.approx(0.5 * expected[NAMES.index("utilisation")] + 0.5 * 2.0)


# the model that learns


def test_it_only_collects_until_it_is_warm_and_then_forgets_none() -> None:
    learner = PdModel("corporate", LEARNING)
    for i in range(99):
        learner.learn([float(i)] * N, i % 5 == 0)
    assert (learner.score([1.0] * N), learner.is_drawn) == (0.5, False)
    with pytest.raises(ValueError, match="100 examples"):
        learner.snapshot()
    learner.learn([99.0] * N, False)
    assert learner.drawn[0]["bins"] == [25.0, 50.0, 75.0]
    assert learner.waiting == []
    assert (learner.examples, learner.defaults) == (100, 20)


def test_credibility_grows_with_the_defaults_it_has_seen() -> None:
    learner = PdModel("corporate", LEARNING)
    for i in range(100):
        learner.learn([float(i)] * N, i < 20)
    assert learner.snapshot().credibility == 0.5


def test_it_finds_a_default_that_no_line_separates() -> None:
    learner = PdModel("corporate", LEARNING)
    for i in range(3000):
        learner.learn([float(i * 37 % 100)] * N, 25 <= i * 37 % 100 < 50)
    assert learner.score([30.0] * N) > 0.7
    assert max(learner.score([10.0] * N), learner.score([60.0] * N)) < 0.3


def test_missing_is_a_value_of_its_own() -> None:
    learner = PdModel("corporate", LEARNING)
    for i in range(400):
        learner.learn([None if i % 3 == 0 else float(i % 100)] + [1.0] * (N - 1), i % 3 == 0)
    assert learner.score([None] + [1.0] * (N - 1)) > learner.score([50.0] + [1.0] * (N - 1))


def test_edges_are_quantiles_and_fewer_where_values_repeat() -> None:
    assert quantile_edges([float(i) for i in range(8)], even(4)) == (2.0, 4.0, 6.0)
    assert quantile_edges([1.0] * 9, even(4)) == (1.0,)
    assert quantile_edges([], even(4)) == ()


def test_normal_scores_ascend_and_values_that_repeat_share_one() -> None:
    knots, levels = normal_scores([float(i) for i in range(1, 18)])
    assert (knots[0], knots[8], knots[-1], levels[8]) == (1.0, 9.0, 17.0, 0.0)
    assert list(levels) == sorted(levels)
    assert normal_scores([0.0] * 9 + [1.0]) == ((0.0, 1.0), normal_scores([0.0] * 9 + [1.0])[1])
    assert normal_scores([]) == ((), ())


def test_a_curve_is_straight_between_its_knots_and_level_beyond() -> None:
    curve = steps_and_curve((), (0.0,), 0.25, (1.0, 3.0), (10.0, 20.0))
    assert [curve.of(x) for x in (-9.0, 1.0, 2.0, 3.0, 99.0, nan)] == [10.0, 10.0, 15.0, 20.0, 20.0, 0.25]


def test_steps_and_curve_add_up() -> None:
    both = steps_and_curve((2.0,), (0.0, 5.0), 0.5, (1.0, 3.0), (10.0, 20.0))
    assert [both.of(x) for x in (0.0, 1.5, 2.0, 4.0, nan)] == [10.0, 12.5, 20.0, 25.0, 0.5]


def test_what_is_counted_has_a_bin_for_each_whole_number_beyond_what_the_warm_up_saw() -> None:
    learner = PdModel("corporate", LEARNING)
    for i in range(100):
        learner.learn([1.0] * N, i < 20)
    edges = {NAMES[drawn["place"]]: drawn["bins"] for drawn in learner.drawn}
    assert edges["months_seen"] == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert edges["utilisation"] == [1.0]


def test_what_scores_is_the_mean_of_the_weights_not_what_the_last_examples_left() -> None:
    learner = PdModel("corporate", LEARNING)
    for i in range(2000):
        learner.learn([float(i % 7)] * N, i % 5 == 0)
    calm = learner.score([3.0] * N)
    for _ in range(20):
        learner.learn([3.0] * N, True)
    moved = learner.members["bins"].intercept - learner.members["bins"].mean.intercept
    assert moved > 0.0
    assert learner.score([3.0] * N) < 2 * calm


def test_a_model_is_due_after_so_many_examples_or_days() -> None:
    learner = PdModel("corporate", LEARNING)
    for i in range(100):
        learner.learn([float(i)] * N, i < 20)
    learner.snapshot(today=1000)
    assert not learner.is_due(2000)
    learner.learn([1.0] * N, False)
    assert (learner.is_due(1000 + LEARNING.publish_days - 1), learner.is_due(1000 + LEARNING.publish_days)) == (False, True)


def test_snapshots_count_up_and_name_their_content() -> None:
    learner = PdModel("corporate", LEARNING)
    for i in range(100):
        learner.learn([float(i)] * N, i < 20)
    first, second = learner.snapshot(), learner.snapshot()
    assert (first.number, second.number) == (1, 2)
    assert first.version != second.version
    assert first.version.startswith("corporate-1-")
