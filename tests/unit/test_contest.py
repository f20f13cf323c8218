"""Champion and challenger: scored as of the same moment, promoted and brought back by evidence, in bounded memory."""

from itertools import pairwise
from random import Random

import msgspec
import pytest

from online_models.contest import FROZEN_A_HORIZON, GRACE_DAYS, Contest, Frozen
from online_models.differences import Difference
from online_models.drift_watch import as_floats
from online_models.evaluation import ROLLING_MONTHS
from online_models.pd_model import PdModel
from tests.builders import N, policy

RULES = policy(learning={"warm_up": 100, "bins": 4}).of("corporate")
ONE, TWO = ("bins", "amounts"), ("tails", "smooth")
SEED = Random().randrange(2**32)
HORIZON = 365
DAY = 740_000


@pytest.fixture
def chance() -> Random:
    """Random, and repeatable by the seed it prints."""
    print(f"SEED={SEED}")
    return Random(SEED)


def trained(chance: Random, count: int = 300) -> PdModel:
    model = PdModel("corporate", RULES.learning)
    for _ in range(count):
        x = [None if chance.random() < 0.2 else chance.gauss(0, 1) for _ in range(N)]
        model.learn(x, chance.random() < 0.3)
    return model


def contest(numbers: int = 1) -> Contest:
    """One in which so many models were published, on which the sides agree but for what a test says."""
    one = Contest((ONE, TWO), HORIZON, 0.05)
    for number in range(1, numbers + 1):
        one.published(number, DAY, 1.0, ((0.0, ()), (0.0, ())))
    return one


def told(one: Contest, better: int, examples: int = 600, month: int = 24_000, number: int = 1) -> None:
    """A cohort of which one side knows the outcome; the published score is that of whoever published."""
    for i in range(examples):
        y = i % 10 == 0
        apart = (1.0 if better else -1.0) * (2.0 if y else -2.0)
        one.add(0.1, number, apart, y, month)


def test_the_difference_of_two_recipes_is_what_their_members_say_now(chance: Random) -> None:
    model = trained(chance)
    difference = Difference.of(model.learned(ONE), model.learned(TWO))
    xs = [[None if chance.random() < 0.2 else chance.gauss(0, 3) for _ in range(N)] for _ in range(50)]
    for x, said in zip(xs, difference.scores(as_floats(xs)), strict=True):
        logits = model.logits(model.seen(x))
        mine, theirs = (sum(logits[name] for name in recipe) / 2 for recipe in (ONE, TWO))
        assert said == pytest.approx(theirs - mine, abs=1e-4)


def test_a_score_is_the_same_to_the_bit_in_any_company(chance: Random) -> None:
    model = trained(chance)
    difference = Difference.of(model.learned(ONE), model.learned(TWO))
    xs = as_floats([[None if chance.random() < 0.2 else chance.gauss(0, 3) for _ in range(N)] for _ in range(400)])
    alone = [difference.scores(xs[i : i + 1])[0] for i in range(len(xs))]
    assert difference.scores(xs) == alone
    assert Difference(msgspec.msgpack.decode(msgspec.msgpack.encode(difference.kept))).scores(xs) == alone


@pytest.mark.parametrize("side", [0, 1])
def test_the_other_sides_score_is_the_published_one_with_its_own_part(side: int) -> None:
    kept = {"side": side, "weight": 0.5, "difference": Difference.of((0.0, ()), (0.0, ())).kept}
    both = Frozen(kept).both(-3.0, 1.0)
    assert both[side] == -3.0
    assert both[1] - both[0] == pytest.approx(0.5 * 1.0)


def test_a_challenger_that_foretells_better_is_promoted_when_its_cohort_is_over() -> None:
    one = contest()
    told(one, better=1)
    assert one.settle(2, DAY) is None
    one.close(24_000)
    promotion = one.settle(2, DAY)
    assert promotion is not None
    assert (promotion.number, promotion.members, promotion.was_members, promotion.examples) == (2, TWO, ONE, 600)
    assert promotion.log_e >= one.report()["log_e_value_needed"]
    assert (one.champion, one.challenger, one.since, one.number) == (TWO, ONE, 2, 2)
    assert one.settle(3, DAY) is None


def test_the_former_champion_is_brought_back_by_the_same_test() -> None:
    one = contest()
    told(one, better=1)
    one.close(24_000)
    assert one.settle(2, DAY) is not None
    one.published(2, DAY, 1.0, ((0.0, ()), (0.0, ())))
    told(one, better=0, month=24_001, number=2)
    one.close(24_001)
    back = one.settle(3, DAY + 31)
    assert back is not None
    assert (back.members, one.champion) == (ONE, ONE)
    assert [p["number"] for p in one.report()["promotions"]] == [2, 3]


def test_a_champion_that_is_shown_to_be_better_stays_and_the_contest_begins_anew() -> None:
    one = contest()
    told(one, better=0)
    one.close(24_000)
    assert one.settle(2, DAY) is None
    assert (one.champion, one.number, one.evidence.examples) == (ONE, 2, 0)


def test_defaults_alone_promote_nobody_before_the_survivors_of_their_cohort_are_known() -> None:
    """A challenger that holds everybody to be worse looks better while only defaults are known."""
    one = contest()
    for _ in range(60):
        one.add(0.02, 1, 2.0, True, 24_000)
    assert one.settle(2, DAY) is None
    for _ in range(3000):
        one.add(0.02, 1, 2.0, False, 24_000)
    one.close(24_000)
    assert one.settle(2, DAY) is None


def test_a_slower_partitions_examples_of_a_cohort_that_is_over_count_all_the_same() -> None:
    one = contest()
    told(one, better=1, examples=10)
    one.close(24_000)
    told(one, better=1, examples=10)
    assert one.evidence.examples == 20


def test_examples_of_a_model_that_is_not_compared_count_for_neither_side() -> None:
    one = contest()
    one.published(2, DAY + 1, 1.0, None)
    told(one, better=1, number=2)
    one.close(24_000)
    assert one.evidence.examples == 0


def test_models_are_compared_evenly_and_forgotten_when_their_last_label_was_told() -> None:
    one = Contest((ONE, TWO), HORIZON, 0.05)
    for number in range(1, 3000):
        day = DAY + number
        one.published(number, day, 1.0, ((0.0, ()), (0.0, ())) if one.is_compared(day) else None)
    assert set(one.frozen) == set(one.in_force)
    assert FROZEN_A_HORIZON <= len(one.frozen) <= FROZEN_A_HORIZON + GRACE_DAYS
    begun = sorted(day for day, _ in one.in_force.values())
    assert {b - a for a, b in pairwise(begun)} == {HORIZON // FROZEN_A_HORIZON}


def test_cohorts_are_kept_for_a_year_and_promotions_for_ever_so_many() -> None:
    one = contest()
    for month in range(24_000, 24_100):
        told(one, better=month % 2, examples=40, month=month)
        one.close(month)
    assert sorted(one.cohorts) == list(range(24_100 - ROLLING_MONTHS, 24_100))
    assert len(one.report()["by_month"]) == ROLLING_MONTHS


def test_a_restored_contest_is_the_same() -> None:
    one = contest()
    told(one, better=1)
    one.close(24_000)
    one.settle(2, DAY)
    told(one, better=0, examples=7, month=24_001)
    again = Contest((ONE, TWO), HORIZON, 0.05)
    dumped = msgspec.msgpack.decode(msgspec.msgpack.encode(one.dump()))
    again.load(dumped, {number: kept.kept for number, kept in one.frozen.items()})
    assert again.dump() == one.dump()
    assert again.report() == one.report()
