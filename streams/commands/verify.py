"""`tierwatch verify`: derive every decision anew and compare with what stands."""

from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from streams.auditing.audit import Verdict
from streams.auditing.audit import verify as audit
from streams.commands.errors import user_errors
from streams.commands.options import FILE, loaded, settings_option
from streams.policies.files import load_policy

EXIT_DOES_NOT_HOLD: Final = 1


@click.command()
@click.option(
    "--wait", "wait_seconds", type=click.FloatRange(min=0), default=0.0, metavar="SECONDS",
    help="Wait up to so long until the worker has decided all of the log.",
)  # fmt: skip
@click.option("--policy", "policy_file", type=FILE, help="Policy that decided before the log's first one.")
@settings_option
@user_errors
def verify(wait_seconds: float, policy_file: Path | None, settings_file: Path | None) -> None:
    """Derive every decision anew from the log and compare, byte for byte, with the decision topics.

    Exit code 0: nothing is missing, different or extra; 1: something is; 2: it could not be told.
    """
    settings = loaded(settings_file, policy_file)
    policy = load_policy(settings)
    columns = (TextColumn("deriving: {task.completed:,.0f} records"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("records", total=None)
        verdict = audit(settings, policy, wait_seconds, lambda more: bar.advance(task, more))
    show(verdict)
    raise SystemExit(0 if verdict.holds else EXIT_DOES_NOT_HOLD)


def show(verdict: Verdict) -> None:
    """The verdict as a table, and the first ids of each finding."""
    console = Console()
    table = Table(title="every decision, derived anew", title_justify="left")
    table.add_column("")
    table.add_column("decisions", justify="right")
    table.add_column("")
    for name, count, words in _rows(verdict):
        table.add_row(name, f"{count:,}", words)
    console.print(table)
    for finding, ids in verdict.examples.items():
        more = " …" if getattr(verdict, finding) > len(ids) else ""
        console.print(f"{finding}: {', '.join(ids)}{more}", markup=False, highlight=False)
    gaps = f", {verdict.gaps:,} offsets without a record" if verdict.gaps else ""
    console.print(f"{verdict.records:,} records of the log{gaps}: {'verified' if verdict.holds else 'DOES NOT HOLD'}")


def _rows(verdict: Verdict) -> list[tuple[str, int, str]]:
    rows = [
        ("expected", verdict.expected, "follow from the log"),
        ("found", verdict.found, "stand in the decision topics"),
        ("missing", verdict.missing, "follow and do not stand"),
        ("different", verdict.different, "stand with other bytes"),
        ("extra", verdict.extra, "stand and do not follow"),
        ("repeated", verdict.repeated, "stand again with the same bytes: readers drop them by ce_id"),
    ]
    return [*rows, ("later", verdict.later, "of records that came meanwhile, not judged")] if verdict.later else rows
