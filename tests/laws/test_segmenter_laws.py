"""Every decision is a pure function of the log: whatever the batches, the crashes and the repeats."""

from collections import Counter
from typing import Any

from hypothesis import given, note
from hypothesis import strategies as st

from agents.segmenter import Segmenter
from schemas import log, topics
from schemas.records import PlainRecord
from schemas.state import PARTITION_KEY, encode, is_client, read_client
from tests.driver import decided, headers, log_of, run_all
from tests.laws.crashes import Crash, crashing, identity, uncrashed
from tests.laws.histories import POLICY, History, cuts, histories, places

fractions = st.floats(0, 1)
crashes = st.lists(st.builds(Crash, fractions, fractions, fractions), min_size=1, max_size=3)


def segmenter(states: dict[bytes, bytes]) -> Segmenter:
    return Segmenter(0, states, POLICY, 1)


@given(histories, cuts, cuts)
def test_any_split_into_batches_decides_the_same(history: History, some: list[float], others: list[float]) -> None:
    size = len(history.log)
    whole = run_all(segmenter({}), history.log)
    assert run_all(segmenter({}), history.log, places(some, size)) == whole
    assert run_all(segmenter({}), history.log, places(others, size)) == whole


@given(histories)
def test_one_record_at_a_time_decides_the_same(history: History) -> None:
    assert run_all(segmenter({}), history.log, range(1, len(history.log))) == run_all(segmenter({}), history.log)


@given(histories)
def test_decisions_have_ids_of_their_own_and_a_clients_count_up_without_a_gap(history: History) -> None:
    outcomes, _ = run_all(segmenter({}), history.log)
    ids = [headers(o)["ce_id"] for o in outcomes if o.topic not in (topics.LEARNING, topics.CLIENT_EVENTS)]
    assert len(set(ids)) == len(ids)
    numbers: dict[str, list[int]] = {}
    for decision in decided(outcomes):
        numbers.setdefault(decision.client_id, []).append(decision.sequence)
    assert all(seen == list(range(1, len(seen) + 1)) for seen in numbers.values())


@given(histories, cuts, crashes)
def test_a_crash_anywhere_loses_nothing_and_decides_nothing_else(history: History, some: list[float], died: list[Crash]) -> None:
    at = places(some, len(history.log))
    straight = uncrashed(segmenter, history.log)
    crashed = crashing(segmenter, history.log, at, died)
    wanted, got = {identity(o) for o in straight.outcomes}, {identity(o) for o in crashed.outcomes}
    note(f"missing: {wanted - got}; different: {got - wanted}")
    assert got == wanted
    assert crashed.states == straight.states


@given(histories, cuts)
def test_the_tallies_are_those_that_the_states_add_up_to(history: History, some: list[float]) -> None:
    agent = segmenter({})
    _, states = run_all(agent, history.log, places(some, len(history.log)))
    rebuilt = segmenter(states)
    assert {name: tallies.dump() for name, tallies in rebuilt.sums.tallies.items()} == {
        name: tallies.dump() for name, tallies in agent.sums.tallies.items()
    }


@given(histories, st.integers(0, 30))
def test_records_that_intake_repeats_change_nothing(history: History, back: int) -> None:
    """Each record of the log comes again `back` records later, as after a rerun of the intake: the offset is another."""
    once = [record for record in history.log if record.key is not None]
    twice: list[PlainRecord] = []
    for i, record in enumerate(once):
        twice.append(record)
        if i >= back:
            twice.append(once[i - back])
    twice += once[max(0, len(once) - back) :]
    assert known(renumbered(twice)) == known(once)


@given(histories, st.integers(0, 5))
def test_events_that_the_bank_sends_twice_change_nothing(history: History, back: int) -> None:
    """Each event comes again `back` records later with its id, from a source offset of its own."""
    once = [record for record in history.log if record.key is not None and readable(record)]
    doubled: list[PlainRecord] = []
    for i, record in enumerate(once):
        doubled.append(resourced(record, 2 * i))
        if i >= back:
            doubled.append(resourced(once[i - back], 2 * i + 1))
    single = [resourced(record, 2 * i) for i, record in enumerate(once)]
    assert known(renumbered(doubled)) == known(single)


@given(histories)
def test_portfolios_do_not_touch_each_other(history: History) -> None:
    """Without the records of the others a portfolio's decisions are what they are."""
    alone = [record for record in history.log if record.key is None or record.key.startswith(b"S")]
    both, mine = (decisions_of(b"S1", records) for records in (history.log, alone))
    assert mine == both


def decisions_of(key: bytes, records: list[PlainRecord]) -> list[tuple[object, ...]]:
    outcomes, _ = run_all(segmenter({}), records)
    return [identity(o) for o in outcomes if o.key == key and o.topic != topics.CLIENT_EVENTS]


class Breaks:
    """Shown each client after each event; raises at some. A step that ends in it has raised."""

    def __init__(self, event_ids: set[str]) -> None:
        self.event_ids = event_ids

    def __call__(self, fact: log.Fact, client: Any, now: Any) -> None:
        if fact.event_id in self.event_ids:
            raise ArithmeticError(f"cannot bear {fact.event_id}")


@given(histories, st.sets(st.integers(0, 60), max_size=12), cuts)
def test_a_step_that_raises_is_one_dead_letter_and_as_if_it_had_never_come(
    history: History, which: set[int], some: list[float]
) -> None:
    facts = [record for record in history.log if record.key is not None and readable(record)]
    broken = {log.read_fact(facts[i].value or b"").event_id for i in which if i < len(facts)}
    breaking = Segmenter(0, {}, POLICY, 1, Breaks(broken))
    outcomes, states = run_all(breaking, history.log, places(some, len(history.log)))
    letters = [headers(o) for o in outcomes if o.topic == topics.DEAD_LETTERS]
    died = [said for said in letters if said["tierwatch-cause"] == "unhandled"]
    assert all("ArithmeticError" in said["tierwatch-reason"] for said in died)
    assert max(Counter(said["ce_id"] for said in letters).values(), default=1) == 1
    dead = {source_of(history.log[int(said["tierwatch-offset"])]) for said in died}
    spared = [record for record in history.log if record.key is None or not readable(record) or source_of(record) not in dead]
    expected, kept = run_all(segmenter({}), spared)
    assert [o for o in outcomes if headers(o).get("tierwatch-cause") != "unhandled"] == expected
    assert {key: value for key, value in states.items() if key != PARTITION_KEY} == {
        k: v for k, v in kept.items() if k != PARTITION_KEY
    }


def source_of(record: PlainRecord) -> log.Source:
    return log.read_fact(record.value or b"").source


def readable(record: PlainRecord) -> bool:
    return b'"source"' in (record.value or b"")


def resourced(record: PlainRecord, offset: int) -> PlainRecord:
    """The record as if it had come from another offset of its source."""
    fact = log.read_fact(record.value or b"")
    whole = {name: getattr(fact, name) for name in fact.__struct_fields__}
    return record._replace(value=log.write(type(fact)(**{**whole, "source": log.Source(fact.source.topic, 0, offset)})))


def renumbered(records: list[PlainRecord]) -> list[PlainRecord]:
    return [record._replace(offset=i) for i, record in enumerate(records)]


def known(records: list[PlainRecord]) -> tuple[list[Any], dict[bytes, bytes]]:
    """What is decided and known in the end, apart from the places in the log."""
    outcomes, states = run_all(segmenter({}), records)
    said = [
        (d.client_id, d.sequence, d.as_of, getattr(d, "now", None), getattr(d, "indicator", None), getattr(d, "status", None))
        for d in decided(outcomes)
    ]
    clients = {key: read_client(value) for key, value in states.items() if is_client(key)}
    for client in clients.values():
        client.seen = 0
    return said, {key: encode(client) for key, client in clients.items()}  # bytes: a figure that is not known equals itself


def test_the_histories_are_worth_it() -> None:
    """They hold what the laws are about: a fixed one has changes, warnings, examples, histograms and dead letters."""
    from tests.laws.histories import KINDS, written

    operations = [(kind, i % 5, (i * 7 + n) % 10) for n in range(8) for i, kind in enumerate(KINDS)]
    outcomes, _ = run_all(segmenter({}), written(operations).log)
    assert set(Counter(o.topic for o in outcomes)) == {
        topics.TIER_CHANGES,
        topics.EARLY_WARNINGS,
        topics.LEARNING,
        topics.DEAD_LETTERS,
        topics.CLIENT_EVENTS,
    }
    assert {b"labelled-example", b"value-histogram"} <= {
        o.value[11:27].split(b'"')[0] for o in outcomes if o.topic == topics.LEARNING
    }
    assert len(log_of(outcomes)) > 100
