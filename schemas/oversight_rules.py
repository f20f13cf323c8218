"""Parts of the policy that say how a learned model is watched: when a challenger replaces it, when it has drifted."""

from typing import Annotated

from pydantic import Field, model_validator

from schemas.strict import Share, Strict

Positive = Annotated[float, Field(gt=0)]
Chance = Annotated[float, Field(gt=0, lt=1)]


class Contest(Strict):
    """When a challenger has shown that it is better. Source: Choe and Ramdas, Operations Research 72 (2024); Ville (1939)."""

    error_rate: Chance = Field(
        default=0.05, description="chance at most that a challenger that is no better is promoted, however often one looks"
    )
    source: str = Field(default="convention: one in twenty", min_length=1, description="where the rate comes from")


class ModelDrift(Strict):
    """When features or losses are no longer what the champion was made for."""

    psi_watch: Positive = Field(default=0.10, description="population stability index of a feature from which is warned")
    psi_amber: Positive = Field(default=0.25, description="the same at amber: the population has shifted")
    psi_source: str = Field(default="Siddiqi 2006, ch. 9", min_length=1, description="where they come from")
    hysteresis: Share = Field(default=0.2, description="share of a threshold by which a PSI must fall below it again")
    least_examples: Annotated[int, Field(ge=100)] = Field(
        default=1000, description="examples of the last twelve cohorts below which no PSI is told: by chance alone it is"
        " about (bins - 1)(1/examples + 1/reference), Yurdakul and Naranjo 2020",
    )  # fmt: skip
    adwin_delta: Chance = Field(default=0.002, description="confidence of the change detector on the loss")
    adwin_source: str = Field(default="Bifet and Gavaldà 2007; River's default", min_length=1, description="where it comes from")

    @model_validator(mode="after")
    def _ascends(self) -> "ModelDrift":
        if self.psi_amber <= self.psi_watch:
            raise ValueError(f"psi_amber ({self.psi_amber}) must be above psi_watch ({self.psi_watch})")
        return self
