"""`tierwatch log`: export the log of Kafka."""

from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from streams.auditing.exporting import export_log
from streams.commands.errors import user_errors
from streams.commands.options import loaded, settings_option


@click.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to write, .jsonl or .jsonl.gz.")
@settings_option
@user_errors
def log(out: Path, settings_file: Path | None) -> None:
    """Export the log, client-events, for `tierwatch replay --log FILE`: the decisions come out byte for byte the same."""
    settings = loaded(settings_file)
    columns = (TextColumn("exporting: {task.completed:,.0f} records"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("records", total=None)
        exported = export_log(settings, out, lambda more: bar.advance(task, more))
    click.echo(f"{out}: {exported.records:,} records")
    if exported.left_out:
        click.echo(f"{exported.left_out:,} records are no JSON and were left out; they decide nothing", err=True)
