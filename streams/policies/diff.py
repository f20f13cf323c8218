"""How two policies differ: by place in the file, and in the rules as they are resolved for each portfolio and overlay."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from schemas.overlays import DOWN, NEUTRAL, UP
from schemas.policy import Policy, PortfolioPolicy

ABSENT: Final = "-"
"""Said of what one of the two does not have."""


class Difference(NamedTuple):
    """One place, and what stands there in the old policy and in the new."""

    path: str
    was: Any
    now: Any

    def __str__(self) -> str:
        return f"{self.path}: {_said(self.was)} -> {_said(self.now)}"


def written(old: Policy, new: Policy) -> list[Difference]:
    """What was written differently, by its path in the file."""
    return list(_differences((), old.model_dump(mode="json"), new.model_dump(mode="json")))


def resolved(old: Policy, new: Policy) -> dict[str, list[Difference]]:
    """What decides differently: for each portfolio, and for each overlay of it what that alone changes further."""
    found: dict[str, list[Difference]] = {}
    for portfolio in sorted({*old.portfolios, *new.portfolios}):
        plain = _between(old, new, portfolio)
        found[portfolio] = plain
        for name, standing in _standings(old.of(portfolio), new.of(portfolio)):
            further = [one for one in _between(old, new, portfolio, *standing) if one not in plain]
            found[f"{portfolio}, {name}"] = further
    return {name: differences for name, differences in found.items() if differences}


def _standings(old: PortfolioPolicy, new: PortfolioPolicy) -> Iterator[tuple[str, tuple[str, str, str]]]:
    for section in sorted({*old.industries, *new.industries}):
        yield f"industry {section}", (section, NEUTRAL, "")
    for regime in (UP, NEUTRAL, DOWN):
        if regime in old.regimes or regime in new.regimes:
            yield f"regime {regime}", ("", regime, "")
    for segment in sorted({*old.by_segment, *new.by_segment}):
        yield f"segment {segment}", ("", NEUTRAL, segment)


def _between(old: Policy, new: Policy, portfolio: str, *standing: str) -> list[Difference]:
    was, now = _rules(old, portfolio, standing), _rules(new, portfolio, standing)
    return list(_differences((), was, now))


def _rules(policy: Policy, portfolio: str, standing: tuple[str, ...]) -> dict[str, Any]:
    """The rules as they decide; the overlays that lead to them are resolved, but for what a regime adds to the logit."""
    rules = policy.of(portfolio, *standing)
    regime = standing[1] if standing else NEUTRAL
    logit = rules.regimes[regime].logit if regime in rules.regimes else 0.0
    plain = rules.model_dump(mode="json", exclude={"industries", "by_segment", "regimes"})
    return {**plain, "logit of the macro regime": logit}


def _differences(path: tuple[str, ...], was: Any, now: Any) -> Iterator[Difference]:
    if was == now:
        return
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        for name in [*was, *(name for name in now if name not in was)]:
            yield from _differences((*path, name), was.get(name, ABSENT), now.get(name, ABSENT))
        return
    yield Difference(".".join(path), was, now)


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_said(inner)}" for name, inner in value.items()) + "}"
    return "none" if value is None else str(value)
