"""`tierwatch policy`: check a policy file, compare two, publish one into the log."""

import json
from pathlib import Path

import click

from streams.commands.errors import user_errors
from streams.commands.options import FILE, loaded, settings_option
from streams.policies.diff import Difference, resolved, written
from streams.policies.files import load_policy
from streams.policies.publishing import publish_policy


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
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="For machines: one JSON object.")
@user_errors
def diff(old: Path, new: Path, as_json: bool) -> None:
    """Compare two policies: what was written differently, and what decides differently in each portfolio.

    Exit status 0 if they are the same, 1 if they differ, 2 if a file is wrong.
    """
    was, now = load_policy(old), load_policy(new)
    lines, decides = written(was, now), resolved(was, now)
    if as_json:
        by_portfolio = {name: [one._asdict() for one in differences] for name, differences in decides.items()}
        told = {"old": was.version, "new": now.version, "written": [one._asdict() for one in lines], "resolved": by_portfolio}
        click.echo(json.dumps(told))
    else:
        _show(was.version, now.version, lines, decides)
    if lines:
        raise SystemExit(1)


def _show(old: str, new: str, lines: list[Difference], decides: dict[str, list[Difference]]) -> None:
    click.echo(f"{old} -> {new}" + ("" if lines else ": the same rules"))
    for line in lines:
        click.echo(f"  {line}")
    for name, differences in decides.items():
        click.echo(f"decides differently in {name}:")
        for one in differences:
            click.echo(f"  {one}")


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
