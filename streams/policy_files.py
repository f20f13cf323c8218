"""The policy file: read here and nowhere else; every error names the file, the place in it, its value and what is allowed."""

import json
from collections.abc import Container, Iterator, Mapping, Sequence
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from types import UnionType
from typing import Any, Final, NamedTuple, Union, get_args, get_origin

import msgspec
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from schemas.overlays import merged
from schemas.policy import Policy, PortfolioPolicy
from streams.settings import Settings
from streams.user_errors import UserError

SHIPPED: Final = "schemas/policy.yaml"
"""How messages call the policy that we ship."""

Where = tuple[str, ...]


class PolicyError(UserError):
    """A policy file is wrong; one line for each error."""


def load_policy(given: Settings | Path | None = None) -> Policy:
    """The policy of the settings, of a file, or (None, or settings without one) the one that we ship. Raises: PolicyError."""
    path = given.policy_file if isinstance(given, Settings) else given
    name = str(path) if path is not None else SHIPPED
    tree = _tree(name, _text(path))
    try:
        return Policy.model_validate(tree)
    except ValidationError as error:
        raise PolicyError("\n".join(f"{name}: {line}" for line in _explained(error, tree))) from None


def _text(path: Path | None) -> str:
    if path is None:
        return files("schemas").joinpath("policy.yaml").read_text(encoding="utf-8")
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"{path}: cannot be read: {error}") from None


def _tree(name: str, text: str) -> dict[str, Any]:
    try:
        tree = msgspec.yaml.decode(text)
    except msgspec.DecodeError as error:
        raise PolicyError(f"{name}: is no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(tree, dict):
        raise PolicyError(f"{name}: is no mapping; begin with {SHIPPED} and change what should differ")
    return tree


class _Wrong(NamedTuple):
    """An error, and the model in which its place stands."""

    where: Where
    error: ErrorDetails
    model: type[BaseModel]
    inside: Where


def _explained(error: ValidationError, tree: Mapping[str, Any]) -> list[str]:
    """Every error once: those of the whole, then those of each portfolio's rules where its own entry or the defaults stand."""
    known = {name: value for name, value in tree.items() if name in Policy.model_fields}
    rules = list(_of_portfolios(tree))
    told = {wrong.error["msg"] for wrong in rules}
    whole = [one for one in (*error.errors(include_url=False), *_errors_of_whole(known)) if _is_of_whole(one, tree, told)]
    wrong = [*(_Wrong(_place(one), one, Policy, _place(one)) for one in whole), *rules]
    return list(dict.fromkeys(_line(one, tree) for one in wrong))


def _errors_of_whole(known: Mapping[str, Any]) -> list[ErrorDetails]:
    """What is told only once no entry is unknown: whether the entries go together."""
    try:
        Policy.model_validate(known)
    except ValidationError as error:
        return error.errors(include_url=False)
    return []


def _is_of_whole(one: ErrorDetails, tree: Mapping[str, Any], told: Container[str]) -> bool:
    """Whether an error is not one of some portfolio's rules: pydantic hands those on without the portfolio's name."""
    place = _place(one)
    if not place:
        return one["msg"] not in told
    if one["type"] == "extra_forbidden":
        return len(place) == 1 and place[0] in tree and place[0] not in Policy.model_fields
    return place[0] in Policy.model_fields


def _of_portfolios(tree: Mapping[str, Any]) -> Iterator[_Wrong]:
    defaults, portfolios = tree.get("defaults"), tree.get("portfolios")
    if not isinstance(defaults, Mapping) or not isinstance(portfolios, Mapping):
        return
    for name, entry in {"": {}, **portfolios}.items():
        if not isinstance(entry, Mapping):
            continue  # told as an error of the whole
        for one in _errors_of(merged(defaults, entry)):
            inside = _place(one)
            own = _reaches(entry, inside[:-1] if one["type"] == "missing" else inside)
            yield _Wrong(("portfolios", name, *inside) if own else ("defaults", *inside), one, PortfolioPolicy, inside)


def _errors_of(rules: Mapping[str, Any]) -> list[ErrorDetails]:
    try:
        PortfolioPolicy.model_validate_json(json.dumps(rules, default=str), strict=True)
    except ValidationError as error:
        return error.errors(include_url=False)
    return []


def _place(one: ErrorDetails) -> Where:
    return tuple(str(part) for part in one["loc"])


def _reaches(entry: Mapping[str, Any], inside: Where) -> bool:
    """Whether a portfolio's own entry says what stands there; a list or a number is said as a whole."""
    step: Any = entry
    for part in inside:
        if not isinstance(step, Mapping):
            return True
        if part not in step:
            return False
        step = step[part]
    return bool(inside)


def _line(wrong: _Wrong, tree: Mapping[str, Any]) -> str:
    where, error = ".".join(wrong.where), wrong.error
    fields = _fields_at(wrong.model, wrong.inside[:-1])
    if error["type"] == "extra_forbidden":
        return f"{where}: there is no such entry; {_allowed(wrong.inside[-1], tuple(fields))}"
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "missing":
        return f"{where}: is missing{_meaning(fields, wrong.inside)}"
    if not where:
        return message
    value = _value_at(tree, wrong.where)
    said = "" if value is None or isinstance(value, Mapping) else f" = {value!r}"
    return f"{where}{said}: {message}{_meaning(fields, wrong.inside)}"


def _allowed(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else f"allowed: {', '.join(known)}"


def _meaning(fields: Mapping[str, Any], inside: Where) -> str:
    field = fields.get(inside[-1]) if inside else None
    return f" ({field.description})" if field is not None and field.description else ""


def _value_at(tree: Any, where: Where) -> Any:
    for part in where:
        if isinstance(tree, Mapping):
            tree = tree.get(part)
        elif isinstance(tree, Sequence) and not isinstance(tree, str) and part.isdecimal() and int(part) < len(tree):
            tree = tree[int(part)]
        else:
            return None
    return tree


def _fields_at(model: type[BaseModel], inside: Where) -> Mapping[str, Any]:
    """The fields of the model that stands at a place; none where no model does."""
    at: Any = model
    for part in inside:
        if isinstance(at, type) and issubclass(at, BaseModel) and part in at.model_fields:
            at = at.model_fields[part].annotation
        else:
            at = _element(at)
        if get_origin(at) in (Union, UnionType):
            at = next((option for option in get_args(at) if option is not type(None)), None)
    return at.model_fields if isinstance(at, type) and issubclass(at, BaseModel) else {}


def _element(of: Any) -> Any:
    """What the values of a mapping are."""
    return get_args(of)[1] if get_origin(of) is dict else None
