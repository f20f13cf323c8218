"""The members step as River's optimisers do: on arrays what River does on dictionaries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from river import linear_model, optim, preprocessing

from online_models.grids import Bins, Curves
from online_models.members import INTERCEPT_RATE, Amounts, Binned, BinnedTogether, Seen, Smooth

EDGES = ((-1.0, 0.0, 1.0), (0.5,), ())
CURVES = (((-1.0, 0.0, 1.0), (-1.2, 0.1, 1.3)), ((0.0, 2.0), (-0.7, 0.7)), ((0.0,), (0.3,)))
NAMES = ("assets", "debt", "cash")

values = st.one_of(st.just(float("nan")), st.floats(-3.0, 3.0, width=32))
examples = st.lists(st.tuples(st.tuples(values, values, values), st.booleans()), min_size=1, max_size=40)
# logarithmic amounts: a spread below 1e-12 is none to us and one to River, so these differ by a thousandth or not at all
amounts = st.integers(-3 * 1024, 3 * 1024).map(lambda steps: steps / 1024)
full = st.lists(st.tuples(st.tuples(amounts, amounts, amounts), st.booleans()), min_size=1, max_size=40)


def seen(x: tuple[float, ...]) -> Seen:
    whole = np.array(x)
    return Seen(whole, whole)


@given(examples)
def test_bins_step_as_rivers_ftrl_proximal_from_the_same_gradient(lessons: list[tuple[tuple[float, ...], bool]]) -> None:
    member = Binned(Bins(EDGES), alpha=0.05, l2=1.0, start=-2.0)
    together = BinnedTogether([member])
    rivers, weights = optim.FTRLProximal(alpha=0.05, beta=1.0, l1=0.0, l2=1.0), {}
    for x, y in lessons:
        at = member.bins.places(seen(x).x, seen(x).known)
        gradient = 1.0 / (1.0 + np.exp(-(member.intercept + member.w[at].sum()))) - y
        together.learn(seen(x), y)
        weights = rivers.step(weights, dict.fromkeys(at.tolist(), float(gradient)))
    assert member.z == pytest.approx([rivers.z[i] for i in range(member.bins.size)], abs=1e-9)
    assert member.n == pytest.approx([rivers.n[i] for i in range(member.bins.size)], abs=1e-9)


@given(examples)
def test_curves_learn_what_rivers_logistic_regression_by_adagrad_learns(lessons: list[tuple[tuple[float, ...], bool]]) -> None:
    member = Smooth(Curves(CURVES), rate=0.05, start=-2.0)
    rivers = linear_model.LogisticRegression(
        optim.AdaGrad(0.05, eps=1e-8), intercept_init=-2.0, intercept_lr=INTERCEPT_RATE, clip_gradient=1e12
    )
    for x, y in lessons:
        scores = member.curves.scores(seen(x).x, seen(x).known)
        member.learn(seen(x), y)
        rivers.learn_one(dict(enumerate(scores.tolist())), y)
    assert member.w == pytest.approx([rivers.weights[i] for i in range(3)], abs=1e-9)
    assert member.intercept == pytest.approx(rivers.intercept, abs=1e-9)


@given(full)
def test_amounts_learn_what_rivers_scaler_and_sgd_learn_while_none_is_missing(
    lessons: list[tuple[tuple[float, ...], bool]],
) -> None:
    member = Amounts(NAMES, rate=0.01, start=-2.0)
    scaler = preprocessing.StandardScaler()
    rivers = linear_model.LogisticRegression(
        optim.SGD(0.01), intercept_init=-2.0, intercept_lr=INTERCEPT_RATE, clip_gradient=1e12
    )
    for x, y in lessons:
        member.learn(seen(x), y)
        told = dict(zip(NAMES, x, strict=True))
        scaler.learn_one(told)
        rivers.learn_one(scaler.transform_one(told), y)
    assert member.w == pytest.approx([rivers.weights.get(name, 0.0) for name in NAMES], abs=1e-7)
    assert member.intercept == pytest.approx(rivers.intercept, abs=1e-9)
