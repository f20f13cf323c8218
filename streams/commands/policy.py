"""`tierwatch policy`: check a policy file, publish it into the log."""

from pathlib import Path

import click

from streams.commands.errors import user_errors
from streams.commands.options import FILE, loaded, settings_option
from streams.policy_files import load_policy
from streams.policy_publishing import publish_policy


@click.group()
def policy() -> None:
    """The policy: every threshold and weight of a decision, one YAML file."""


@policy.command()
@click.argument("file", type=FILE)
@user_errors
def check(file: Path) -> None:
    """Tell what is wrong with FILE: every error with its place, value and what is allowed."""
    read = load_policy(file)
    click.echo(f"{file} is a policy: version {read.version}, portfolios {', '.join(sorted(read.portfolios))}")


@policy.command()
@click.argument("file", type=FILE)
@settings_option
@user_errors
def publish(file: Path, settings_file: Path | None) -> None:
    """Write FILE into every partition of the log: it decides from its place there on, without a restart."""
    settings = loaded(settings_file)
    read = load_policy(file)
    partitions = publish_policy(settings, read)
    click.echo(f"policy {read.version} is in force from here on in {partitions} partitions of the log")
