"""Overlays of the policy: what an industry, a segment or the economy changes in a portfolio's rules, and when the economy turns.

An overlay is a part of a portfolio's rules, merged over them key by key; a regime also shifts thresholds as they stand.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from schemas.strict import Strict

UP: Final = "up"
NEUTRAL: Final = "neutral"
DOWN: Final = "down"

PORTFOLIO_ONLY: Final = frozenset({"horizon_days", "prior_pd", "learning", "industries", "by_segment"})
"""What one portfolio's clients share: the model and what it learns from. No overlay changes it."""
OVERLAY_ONLY: Final = "no overlay can change it"
"""Said of an overlay that tries."""

Regime = Literal["up", "neutral", "down"]
Section = Literal[
    "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P", "Q", "R", "S", "T", "U"
]  # fmt: skip
Overlay = dict[str, Any]
Positive = Annotated[float, Field(gt=0)]


class Shift(Strict):
    """What a regime makes of every threshold of an indicator: times, then plus."""

    times: Positive = Field(default=1.0, description="thresholds are multiplied by this")
    plus: float = Field(default=0.0, description="and this is added to them")

    def of(self, threshold: float | None) -> float | None:
        """The threshold as the regime has it."""
        return None if threshold is None else round(threshold * self.times + self.plus, 12)


class Effect(Strict):
    """What a macro regime changes."""

    logit: Annotated[float, Field(ge=-3, le=3)] = Field(default=0.0, description="added to the logit of the PD")
    indicators: dict[str, Shift] = Field(default={}, description="shifts of thresholds by indicator")
    rules: Overlay = Field(default={}, description="rules that hold in this regime, merged over the portfolio's")


class MacroFigure(Strict):
    """How one macro figure speaks: -1 at `bad` and worse, +1 at `good` and better, in proportion between."""

    bad: float = Field(description="the figure at which it says -1; may be above or below `good`")
    good: float = Field(description="the figure at which it says +1")
    weight: Positive = Field(description="in the mean of all figures that are known")
    sections: list[Section] | None = Field(default=None, description="industries it speaks of; all if not set")
    source: str = Field(min_length=1, description="where the bounds come from")

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.bad == self.good:
            raise ValueError("bad: must differ from good")
        return self

    def signal(self, value: float) -> float:
        """What a value says. Range: -1 to 1."""
        return max(-1.0, min(1.0, 2.0 * (value - self.bad) / (self.good - self.bad) - 1.0))


class Macro(Strict):
    """When the economy of a country and an industry is up, neutral or down: by the weighted mean of its figures' signals."""

    up_from: Annotated[float, Field(gt=0, le=1)] = Field(description="mean signal from which the regime is up")
    down_from: Annotated[float, Field(ge=-1, lt=0)] = Field(description="mean signal from which, downwards, it is down")
    hysteresis: Annotated[float, Field(ge=0, le=1)] = Field(description="a regime ends only this far inside its bound")
    figures: dict[str, MacroFigure] = Field(description="by indicator of the `macro` topic; hyphens count as underscores")
    sections: dict[Section, Positive] = Field(description="how strongly an industry follows the economy; 1 if not named")

    def sections_apart(self) -> tuple[str, ...]:
        """Industries whose regime may differ from the economy's; "" stands for all others."""
        named = {*self.sections, *(s for figure in self.figures.values() for s in figure.sections or ())}
        return ("", *sorted(named))

    def strength(self, section: str) -> float:
        """How strongly an industry follows the economy."""
        return next((by for name, by in self.sections.items() if name == section), 1.0)


def merged(*parts: Mapping[str, Any]) -> dict[str, Any]:
    """Parts of a policy one over the other: mappings key by key, anything else as a whole."""
    whole: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            was = whole.get(key)
            whole[key] = merged(was, value) if isinstance(was, Mapping) and isinstance(value, Mapping) else value
    return whole


def overlays(rules: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Overlay]]:
    """Every overlay of a portfolio's rules, with the place at which it stands."""
    for kind in ("industries", "by_segment"):
        for name, overlay in (rules.get(kind) or {}).items():
            yield (kind, name), overlay
    for name, effect in (rules.get("regimes") or {}).items():
        if isinstance(effect, Mapping) and effect.get("rules"):
            yield ("regimes", name, "rules"), effect["rules"]


def forbidden(overlay: Mapping[str, Any]) -> list[str]:
    """What an overlay may not change."""
    return [key for key in overlay if key in PORTFOLIO_ONLY]
