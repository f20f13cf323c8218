"""The macro regime of a country and an industry: up, neutral or down, a pure function of the macro figures in their order.

A country has the regime of its own figures, and of those without a country where it has none; one without any figure of its
own has the regime of the area. A regime once entered ends only when the score has come back by the hysteresis.
"""

from collections.abc import Mapping
from typing import Final

from schemas.log import MacroObserved
from schemas.overlays import DOWN, NEUTRAL, UP, Macro
from schemas.state import Partition

AREA: Final = ""
"""The country of figures without one, and the industry of clients that no rule singles out."""


def observe(partition: Partition, fact: MacroObserved, rules: Macro) -> bool:
    """The figure, entered, and the regimes turned by it. False for one of an earlier date than the known: it changes nothing."""
    name = figure_name(fact.indicator, fact.country or AREA)
    day = fact.as_of.toordinal()
    if partition.macro_days.get(name, 0) > day:
        return False
    partition.macro[name], partition.macro_days[name] = fact.value, day
    turn(partition, rules)
    return True


def turn(partition: Partition, rules: Macro) -> None:
    """The regimes, by the figures as they stand."""
    partition.regimes = regimes(partition.macro, partition.regimes, rules)


def regimes(figures: Mapping[str, float], was: Mapping[str, str], rules: Macro) -> dict[str, str]:
    """The regime of each country and industry that is not neutral, by `country/section`."""
    found: dict[str, str] = {}
    for country in (AREA, *countries(figures)):
        for section in rules.sections_apart():
            cell = f"{country}/{section}"
            regime = _turned(score(figures, country, section, rules), was.get(cell, NEUTRAL), rules)
            if regime != NEUTRAL:
                found[cell] = regime
    return found


def score(figures: Mapping[str, float], country: str, section: str, rules: Macro) -> float | None:
    """The weighted mean signal of the figures that speak of an industry in a country; None if none is known."""
    total = weights = 0.0
    for indicator, figure in rules.figures.items():
        value = figures.get(figure_name(indicator, country), figures.get(figure_name(indicator, AREA)))
        if value is not None and (figure.sections is None or section in figure.sections):
            total += figure.weight * figure.signal(value)
            weights += figure.weight
    return total / weights * rules.strength(section) if weights else None


def regime_of(partition: Partition, country: str, section: str, rules: Macro) -> tuple[str, str]:
    """The regime of a client's country and industry, and the `country/section` whose figures tell it."""
    country = country if country in countries(partition.macro) else AREA
    section = section if section in rules.sections_apart() else AREA
    cell = f"{country}/{section}"
    return partition.regimes.get(cell, NEUTRAL), cell


def signal_of(partition: Partition, cell: str, rules: Macro) -> float | None:
    """What the figures that tell a `country/section` say together, from -1 to 1 for most industries; None if none is known."""
    country, _, section = cell.partition("/")
    return score(partition.macro, country, section, rules)


def countries(figures: Mapping[str, float]) -> list[str]:
    """Those with figures of their own."""
    return sorted({name.partition("/")[2] for name in figures} - {AREA})


def figure_name(indicator: str, country: str) -> str:
    """How a figure is kept; banks write hyphens or underscores."""
    name = indicator.lower().replace("-", "_")
    return f"{name}/{country}" if country else name


def _turned(score: float | None, was: str, rules: Macro) -> str:
    if score is None:
        return NEUTRAL
    back = rules.hysteresis
    if score <= rules.down_from + (back if was == DOWN else 0.0):
        return DOWN
    if score >= rules.up_from - (back if was == UP else 0.0):
        return UP
    return NEUTRAL
