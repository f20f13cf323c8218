"""The streaming early-warning benchmark, ours and the baselines side by side: `make benchmark-ews`. Protocol: README.md."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from benchmarks.ews import entrants
from benchmarks.ews.cases import Case, Stream, replayed
from benchmarks.ews.figures import figures
from benchmarks.ews.protocol import Ran, outcomes, run
from schemas.policy import read_policy

ROOT: Final = Path(__file__).resolve().parent.parent.parent
EXAMPLES: Final = ROOT / "examples"
YEARS: Final = range(2003, 2013)
HELD_OUT: Final = range(2010, 2013)
"""Told apart as well: rates and windows of our learning were chosen by the figures of the fiscal years before."""
TRAINED_ON: Final = 10_000
"""Clients of the cards that the batch reference learns from; the rest is judged."""
MONTHS: Final = 6
OURS: Final = "tierwatch, as scored in the replay"
COLUMNS: Final = ("roc_auc", "pr_auc", "recall_at_5_percent", "ks", "brier", "mean_score", "observed_rate", "seconds")

ALL: Final = "American bankruptcy panel: statements of fiscal years 2003-2012"
LAST: Final = "Of them fiscal years 2010-2012; rates and windows of ours were chosen by the years before"
SIXTH: Final = "Taiwan cards: the last 5,000 clients at their sixth month"

Table = dict[str, dict[str, Any]]
_streams: dict[str, Stream] = {}


def main(arguments: Sequence[str]) -> None:
    """Both data sets, or one of them."""
    asked = ArgumentParser(prog="benchmarks.ews.run", description=__doc__)
    asked.add_argument("--out", type=Path, default=ROOT / "var" / "ews", help="folder for replays, results.json and results.md")
    asked.add_argument("--quick", action="store_true", help="without the forests and the cards: about three minutes")
    asked.add_argument("--only", choices=("statements", "cards"), help="one data set")
    told = asked.parse_args(arguments)
    told.out.mkdir(parents=True, exist_ok=True)
    started = perf_counter()
    results: dict[str, Table] = {}
    if told.only != "cards":
        results["statements"] = statements(told.out, told.quick)
        print(table(ALL, results["statements"]), table(LAST, held_out(results["statements"])), sep="\n", flush=True)
    if told.only != "statements" and not (told.quick and told.only is None):
        results["cards"] = cards(told.out, told.quick)
        print(table(SIXTH, results["cards"]), flush=True)
    write(told.out, results)
    print(f"{perf_counter() - started:.0f} s; written to {told.out}: results.json, results.md")


def statements(out: Path, quick: bool) -> Table:
    """The American panel."""
    stream = made("statements", "statements_us_1999_2012.jsonl.gz", out)
    judged = [case for case in stream.cases if case.fiscal_year in YEARS]
    found = {name: make for name, make in entrants.STATEMENTS.items() if not (quick and make is entrants.forest)}
    return compared(stream, judged, found)


def cards(out: Path, quick: bool) -> Table:
    """The Taiwanese cards, with a LightGBM trained on the first 10,000 clients beside."""
    stream = made("cards", "cards_tw_15000.jsonl.gz", out)
    sixth = [case for case in stream.cases if case.months == MONTHS]
    judged = [case for case in sixth if stream.clients[case.client_id] >= TRAINED_ON]
    found = {name: make for name, make in entrants.CARDS.items() if not (quick and make is entrants.forest)}
    table = compared(stream, judged, found)
    first = [case for case in sixth if stream.clients[case.client_id] < TRAINED_ON]
    started = perf_counter()
    booster = entrants.boosted([case.x for case in first], outcomes(stream, first))
    told = figures(entrants.scored(booster, [case.x for case in judged]), outcomes(stream, judged))
    table["LightGBM, trained on the first 10,000 clients"] = {**told, "seconds": perf_counter() - started}
    return table


def made(name: str, file: str, out: Path) -> Stream:
    """The stream of a file, kept for the processes that are forked from this one."""
    policy = read_policy((ROOT / "schemas" / "policy.yaml").read_bytes())
    print(f"replaying {file}", flush=True)
    _streams[name] = replayed(name, EXAMPLES / file, out / name, policy)
    return _streams[name]


def compared(stream: Stream, judged: Sequence[Case], found: Mapping[str, Any]) -> Table:
    """Everybody's figures on the judged cases, ours first."""
    table = {OURS: said(stream, judged, [truth.pd for truth in stream.truths])}
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        for name, ran in zip(found, pool.map(partial(_ran, stream.name), found.values()), strict=True):
            table[name] = {**said(stream, judged, ran.scores), "seconds": ran.seconds, "learned": ran.learned}
            print(f"  {name}: {ran.seconds:.0f} s", flush=True)
    return table


def said(stream: Stream, judged: Sequence[Case], scores: Sequence[float]) -> dict[str, Any]:
    """The figures of all judged cases, and by fiscal year."""
    years = sorted({case.fiscal_year for case in judged})
    whole = _figures(stream, judged, scores)
    if len(years) > 1:
        by_year = {year: [case for case in judged if case.fiscal_year == year] for year in years}
        last = [case for case in judged if case.fiscal_year in HELD_OUT]
        whole["held_out"] = _figures(stream, last, scores)
        whole["by_fiscal_year"] = {str(year): _figures(stream, cases, scores) for year, cases in by_year.items()}
    return whole


def held_out(rows: Table) -> Table:
    """The same of the last years alone."""
    return {name: told["held_out"] for name, told in rows.items()}


def table(title: str, rows: Table) -> str:
    """As Markdown."""
    lines = [f"### {title}", "", "| | " + " | ".join(COLUMNS).replace("_", " ") + " |", "| --- " * (len(COLUMNS) + 1) + "|"]
    for name, told in rows.items():
        cells = [_cell(column, told) for column in COLUMNS]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    some = next(iter(rows.values()))
    return "\n".join([*lines, "", f"{some['examples']:,} cases, {some['defaults']:,} defaults.", ""])


def write(out: Path, results: dict[str, Table]) -> None:
    """results.json and results.md."""
    (out / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    told = [table(ALL, results["statements"]), table(LAST, held_out(results["statements"]))] if "statements" in results else []
    told += [table(SIXTH, results["cards"])] if "cards" in results else []
    (out / "results.md").write_text("\n".join(told))


def _figures(stream: Stream, cases: Sequence[Case], scores: Sequence[float]) -> dict[str, Any]:
    groups = [case.fiscal_year for case in cases]
    return figures([scores[case.number] for case in cases], outcomes(stream, cases), groups)


def _ran(name: str, make: Any) -> Ran:
    return run(make, _streams[name])


def _cell(column: str, told: Mapping[str, Any]) -> str:
    value = told.get(column)
    if value is None or (column in {"mean_score"} and "brier" not in told):
        return "-"
    return f"{value:.0f}" if column == "seconds" else f"{value:.4f}"


if __name__ == "__main__":
    main(sys.argv[1:])
