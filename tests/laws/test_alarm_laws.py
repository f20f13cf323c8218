"""False alarms stay under their bound, whoever chooses scores, labels, times and delays."""

from collections import deque
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from online_models.alarms import LARGEST, START, Alarms
from online_models.scorecard import sigmoid
from schemas.policy import Alarms as Rules
from tests.builders import example

steps = st.sampled_from([0.005, 0.05, 0.5, 1.0])
bounds = st.sampled_from([1.0, 5.0, 60.0, 1200.0])
pds = st.one_of(st.sampled_from([0.0, 1e-9, 0.02, 0.5, 0.999999, 1.0]), st.floats(0, 1))


MOST = sigmoid(LARGEST)
"""The highest PD of a client that is not in default."""


class Play(NamedTuple):
    """One score of an adversary. `above`: instead of `pd`, a score that just reaches the threshold in force."""

    pd: float
    was_pd: float
    above: bool
    y: bool
    since_days: int


play_lists = st.lists(st.builds(Play, pds, pds, st.booleans(), st.booleans(), st.integers(0, 400)), min_size=1, max_size=300)


@given(play_lists, st.integers(0, 60), st.integers(1, 20), bounds, steps)
def test_false_alarms_never_exceed_the_guarantee(plays: list[Play], delay: int, every: int, bound: float, step: float) -> None:
    """Labels come `delay` scores late, and thresholds come into force at every `every`th label only."""
    alarms = Alarms(Rules(false_alarms_per_100_client_years=bound, step=step), floor=0.001)
    in_force, labelled, waiting = alarms.pd, 0, deque[tuple[Play, float, bool]]()
    for play in plays:
        pd = min(MOST, in_force if play.above else play.pd)
        waiting.append((play, pd, pd >= in_force))
        if len(waiting) <= delay:
            continue
        was, pd, alarmed = waiting.popleft()
        alarms.add(example(pd=pd, was_pd=was.was_pd, y=was.y, alarmed=alarmed, since_days=was.since_days))
        labelled += 1
        if labelled % every == 0:
            in_force = alarms.pd
    late = delay + every
    allowed = bound / 100 * alarms.client_years + (LARGEST - START) / step + late + 2
    assert alarms.false_alarms <= allowed
    assert alarms.threshold <= LARGEST + step * (late + 2)


def test_against_scores_that_always_reach_the_threshold_the_rate_comes_down_to_the_bound() -> None:
    alarms = Alarms(Rules(false_alarms_per_100_client_years=10.0, step=0.5), floor=0.001)
    for _ in range(30_000):
        pd = min(MOST, alarms.pd)
        alarms.add(example(pd=pd, was_pd=0.0, alarmed=pd >= alarms.pd, since_days=365))
    assert alarms.false_alarms / alarms.client_years <= 0.11


def test_where_nothing_happens_the_allowance_is_used() -> None:
    """Scores that come from one distribution: the threshold finds the quantile that uses up the bound."""
    alarms = Alarms(Rules(false_alarms_per_100_client_years=5.0, step=0.02), floor=0.0001)
    half = None
    for i in range(60_000):
        pd = (i * 7919 % 10_007) / 10_007
        alarms.add(example(pd=pd, was_pd=0.0, alarmed=pd >= alarms.pd, since_days=365))
        if i == 30_000:
            half = (alarms.false_alarms, alarms.client_years)
    assert half is not None
    rate = (alarms.false_alarms - half[0]) / (alarms.client_years - half[1])
    assert 0.045 <= rate <= 0.055
