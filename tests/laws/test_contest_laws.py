"""The contest's evidence: seldom for who is no better, whatever is looked at and when; soon for who is."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from online_models.evidence import BETS, COSTS, SPAN, Evidence, loss
from online_models.scorecard import sigmoid

SEED = Random().randrange(2**32)
RATE = 0.05
NEEDED = -np.log(RATE)

Losses = np.ndarray


@pytest.fixture
def chance() -> np.random.Generator:
    """Random, and repeatable by the seed it prints."""
    print(f"SEED={SEED}")
    return np.random.default_rng(SEED)


def losses(logits: Losses, y: Losses) -> Losses:
    bounded = np.clip(logits, -SPAN, SPAN)
    return np.log1p(np.exp(np.where(y, -bounded, bounded)))


def best(gains: Losses) -> Losses:
    """The largest logarithm of the e-value of each run, looked at after every example. Shape: runs x examples."""
    gain, squares = np.cumsum(gains, axis=1), np.cumsum(gains**2, axis=1)
    terms = np.stack([b * gain / SPAN - c * squares / SPAN**2 for b, c in zip(BETS, COSTS, strict=True)])
    return (np.logaddexp.reduce(terms, axis=0) - np.log(len(BETS))).max(axis=1)


def runs(chance: np.random.Generator, noise: tuple[float, float], count: int = 400, examples: int = 3000) -> Losses:
    """Loss of the first less that of the second: each sees the truth with noise of its own."""
    truth = chance.normal(-3.0, 1.2, (count, examples))
    y = chance.random((count, examples)) < 1 / (1 + np.exp(-truth))
    first, second = (losses(truth + chance.normal(0, some, truth.shape), y) for some in noise)
    return first - second


def test_forecasters_that_are_equally_good_are_seldom_told_apart(chance: np.random.Generator) -> None:
    promoted = (best(runs(chance, (0.8, 0.8))) >= NEEDED).mean()
    print(f"promoted: {promoted:.4f} of the runs, allowed {RATE}")
    assert promoted <= RATE


def test_a_challenger_that_is_worse_is_promoted_never_or_nearly(chance: np.random.Generator) -> None:
    assert (best(runs(chance, (0.4, 0.8))) >= NEEDED).mean() <= RATE


def test_a_challenger_that_is_better_is_promoted(chance: np.random.Generator) -> None:
    promoted = (best(runs(chance, (1.2, 0.1), examples=6000)) >= NEEDED).mean()
    print(f"promoted: {promoted:.4f} of the runs")
    assert promoted > 0.9


def test_who_was_worse_and_is_better_by_as_much_since_is_no_better_yet(chance: np.random.Generator) -> None:
    """The hypothesis is of the mean of all examples so far, not of each of them."""
    turned = np.concatenate([runs(chance, (0.1, 0.9), examples=1500), runs(chance, (0.9, 0.1), examples=1500)], axis=1)
    assert (best(turned) >= NEEDED).mean() <= RATE


@given(st.lists(st.tuples(st.floats(-30, 30), st.floats(-30, 30), st.booleans()), max_size=60))
def test_the_evidence_is_a_fair_game_in_expectation_at_each_example(seen: list[tuple[float, float, bool]]) -> None:
    """Whatever went before, an example on which the second is no better multiplies each bet by at most 1 in expectation."""
    for first, second, _ in seen:
        p = sigmoid(max(-SPAN, min(SPAN, first)))  # the first is right: the second is no better
        gains = {y: loss(first, y) - loss(second, y) for y in (True, False)}
        assert all(abs(gain) <= SPAN + 1e-9 for gain in gains.values())
        for bet, cost in zip(BETS, COSTS, strict=True):
            factors = {y: np.exp(bet * gain / SPAN - cost * gain**2 / SPAN**2) for y, gain in gains.items()}
            assert p * factors[True] + (1 - p) * factors[False] <= 1 + 1e-9


@given(st.lists(st.floats(-SPAN, SPAN), max_size=50), st.integers(0, 50))
def test_evidence_of_parts_is_the_evidence_of_the_whole(gains: list[float], cut: int) -> None:
    def of(some: list[float]) -> Evidence:
        return Evidence(len(some), sum(some), sum(gain * gain for gain in some))

    both = of(gains[:cut]).and_of(of(gains[cut:]))
    assert both.log_e == pytest.approx(of(gains).log_e, abs=1e-9)
    assert both.turned().turned() == both


def test_nothing_seen_is_no_evidence() -> None:
    assert Evidence().log_e == pytest.approx(0.0)
