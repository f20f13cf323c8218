"""The doctor on a broker: nothing wrong where nothing is, and each fault with its remedy."""

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from streams import settings as settings_of
from streams.auditing.doctor import (
    broker_by_aiokafka,
    broker_by_librdkafka,
    examine,
    metrics_port,
    policy,
    topics_as_wanted,
    views,
)
from streams.brokers.child import free_port
from streams.brokers.topics import ensure
from streams.commands.doctor import doctor as command
from streams.worker import changelogs
from tests.system.published import fresh


def test_nothing_is_wrong_where_all_is_set_up(brokers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = fresh(brokers, 2, metrics_port=free_port())
    ensure(settings, changelogs(settings))
    for name in ("app_id", "own_prefix", "source_prefix", "partitions", "metrics_port"):
        monkeypatch.setenv(f"TIERWATCH_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("TIERWATCH_BROKERS", brokers)
    findings = list(examine())
    assert [finding for finding in findings if finding.wrong] == []
    assert {finding.part for finding in findings} >= {"settings", "policy", "currencies", "topics", "log", "Redis", "metrics"}
    told = CliRunner().invoke(command, [])
    assert (told.exit_code, "brokers (aiokafka)" in told.output) == (0, True), told.output


def test_a_changelog_that_is_missing_is_found_with_its_remedy(brokers: str) -> None:
    settings = fresh(brokers, 2)
    told = [(finding.told, finding.fix) for finding in topics_as_wanted(settings)]
    assert [fix for _, fix in told] == ["create it: tierwatch topics create"] * 2
    assert f"{settings.app_id}-learner-changelog is missing" in [what for what, _ in told]


def test_brokers_that_are_not_there_are_found_by_both_kinds_of_client() -> None:
    settings = settings_of.load(brokers="127.0.0.1:1")
    for finding in (broker_by_librdkafka(settings), broker_by_aiokafka(settings)):
        assert finding.wrong
        assert "TIERWATCH_BROKERS" in finding.fix


def test_a_policy_that_is_wrong_is_found_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("name: 7\nfoo: 1\n")
    findings = list(policy(settings_of.load(policy_file=tmp_path / "policy.yaml")))
    assert len(findings) > 2
    assert all(finding.wrong for finding in findings)


def test_a_redis_that_does_not_answer_is_found() -> None:
    (finding,) = views(settings_of.load(redis_url="redis://127.0.0.1:1/0"))
    assert finding.wrong


def test_a_port_that_is_taken_is_found() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert metrics_port(settings_of.load(metrics_port=taken.getsockname()[1])).wrong


def test_a_setting_that_is_wrong_ends_the_examination(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIERWATCH_PARTITIONS", "0")
    told = CliRunner().invoke(command, [])
    assert told.exit_code == 1
    assert "TIERWATCH_PARTITIONS" in told.output
    assert "1 thing is wrong" in told.output
