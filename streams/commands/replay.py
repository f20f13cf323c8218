"""`tierwatch replay`: the same agents over files, without a broker."""

from pathlib import Path
from time import perf_counter
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from streams import garbage
from streams.commands.errors import user_errors
from streams.commands.options import FILE
from streams.policies.files import load_policy
from streams.replaying.ledger_tables import difference_table, ledger_table
from streams.replaying.plots import EXTRA, available
from streams.replaying.replay import replay_events, replay_log
from streams.replaying.what_if import WHAT_IF, what_if
from streams.tables import alarms_table, by_the_end_table, console, contests_table, learning_table, matrix_table
from streams.user_errors import UserError


@click.command(name="replay")
@click.argument("files", nargs=-1, type=FILE)
@click.option("--log", "log_file", type=FILE, help="Replay a log (client-events.jsonl) bit for bit instead of event files.")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for what comes of it.")
@click.option("--policy", "policy_file", type=FILE, help="Decide by this policy (none: ours); with --log, until the log has one.")
@click.option("--against", type=FILE, help="What if: decide by this policy as well, and tell how --policy differs from it.")
@click.option("--partitions", type=click.IntRange(1, 1024), default=1, show_default=True, help="Partitions of the log.")
@click.option("--plots", type=click.Path(file_okay=False, path_type=Path), help="Folder for plots of the scores (PNG).")
@user_errors
def replay_command(
    files: tuple[Path, ...],
    log_file: Path | None,
    out: Path,
    policy_file: Path | None,
    against: Path | None,
    partitions: int,
    plots: Path | None,
) -> None:
    """Event FILES (.jsonl, .jsonl.gz; each line with its topic) through intake, log, segmenter and learner.

    Writes client-events, tier-changes, early-warnings, scores, models, model-warnings, dead-letters (.jsonl) and report.json.
    With --against, both policies decide the same events, into OUT/old and OUT/new; OUT/what-if.json tells how they differ.
    """
    if bool(files) == (log_file is not None):
        raise UserError("give event files, or --log with a log; not both, and not neither")
    if plots is not None:
        _can_plot(bool(files) and against is None)
    policy = load_policy(policy_file)
    garbage.collect_seldom()
    started = perf_counter()
    bar = Progress(SpinnerColumn(), TextColumn("{task.completed:,} events"), TimeElapsedColumn(), console=Console(stderr=True))
    with bar:
        task = bar.add_task("replaying", total=None)

        def progress(done: int) -> None:
            bar.update(task, completed=done)

        if against is not None:
            compared = _what_if(files, log_file, (load_policy(against), policy), out, partitions, progress)
        elif log_file is not None:
            report = _log(log_file, out, policy, progress)
        else:
            report = replay_events(files, out, policy, partitions, progress, plots)
    if against is not None:
        _show_difference(compared, out)
    else:
        _show(report, out, perf_counter() - started)
        if plots is not None:
            console().print(f"plots in {plots}: {', '.join(sorted(path.name for path in plots.glob('*.png')))}")


def _can_plot(learns: bool) -> None:
    if not learns:
        raise UserError("--plots: scores are judged where events are learned from; give event files, and no --log or --against")
    if not available():
        raise UserError(f"--plots needs matplotlib: pip install 'tierwatch[{EXTRA}]'")


def _what_if(*question: Any) -> dict[str, Any]:
    try:
        return what_if(*question)
    except ValueError as error:
        raise UserError(str(error)) from error


def _show_difference(compared: dict[str, Any], out: Path) -> None:
    out_console = console()
    out_console.print(f"old: policy {compared['policies']['old']}; new: policy {compared['policies']['new']}")
    for portfolio, told in compared["portfolios"].items():
        out_console.print(difference_table(portfolio, told))
    out_console.print(f"written to {out}: old, new, {WHAT_IF}")


def _log(path: Path, out: Path, policy: Any, progress: Any) -> dict[str, Any]:
    try:
        return replay_log(path, out, policy, progress)
    except ValueError as error:
        raise UserError(str(error)) from error


def _show(report: dict[str, Any], out: Path, seconds: float) -> None:
    out_console = console()
    counts = report["counts"]
    for name, count in counts.items():
        out_console.print(f"{name:>28} {count:>10,}")
    for portfolio, cells in report["portfolios"].items():
        out_console.print(matrix_table(portfolio, cells))
    if report["ledger"]:
        out_console.print(ledger_table(report["ledger"]))
    if report["learning"]:
        out_console.print(learning_table(report["learning"]))
        for portfolio, told in report["learning"].items():
            out_console.print(by_the_end_table(portfolio, told["by_the_end"]))
        out_console.print(alarms_table(report["learning"]))
        out_console.print(contests_table(report["learning"]))
    for name, missing in report["occurred"]["never"].items():
        out_console.print(f"{name.replace('_', ' ')} that never occurred: {', '.join(missing)}")
    events = counts.get("events", 0)
    if events:
        out_console.print(f"{events:,} events in {seconds:.1f} s: {events / seconds:,.0f} a second")
    out_console.print(f"written to {out}: {', '.join(sorted(path.name for path in out.iterdir()))}")
    if counts.get("dead-letters"):
        out_console.print(f"[yellow]{counts['dead-letters']:,} dead letters: see {out / 'dead-letters.jsonl'}[/yellow]")
