"""What if: the same events by two policies, and how the decisions differ."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from schemas import topics
from schemas.policy import Policy
from streams.commands.replay import replay_command
from streams.replaying.replay import replay_events
from streams.replaying.what_if import what_if
from tests.builders import at, event, policy

OLD = policy()
STRICT = policy(
    indicators={
        "LEVERAGE": {"watch": 0.5, "amber": 0.3, "red": 0.0, "source": "a stricter bank"},
        "LOSS": {"watch": -0.9, "amber": None, "source": "a milder one"},
    },
    grades={"upper": [0.0001, 0.0002, 0.0004, 0.0008, 0.001, 0.002, 0.004, 0.01]},
)  # fmt: skip
FIRST = date(2024, 1, 10)


def quiet(done: int) -> None:
    """No progress."""


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """Six clients with equity of a fifth and a loss; two of them default after half a year."""
    written = []
    for i in range(6):
        client = {"client_id": f"C{i}", "occurred_at": at(FIRST)}
        figures = {"equity": "200000", "net_income": "-20000", "revenue": "700000", "period_end": "2023-12-31"}
        written.append({"topic": topics.STATEMENTS, **event(topics.STATEMENTS, event_id=f"s{i}", **client, **figures)})
        written.append({"topic": topics.DRAWDOWNS, **event(topics.DRAWDOWNS, event_id=f"d{i}", **client, balance_after="5000")})
    for i in range(2):
        client = {"client_id": f"C{i}", "occurred_at": at(FIRST + timedelta(days=180))}
        written.append({"topic": topics.OUTCOMES, **event(topics.OUTCOMES, event_id=f"o{i}", **client)})
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in written))
    return path


def compared(events: Path, out: Path, new: Policy = STRICT, old: Policy = OLD) -> dict[str, Any]:
    found: dict[str, Any] = what_if([events], None, (old, new), out, 1, quiet)
    assert json.loads((out / "what-if.json").read_bytes()) == found
    return found["portfolios"]["corporate"]  # type: ignore[no-any-return]


def test_the_same_policy_decides_the_same(events: Path, tmp_path: Path) -> None:
    found = compared(events, tmp_path / "out", OLD)
    assert (found["clients"]["all"], found["clients"]["up"], found["clients"]["down"]) == (6, 0, 0)
    assert found["clients"]["exposure_affected"] == 0
    assert all(not counts["gained"] and not counts["lost"] for counts in found["warnings"].values())


def test_clients_that_move_are_counted_with_what_they_have_drawn(events: Path, tmp_path: Path) -> None:
    clients = compared(events, tmp_path / "out")["clients"]
    assert clients["down"] == 4, "those in default stay where they are"
    assert clients["exposure_affected"] == 4 * 5000


def test_warnings_gained_and_lost_are_told_by_indicator(events: Path, tmp_path: Path) -> None:
    warnings = compared(events, tmp_path / "out")["warnings"]
    assert warnings["LEVERAGE"] == {"old": 0, "new": 6, "gained": 6, "lost": 0}
    assert warnings["LOSS"] == {"old": 6, "new": 0, "gained": 0, "lost": 6}


def test_both_ledgers_stand_side_by_side(events: Path, tmp_path: Path) -> None:
    ledger = compared(events, tmp_path / "out")["ledger"]
    assert ledger["old"]["indicators"].keys() != ledger["new"]["indicators"].keys()
    assert ledger["new"]["indicators"]["LEVERAGE"]["captured"]["amber"] == 2


def test_a_log_is_decided_by_each_policy_whatever_it_held(events: Path, tmp_path: Path) -> None:
    replay_events([events], tmp_path / "log", OLD, 2, quiet)
    log_file = tmp_path / "log" / "client-events.jsonl"
    by_log = what_if([], log_file, (OLD, STRICT), tmp_path / "by-log", 1, quiet)
    by_files = what_if([events], None, (OLD, STRICT), tmp_path / "by-files", 2, quiet)
    assert by_log == by_files


def test_the_command_prints_the_difference(events: Path, tmp_path: Path) -> None:
    stricter = tmp_path / "strict.yaml"
    stricter.write_bytes(msgspec.yaml.encode(STRICT.model_dump(mode="json")))
    older = tmp_path / "old.yaml"
    older.write_bytes(msgspec.yaml.encode(OLD.model_dump(mode="json")))
    told = ["--policy", str(stricter), "--against", str(older), "--out", str(tmp_path / "out")]
    ran = CliRunner().invoke(replay_command, [str(events), *told])
    assert ran.exit_code == 0, ran.output
    assert "corporate: 0 clients up, 4 down" in ran.output
    assert "LEVERAGE raised" in ran.output
