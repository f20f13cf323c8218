"""The learner: no example twice, none lost, the same models wherever it was interrupted."""

from random import Random

from hypothesis import given, note
from hypothesis import strategies as st

from agents.learner import Learner
from schemas import topics
from schemas.learning import LabelledExample, ValueHistogram
from schemas.records import PlainRecord
from tests.builders import N, example, histogram, policy
from tests.driver import learning_log, run_all
from tests.laws.crashes import Crash, crashing, identity, uncrashed
from tests.laws.histories import cuts, places

RULES = {"warm_up": 100, "publish_every": 25, "bins": 4}
POLICY = policy(learning=RULES, value={"cutoffs_min_clients": 3})
fractions = st.floats(0, 1)
crashes = st.lists(st.builds(Crash, fractions, fractions, fractions), min_size=1, max_size=3)


def learner(states: dict[bytes, bytes]) -> Learner:
    return Learner(0, states, POLICY)


def taught(seed: int, count: int) -> list[LabelledExample | ValueHistogram]:
    """Lessons of two partitions of the log and two portfolios, with histograms in between."""
    chance = Random(seed)
    told: list[LabelledExample | ValueHistogram] = []
    for i in range(count):
        partition = chance.randrange(2)
        if chance.random() < 0.1:
            bins = {chance.randrange(-50, 50): chance.randrange(1, 5) for _ in range(3)}
            told.append(histogram(bins, partition, 2, as_of=example().labelled_on.replace(day=1 + i * 27 // count)))
            continue
        x = tuple(None if chance.random() < 0.2 else chance.gauss(0, 1) for _ in range(N))
        portfolio = "corporate" if chance.random() < 0.8 else "sme"
        told.append(
            example(i, partition=partition, portfolio=portfolio, x=x, y=chance.random() < 0.2, pd=chance.uniform(0.001, 0.5))
        )
    return told


lessons = st.builds(taught, st.integers(0, 2**32), st.integers(90, 220)).map(learning_log)


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
    outcomes, _ = run_all(learner({}), learning_log(taught(1, 220)))
    assert {o.topic for o in outcomes} == {topics.MODELS, topics.CLIENT_EVENTS}
    assert len(outcomes) >= 6
