"""The benchmark's protocol: cases as the running system met them, labels never before their day."""

import gzip
import json
from datetime import date
from itertools import islice
from pathlib import Path

import pytest

from benchmarks.ews.cases import Case, Stream, replayed
from benchmarks.ews.check import from_files
from benchmarks.ews.entrants import Altman, adaptive_tree, plain_regression
from benchmarks.ews.figures import figures
from benchmarks.ews.protocol import run
from tests.builders import SHIPPED, policy

EXAMPLES = SHIPPED.parent.parent / "examples"
POLICY = policy(learning={"warm_up": 100, "publish_every": 40})


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ews")


@pytest.fixture(scope="module")
def stream(out: Path) -> Stream:
    """Statements of three years of some companies, and the failures of some of them."""
    with gzip.open(EXAMPLES / "statements_us_1999_2012.jsonl.gz", "rb") as lines:
        some = [line for line in islice(lines, 15_000) if json.loads(line)["client_id"][-1] == "1"]
    path = out / "events.jsonl.gz"
    path.write_bytes(gzip.compress(b"".join(some)))
    return replayed("statements", path, out / "replay", POLICY)


class Watching:
    """Remembers what it was told, and when."""

    def __init__(self) -> None:
        self.day = date.min
        self.scored: set[int] = set()
        self.told: list[tuple[int, date]] = []

    def score(self, case: Case) -> float:
        assert case.as_of >= self.day
        self.day = case.as_of
        self.scored.add(case.number)
        return 0.5

    def learn(self, case: Case, y: bool) -> None:
        assert case.number in self.scored
        self.told.append((case.number, self.day))


def test_every_statement_is_a_case_with_its_event_and_our_features(stream: Stream, out: Path) -> None:
    published = gzip.decompress((out / "events.jsonl.gz").read_bytes()).splitlines()
    statements = [line for line in published if json.loads(line)["topic"] == "statements"]
    assert len(stream.cases) == len(statements)
    assert all(case.event is not None and case.event["client_id"] == case.client_id for case in stream.cases)
    assert all(case.fiscal_year == int(case.event["period_end"][:4]) for case in stream.cases if case.event)
    assert "equity_to_assets" in stream.cases[0].features


def test_each_label_is_told_once_and_never_before_its_day(stream: Stream) -> None:
    watching = Watching()
    run(lambda: watching, stream)
    assert watching.scored == set(range(len(stream.cases)))
    assert len({number for number, _ in watching.told}) == len(watching.told)
    assert len(watching.told) > 100
    for number, before in watching.told:
        labelled_on = stream.truths[number].labelled_on
        assert labelled_on is not None
        assert labelled_on >= stream.cases[number].as_of
        assert before >= stream.cases[number].as_of


def test_the_baselines_run_and_score_every_case(stream: Stream) -> None:
    for make in (Altman, adaptive_tree, plain_regression):
        assert len(run(make, stream).scores) == len(stream.cases)


def test_a_replays_own_figures_are_those_made_from_its_files(stream: Stream, out: Path) -> None:
    report = json.loads((out / "replay" / "report.json").read_text())
    told = report["learning"]["us-listed"]["by_the_end"]["statements"]["by_fiscal_year"]
    years = [int(year) for year, of in told.items() if of["defaults"]]
    assert years
    for year in years:
        theirs = from_files(out / "replay", out / "events.jsonl.gz", range(year, year + 1))
        mine = told[str(year)]
        assert (mine["examples"], mine["defaults"]) == (theirs["examples"], theirs["defaults"])
        assert mine["mean_pd"] == pytest.approx(theirs["mean_score"])
        assert mine["roc_auc"] == pytest.approx(theirs["roc_auc"], abs=0.005)


def test_figures_of_a_small_case_by_hand() -> None:
    said = figures([0.9, 0.8, 0.7, 0.1], [True, False, True, False])
    assert said["roc_auc"] == 0.75
    assert said["pr_auc"] == pytest.approx((1 + 2 / 3) / 2)
    assert said["observed_rate"] == 0.5
