"""`tierwatch demo`: the main job on the example data."""

from pathlib import Path

import click

from streams.brokers.child import ChildFailed
from streams.commands.errors import user_errors
from streams.commands.options import FILE
from streams.demo.running import run
from streams.tables import console
from streams.user_errors import UserError

EXAMPLES = ("statements_us_1999_2012.jsonl.gz", "cards_tw_15000.jsonl.gz")


@click.command(name="demo")
@click.argument("files", nargs=-1, type=FILE)
@click.option("--stay", is_flag=True, help="Keep broker and workers running until Ctrl-C.")
@user_errors
def demo_command(files: tuple[Path, ...], stay: bool) -> None:
    """Embedded broker, workers, and real events at speed; FILES instead of those in examples/.

    With TIERWATCH_BROKERS set, on that Kafka, under topic names of its own.
    """
    paths = list(files) or [Path("examples") / name for name in EXAMPLES]
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise UserError(f"{missing[0]} is not there; run the demo in the folder of the repository, or name event files")
    try:
        run(paths, stay, console())
    except ChildFailed as error:
        raise UserError(str(error)) from error
