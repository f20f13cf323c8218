"""The contracts: what is published is valid, says what our own code checks, and does not change unnoticed.

After a wanted change renew the golden files, and look at their diff: `tierwatch schemas --out tests/golden/contracts`.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker

from agents.dead_letters import dead_letter
from agents.intake import Intake
from agents.model_warnings import Place, model_warning
from online_models.drift_watch import DriftWatch, Finding
from schemas import decisions, log, topics
from schemas.decisions import Severity
from schemas.model_warnings import read_model_warning
from schemas.oversight_rules import ModelDrift
from schemas.records import PlainRecord
from streams.commands.schemas import schemas as command
from streams.pages import contract_examples as examples
from streams.pages.contracts import (
    asyncapi,
    dead_letter_header_schema,
    decision_header_schema,
    event_schema,
    files,
    log_schema,
    schemas,
)
from tests.builders import DAY
from tests.scenes import Scene, small_bank

GOLDEN = Path(__file__).parents[1] / "golden" / "contracts"
FILES = files()


@pytest.fixture(scope="module")
def bank() -> Scene:
    return small_bank()


@pytest.mark.parametrize("name", FILES)
def test_a_contract_is_as_it_was_published(name: str) -> None:
    assert FILES[name] == (GOLDEN / name).read_text(encoding="utf-8"), "renew: tierwatch schemas --out tests/golden/contracts"


def test_no_golden_file_is_left_of_a_contract_that_is_gone() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(FILES)


@pytest.mark.parametrize("name", schemas())
def test_every_json_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(schemas()[name])


def errors(schema: dict[str, Any], value: object) -> list[str]:
    return [error.message for error in Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(value)]


@pytest.mark.parametrize("topic", topics.SOURCE_NAMES)
def test_an_example_is_valid_and_our_intake_accepts_it(topic: str) -> None:
    assert errors(event_schema(topic), examples.EVENTS[topic]) == []
    record = PlainRecord(topic, 0, 0, 0, None, json.dumps(examples.EVENTS[topic]).encode())
    (outcome,) = Intake(topic, {"file": 1}).run([record]).outcomes
    assert outcome.topic == topics.CLIENT_EVENTS, outcome.headers
    assert errors(log_schema(), json.loads(outcome.value)) == []


def test_the_end_of_day_example_closes_a_day() -> None:
    record = PlainRecord(topics.REPAYMENTS, 0, 0, 0, None, json.dumps(examples.END_OF_DAY).encode())
    (outcome,) = Intake(topics.REPAYMENTS, {"file": 1}).run([record]).outcomes
    assert isinstance(log.read_control(outcome.value), log.DayPassed)


def repayment(**changes: object) -> dict[str, object]:
    return {**examples.EVENTS[topics.REPAYMENTS], **changes}


WIRE = [
    ({"amount_due": "25000.00"}, True),
    ({"amount_due": 25000.5}, True),
    ({"amount_due": 25000}, True),
    ({"amount_due": "-1"}, False),
    ({"amount_due": -1}, False),
    ({"amount_due": "many"}, False),
    ({"amount_due": None}, False),
    ({"amount_due": 10**15}, False),
    ({"balance_after": "-5.00"}, True),
    ({"balance_after": None}, True),
    ({"occurred_at": "2026-03-31T14:05:00Z"}, True),
    ({"occurred_at": "2026-03-31T14:05:00.123456+02:00"}, True),
    ({"occurred_at": "2026-03-31T14:05:00"}, False),
    ({"occurred_at": "yesterday"}, False),
    ({"due_date": "2026-03-31"}, True),
    ({"due_date": "31.03.2026"}, False),
    ({"currency": "EURO"}, False),
    ({"currency": "XAU"}, False),
    ({"client_id": ""}, False),
    ({"client_id": "C 1"}, False),
    ({"portfolio": "Corporate"}, False),
    ({"something": "else"}, True),
]


@pytest.mark.parametrize(("changes", "accepted"), WIRE)
def test_the_schema_and_our_intake_agree_on_what_is_accepted(changes: dict[str, object], accepted: bool) -> None:
    event = repayment(**changes)
    assert (errors(event_schema(topics.REPAYMENTS), event) == []) is accepted
    record = PlainRecord(topics.REPAYMENTS, 0, 0, 0, None, json.dumps(event).encode())
    (outcome,) = Intake(topics.REPAYMENTS, {"file": 1}).run([record]).outcomes
    assert (outcome.topic == topics.CLIENT_EVENTS) is accepted


@pytest.mark.parametrize("topic", topics.SOURCE_NAMES)
def test_what_the_schema_requires_our_intake_requires(topic: str) -> None:
    for field in event_schema(topic)["required"]:
        event = {name: value for name, value in examples.EVENTS[topic].items() if name != field}
        record = PlainRecord(topic, 0, 0, 0, None, json.dumps(event).encode())
        assert Intake(topic, {"file": 1}).run([record]).outcomes[0].topic == topics.DEAD_LETTERS


def test_decisions_as_they_are_made_and_their_headers_are_valid(bank: Scene) -> None:
    found = schemas()
    assert {outcome.topic for outcome in bank.decisions} == {topics.TIER_CHANGES, topics.EARLY_WARNINGS}
    for outcome in bank.decisions:
        assert errors(found[f"{outcome.topic}.schema.json"], json.loads(outcome.value)) == []
        headers = {name: text.decode() for name, text in outcome.headers}
        assert errors(decision_header_schema(outcome.topic), headers) == []
        assert set(headers) == set(examples.decision_headers(outcome.topic))


def test_the_log_as_it_is_written_is_valid(bank: Scene) -> None:
    for record in bank.log:
        assert errors(log_schema(), json.loads(record.value or b"")) == []


def test_examples_of_decisions_are_valid_and_read_by_our_own_code() -> None:
    for topic, read in ((topics.TIER_CHANGES, decisions.read_tier_change), (topics.EARLY_WARNINGS, decisions.read_early_warning)):
        example = examples.DECISIONS[topic]
        assert errors(schemas()[f"{topic}.schema.json"], example) == []
        assert read(json.dumps(example).encode()).client_id == "C-1024"  # type: ignore[attr-defined]


def test_the_example_of_a_model_warning_is_valid_and_read_by_our_own_code() -> None:
    told = examples.DECISIONS[topics.MODEL_WARNINGS]
    assert errors(schemas()["model-warnings.schema.json"], told) == []
    assert errors(schemas()["model-warnings.schema.json"], {**told, "kind": "weather"}) != []
    assert read_model_warning(json.dumps(told).encode()).portfolio == "corporate"
    assert errors(decision_header_schema(topics.MODEL_WARNINGS), examples.decision_headers(topics.MODEL_WARNINGS)) == []


def test_a_model_warning_as_it_is_published_and_its_headers_are_valid() -> None:
    finding = Finding("loss", "", "raised", Severity.WATCH, 1, DAY.toordinal(), 1.25, None, 0.1, 40)
    outcome = model_warning(Place("corporate", 0, 7, DAY, "none", "p-1"), 0, finding, DriftWatch(ModelDrift()))
    assert errors(schemas()["model-warnings.schema.json"], json.loads(outcome.value)) == []
    headers = {name: text.decode() for name, text in outcome.headers}
    assert errors(decision_header_schema(outcome.topic), headers) == []
    assert set(headers) == set(examples.decision_headers(outcome.topic))


def test_dead_letters_have_the_headers_that_are_told() -> None:
    assert errors(dead_letter_header_schema(), examples.DEAD_LETTER_HEADERS) == []
    record = PlainRecord("", 1, 2, 3, None, b"{", [("ce_id", b"7")])
    headers = {name: text.decode() for name, text in dead_letter(record, topics.MACRO, "invalid", "value", "why").headers}
    assert errors(dead_letter_header_schema(), headers) == []
    assert set(headers) == set(dead_letter_header_schema()["properties"])


def refs(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from refs(value)
    if isinstance(node, list):
        for value in node:
            yield from refs(value)


def resolved(document: Any, ref: str) -> Any:
    for part in ref.removeprefix("#/").split("/"):
        document = document[part]
    return document


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = asyncapi()
    assert len([resolved(document, ref) for ref in refs(document)]) > 40


def test_channels_have_the_real_names_and_operations_the_direction() -> None:
    document = asyncapi(topics.TopicNames("bank.", "seg.", {"repayments": "core.loans.v2"}))
    assert document["channels"]["repayments"]["address"] == "core.loans.v2"
    assert document["channels"]["drawdowns"]["address"] == "bank.drawdowns"
    assert document["channels"]["tier-changes"]["address"] == "seg.tier-changes"
    actions = {name: operation["action"] for name, operation in document["operations"].items()}
    assert actions["receive-repayments"] == "receive"
    assert actions["send-early-warnings"] == "send"


def test_examples_of_the_asyncapi_document_are_valid_by_its_own_schemas() -> None:
    document = asyncapi()
    for name, message in document["components"]["messages"].items():
        payload = message["payload"]
        schema = payload.get("schema", payload)
        rooted = {**schema, "components": document["components"]}
        for example in message["examples"]:
            assert list(Draft7Validator(rooted).iter_errors(example["payload"])) == [], name
            assert list(Draft7Validator(message["headers"]).iter_errors(example["headers"])) == [], name


def test_the_command_writes_every_file_or_the_asyncapi_document(tmp_path: Path) -> None:
    assert CliRunner().invoke(command, ["--out", str(tmp_path / "there")]).exit_code == 0
    assert {path.name for path in (tmp_path / "there").iterdir()} == set(FILES)
    assert json.loads(CliRunner().invoke(command, []).output) == asyncapi()
