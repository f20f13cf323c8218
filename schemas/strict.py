"""What every part of the policy is: frozen, strict, without unknown keys; and the ranges that its numbers share."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Days = Annotated[int, Field(ge=0, le=3650)]
Rate = Annotated[float, Field(ge=0, le=1)]
"""A year, as a fraction."""


class Strict(BaseModel):
    """A part of the policy."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
