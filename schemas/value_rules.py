"""The policy of value: what a client contributes in a year, and the tiers it falls into."""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from schemas.strict import Days, Rate, Share, Strict

OTHER_KIND: Final = "other"
"""Of a collateral whose kind the policy does not name."""


class CollateralKind(Strict):
    """What a kind of collateral is worth when it is needed. Source: Basel III, CRE 32.10 (foundation approach)."""

    lgd: Share = Field(description="loss given default of what it covers")
    haircut: Share = Field(description="off its value, where the event tells none of its own")


class Loyalty(Strict):
    """What a lasting relationship adds to the contribution, as shares of it."""

    tenure: Share = Field(description="for the whole of `tenure_years`, less for fewer")
    tenure_years: Annotated[float, Field(gt=0)]
    facility: Share = Field(description="for each facility beyond the first")
    most_facilities: Annotated[int, Field(ge=0)] = Field(description="counted beyond the first")
    confirmed: Share = Field(description="taken away for each warning that a person confirmed")
    most_confirmed: Annotated[int, Field(ge=0)]


class Referral(Strict):
    """What a client that brings others adds to its contribution, as shares of it."""

    each: Share
    most: Annotated[int, Field(ge=0)]


class Value(Strict):
    """Risk-adjusted contribution a year of a client, and the tiers it falls into."""

    margin: Rate = Field(description="a year, where a facility does not tell its own")
    commitment_fee: Rate = Field(description="a year, on what is not drawn")
    credit_conversion: Share = Field(description="share of the undrawn that is drawn by the time of a default")
    capital_ratio: Share = Field(description="capital held for a unit of exposure at default")
    cost_of_capital: Share = Field(description="a year")
    lgd: Share = Field(description="loss given default of what no collateral covers")
    collateral: dict[str, CollateralKind] = Field(description="by kind; `other` holds for those not named")
    loyalty: Loyalty
    referral: Referral
    wallet_share: Share = Field(description="without facilities here: the share of a client's debt that could be ours")
    quantiles: tuple[Share, Share, Share] = Field(description="shares of clients: diamond; gold or better; silver or better")
    cutoffs: tuple[float, float, float] | None = Field(default=None, description="absolute lower bounds instead of quantiles")
    cutoffs_every_days: Annotated[int, Field(ge=1, le=366)] = Field(description="how often new cut-offs are drawn")
    cutoffs_min_clients: Annotated[int, Field(ge=1)] = Field(description="no population cut-offs from fewer clients")
    hysteresis: Share = Field(description="a cut-off must be passed by this share of itself to change the tier")
    dwell_days: Days = Field(description="a tier is kept at least this long")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if list(self.quantiles) != sorted(self.quantiles):
            raise ValueError("quantiles: must ascend, as 0.05, 0.2, 0.5")
        if self.cutoffs is not None and list(self.cutoffs) != sorted(self.cutoffs, reverse=True):
            raise ValueError("cutoffs: must descend (diamond, gold, silver)")
        if OTHER_KIND not in self.collateral:
            raise ValueError(f"collateral: {OTHER_KIND!r} is missing: what holds for kinds that are not named")
        return self

    def kind(self, name: str) -> CollateralKind:
        """The rules of a kind of collateral."""
        return self.collateral.get(name) or self.collateral[OTHER_KIND]
