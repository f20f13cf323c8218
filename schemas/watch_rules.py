"""Parts of the policy that say what the early-warning indicators count, beside their thresholds."""

from typing import Annotated

from pydantic import Field

from schemas.strict import Days, Share, Strict


class Watchlist(Strict):
    """How a warning moves between watch, amber, red and its end. The transitions: `agents.segmentation.watchlist.TABLE`."""

    cure_days: tuple[Days, Days, Days] = Field(description="days without trigger before watch, amber, red is cleared")
    dwell_days: tuple[Days, Days, Days] = Field(description="days that watch, amber, red lasts at least before it is cured")
    forborne_cure_days: Days = Field(description="at least, of a client on probation after a forbearance measure")
    probation_days: Days = Field(description="after a red warning was cured its indicator is raised at amber at least")
    turn_around_days: Days | None = Field(description="a watch warning unanswered for so long becomes amber; null: never")


class Evergreen(Strict):
    """When a drawdown pays an instalment. Source: RBI, early warning signals: evergreening [V]."""

    days: Days = Field(description="from the drawdown to the payment, at most")
    similar: Share = Field(description="share of the payment by which the drawdown may differ from it")


class Drift(Strict):
    """The change detector of a client's own behaviour. Source: Page (1954); River's PageHinkley."""

    min_months: Annotated[int, Field(ge=2, le=60)] = Field(description="months that make a normal before a change is told")
    tolerance: Annotated[float, Field(ge=0, le=1)] = Field(description="deviation of a month from the mean that is no change")
    bound: Annotated[float, Field(gt=0)] = Field(description="deviations summed up beyond which the normal has been left")


class Peers(Strict):
    """The PD from which a client stands out of its industry: prior_pd x multiple x factor of industry x factor of country."""

    multiple: Annotated[float, Field(gt=0)] = Field(description="of the portfolio's prior PD")
    industries: dict[str, Annotated[float, Field(gt=0)]] = Field(description="factor by NACE section; another has 1")
    countries: dict[str, Annotated[float, Field(gt=0)]] = Field(description="factor by ISO 3166 code; another has 1")
