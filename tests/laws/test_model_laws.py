"""What every model keeps to: scoring changes nothing, sleep changes nothing, learning leaves the example alone."""

from datetime import date
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
from online_models.scorecard import NOTHING, Points, Scorecard, partial_logit, sigmoid, terms
from online_models.turns import Turns
from schemas.learning import ModelSnapshot
from schemas.order import place_of
from schemas.policy import MEMBERS
from tests.builders import N, example, policy

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
    logit = card.intercept + sum(card.points([nan if value is None else value for value in x]))
    assert sigmoid(logit) == pytest.approx(TRAINED.score(x), rel=1e-4)


@given(xs)
def test_points_and_the_intercept_are_the_logit(x: X) -> None:
    full = [nan if value is None else value for value in x]
    for card in cards():
        groups = zip((card.statement, card.behaviour, card.standing), by_group(tuple(full)), strict=True)
        by_groups = sum(partial_logit(terms(tables), told) for tables, told in groups)
        assert sum(card.points(full)) == pytest.approx(by_groups, abs=1e-9)


@given(xs, st.sets(st.integers(0, N - 1)))
def test_what_adds_nothing_may_be_left_out_without_moving_a_bit(x: X, silent: set[int]) -> None:
    full = [nan if value is None else value for value in x]
    for card in cards():
        tables = [NOTHING if i in silent else table for i, table in enumerate(card.tables)]
        assert partial_logit(terms(tables), full) == sum(table.of(value) for table, value in zip(tables, full, strict=True))
    assert terms([NOTHING, Points((), (0.0,), -0.5)]) == ((1, (), (0.0,), -0.5, ()),)


@given(xs, st.floats(0, 1))
def test_credibility_weighs_the_expert_against_what_was_learned(x: X, weight: float) -> None:
    full = [nan if value is None else value for value in x]
    snapshot = restored(TRAINED).snapshot()
    mixed, learned, prior = (
        scorecard(msgspec.structs.replace(snapshot, credibility=c), RULES).points(full) for c in (weight, 1.0, 0.0)
    )
    assert mixed == pytest.approx([weight * a + (1 - weight) * b for a, b in zip(learned, prior, strict=True)], abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(1, 12)), unique=True), st.randoms(use_true_random=False))
def test_what_came_of_an_example_does_not_decide_when_it_is_learned(known: list[tuple[int, int]], chance: Random) -> None:
    """As a partition tells them: defaults at once, survivors at their month's close by `place_of`; at last one more."""
    orders = []
    for share in (0.0, chance.random(), 1.0):
        turns, order = Turns(), []
        for month in range(1, 13):
            mine = sorted((f"C{client}" for client, m in known if m == month), key=place_of)
            defaults = {client for client in mine if chance.random() < share}
            for client in [*chance.sample(sorted(defaults), len(defaults)), *(c for c in mine if c not in defaults)]:
                x = (float(month), float(client[1:]), *(None,) * (N - 2))
                one = example(1, client_id=client, as_of=date(2024, month, 3), x=x, y=client in defaults)
                order += [list(x) for x, _ in turns.take(one, 1)]
        order += [list(x) for x, _ in turns.take(example(1, client_id="last", as_of=date(2025, 1, 1), y=False), 1)]
        orders.append(order[:-1])
    assert orders[0] == orders[1] == orders[2]


@given(st.lists(st.tuples(st.sampled_from(["C1", "C2", "C3"]), st.integers(1, 12), st.booleans()), max_size=30))
def test_defaults_that_wait_survive_sleep(told: list[tuple[str, int, bool]]) -> None:
    awake = PdModel("corporate", RULES.learning)
    for client, month, y in told:
        slept = restored(awake)
        one = example(1, client_id=client, as_of=date(2024, month, 3), y=y)
        awake.take(one, 30)
        slept.take(one, 30)
        assert slept.dump() == awake.dump()


@pytest.mark.parametrize("member", MEMBERS)
def test_every_member_alone_is_a_scorecard_that_says_what_it_says(member: str) -> None:
    model = restored(TRAINED)
    model.champion = (member,)
    whole = msgspec.structs.replace(model.snapshot(), credibility=1.0)
    card = scorecard(whole, RULES)
    for x, _ in examples(11, 50):
        logit = card.intercept + sum(card.points([nan if value is None else value for value in x]))
        assert sigmoid(logit) == pytest.approx(model.score(x), rel=1e-4)


@pytest.mark.parametrize("member", MEMBERS)
def test_every_member_alone_tells_who_defaults(member: str) -> None:
    """Of amounts that raise the risk as they grow."""
    model = PdModel("corporate", RULES.learning)
    model.champion = (member,)
    chance = Random(5)
    for _ in range(3000):
        risk = chance.gauss(0, 1)
        model.learn([risk] * N, chance.random() < sigmoid(2 * risk - 2))
    assert model.score([1.5] * N) > 2 * model.score([-1.5] * N)


def test_every_feature_has_a_name_of_its_own() -> None:
    assert len(set(NAMES)) == len(FEATURES) == N
