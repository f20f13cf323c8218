"""`tierwatch views`: the view of the decisions in Redis."""

import asyncio
from pathlib import Path

import click

from streams import logs
from streams.commands.errors import user_errors
from streams.commands.options import loaded, settings_option
from streams.hosting import SinkUnavailable
from streams.user_errors import UserError
from streams.views.redis_view import rebuild as rebuild_view


@click.group()
def views() -> None:
    """The view of the decisions in Redis."""


@views.command()
@settings_option
@user_errors
def rebuild(settings_file: Path | None) -> None:
    """Delete the view and make it anew from the decision topics; workers may go on meanwhile."""
    settings = loaded(settings_file)
    logs.configure(settings)
    if not settings.redis_url.get_secret_value():
        raise UserError("no Redis is set; set TIERWATCH_REDIS_URL, e.g. redis://127.0.0.1:6379/0")
    try:
        done = asyncio.run(rebuild_view(settings))
    except SinkUnavailable as unavailable:
        raise UserError(str(unavailable)) from unavailable
    click.echo(f"{done.deleted_keys} keys deleted, {done.records} decisions projected")
