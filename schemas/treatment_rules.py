"""The policy of treatment: what is done with a segment's clients, and what industry, size and lifecycle change of it."""

from typing import Annotated, Final, Literal, Self, get_args

from pydantic import Field, model_validator

from schemas.industries import SECTIONS
from schemas.strict import Strict

SegmentName = Literal["star", "core", "steady", "high-risk-high-return", "watch", "exit"]
SEGMENTS: Final[tuple[str, ...]] = get_args(SegmentName)
"""Risk x value: low risk with diamond, gold or silver value, basic value; high risk likewise; default."""
LIFECYCLES: Final = ("acquisition", "activation", "growth", "maturity", "decline")
SIZES: Final = ("micro", "small", "medium", "large")
"""Source: Commission Recommendation 2003/361/EC, annex, art. 2."""

LimitAction = Literal["raise", "keep", "freeze", "reduce", "cancel undrawn"]


class Treatment(Strict):
    """What is done with a segment's clients."""

    pricing_uplift: float = Field(description="on the margin, a year")
    collateral_ratio: Annotated[float, Field(ge=0)] = Field(description="collateral after haircut over exposure, at least")
    repayment_terms: str = Field(min_length=1, description="how a new loan is to be repaid")
    limit_action: LimitAction
    limit_factor: Annotated[float, Field(ge=0, le=10)] = Field(description="the limit to be granted over the drawn, at most")
    service_model: str = Field(min_length=1)
    product: str = Field(min_length=1)
    exit: bool = Field(default=False, description="whether the relationship is to be ended")


class Change(Strict):
    """What an adjustment puts in the place of the segment's treatment; what is null stays."""

    pricing_uplift: float | None = None
    collateral_ratio: Annotated[float, Field(ge=0)] | None = None
    repayment_terms: str | None = None
    limit_action: LimitAction | None = None
    limit_factor: Annotated[float, Field(ge=0, le=10)] | None = None
    service_model: str | None = None
    product: str | None = None
    exit: bool | None = None


class Adjustment(Strict):
    """For the clients that are in all of the lists; a list that is left out holds for everybody."""

    segments: tuple[str, ...] = ()
    lifecycles: tuple[str, ...] = ()
    industries: tuple[str, ...] = Field(default=(), description="sections of NACE Rev. 2")
    sizes: tuple[str, ...] = ()
    then: Change

    @model_validator(mode="after")
    def _known(self) -> Self:
        for name, allowed in (("segments", SEGMENTS), ("lifecycles", LIFECYCLES), ("industries", SECTIONS), ("sizes", SIZES)):
            for one in getattr(self, name):
                if one not in allowed:
                    raise ValueError(f"{name}: {one!r} is unknown; allowed: {', '.join(allowed)}")
        return self
