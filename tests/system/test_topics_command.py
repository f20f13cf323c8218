"""`tierwatch topics`: what is missing is created, and then nothing is wrong."""

import uuid

import pytest
from click.testing import CliRunner

from streams.commands.topics import topics


def test_topics_are_created_once_and_checked(brokers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = f"run-{uuid.uuid4().hex[:8]}"
    given = {"BROKERS": brokers, "APP_ID": run, "OWN_PREFIX": f"{run}.", "SOURCE_PREFIX": f"{run}.bank.", "PARTITIONS": "2"}
    for name, value in given.items():
        monkeypatch.setenv(f"TIERWATCH_{name}", value)
    before = CliRunner().invoke(topics, ["check"])
    assert (before.exit_code, f"{run}.client-events is missing" in before.output) == (1, True)
    assert "21 created, 0 were there" in CliRunner().invoke(topics, ["create"]).output
    assert "0 created, 21 were there" in CliRunner().invoke(topics, ["create"]).output
    after = CliRunner().invoke(topics, ["check"])
    assert (after.exit_code, after.output) == (0, "21 topics are as they should be\n")
