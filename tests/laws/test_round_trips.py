"""What is written can be read again, and yesterday's bytes load."""

import builtins
import json
import types
import typing
from datetime import date, datetime, timedelta, timezone
from itertools import product
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.learner import Learner
from online_models.features import NAMES
from online_models.pd_model import PdModel
from schemas import decisions, learner_state, learning, log, packed, standing, state, topics
from schemas.history import History
from schemas.history import encode as encode_history
from schemas.learner_state import Taught
from schemas.model_warnings import ModelWarning, read_model_warning, write_model_warning
from tests.builders import example, model, policy, shipped
from tests.driver import learning_log, run_all

GOLDEN = Path(__file__).parent.parent / "golden" / "states"
READERS: dict[str, Any] = {
    "client": state.read_client, "partition": state.read_partition, "learner": learner_state.read_learner,
    "taught": msgspec.msgpack.Decoder(Taught).decode, "frozen": msgspec.msgpack.Decoder(dict[str, Any]).decode,
}  # fmt: skip

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20)
ascii_ids = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=64)
floats = st.floats(allow_nan=False, allow_infinity=False)
days = st.dates(date(1900, 1, 1), date(2199, 12, 31))
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30), timezones=zones)

jsonable = st.one_of(st.none(), st.booleans(), st.integers(0, 9), texts)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    float: floats,
    int: st.integers(-(2**63), 2**63 - 1),
    bool: st.booleans(),
    bytes: st.binary(max_size=40),
    date: days,
    datetime: moments,
    type(None): st.none(),
    Any: jsonable,
}


def of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type, as deep as its fields go."""
    if kind in PLAIN:
        return PLAIN[kind]
    args = get_args(kind)
    match get_origin(kind):
        case typing.Union | types.UnionType:
            return st.one_of(*map(of, args))
        case builtins.list:
            return st.lists(of(args[0]), max_size=3)
        case builtins.dict:
            return st.dictionaries(of(args[0]), of(args[1]), max_size=3)
        case builtins.tuple if args[-1] is ...:
            return st.lists(of(args[0]), max_size=3).map(tuple)
        case builtins.tuple:
            return st.tuples(*map(of, args))
    return st.builds(kind, **{name: of(hint) for name, hint in get_type_hints(kind).items()})


RECORDS = (*get_args(log.Fact), *get_args(log.Control))
STATES = (state.ClientState, state.Partition, learner_state.LearnerPartition, learner_state.Taught)


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
@given(st.data())
def test_a_record_of_the_log_is_read_as_it_was_written(kind: type[Any], chosen: st.DataObject) -> None:
    record = chosen.draw(of(kind))
    read = log.read_fact if issubclass(kind, log.ClientEvent) else log.read_control
    assert read(log.write(record)) == record


@pytest.mark.parametrize("kind", [decisions.TierChange, decisions.EarlyWarning], ids=lambda kind: kind.__name__)
@given(st.data())
def test_a_decision_is_read_as_it_was_written(kind: type[Any], chosen: st.DataObject) -> None:
    decision = chosen.draw(of(kind))
    written = decisions.write(decision)
    assert msgspec.json.decode(written, type=kind) == decision
    assert json.loads(written)["client_id"] == decision.client_id


@given(of(ModelWarning))
def test_a_model_warning_is_read_as_it_was_written(warning: ModelWarning) -> None:
    assert read_model_warning(write_model_warning(warning)) == warning


@pytest.mark.parametrize("kind", get_args(learning.Lesson), ids=lambda kind: kind.__name__)
@given(st.data())
def test_a_lesson_is_read_as_it_was_written(kind: type[Any], chosen: st.DataObject) -> None:
    lesson = chosen.draw(of(kind))
    assert learning.read_lesson(msgspec.json.encode(lesson)) == lesson


@given(of(learning.ModelSnapshot))
def test_a_model_snapshot_keeps_its_version_on_the_wire(snapshot: learning.ModelSnapshot) -> None:
    again = msgspec.json.decode(msgspec.json.encode(snapshot), type=learning.ModelSnapshot)
    assert again == snapshot
    assert again.version == snapshot.version


@pytest.mark.parametrize("kind", STATES, ids=lambda kind: kind.__name__)
@given(st.data())
def test_a_state_is_read_as_it_was_written(kind: type[Any], chosen: st.DataObject) -> None:
    kept = chosen.draw(of(kind))
    assert msgspec.msgpack.decode(state.encode(kept), type=kind) == kept


@given(of(state.ClientState), st.integers(0, 4_000_000), st.integers(0, 4_000_000), st.one_of(st.none(), of(History)))
def test_a_packed_client_is_read_as_it_was_written(
    kept: state.ClientState, look_day: int, turn_day: int, history: History | None
) -> None:
    kept.look_day, kept.history_day = look_day, turn_day
    kept.history = b"" if history is None else encode_history(history)
    value = state.write_client(kept)
    assert state.read_client(value) == state.read_client(state.encode(kept)) == kept
    assert state.write_client(state.read_client(value)) == value
    seen = state.glance(value)
    assert (seen.portfolio, seen.value_bin, seen.granted) == (kept.portfolio, kept.value_bin, kept.granted)
    assert (seen.lends, seen.history) == (bool(kept.facilities), history)
    marked = state.resting(value, {"EUR": 5})
    assert state.lent(marked).lends == {"EUR": 5}
    assert (state.read_client(marked), state.glance(marked).history) == (kept, history)
    for where, day in ((packed.LOOK, look_day), (packed.TURN, turn_day)):
        assert packed.due_by([(b"C", value)], where, day) == ([b"C"] if day else [])
        assert packed.due_by([(b"C", value)], where, day - 1 if day else 4_000_000) == []


def test_where_a_client_stands_is_read_from_its_number() -> None:
    every = [decisions.Segment(*names) for names in product(*standing.NAMES)]
    numbers = [standing.number_of(one) for one in every]
    assert [standing.segment_of(number) for number in numbers] == every
    assert len(set(numbers)) == len(every)


@pytest.mark.parametrize(
    "kind", [state.ClientState, state.Partition, learner_state.LearnerPartition], ids=lambda kind: kind.__name__
)
def test_a_state_built_empty_is_complete(kind: type[Any]) -> None:
    assert msgspec.msgpack.decode(state.encode(kind()), type=kind) == kind()
    assert msgspec.msgpack.decode(msgspec.msgpack.encode([]), type=kind) == kind()


@given(ascii_ids)
def test_no_client_id_is_one_of_the_partitions_own_keys(client_id: str) -> None:
    assert state.is_client(client_id.encode())
    for own in (state.PARTITION_KEY, learner_state.PARTITION_KEY):
        assert not state.is_client(own)


# golden bytes: states as they were written by earlier releases (tests/golden/states/README.md)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.msgpack")), ids=lambda path: path.stem)
def test_yesterdays_states_load_with_what_they_held(path: Path) -> None:
    loaded = READERS[path.stem.split("-")[0]](path.read_bytes())
    held = json.loads(path.with_suffix(".json").read_text())
    assert includes(json.loads(msgspec.json.encode(loaded)), held) == []


def test_there_are_golden_states() -> None:
    assert {path.stem.split("-")[0] for path in GOLDEN.glob("*.msgpack")} == set(READERS)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("taught-*.msgpack")), ids=lambda path: path.stem)
def test_yesterdays_models_go_on_learning(path: Path) -> None:
    held = learner_state.read_taught(path.read_bytes()).model
    model = PdModel.load("corporate", shipped().of("corporate").learning, {**held, "waiting": []})
    x = [0.5] * len(NAMES)
    before = model.score(x)
    for _ in range(50):
        model.take(example(client_id="new", as_of=date(2023, 2, 1), x=tuple(x), y=False), 365)
    assert 0.0 < model.score(x) < before < 1.0
    assert model.snapshot().examples >= held["examples"] + 50


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("taught-*.msgpack")), ids=lambda path: path.stem)
def test_yesterdays_learner_goes_on_publishing_and_watching(path: Path) -> None:
    frozen = path.with_name(path.name.replace("taught", "frozen"))
    states = {learner_state.MODEL_PREFIX + b"corporate": path.read_bytes()}
    if frozen.exists():
        states[learner_state.FROZEN_PREFIX + b"corporate/000000001"] = frozen.read_bytes()
    learner = Learner(0, states, policy(learning={"publish_every": 50}))
    days = {"as_of": date(2023, 5, 1), "labelled_on": date(2024, 5, 31)}
    told = [example(1000 + i, client_id=f"new-{i}", **days) for i in range(60)]
    outcomes, _ = run_all(learner, [r._replace(offset=1000 + r.offset) for r in learning_log(told)])
    report: dict[str, Any] = learner.report()["corporate"]
    assert topics.MODELS in {outcome.topic for outcome in outcomes}
    assert report["contest"]["examples"] == (60 if frozen.exists() else 0)
    assert report["drift"]["reference"]["examples"] == (100 if frozen.exists() else 0)


def includes(now: Any, held: Any, where: str = "") -> list[str]:
    """Where a state that was loaded misses what it held; fields at the end may have come since."""
    if isinstance(held, list) and isinstance(now, list) and len(now) >= len(held):
        return [miss for i, one in enumerate(held) for miss in includes(now[i], one, f"{where}[{i}]")]
    if isinstance(held, dict) and isinstance(now, dict):
        return [miss for key, one in held.items() for miss in includes(now.get(key), one, f"{where}.{key}")]
    return [] if now == held else [f"{where}: {held!r} has become {now!r}"]


def test_the_policy_and_a_model_in_a_control_record_are_read_as_they_were_written() -> None:
    chosen = policy(grace_days=7)
    whole = log.PolicyPublished(source=log.Source("policy", 0, 0), version=chosen.version, policy=chosen.model_dump(mode="json"))
    read = log.read_control(log.write(whole))
    assert isinstance(read, log.PolicyPublished)
    assert read.parsed() == chosen
    published = log.ModelPublished(source=log.Source("learning", 0, 0), snapshot=model())
    assert log.read_control(log.write(published)) == published
