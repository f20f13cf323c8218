"""`tierwatch topics`: create what is missing, check what is there."""

from pathlib import Path
from typing import Final

import click

from streams.brokers import topics as topics_of
from streams.commands.errors import user_errors
from streams.commands.options import loaded, settings_option
from streams.worker import changelogs

EXIT_WRONG: Final = 1


@click.group()
def topics() -> None:
    """Create and check the topics of Kafka."""


@topics.command()
@click.option("--no-sources", is_flag=True, help="Leave the bank's topics to the bank.")
@settings_option
@user_errors
def create(no_sources: bool, settings_file: Path | None) -> None:
    """Create the topics that are missing; those that are there stay as they are."""
    settings = loaded(settings_file)
    made = topics_of.ensure(settings, changelogs(settings), sources=not no_sources)
    for name in made:
        click.echo(f"created {name}")
    wanted = topics_of.wanted(settings, changelogs(settings), sources=not no_sources)
    click.echo(f"{len(made)} created, {len(wanted) - len(made)} were there")


@topics.command()
@click.option("--no-sources", is_flag=True, help="Leave the bank's topics out.")
@settings_option
@user_errors
def check(no_sources: bool, settings_file: Path | None) -> None:
    """Tell what is wrong with the topics; exit code 1 if anything is."""
    settings = loaded(settings_file)
    wrong = topics_of.check(settings, changelogs(settings), sources=not no_sources)
    for difference in wrong:
        click.echo(f"{difference.topic} {difference.what}: {difference.fix}")
    if wrong:
        raise SystemExit(EXIT_WRONG)
    click.echo(f"{len(topics_of.wanted(settings, changelogs(settings), sources=not no_sources))} topics are as they should be")
