"""`tierwatch redrive`: dead letters back to their source topics."""

from datetime import datetime
from pathlib import Path

import click

from agents.dead_letters import CAUSES
from schemas import topics
from streams.auditing.redriving import Choice, in_words
from streams.auditing.redriving import redrive as send_back
from streams.commands.errors import user_errors
from streams.commands.options import loaded, settings_option
from streams.user_errors import UserError


@click.command()
@click.option("--cause", type=click.Choice(CAUSES), help="Only those that died of it.")
@click.option("--topic", type=click.Choice([*topics.SOURCE_NAMES, topics.CLIENT_EVENTS]), help="Only those of a topic.")
@click.option("--since", metavar="TIME", help="Only those that died at or after it: 2026-01-31, 2026-01-31T08:00:00+01:00.")
@click.option("--dry-run", is_flag=True, help="Say how many, and send nothing.")
@settings_option
@user_errors
def redrive(cause: str | None, topic: str | None, since: str | None, dry_run: bool, settings_file: Path | None) -> None:
    """Send dead letters back to the topics they came from, each once, with the bank's own key, value and headers."""
    choice = Choice(cause, topic, _time(since))
    for line in in_words(send_back(loaded(settings_file), choice, dry_run), dry_run):
        click.echo(line)


def _time(text: str | None) -> datetime | None:
    """A time; without an offset it is the machine's own. Raises: UserError."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise UserError(f"--since = {text!r}: is no time; write 2026-01-31 or 2026-01-31T08:00:00+01:00") from None
