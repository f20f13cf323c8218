"""The policy of risk: default and its cure, IFRS 9 stages, the master scale, points beside the scorecard, the lifecycle."""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from schemas.industries import SECTIONS
from schemas.strict import Days, Share, Strict

GRADES: Final = tuple(str(grade) for grade in range(1, 10))
RATING_CLASSES: Final = ("AAA", "AA", "A", "BBB", "BB", "B", "CCC", "D")
SUM_TOLERANCE: Final = 1e-6


class Materiality(Strict):
    """Arrears count towards default only above both. Source: Commission Delegated Regulation (EU) 2018/171, art. 2."""

    absolute: Annotated[float, Field(ge=0)] = Field(description="units of the reporting currency")
    relative: Share = Field(description="share of what the client has drawn (on-balance exposure)")


class DefaultDefinition(Strict):
    """When a client is in default, beside an `outcomes` event, and when no longer."""

    dpd_days: Days | None = Field(description="days past due with material arrears; null: only by outcomes")
    significant_increase_dpd_days: Days = Field(description="stage 2 backstop")
    materiality: Materiality
    cure_days: Days = Field(description="without material arrears until a default by days past due has cured")
    probation_days: Days = Field(description="in stage 2 after a default")
    forborne_cure_days: Days = Field(description="a default under forbearance lasts at least so long after the measure")
    forborne_probation_days: Days = Field(description="in stage 2 after the measure, or after the default it was granted in")


class Staging(Strict):
    """What is a significant increase in credit risk beside the backstop of days past due (IFRS 9 5.5.9)."""

    pd_relative: Annotated[float, Field(gt=1)] = Field(description="PD over the one at origination from which it is, and")
    pd_absolute: Share = Field(description="PD less the one at origination from which it is: both must be reached")
    watchlist: Literal["watch", "amber", "red"] | None = Field(description="the worst open warning from which it is; null: none")
    dwell_days: Days = Field(description="stage 2 is kept at least this long")


class RiskPoints(Strict):
    """What is added to the scorecard's logit, as far as the expert still counts in it. Units: logits; what is not named is 0."""

    industry: dict[str, float] = Field(description="by section of NACE Rev. 2")
    rating: dict[str, float] = Field(description="by class of the worst of the agencies' last ratings")

    @model_validator(mode="after")
    def _known(self) -> Self:
        for what, said, allowed in (("industry", self.industry, SECTIONS), ("rating", self.rating, RATING_CLASSES)):
            for name in said:
                if name not in allowed:
                    raise ValueError(f"{what}: {name!r} is unknown; allowed: {', '.join(allowed)}")
        return self


class Grades(Strict):
    """Master scale: grade `i` holds PDs up to `upper[i-1]`; the ninth has no upper bound."""

    upper: tuple[Share, Share, Share, Share, Share, Share, Share, Share]
    hysteresis: Share = Field(description="a bound must be passed by this share of itself to change the grade")
    dwell_days: Days = Field(description="a grade is kept at least this long before it gets better")
    high_risk_from: Annotated[int, Field(ge=2, le=9)] = Field(description="grades from here on are high risk in the segment")
    migration: dict[str, tuple[Share, Share, Share, Share, Share, Share, Share, Share, Share, Share]] = Field(
        description="by grade: chances to be in grades 1 to 9 and in default twelve months later"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if list(self.upper) != sorted(set(self.upper)):
            raise ValueError("upper: must ascend")
        if set(self.migration) != set(GRADES):
            raise ValueError(f"migration: must have the rows {', '.join(GRADES)}")
        for grade, row in self.migration.items():
            if abs(sum(row) - 1.0) > SUM_TOLERANCE:
                raise ValueError(f"migration.{grade}: adds up to {sum(row):.6g}, must be 1")
        return self


class Lifecycle(Strict):
    """Bounds of the lifecycle stages."""

    needs_facility: bool = Field(description="a client without a facility is being acquired, whatever statements it has")
    activation_days: Days = Field(description="after the first drawdown")
    growth: Annotated[float, Field(ge=0)] = Field(description="yearly growth of exposure or revenue from which a client grows")
    decline: Annotated[float, Field(ge=0)] = Field(description="yearly fall from which it declines")
    inactive_days: Days = Field(description="without any event: declined")
    hysteresis: Share = Field(description="growth and decline end only this share of their bound short of it")
    dwell_days: Days = Field(description="growth, maturity and decline are kept at least this long")
    is_told: bool = Field(description="a change of the lifecycle alone is a tier change; else the next one tells of it")
