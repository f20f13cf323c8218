"""`tierwatch doctor`: what is wrong with this set-up."""

import logging
from pathlib import Path
from typing import Final

import click

from streams.auditing.doctor import examine
from streams.commands.errors import user_errors
from streams.commands.options import settings_option

EXIT_WRONG: Final = 1


@click.command()
@settings_option
@user_errors
def doctor(settings_file: Path | None) -> None:
    """Look at settings, policy, brokers, topics, Redis and ports; exit code 1 if something is wrong."""
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())  # what it would say is told as a finding
    wrong = 0
    for finding in examine(settings_file):
        wrong += finding.wrong
        mark = click.style("wrong", fg="red") if finding.wrong else click.style("   ok", fg="green")
        click.echo(f"{mark}  {finding.part}: {finding.told}")
        if finding.wrong:
            click.echo(f"       fix: {finding.fix}")
    if wrong:
        click.echo(f"{wrong} {'thing is' if wrong == 1 else 'things are'} wrong")
        raise SystemExit(EXIT_WRONG)
