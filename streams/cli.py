"""The command line: `tierwatch COMMAND`."""

from importlib import import_module
from typing import Final

import click

COMMANDS: Final = {
    "worker": "streams.commands.worker:worker_command",
    "demo": "streams.commands.demo:demo_command",
    "replay": "streams.commands.replay:replay_command",
    "verify": "streams.commands.verify:verify",
    "explain": "streams.commands.explain:explain_command",
    "simulate": "streams.simulation.cli:simulate",
    "policy": "streams.commands.policy:policy",
    "topics": "streams.commands.topics:topics",
    "views": "streams.commands.views:views",
    "log": "streams.commands.log:log",
    "redrive": "streams.commands.redrive:redrive",
    "doctor": "streams.commands.doctor:doctor",
    "schemas": "streams.commands.schemas:schemas",
}
"""Where each command is; it is imported when it is asked for."""


class Commands(click.Group):
    """Imports a command only when it runs: `replay` needs no Kafka client and starts at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them, in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """None for a name that is not ours."""
        where = COMMANDS.get(cmd_name)
        if where is None:
            return None
        module, name = where.split(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.command(cls=Commands)
@click.version_option(package_name="tierwatch")
def main() -> None:
    """tierwatch re-segments a bank's clients as things happen: tiers, risk grades, early warnings."""


if __name__ == "__main__":
    main()
