"""Options that several commands have."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from streams import settings as settings_of
from streams.settings import Settings

FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)

settings_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--settings", "settings_file", type=FILE, help="YAML file with settings; TIERWATCH_… in the environment wins."
)


def loaded(settings_file: Path | None, policy_file: Path | None = None) -> Settings:
    """The settings of this process. Raises: SettingsError."""
    given = {"policy_file": policy_file} if policy_file is not None else {}
    return settings_of.load(settings_file, **given)
