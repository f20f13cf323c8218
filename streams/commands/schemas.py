"""`tierwatch schemas`: the contracts as JSON Schema and AsyncAPI."""

from pathlib import Path

import click

from streams.commands.errors import user_errors
from streams.commands.options import loaded, settings_option
from streams.pages.contracts import ASYNCAPI_FILE, files


@click.command()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for all; none: AsyncAPI to stdout.")
@settings_option
@user_errors
def schemas(out: Path | None, settings_file: Path | None) -> None:
    """Write the contracts: an AsyncAPI 3.0 document with the topics' real names, and a JSON Schema of every message."""
    texts = files(loaded(settings_file).topic_names)
    if out is None:
        click.echo(texts[ASYNCAPI_FILE], nl=False)
        return
    out.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (out / name).write_text(text, encoding="utf-8")
    click.echo(f"{out}: {len(texts)} files")
