"""Bytes in, outcomes out: files and logs through the whole pipeline."""

import gzip
import json
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import pytest

from schemas.policy import Policy
from streams.replaying.replay import FILES, replay_events, replay_log
from tests.builders import SHIPPED, policy

EXAMPLES = SHIPPED.parent.parent / "examples"
DECISIONS = ("tier-changes.jsonl", "early-warnings.jsonl", "scores.jsonl")
POLICY = policy(value={"cutoffs_every_days": 5, "cutoffs_min_clients": 5}, learning={"warm_up": 100, "publish_every": 40})
"""Models and cut-offs from a few hundred events, so that a replay holds control records of every kind."""


def quiet(done: int) -> None:
    """No progress."""


def first_lines(name: str, count: int) -> list[bytes]:
    with gzip.open(EXAMPLES / name, "rb") as lines:
        return [line.strip() for line in islice(lines, count)]


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few hundred events of both example sets: the cards' six months of some clients, and statements of three years."""
    cards = [line for line in first_lines("cards_tw_15000.jsonl.gz", 60_000) if client_of(line)[-2:] in {"00", "17"}]
    firms = [line for line in first_lines("statements_us_1999_2012.jsonl.gz", 13_000) if client_of(line)[-2:] in {"11", "50"}]
    whole = sorted((*firms, *cards), key=lambda line: json.loads(line)["occurred_at"])
    path = tmp_path_factory.mktemp("events") / "events.jsonl"
    path.write_bytes(b"\n".join(whole) + b"\n")
    return path


def client_of(line: bytes) -> str:
    client_id: str = json.loads(line)["client_id"]
    return client_id


def replayed(path: Path, out: Path, partitions: int = 1, policy: Policy = POLICY) -> dict[str, bytes]:
    replay_events([path], out, policy, partitions, quiet)
    return contents(out)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def read(content: bytes) -> list[Any]:
    return [json.loads(line) for line in content.splitlines()]


def test_a_replay_takes_every_event_and_holds_every_kind_of_outcome(events: Path, tmp_path: Path) -> None:
    files = replayed(events, tmp_path)
    lines = read(events.read_bytes())
    assert [score["event_id"] for score in read(files["scores.jsonl"])] == [line["event_id"] for line in lines]
    assert files["dead-letters.jsonl"] == b""
    kinds = {line["value"]["record"] for line in read(files["client-events.jsonl"])}
    assert {"model-published", "cutoffs-published", "policy-published", "day-passed", "outcome-reported"} <= kinds
    assert set(files) == {*FILES.values(), "scores.jsonl", "report.json"}
    assert json.loads(files["report.json"])["counts"]["events"] == len(lines)


def test_every_clients_first_event_gives_its_first_tier_change(events: Path, tmp_path: Path) -> None:
    first: dict[str, str] = {}
    for line in read(events.read_bytes()):
        first.setdefault(line["client_id"], line["event_id"])
    changes = [change for change in read(replayed(events, tmp_path)["tier-changes.jsonl"]) if change["was"] is None]
    assert {change["client_id"]: change["evidence"]["event_id"] for change in changes} == first
    assert len(changes) == len(first)


def test_replaying_twice_gives_the_same_bytes(events: Path, tmp_path: Path) -> None:
    assert replayed(events, tmp_path / "one") == replayed(events, tmp_path / "two")


@pytest.mark.parametrize("partitions", [1, 3])
def test_the_log_of_a_replay_decides_the_same_bytes(events: Path, tmp_path: Path, partitions: int) -> None:
    files = replayed(events, tmp_path / "events", partitions)
    replay_log(tmp_path / "events" / "client-events.jsonl", tmp_path / "log", POLICY, quiet)
    again = contents(tmp_path / "log")
    for name in (*DECISIONS, "client-events.jsonl"):
        assert again[name] == files[name], name
    assert files["tier-changes.jsonl"]


def test_the_log_of_a_replay_decides_the_same_whatever_policy_stands_outside_it(events: Path, tmp_path: Path) -> None:
    files = replayed(events, tmp_path / "events")
    replay_log(tmp_path / "events" / "client-events.jsonl", tmp_path / "log", policy(), quiet)
    assert contents(tmp_path / "log")["tier-changes.jsonl"] == files["tier-changes.jsonl"]


def test_partitions_change_no_grade(events: Path, tmp_path: Path) -> None:
    """Without a model that is learned on the way, a client's risk is its own whatever partition it is in."""
    slow = policy(learning={"warm_up": 10_000})
    one, three = (replayed(events, tmp_path / str(n), n, slow)["scores.jsonl"] for n in (1, 3))
    graded = [{line["event_id"]: (line["grade"], line["pd"]) for line in read(scores)} for scores in (one, three)]
    assert graded[0] == graded[1]


BROKEN = (
    (b"{", "unreadable", ""),
    (b"not json", "unreadable", ""),
    (b'{"topic":"payments","event_id":"x"}', "invalid", "topic"),
    (b'{"topic":"repayments","event_id":"x"}', "invalid", "occurred_at"),
    (None, "invalid", "currency"),
    (None, "invalid", "client_id"),
)
"""Lines that are broken, why, and at which field; None: a good one with this field out of its bounds."""


def test_a_broken_line_in_ten_is_one_dead_letter_each_and_changes_no_other_decision(events: Path, tmp_path: Path) -> None:
    good = events.read_bytes().splitlines()
    mixed: list[bytes] = []
    wanted: list[tuple[int, str, str]] = []
    for i, line in enumerate(good):
        if i % 9 == 4:
            raw, cause, field = BROKEN[len(wanted) % len(BROKEN)]
            mixed.append(raw if raw is not None else msgspec.json.encode({**json.loads(line), field: "no such thing at all"}))
            wanted.append((len(mixed), cause, field))
        mixed.append(line)
    path = tmp_path / "broken.jsonl"
    path.write_bytes(b"\n".join(mixed) + b"\n")
    files = replayed(path, tmp_path / "broken")
    letters = read(files["dead-letters.jsonl"])
    assert [(letter["line"], letter["cause"]) for letter in letters] == [(line, cause) for line, cause, _ in wanted]
    for letter, (line, _, field) in zip(letters, wanted, strict=True):
        assert letter["file"] == "broken.jsonl"
        assert letter["raw"] == mixed[line - 1].decode()
        assert letter["reason"]
        assert not field or letter["field"] == field
    assert len(wanted) > 50
    clean = replayed(events, tmp_path / "clean")
    for name in DECISIONS:
        assert files[name] == clean[name], name


@pytest.mark.parametrize("partitions", [1, 3])
def test_portfolios_are_never_ranked_or_learned_together(events: Path, tmp_path: Path, partitions: int) -> None:
    """A portfolio's decisions and models are the same when nothing is known of the other's clients but that they exist."""
    files = replayed(events, tmp_path / "both", partitions)
    for name in ("us-listed", "tw-cards"):
        alone = tmp_path / f"{name}.jsonl"
        alone.write_bytes(b"".join(silenced(line, name) + b"\n" for line in events.read_bytes().splitlines()))
        only = replayed(alone, tmp_path / name, partitions)
        for kind in ("tier-changes.jsonl", "early-warnings.jsonl", "models.jsonl"):
            both, mine = ([said(line) for line in read(of[kind]) if line["portfolio"] == name] for of in (files, only))
            assert both == mine
            assert both


def silenced(line: bytes, name: str) -> bytes:
    """The line, if it is of this portfolio; else an event of the same client and time that says nothing."""
    whole = json.loads(line)
    if whole["portfolio"] == name:
        return line
    kept = {field: whole[field] for field in ("event_id", "client_id", "portfolio", "occurred_at")}
    return msgspec.json.encode({"topic": "profiles", **kept})


def said(decision: dict[str, Any]) -> dict[str, Any]:
    """A decision or a model apart from its place in the log."""
    placed = {"decision_id", "evidence"}
    return {name: value for name, value in decision.items() if name not in placed} | {
        name: value for name, value in decision.get("evidence", {}).items() if name.endswith("_version")
    }


def test_a_packed_file_is_read_like_a_plain_one(events: Path, tmp_path: Path) -> None:
    packed = tmp_path / "events.jsonl.gz"
    packed.write_bytes(gzip.compress(events.read_bytes()))
    assert replayed(packed, tmp_path / "packed") == replayed(events, tmp_path / "plain")


def test_several_files_are_merged_by_time(events: Path, tmp_path: Path) -> None:
    lines = events.read_bytes().splitlines(keepends=True)
    halves = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for half, name in enumerate(("us-listed", "tw-cards")):
        halves[half].write_bytes(b"".join(line for line in lines if json.loads(line)["portfolio"] == name))
    replay_events(halves, tmp_path / "merged", POLICY, 1, quiet)
    merged = read((tmp_path / "merged" / "scores.jsonl").read_bytes())
    whole = read(replayed(events, tmp_path / "whole")["scores.jsonl"])
    assert {(line["event_id"], line["pd"]) for line in merged} == {(line["event_id"], line["pd"]) for line in whole}


def test_a_log_with_a_line_that_is_none_is_refused_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"partition":0,"offset":0,"key":"C1","value":{}}\nnonsense\n')
    with pytest.raises(ValueError, match="line 2"):
        replay_log(path, tmp_path / "out", POLICY, quiet)
