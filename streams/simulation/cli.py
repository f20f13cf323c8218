"""`tierwatch simulate`: a core bank under load, into Kafka or a file."""

import gc
import gzip
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import IO, Final, get_args

import click
import msgspec
from confluent_kafka import Producer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from streams import settings as settings_of
from streams.brokers.kafka import producer_config
from streams.brokers.publishing import END_OF_DAY, publish, target
from streams.commands.errors import user_errors
from streams.simulation.bank import Event
from streams.simulation.economy import Path as EconomyPath
from streams.simulation.stream import START, Scenario, Simulation

LINES: Final = 2_000
"""Lines written at a time."""


@click.command()
@click.option(
    "--clients", type=click.IntRange(1, 9_999_999), default=1_000, show_default=True, help="How many clients."
)
@click.option(
    "--months", type=click.IntRange(1, 240), default=12, show_default=True, help="How many months of the bank."
)
@click.option(
    "--rate", type=click.FloatRange(min=0), default=0.0, help="Events per second; 0: as fast as they are taken."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same events.")
@click.option(
    "--start", type=click.DateTime(["%Y-%m-%d"]), default=START.isoformat(), show_default=True, help="First day."
)
@click.option("--economy", type=click.Choice(get_args(EconomyPath)), default="cycle", show_default=True)
@click.option("--end-of-day", is_flag=True, help="Add the bank's end-of-day records.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write .jsonl or .jsonl.gz instead of Kafka."
)
@click.option("--truth", type=click.Path(dir_okay=False, path_type=Path), help="Write what is hidden, .jsonl.")
@click.option("--settings", "settings_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@user_errors
def simulate(
    clients: int,
    months: int,
    rate: float,
    seed: int,
    start: datetime,
    economy: EconomyPath,
    end_of_day: bool,
    out: Path | None,
    truth: Path | None,
    settings_file: Path | None,
) -> None:
    """Simulate a bank: clients with a hidden credit quality that drives all streams, defaults known."""
    run = Simulation(Scenario(clients, months, seed, start.date(), economy, end_of_day))
    began = perf_counter()
    gc.disable()  # the run makes millions of small dicts and no cycles that it lets go of: a third faster without
    try:
        if out:
            with advance(months) as on_day:
                write(out, on_day(run))
        else:
            to_kafka(run, rate, settings_file, months)
        if truth:
            write(truth, run.truth())
    finally:
        gc.enable()
    show(run, seed, perf_counter() - began)


def to_kafka(run: Simulation, rate: float, settings_file: Path | None, months: int) -> None:
    """Publish a run to the source topics of the settings."""
    settings = settings_of.load(settings_file)
    names = {name: settings.topic_names.real(name) for name in settings.sources}
    wanted = {*names, END_OF_DAY}
    to = target(Producer({**producer_config(settings), "log_level": 0}), names)
    with advance(months) as on_day:
        read = (event for event in on_day(run) if event.get("topic", END_OF_DAY) in wanted)
        publish(read, to, rate)


@contextmanager
def advance(months: int) -> Iterator[Callable[[Simulation], Iterator[Event]]]:
    """A progress bar over the months of a run; the events pass through."""
    bar = Progress(
        TextColumn("simulating"), BarColumn(), MofNCompleteColumn(), TextColumn("months · {task.fields[events]:,} events"),
        TimeElapsedColumn(), console=Console(stderr=True),
    )  # fmt: skip
    with bar:
        task = bar.add_task("months", total=months, events=0)

        def events(run: Simulation) -> Iterator[Event]:
            number = 0
            for number, event in enumerate(run.events(), 1):
                if number % LINES == 0:
                    bar.update(task, completed=run.months_done, events=number)
                yield event
            bar.update(task, completed=months, events=number)

        yield events


def write(path: Path, events: Iterable[Event]) -> None:
    """One JSON object a line; a `.gz` holds no time and no name, so the same run gives the same bytes."""
    encode = msgspec.json.Encoder().encode
    with path.open("wb") as file, _packed(file, path) as packed:
        lines: list[bytes] = []
        for event in events:
            lines.append(encode(event))
            if len(lines) == LINES:
                packed.write(b"\n".join(lines) + b"\n")
                lines.clear()
        if lines:
            packed.write(b"\n".join(lines) + b"\n")


@contextmanager
def _packed(file: IO[bytes], path: Path) -> Iterator[IO[bytes] | gzip.GzipFile]:
    if path.suffix != ".gz":
        yield file
        return
    with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0) as packed:
        yield packed


def show(run: Simulation, seed: int, seconds: float) -> None:
    """The seed and what came of it."""
    summary = run.summary()
    table = Table(title=f"seed {seed} · {summary.clients:,} clients", title_justify="left")
    table.add_column("topic")
    table.add_column("events", justify="right")
    for topic, count in summary.events.items():
        table.add_row(topic, f"{count:,}")
    total = sum(summary.events.values())
    table.add_section()
    table.add_row("all", f"{total:,}")
    console = Console()
    console.print(table)
    rate = f"{summary.default_rate:.2%} of clients a year"
    console.print(f"{summary.defaults:,} defaults, {rate}; {seconds:.1f} s, {total / max(seconds, 1e-9):,.0f} events/s")
