"""What is wrong with a policy: every error once, with its place in the file, its value and what is allowed there."""

import json
from collections.abc import Container, Iterator, Mapping, Sequence
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from schemas.overlays import OVERLAY_ONLY, PORTFOLIO_ONLY, forbidden, merged, overlays
from schemas.policy import Policy, PortfolioPolicy

Where = tuple[str, ...]
KEY: Final = "[key]"
"""What pydantic puts behind a name of a mapping that is not allowed."""


class _Wrong(NamedTuple):
    """An error, and the model in which its place stands."""

    where: Where
    error: ErrorDetails
    model: type[BaseModel]
    inside: Where


def explained(error: ValidationError, tree: Mapping[str, Any]) -> list[str]:
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
        return one["msg"] not in told and OVERLAY_ONLY not in one["msg"]
    if one["type"] == "extra_forbidden" and len(place) == 1:
        return place[0] in tree and place[0] not in Policy.model_fields
    return place[0] in Policy.model_fields


def _of_portfolios(tree: Mapping[str, Any]) -> Iterator[_Wrong]:
    defaults, portfolios = tree.get("defaults"), tree.get("portfolios")
    if not isinstance(defaults, Mapping) or not isinstance(portfolios, Mapping):
        return
    missed: set[Where] = set()
    for name, entry in {"": {}, **portfolios}.items():
        if not isinstance(entry, Mapping):
            continue  # told as an error of the whole
        rules = merged(defaults, entry)
        plain = _errors_of(rules)
        for one in plain:
            inside, is_missing = _place(one), one["type"] == "missing"
            if is_missing and inside in missed:
                continue  # of the defaults, which the entry lies over
            if is_missing and not name:
                missed.add(inside)
            at = inside[:-1] if is_missing else inside
            yield _Wrong((*_whose(name, entry, at), *inside), one, PortfolioPolicy, inside)
        yield from _of_overlays(name, entry, rules, [(one["loc"], one["msg"]) for one in plain])


def _of_overlays(name: str, entry: Mapping[str, Any], rules: Mapping[str, Any], plain: Container[Any]) -> Iterator[_Wrong]:
    """Errors of a portfolio's overlays; what is wrong without them (`plain`) is told already."""
    for place, overlay in _readable(rules):
        for key in forbidden(overlay):
            where = (*_whose(name, entry, (*place, key)), *place, key)
            yield _Wrong(where, _FORBIDDEN, PortfolioPolicy, (key,))
        allowed = {key: value for key, value in overlay.items() if key not in PORTFOLIO_ONLY}
        for one in _errors_of(merged(rules, allowed)):
            inside = _place(one)
            if _reaches(allowed, inside) or (one["loc"], one["msg"]) not in plain:
                where = (*_whose(name, entry, (*place, *inside)), *place, *inside)
                yield _Wrong(where, one, PortfolioPolicy, inside)


def _readable(rules: Mapping[str, Any]) -> list[tuple[Where, Mapping[str, Any]]]:
    """The overlays of rules that are mappings as far as they have to be; of others it is told that they are none."""
    kinds = ("industries", "by_segment", "regimes")
    sound = {kind: rules[kind] for kind in kinds if isinstance(rules.get(kind), Mapping)}
    return [(place, overlay) for place, overlay in overlays(sound) if isinstance(overlay, Mapping)]


def _whose(name: str, entry: Mapping[str, Any], inside: Where) -> Where:
    return ("portfolios", name) if _reaches(entry, inside) else ("defaults",)


_FORBIDDEN: Final = ErrorDetails(
    type="overlay", loc=(), input=None, msg=f"is the whole portfolio's; {OVERLAY_ONLY}; allowed: "
    + ", ".join(key for key in PortfolioPolicy.model_fields if key not in PORTFOLIO_ONLY),
)  # fmt: skip


def _errors_of(rules: Mapping[str, Any]) -> list[ErrorDetails]:
    try:
        PortfolioPolicy.model_validate_json(json.dumps(rules, default=str), strict=True)
    except ValidationError as error:
        return error.errors(include_url=False)
    return []


def _place(one: ErrorDetails) -> Where:
    """Where an error stands; a name that is not allowed stands at its own place."""
    return tuple(str(part) for part in one["loc"] if part != KEY)


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
        return f"{where}: there is no such entry; {_of_names(wrong.inside[-1], tuple(fields))}"
    if error["loc"] and error["loc"][-1] == KEY:
        return f"{where}: there is no such entry; {_of_names(wrong.inside[-1], _quoted(error))}"
    message = error["msg"].removeprefix("Value error, ")
    field = fields.get(wrong.inside[-1]) if wrong.inside else None
    if error["type"] == "missing":
        return f"{where}: is missing{_meaning(field)}{_allowed(field)}"
    if not where or error["type"] == "overlay":
        return f"{where}: {message}" if where else message
    value = _value_at(tree, wrong.where)
    said = "" if value is None or isinstance(value, Mapping) else f" = {value!r}"
    return f"{where}{said}: {message}{_meaning(field)}{_allowed(field)}"


def _of_names(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else f"allowed: {', '.join(known)}"


def _quoted(error: ErrorDetails) -> tuple[str, ...]:
    """The names that pydantic lists in an error of a literal."""
    return tuple(error["msg"].split("'")[1::2])


def _meaning(field: FieldInfo | None) -> str:
    return f" ({field.description})" if field is not None and field.description else ""


_PLAIN: Final[Mapping[Any, str]] = {float: "any number", int: "any whole number", bool: "true or false", str: "any text"}


def _allowed(field: FieldInfo | None) -> str:
    """What may stand there: the bounds of a number, the names of a choice, the kind of anything else that is plain."""
    if field is None:
        return ""
    null = " or null" if type(None) in get_args(field.annotation) else ""
    options, bounds = _without_none(field.annotation), list(field.metadata)
    while get_origin(options) is Annotated:
        options, *more = get_args(options)
        bounds += more
    if get_origin(options) is Literal:
        return f"; allowed: {', '.join(map(str, get_args(options)))}{null}"
    lowest, highest = _bound(bounds, "ge", "gt"), _bound(bounds, "le", "lt")
    known = [f"from {lowest}" if lowest else "", f"to {highest}" if highest else ""]
    said = " ".join(part for part in known if part)
    if not said:
        return f"; allowed: {_PLAIN[options]}{null}" if options in _PLAIN else ""
    return f"; allowed: {'whole numbers ' if options is int else ''}{said}{null}"


def _bound(metadata: Sequence[Any], reached: str, excluded: str) -> str:
    for one in metadata:
        for part in (one, *getattr(one, "metadata", ())):
            if getattr(part, reached, None) is not None:
                return f"{getattr(part, reached)}"
            if getattr(part, excluded, None) is not None:
                return f"{getattr(part, excluded)} (not itself)"
    return ""


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, UnionType):
        return next((option for option in get_args(annotation) if option is not type(None)), None)
    return annotation


def _value_at(tree: Any, where: Where) -> Any:
    for part in where:
        if isinstance(tree, Mapping):
            tree = tree.get(part)
        elif isinstance(tree, Sequence) and not isinstance(tree, str) and part.isdecimal() and int(part) < len(tree):
            tree = tree[int(part)]
        else:
            return None
    return tree


def _fields_at(model: type[BaseModel], inside: Where) -> Mapping[str, FieldInfo]:
    """The fields of the model that stands at a place; none where no model does."""
    at: Any = model
    for part in inside:
        if isinstance(at, type) and issubclass(at, BaseModel) and part in at.model_fields:
            at = at.model_fields[part].annotation
        else:
            at = _element(at)
        at = _without_none(at)
    return at.model_fields if isinstance(at, type) and issubclass(at, BaseModel) else {}


def _element(of: Any) -> Any:
    """What the values of a mapping are."""
    return get_args(of)[1] if get_origin(of) is dict else None
