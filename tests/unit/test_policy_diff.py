"""Two policies compared: what was written differently, and what that changes in each portfolio."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.commands.policy import policy as command
from streams.policies.diff import resolved, written
from tests.builders import SHIPPED, policy, shipped


def test_the_same_policy_has_no_differences() -> None:
    assert written(shipped(), shipped()) == []
    assert resolved(shipped(), shipped()) == {}


def test_a_value_is_told_by_its_path_with_old_and_new() -> None:
    (one,) = written(shipped(), policy(value={"lgd": 0.5}))
    assert str(one) == "defaults.value.lgd: 0.45 -> 0.5"


def test_what_only_one_has_stands_against_nothing() -> None:
    one, *more = written(shipped(), policy(industries={"S": {"grace_days": 5}}))
    assert str(one) == "defaults.industries.S: - -> {grace_days: 5}"
    assert more == []


def test_a_default_changes_the_portfolios_that_do_not_override_it() -> None:
    found = resolved(shipped(), policy(value={"lgd": 0.5}))
    assert sorted(found) == ["corporate", "sme", "us-listed"]  # project finance and cards have a loss of their own


def test_an_overlay_is_told_by_what_it_changes_further() -> None:
    found = resolved(shipped(), policy(grace_days=4, industries={"S": {"value": {"lgd": 0.6}}}))
    assert [str(one) for one in found["corporate"]] == ["grace_days: 3 -> 4"]
    assert [str(one) for one in found["corporate, industry S"]] == ["value.lgd: 0.45 -> 0.6"]


def test_a_regime_is_told_by_the_thresholds_and_the_points_it_leads_to() -> None:
    found = resolved(shipped(), policy(regimes={"down": {"logit": 0.4, "indicators": {"UTIL": {"plus": -0.1}}}}))
    told = [str(one) for one in found["corporate, regime down"]]
    assert told == ["indicators.UTIL.watch: 0.85 -> 0.8", "indicators.UTIL.amber: 0.9 -> 0.85",
                    "logit of the macro regime: 0.2 -> 0.4"]  # fmt: skip


@pytest.fixture
def other(tmp_path: Path) -> Path:
    path = tmp_path / "new.yaml"
    path.write_text(SHIPPED.read_text().replace("lgd: 0.45 ", "lgd: 0.5 "))
    return path


def test_the_command_tells_people_and_machines_and_its_status_whether_they_differ(other: Path) -> None:
    same = CliRunner().invoke(command, ["diff", str(SHIPPED), str(SHIPPED)])
    assert (same.exit_code, same.output.rpartition(": ")[2]) == (0, "the same rules\n")
    told = CliRunner().invoke(command, ["diff", str(SHIPPED), str(other)])
    assert told.exit_code == 1
    assert "  defaults.value.lgd: 0.45 -> 0.5\n" in told.output
    assert "decides differently in sme:\n  value.lgd: 0.45 -> 0.5\n" in told.output
    machine = CliRunner().invoke(command, ["diff", str(SHIPPED), str(other), "--json"])
    assert '"written": [{"path": "defaults.value.lgd", "was": 0.45, "now": 0.5}]' in machine.output


def test_a_file_that_is_wrong_is_told_with_its_errors(other: Path) -> None:
    other.write_text(other.read_text().replace("grace_days: 3 ", "grace_days: -3 "))
    told = CliRunner().invoke(command, ["diff", str(SHIPPED), str(other)])
    assert told.exit_code == 2
    assert "defaults.grace_days = -3" in told.output
