"""What every model keeps to: scoring changes nothing, sleep changes nothing, learning leaves the example alone."""

from math import isfinite, nan
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from online_models.expert import expert
from online_models.features import FEATURES, NAMES, by_group
from online_models.mixing import scorecard
from online_models.pd_model import PdModel
from online_models.scorecard import Scorecard, partial_logit, sigmoid
from schemas.learning import ModelSnapshot
from tests.builders import N, policy

RULES = policy(learning={"warm_up": 100, "bins": 5}).of("corporate")
X = list[float | None]
values = st.one_of(
    st.none(),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.sampled_from([0.0, 1e38, -1e38, 1e-40]),
)
xs: st.SearchStrategy[X] = st.lists(values, min_size=N, max_size=N)


def examples(seed: int, count: int) -> list[tuple[X, bool]]:
    chance = Random(seed)
    return [
        ([None if chance.random() < 0.2 else chance.gauss(0, 1) for _ in range(N)], chance.random() < 0.3) for _ in range(count)
    ]


def trained(seed: int, count: int = 130) -> PdModel:
    model = PdModel("corporate", RULES.learning)
    for x, y in examples(seed, count):
        model.learn(x, y)
    return model


TRAINED = trained(7)


def restored(model: PdModel) -> PdModel:
    return PdModel.load("corporate", RULES.learning, msgspec.msgpack.decode(msgspec.msgpack.encode(model.dump())))


def cards() -> list[Scorecard]:
    return [expert(0.02), scorecard(None, RULES), scorecard(trained(3).snapshot(), RULES)]


@given(xs)
def test_scoring_changes_nothing(x: X) -> None:
    before = TRAINED.dump()
    TRAINED.score(x)
    assert TRAINED.dump() == before


@given(xs)
def test_missing_and_extreme_values_are_scored(x: X) -> None:
    assert 0.0 <= TRAINED.score(x) <= 1.0
    for card in cards():
        points = card.points([nan if value is None else value for value in x])
        assert len(points) == N
        assert all(isfinite(point) for point in points)


@given(xs, st.booleans())
def test_learning_leaves_the_example_alone(x: X, y: bool) -> None:
    before = list(x)
    restored(TRAINED).learn(x, y)
    assert x == before


@given(st.integers(0, 2**32), st.integers(0, 160), st.integers(1, 60))
def test_a_restored_model_learns_on_like_one_that_never_slept(seed: int, before: int, after: int) -> None:
    awake = trained(seed, before)
    slept = restored(awake)
    for x, y in examples(seed + 1, after):
        assert slept.score(x) == awake.score(x)
        awake.learn(x, y)
        slept.learn(x, y)
    assert slept.dump() == awake.dump()


@given(xs)
def test_a_model_before_its_bins_has_no_opinion(x: X) -> None:
    assert trained(1, 99).score(x) == 0.5


@given(xs)
def test_a_published_snapshot_scores_like_the_model_it_was_taken_from(x: X) -> None:
    snapshot = restored(TRAINED).snapshot()
    again = msgspec.json.decode(msgspec.json.encode(snapshot), type=ModelSnapshot)
    assert again == snapshot
    assert again.version == snapshot.version
    whole = msgspec.structs.replace(snapshot, credibility=1.0)
    card = scorecard(whole, RULES)
    logit = card.intercept - whole.level + sum(card.points([nan if value is None else value for value in x]))
    assert sigmoid(logit) == pytest.approx(TRAINED.score(x), rel=1e-4)


@given(xs)
def test_points_and_the_intercept_are_the_logit(x: X) -> None:
    full = [nan if value is None else value for value in x]
    for card in cards():
        groups = zip((card.statement, card.behaviour, card.standing), by_group(tuple(full)), strict=True)
        assert sum(card.points(full)) == pytest.approx(sum(partial_logit(*group) for group in groups), abs=1e-9)


@given(xs, st.floats(0, 1))
def test_credibility_weighs_the_expert_against_what_was_learned(x: X, weight: float) -> None:
    full = [nan if value is None else value for value in x]
    snapshot = restored(TRAINED).snapshot()
    mixed, learned, prior = (
        scorecard(msgspec.structs.replace(snapshot, credibility=c), RULES).points(full) for c in (weight, 1.0, 0.0)
    )
    assert mixed == pytest.approx([weight * a + (1 - weight) * b for a, b in zip(learned, prior, strict=True)], abs=1e-9)


def test_every_feature_has_a_name_of_its_own() -> None:
    assert len(set(NAMES)) == len(FEATURES) == N
