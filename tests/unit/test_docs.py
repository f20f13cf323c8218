"""The docs say what is so: links lead somewhere, registries are told in full, examples of decisions keep the contract."""

import json
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from agents.segmentation.indicators.registry import INDICATORS
from online_models.features import NAMES
from schemas import topics
from streams.pages.contracts import schemas
from streams.pages.features_page import as_markdown
from streams.replaying.event_files import opened
from streams.replaying.replay import replay_events
from tests.builders import shipped

ROOT = Path(__file__).parents[2]
PAGES = (*sorted((ROOT / "docs").glob("*.md")), *(ROOT / at / "README.md" for at in ("", "examples", "benchmarks/ews")))
ROOMS = ("agents", "benchmarks", "docs", "examples", "online_models", "ops", "schemas", "streams", "tests")


KINDS = {"tc": topics.TIER_CHANGES, "ew": topics.EARLY_WARNINGS, "mw": topics.MODEL_WARNINGS}
"""By what a decision's id begins with."""


def decisions_in(page: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for block in re.findall(r"```json\n(.*?)```", page.read_text(encoding="utf-8"), re.S):
        if '"decision_id"' in block:
            decision = json.loads(block)
            yield KINDS[decision["decision_id"].partition("/")[0]], decision


EXAMPLES = [(page.name, *told) for page in PAGES for told in decisions_in(page)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = [page.parent / link for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", text)]
    named = [ROOT / name for name in re.findall(rf"`((?:{'|'.join(ROOMS)})/[\w/.-]+\.\w+)[`:]", text)]
    assert [str(path) for path in links + named if not path.exists() and ".jsonl" not in path.name] == []


def test_the_page_of_features_says_what_the_registry_says() -> None:
    told = (ROOT / "docs/features.md").read_text(encoding="utf-8")
    assert told == as_markdown(), "make it anew: python -m streams.pages.features_page > docs/features.md"
    assert [name for name in NAMES if told.count(f"| `{name}` |") != 1] == []


def test_every_indicator_is_told() -> None:
    section = (ROOT / "docs/deciding.md").read_text(encoding="utf-8").split("\n## ")[9]
    told = re.findall(r"^\| ([A-Z-]+) ?↓? \|", section, re.M)
    assert [code for code in INDICATORS if told.count(code) != 1] == []


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "docs/design.md"], ids=lambda page: page.name)
def test_every_topic_is_told(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [name for name in topics.OWN_NAMES if f"`{name}`" not in text] == []


@pytest.mark.parametrize(("page", "topic", "example"), EXAMPLES, ids=lambda value: value if isinstance(value, str) else "")
def test_an_example_of_a_decision_is_whole(page: str, topic: str, example: dict[str, Any]) -> None:
    schema = schemas()[f"{topic}.schema.json"]
    assert [error.message for error in Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(example)] == []
    assert set(example) == set(schema["properties"])


def test_the_examples_from_a_replay_are_what_it_says_today(tmp_path: Path) -> None:
    """As docs/contracts.md tells to make them; last digits may differ between two machines' libraries of mathematics."""
    cards = tmp_path / "cards.jsonl"
    with opened(ROOT / "examples/cards_tw_15000.jsonl.gz") as whole:
        cards.write_bytes(b"".join(islice(whole, 3000)))
    replay_events([cards], tmp_path / "out", shipped(), 1, lambda *_: None)
    lines = [line for topic in KINDS.values() for line in (tmp_path / "out" / f"{topic}.jsonl").read_text().splitlines()]
    decided = {decision["decision_id"]: decision for decision in map(json.loads, lines)}
    told = [example for _, topic, example in EXAMPLES if topic != topics.MODEL_WARNINGS]
    assert [rounded(example) for example in told] == [rounded(decided.get(example["decision_id"])) for example in told]
    assert len(told) == 3


def rounded(said: Any) -> Any:
    if isinstance(said, dict):
        return {name: rounded(value) for name, value in said.items()}
    if isinstance(said, list):
        return [rounded(value) for value in said]
    return float(f"{said:.9g}") if isinstance(said, float) else said


def test_there_are_examples_of_all_kinds() -> None:
    assert {topic for _, topic, _ in EXAMPLES} == set(KINDS.values())
