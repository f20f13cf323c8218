"""The learner: what it learns, when it publishes, and what it waits for."""

from datetime import date, timedelta

import msgspec

from agents.learner import MOST_AWAITED, Learner
from schemas import log, topics
from schemas.learner_state import PARTITION_KEY, LearnerPartition, Spread, encode
from schemas.learning import LabelledExample, ModelSnapshot, ValueHistogram
from schemas.order import place_of
from schemas.policy import Policy
from schemas.records import EVERY, Outcome
from tests.builders import DAY, N, example, histogram, policy
from tests.driver import headers, learning_log, run_all

POLICY = policy(learning={"warm_up": 100, "publish_every": 50}, value={"cutoffs_min_clients": 10, "quantiles": [0.1, 0.2, 0.5]})


def teaches(*lessons: LabelledExample | ValueHistogram, policy: Policy = POLICY) -> tuple[Learner, list[Outcome]]:
    learner = Learner(0, {}, policy)
    return learner, run_all(learner, learning_log(lessons))[0]


def many(count: int, portfolio: str = "corporate") -> list[LabelledExample]:
    """Examples whose first feature tells the default."""
    return [example(i, portfolio=portfolio, x=(float(i % 7), *(None,) * (N - 1)), y=i % 7 == 0, pd=0.1) for i in range(count)]


def test_an_example_that_is_told_twice_is_learned_once() -> None:
    learner, _ = teaches(example(1), example(1), example(2), example(1))
    assert learner.report()["corporate"]["examples_learned"] == 2


def test_examples_of_one_record_are_told_apart_by_client_and_ordinal() -> None:
    first, second = sorted(("C1", "C2"), key=place_of)
    of_first, of_second = example(1, client_id=first), example(1, client_id=second)
    learner, _ = teaches(of_first, msgspec.structs.replace(of_first, ordinal=1), of_second, of_second)
    assert learner.report()["corporate"]["examples_learned"] == 3


def test_all_that_the_close_of_a_day_labels_is_learned() -> None:
    clients = sorted((f"C{i}" for i in range(700)), key=place_of)
    learner, _ = teaches(*(example(1, client_id=client) for client in clients))
    assert learner.report()["corporate"]["examples_learned"] == 700


def test_examples_of_one_record_are_told_apart_by_the_day_it_closed() -> None:
    first, second = (example(1, labelled_on=date(2024, 1, day)) for day in (30, 31))
    learner, _ = teaches(first, second, first)
    assert learner.report()["corporate"]["examples_learned"] == 2


def test_partitions_count_on_their_own() -> None:
    learner, _ = teaches(example(5), example(1, partition=1), example(1))
    assert learner.report()["corporate"]["examples_learned"] == 2


def test_a_model_is_published_every_so_many_examples_once_the_bins_are_drawn() -> None:
    _, outcomes = teaches(*many(230))
    models = [msgspec.json.decode(o.value, type=ModelSnapshot) for o in outcomes if o.topic == topics.MODELS]
    assert [(m.number, m.examples) for m in models] == [(1, 100), (2, 150), (3, 200)]


def test_a_published_model_goes_into_every_partition_of_the_log_and_to_models() -> None:
    _, outcomes = teaches(*many(100))
    kept, control = outcomes
    assert (kept.topic, kept.key) == (topics.MODELS, b"corporate")
    assert (control.topic, control.key, control.partition) == (topics.CLIENT_EVENTS, None, EVERY)
    said = log.read_control(control.value)
    assert isinstance(said, log.ModelPublished)
    assert said.snapshot == msgspec.json.decode(kept.value, type=ModelSnapshot)


def test_it_learns_who_defaults() -> None:
    learner, _ = teaches(*many(400))
    model = learner.models["corporate"]
    assert model.score([0.0, *[None] * (N - 1)]) > 1.5 * model.score([3.0, *[None] * (N - 1)])


def test_portfolios_are_learned_apart() -> None:
    together, _ = teaches(*many(120), *(msgspec.structs.replace(e, partition=1) for e in many(150, "sme")))
    alone, _ = teaches(*many(120))
    assert together.report()["corporate"] == alone.report()["corporate"]
    assert together.report()["sme"]["examples_learned"] == 150


def test_an_example_is_evaluated_by_the_score_it_had() -> None:
    learner, _ = teaches(example(1, y=True, pd=0.8), example(2, y=False, pd=0.1))
    assert learner.report()["corporate"]["brier"] == ((0.8 - 1) ** 2 + 0.1**2) / 2


def test_a_lesson_that_is_none_is_a_dead_letter_and_stops_nothing() -> None:
    records = learning_log([example(1), example(2), example(3)])
    records[1] = records[1]._replace(value=b"{")
    learner = Learner(0, {}, POLICY)
    (letter,), _ = run_all(learner, records)
    assert (letter.topic, headers(letter)["tierwatch-cause"]) == (topics.DEAD_LETTERS, "unreadable")
    assert learner.report()["corporate"]["examples_learned"] == 2


# cut-offs


def cut_offs(outcomes: list[Outcome]) -> list[log.CutoffsPublished]:
    said = [log.read_control(o.value) for o in outcomes if o.topic == topics.CLIENT_EVENTS]
    return [control for control in said if isinstance(control, log.CutoffsPublished)]


def test_cut_offs_wait_for_the_histograms_of_all_partitions() -> None:
    assert cut_offs(teaches(histogram({5: 20}, 0, 3), histogram({5: 20}, 1, 3))[1]) == []
    (published,) = cut_offs(teaches(histogram({5: 20}, 0, 3), histogram({}, 1, 3), histogram({9: 10}, 2, 3))[1])
    assert (published.portfolio, published.number, published.clients, published.as_of) == ("corporate", 1, 30, DAY)


def test_a_histogram_that_is_told_twice_counts_once() -> None:
    (published,) = cut_offs(teaches(histogram({5: 20}, 0, 2), histogram({5: 20}, 0, 2), histogram({9: 10}, 1, 2))[1])
    assert published.clients == 30


def test_cut_offs_of_a_day_are_published_once() -> None:
    assert len(cut_offs(teaches(histogram({5: 20}), histogram({5: 20}))[1])) == 1


def test_histograms_of_different_days_do_not_mix() -> None:
    later = DAY.replace(day=DAY.day + 1)
    assert cut_offs(teaches(histogram({5: 20}, 0, 2), histogram({5: 20}, 1, 2, as_of=later))[1]) == []


def test_cut_offs_are_drawn_though_one_partition_is_days_ahead_of_another() -> None:
    """As while history is loaded by several workers: each goes through its partitions at a pace of its own."""
    days = [DAY + timedelta(days=number) for number in range(3)]
    ahead, behind = ([histogram({5: 20}, partition, 2, as_of=day) for day in days] for partition in (0, 1))
    published = cut_offs(teaches(*ahead, *behind)[1])
    assert [(one.number, one.as_of) for one in published] == list(enumerate(days, start=1))


def test_of_the_days_that_wait_for_a_partition_only_the_last_are_kept() -> None:
    days = [DAY + timedelta(days=number) for number in range(MOST_AWAITED + 2)]
    ahead, behind = ([histogram({5: 20}, partition, 2, as_of=day) for day in days] for partition in (0, 1))
    assert [one.as_of for one in cut_offs(teaches(*ahead, *behind)[1])] == days[2:]


def test_a_day_that_never_became_complete_is_forgotten_with_a_later_one_that_did() -> None:
    later = DAY + timedelta(days=1)
    told = (histogram({5: 20}, 0, 2), histogram({5: 20}, 0, 2, as_of=later), histogram({5: 20}, 1, 2, as_of=later))
    learner, outcomes = teaches(*told)
    assert [one.as_of for one in cut_offs(outcomes)] == [later]
    assert not learner.partition.spreads_by_day


def test_what_an_earlier_release_kept_waiting_is_still_waited_for() -> None:
    held = Spread(DAY.toordinal(), 2, {0: ((5, 20),)}, {0: ()})
    kept = encode(LearnerPartition(offset=-1, spreads={"corporate": held}))
    learner = Learner(0, {PARTITION_KEY: kept}, POLICY)
    (published,) = cut_offs(run_all(learner, learning_log([histogram({5: 20}, 1, 2)]))[0])
    assert published.clients == 40


def test_no_cut_offs_from_too_few_clients() -> None:
    assert cut_offs(teaches(histogram({5: 9}))[1]) == []
    assert len(cut_offs(teaches(histogram({5: 10}))[1])) == 1


def test_a_portfolio_has_cut_offs_of_its_own() -> None:
    published = cut_offs(teaches(histogram({5: 20}), histogram({50: 20}, portfolio="sme"))[1])
    assert [(p.portfolio, p.number) for p in published] == [("corporate", 1), ("sme", 1)]
    assert published[0].cutoffs < published[1].cutoffs


def test_a_histogram_by_which_nothing_is_published_leaves_the_same_state_wherever_a_batch_ends() -> None:
    records = learning_log([example(0), histogram({}, 0, 2)])
    _, whole = run_all(Learner(0, {}, POLICY), records)
    _, split = run_all(Learner(0, {}, POLICY), records, [1])
    assert split == whole
