"""The learner: no example twice, none lost, the same models wherever it was interrupted."""

from datetime import date, timedelta
from random import Random

import msgspec
from hypothesis import given, note
from hypothesis import strategies as st

from agents.learner import Learner
from schemas import topics
from schemas.learning import LabelledExample, ModelSnapshot, ValueHistogram
from schemas.records import PlainRecord
from tests.builders import N, example, histogram, policy
from tests.driver import learning_log, run_all
from tests.laws.crashes import Crash, crashing, identity, uncrashed
from tests.laws.histories import cuts, places

RULES = {
    "warm_up": 100, "publish_every": 25, "publish_days": 60, "bins": 4, "champion": ("bins",), "challenger": ("amounts",),
    "contest": {"error_rate": 0.995}, "drift": {"least_examples": 100},
}  # fmt: skip
"""So that within a year of a few hundred examples challengers are promoted, brought back, and drifts told."""
HORIZON = 20
POLICY = policy(horizon_days=HORIZON, learning=RULES, value={"cutoffs_min_clients": 3})
fractions = st.floats(0, 1)
crashes = st.lists(st.builds(Crash, fractions, fractions, fractions), min_size=1, max_size=3)


def learner(states: dict[bytes, bytes]) -> Learner:
    return Learner(0, states, POLICY)


def taught(seed: int, count: int) -> list[LabelledExample | ValueHistogram]:
    """Lessons of a year, of two partitions of the log and two portfolios, with histograms in between; features drift."""
    chance = Random(seed)
    told: list[LabelledExample | ValueHistogram] = []
    for i in range(count):
        partition, today = chance.randrange(2), date(2024, 1, 31) + timedelta(days=i * 365 // count)
        if chance.random() < 0.1:
            bins = {chance.randrange(-50, 50): chance.randrange(1, 5) for _ in range(3)}
            told.append(histogram(bins, partition, 2, as_of=today.replace(day=1)))
            continue
        x = tuple(None if chance.random() < 0.2 else chance.gauss(2.0 * i / count, 1) for _ in range(N))
        y = chance.random() < 0.2
        days = chance.randrange(HORIZON) if y else HORIZON
        portfolio = "corporate" if chance.random() < 0.9 else "sme"
        number = chance.randrange(1 + max(0, (i - 95) // 25))
        told.append(
            example(
                i, partition=partition, portfolio=portfolio, x=x, y=y, pd=chance.uniform(0.001, 0.5), labelled_on=today,
                as_of=today - timedelta(days=days), client_id=f"C{i % 40}", model_version=f"{portfolio}-{number}-0",
            )
        )  # fmt: skip
    return told


lessons = st.builds(taught, st.integers(0, 2**32), st.integers(90, 280)).map(learning_log)


@given(lessons, cuts)
def test_any_split_into_batches_teaches_the_same(records: list[PlainRecord], some: list[float]) -> None:
    outcomes, states = run_all(learner({}), records)
    split, kept = run_all(learner({}), records, places(some, len(records)))
    assert split == outcomes
    assert kept == states


@given(lessons, cuts, crashes)
def test_a_crash_anywhere_publishes_the_same_models(records: list[PlainRecord], some: list[float], died: list[Crash]) -> None:
    straight = uncrashed(learner, records)
    crashed = crashing(learner, records, places(some, len(records)), died)
    wanted, got = {identity(o) for o in straight.outcomes}, {identity(o) for o in crashed.outcomes}
    note(f"missing: {len(wanted - got)}; different: {len(got - wanted)}")
    assert got == wanted
    assert without_leftovers(crashed.states) == without_leftovers(straight.states)


@given(lessons, st.integers(1, 40))
def test_what_a_segmenter_tells_again_is_not_learned_again(records: list[PlainRecord], back: int) -> None:
    """After a crash a segmenter tells its last lessons again, in the same order."""
    middle = len(records) // 2
    again = records[:middle] + records[max(0, middle - back) : middle] + records[middle:]
    repeated = [record._replace(offset=i) for i, record in enumerate(again)]
    once, twice = learner({}), learner({})
    run_all(once, records)
    run_all(twice, repeated)
    assert twice.report() == once.report()


@given(lessons)
def test_a_learner_that_slept_goes_on_to_the_last_bit(records: list[PlainRecord]) -> None:
    middle = len(records) // 2
    whole, _ = run_all(learner({}), records)
    first, states = run_all(learner({}), records[:middle])
    second, _ = run_all(learner(states), records[middle:])
    assert first + second == whole


def without_leftovers(states: dict[bytes, bytes]) -> dict[bytes, bytes]:
    """A crash may leave behind what is needed no longer: the model's entry counts and names what is."""
    return {key: value for key, value in states.items() if not key.startswith((b"waiting/", b"frozen/"))}


def test_the_lessons_are_worth_it() -> None:
    outcomes = [outcome for seed in range(8) for outcome in run_all(learner({}), learning_log(taught(seed, 280)))[0]]
    assert {o.topic for o in outcomes} == {topics.MODELS, topics.CLIENT_EVENTS, topics.PORTFOLIOS, topics.MODEL_WARNINGS}
    models = [msgspec.json.decode(o.value, type=ModelSnapshot) for o in outcomes if o.topic == topics.MODELS]
    assert len(models) >= 12
    learning = POLICY.of("corporate").learning
    assert {model.members for model in models if model.was_members} == {learning.champion, learning.challenger}
