"""Explaining: what is derived from the client's own events alone is what was decided, to the byte, and its points sum up."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from online_models.features import FEATURES
from schemas import topics
from schemas.records import PlainRecord
from streams.auditing.audit import derived
from streams.auditing.decision_sources import FolderSource
from streams.auditing.explaining import DecisionId, explain, parsed
from streams.commands.explain import explain_command, in_words
from streams.replaying.replay import FILES, log_line, replay_log
from streams.user_errors import UserError
from tests.scenes import Scene, small_bank


class SceneSource:
    """A scene as the source of explanations."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def log(self, partition: int) -> Iterator[PlainRecord]:
        return (record for record in self.scene.log if record.partition == partition)

    def standing(self, topic: str, client_id: str) -> Iterator[bytes]:
        assert client_id
        return (outcome.value for outcome in self.scene.decisions if outcome.topic == topic)


@pytest.fixture(scope="module")
def bank() -> Scene:
    return small_bank()


def ids(scene: Scene) -> list[str]:
    return [dict(outcome.headers)["ce_id"].decode() for outcome in scene.decisions]


def test_every_decision_is_derived_to_the_byte_from_its_own_clients_events(bank: Scene) -> None:
    for name, outcome in zip(ids(bank), bank.decisions, strict=True):
        (explanation,) = explain(SceneSource(bank), bank.policy, name)
        assert explanation.standing == "identical"
        assert bytes(explanation.decision) == outcome.value


def test_the_points_of_all_features_and_the_intercept_are_the_logit_and_its_pd_the_decisions(bank: Scene) -> None:
    for name in ids(bank):
        scored = explain(SceneSource(bank), bank.policy, name)[0].scored
        assert scored.logit == pytest.approx(scored.intercept + sum(feature.points for feature in scored.features))
        assert len(scored.features) == len(FEATURES) + 3  # and the points of industry, macro regime and rating


def test_a_record_that_is_dropped_because_of_another_clients_is_dropped_here_too(bank: Scene) -> None:
    """The source topic began anew: c1's record is behind the mark that c5's has moved, though not behind c1's own."""
    records = [record for record in bank.log if record.partition == 1]
    mine = next(place for place, record in enumerate(records) if record.key == b"c1")
    theirs = next(place for place, record in enumerate(records) if record.key == b"c5")
    stale = (records[mine].value or b"").replace(b'["drawdowns",0,1]', b'["drawdowns",0,4]').replace(b'"e1"', b'"e77"')
    assert b"e77" in stale
    assert b'["drawdowns",0,4]' in stale
    worse = records[mine]._replace(value=stale.replace(b"43000000", b"99000000"))
    renumbered = [*records[: theirs + 1], worse, *records[theirs + 1 :]]
    scene = Scene(2, bank.policy)
    scene.log = [record._replace(offset=offset) for offset, record in enumerate(renumbered)]
    scene.decisions = list(derived(1, iter(scene.log), bank.policy, 2))
    about_c1 = [name for name in ids(scene) if "/c1/" in name]
    assert len(about_c1) > 3
    for name in about_c1:
        explanation = explain(SceneSource(scene), bank.policy, name)[0]
        assert explanation.standing == "identical"
    assert [event.effect for event in explanation.events if event.event_id == "e77"] == ["dropped: sent twice"]


def test_a_decision_of_a_record_that_closed_many_days_is_explained_as_of_its_own_day(bank: Scene) -> None:
    first, *_, last = explain(SceneSource(bank), bank.policy, "c1/DPD/1")
    assert first.events[-1].kind == last.events[-1].kind == "day-closed"
    assert first.events[-1].offset == last.events[-1].offset
    dpd = [next(f.value for f in e.scored.features if f.name == "days_past_due") for e in (first, last)]
    assert dpd == [1.0, 91.0]


def test_a_client_in_default_has_a_pd_of_one_and_the_day_of_its_default(bank: Scene) -> None:
    scored = explain(SceneSource(bank), bank.policy, "c1/DPD/1")[-1].scored
    assert scored.pd == 1.0
    assert str(scored.in_default_since) == "2024-05-02"


def test_a_decision_that_stands_with_other_bytes_is_told(bank: Scene) -> None:
    scene = Scene(2, bank.policy)
    scene.log = bank.log
    scene.decisions = [o._replace(value=o.value.replace(b'"sequence":', b'"sequence":7')) for o in bank.decisions]
    assert explain(SceneSource(scene), bank.policy, ids(bank)[0])[0].standing == "different"
    scene.decisions = []
    assert explain(SceneSource(scene), bank.policy, ids(bank)[0])[0].standing == "missing"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("tc/0/999/nobody/738000/0", "there is no such decision"),
        ("c1/DPD/99", "no early warning has this warning_id"),
        ("c1/NOTHING/1", "neither a decision_id"),
        ("", "neither a decision_id"),
    ],
)
def test_an_unknown_id_is_told_with_what_it_should_look_like(bank: Scene, name: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        explain(SceneSource(bank), bank.policy, name)


def test_an_id_is_taken_apart_and_put_together_again() -> None:
    name = "ew/3/17/north/plant-2/738900/1"
    assert parsed(name) == DecisionId("ew", 3, 17, "north/plant-2", 738900, 1)
    assert str(parsed(name)) == name
    assert parsed("north/DPD/1") is None


@pytest.fixture(scope="module")
def folder(bank: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("replayed")
    (base / "log.jsonl").write_bytes(b"".join(log_line(record) for record in bank.log))
    replay_log(base / "log.jsonl", base / "out", bank.policy, lambda _: None)
    return base / "out"


def test_a_folder_of_a_replay_explains_as_well(bank: Scene, folder: Path) -> None:
    for name in ids(bank):
        assert explain(FolderSource(folder), bank.policy, name)[0].standing == "identical"


def test_the_command_tells_people_and_machines(bank: Scene, folder: Path) -> None:
    told = CliRunner().invoke(explain_command, ["c1/DPD/1", "--from", str(folder)], env={"COLUMNS": "200"})
    assert told.exit_code == 0, told.output
    assert "early warning escalated, red" in told.output
    assert "430,000.00 EUR drawn" in told.output
    machine = CliRunner().invoke(explain_command, ["c1/DPD/1", "--from", str(folder), "--each", "--json"])
    assert [msgspec.json.decode(line)["standing"] for line in machine.output.splitlines()] == ["identical"] * 3


def test_the_command_tells_of_a_folder_without_files_and_of_an_unknown_id(folder: Path, tmp_path: Path) -> None:
    told = CliRunner().invoke(explain_command, ["c1/DPD/1", "--from", str(tmp_path)])
    assert (told.exit_code, FILES[topics.CLIENT_EVENTS] in told.output) == (2, True)
    told = CliRunner().invoke(explain_command, ["c1/DPD/9", "--from", str(folder)])
    assert (told.exit_code, "Traceback" in told.output) == (2, False)


def test_the_story_tells_what_would_undo_the_decision_and_which_rules_of_the_policy_held() -> None:
    scene = Scene(1)
    scene.tell(topics.PROFILES, "c1", "2024-01-02", industry="F41.20", country="DE")
    scene.tell(topics.MACRO, "c1", "2024-01-03", indicator="gdp_growth", value=-0.05, as_of="2023-12-31")
    scene.tell(
        topics.STATEMENTS, "c1", "2024-03-01", period_end="2023-12-31", currency="EUR", total_assets=900_000, equity=20_000
    )
    for name in ids(scene):
        explanation = explain(SceneSource(scene), scene.policy, name)[0]
        assert explanation.standing == "identical"
    assert explanation.regime == "down (/F)"
    assert explanation.overlays == ["industries.F", "regimes.down"]
    assert next(f.points for f in explanation.scored.features if f.name == "macro") == 0.2
    warning = next(o for o in scene.decisions if b'"LEVERAGE"' in o.value)
    told = list(in_words(topics.EARLY_WARNINGS, msgspec.json.decode(warning.value)))
    assert "undone if it were 9.6 % instead of 2.22 %: no warning" in told
