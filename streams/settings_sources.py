"""Where settings are read from, and how a wrong one is told: source, field, value (secrets hidden) and what to do."""

import difflib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

PREFIX: Final = "TIERWATCH_"
FILE_VARIABLE: Final = "TIERWATCH_SETTINGS"
FILE_FIELD: Final = "settings_file"
HIDDEN: Final = "(hidden)"

Fields = Mapping[str, FieldInfo]


class SettingsError(ValueError):
    """Settings are wrong; one line for each."""


def listed(given: Any) -> Any:
    """`a, b` from the environment is a list."""
    return [part.strip() for part in given.split(",") if part.strip()] if isinstance(given, str) else given


def paired(given: Any) -> Any:
    """`a=x, b=y` from the environment is a mapping."""
    if not isinstance(given, str):
        return given
    pairs = [[side.strip() for side in pair.partition("=")] for pair in listed(given)]
    if not all(name and equals and value for name, equals, value in pairs):
        raise ValueError("not of the form name=value,name=value")
    return {name: value for name, _, value in pairs}


def none_if_empty(given: Any) -> Any:
    """An empty variable of the environment unsets what the file sets."""
    return None if given == "" else given


def all_known(given: tuple[str, ...], known: Iterable[str]) -> tuple[str, ...]:
    """Raises: `ValueError` that names those which are not."""
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is none of {', '.join(known)}")
    return given


def variable(name: str) -> str:
    """The variable of the environment that sets a field."""
    return FILE_VARIABLE if name == FILE_FIELD else PREFIX + name.upper()


def example(field: FieldInfo) -> str:
    """What one could write there."""
    return str((field.examples or [""])[0])


def file_named(arguments: Mapping[str, Any]) -> Path | None:
    """The YAML file that the arguments, else the environment name."""
    named = arguments.get(FILE_VARIABLE) or os.environ.get(FILE_VARIABLE)
    return Path(named) if named else None


def file_values(path: Path | None, fields: Fields) -> dict[str, Any]:
    """What the YAML file says. Raises: `SettingsError` if it is no mapping of settings that exist."""
    if path is None:
        return {}
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"{path}: cannot be read as YAML: {error}") from None
    if not isinstance(values, dict):
        raise SettingsError(f"{path}: is no mapping; write lines like `brokers: kafka-1:9092`")
    known = [name for name in fields if name != FILE_FIELD]
    _refuse([str(name) for name in values], known, str(path))
    return values


def refuse_unknown_variables(fields: Fields) -> None:
    """Raises: `SettingsError` for a variable that begins like ours and sets nothing: a slip of the pen."""
    ours = [name.upper() for name in os.environ if name.upper().startswith(PREFIX)]
    _refuse(ours, [variable(name) for name in fields], "environment")


def explained(error: ValidationError, fields: Fields, arguments: Mapping[str, Any]) -> str:
    """What is wrong, one line for each setting."""
    lines = []
    for wrong in error.errors():
        name, message = str((*wrong["loc"], "")[0]), wrong["msg"].removeprefix("Value error, ")
        name = FILE_FIELD if name == FILE_VARIABLE else name
        lines.append(_explained(name, message, fields, arguments) if name in fields else f"settings: {name} {message}")
    return "\n".join(lines)


def _explained(name: str, message: str, fields: Fields, arguments: Mapping[str, Any]) -> str:
    source, value = _found(name, fields, arguments)
    shown = HIDDEN if fields[name].annotation is SecretStr else repr(value)
    return f"{source}: {name} = {shown}: {message}; for example {example(fields[name])}"


def _found(name: str, fields: Fields, arguments: Mapping[str, Any]) -> tuple[str, object]:
    """Where a setting comes from, and what stands there."""
    if name in arguments:
        return "argument", arguments[name]
    for given, value in os.environ.items():
        if given.upper() == variable(name):
            return given, value
    path = file_named(arguments)
    return str(path), file_values(path, fields).get(name)


def _refuse(given: Iterable[str], known: list[str], source: str) -> None:
    unknown = sorted(name for name in given if name not in known)
    if unknown:
        raise SettingsError("\n".join(f"{source}: {name}: there is no such setting; {_meant(name, known)}" for name in unknown))


def _meant(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else "docs/settings.md lists them all"
