"""A client's change detector is River's Page-Hinkley test, to the last bit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from river.drift import PageHinkley

from online_models.drift_detector import Detector, Direction

figures = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=60)
bounds = st.tuples(st.integers(1, 12), st.floats(0.0, 0.1), st.floats(0.05, 2.0))


@pytest.mark.parametrize("direction", ["up", "down"])
@given(figures, bounds)
def test_it_tells_what_rivers_detector_tells(direction: Direction, values: list[float], of: tuple[int, float, float]) -> None:
    ours, state = Detector(direction, *of), list[float]()
    rivers = PageHinkley(of[0], of[1], of[2], mode=direction)
    for x in values:
        state, score = ours.update(state, x)
        rivers.update(x)
        total, extreme = (
            (rivers._sum_increase, rivers._min_increase) if direction == "up" else (rivers._sum_decrease, rivers._max_decrease)
        )
        assert (state == []) == rivers.drift_detected
        if state:
            assert state == [rivers._x_mean.n, rivers._x_mean.get(), total, extreme]
        assert score == (abs(total - extreme) / of[2] if rivers._x_mean.n >= of[0] else 0.0)
