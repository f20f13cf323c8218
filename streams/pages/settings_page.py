"""The settings as documentation: `python -m streams.pages.settings_page > docs/settings.md`."""

import sys
from datetime import time
from typing import NamedTuple

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from streams.settings import Settings
from streams.settings_sources import FILE_VARIABLE, example, variable

HEAD = f"""# Settings

Made by `python -m streams.pages.settings_page`; do not edit. Each setting is a variable of the environment or, by its name, a
line of the YAML file that `{FILE_VARIABLE}` or `--settings` names. The environment wins over the file.

| setting | variable | default | what it is | for example |
| --- | --- | --- | --- | --- |
"""


class SettingRow(NamedTuple):
    """One setting."""

    name: str
    variable: str
    default: str
    text: str
    example: str


def describe() -> list[SettingRow]:
    """Every setting, in reading order."""
    return [
        SettingRow(name, variable(name), _shown_default(field), field.description or "", example(field))
        for name, field in Settings.model_fields.items()
    ]


def as_markdown() -> str:
    """The whole page."""
    return HEAD + "".join(_line(row) for row in describe())


def _line(row: SettingRow) -> str:
    default = f"`{row.default}`" if row.default else "-"
    return f"| `{row.name}` | `{row.variable}` | {default} | {row.text} | `{row.example}` |\n"


def _shown_default(field: FieldInfo) -> str:
    match field.default:
        case time() as at:
            return at.strftime("%H:%M")
        case tuple() as several:
            return ",".join(str(part) for part in several)
        case bool() as yes:
            return str(yes).lower()
        case None | SecretStr() | {}:
            return ""
        case single:
            return str(single)


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
