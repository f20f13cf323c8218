"""IFRS 9 stages: 3 in default, 2 after a significant increase in credit risk, else 1.

The backstop of thirty days counts material arrears only, as default does: what is owed below the thresholds of Regulation
(EU) 2018/171 says nothing of risk (IFRS 9 B5.5.20 lets the presumption be rebutted). Sources: IFRS 9 5.5.3 to 5.5.11.
"""

from typing import Final

from agents.segmentation.defaulting import Arrears
from agents.segmentation.in_force import InForce
from schemas.decisions import Segment
from schemas.state import ClientState

PERFORMING: Final = 1
INCREASED: Final = 2
IMPAIRED: Final = 3
SEVERITIES: Final = {"watch": 1, "amber": 2, "red": 3}

DEFAULT: Final = "in default"
BACKSTOP: Final = "material arrears are past due for longer than the backstop"
PROBATION: Final = "on probation after a default or a forbearance measure"
PD_RISEN: Final = "the PD has risen significantly since origination"
WATCHED: Final = "under close watch"
HELD: Final = "stage 2 is kept for its dwell"
NOTHING: Final = "no significant increase in credit risk"


def stage_of(client: ClientState, was: Segment | None, owed: Arrears, today: int, now: InForce) -> tuple[int, str]:
    """The stage, and what puts the client there: the first that applies. `was`: where it stands."""
    if client.defaulted_day:
        return IMPAIRED, DEFAULT
    cause = increase(client, owed, today, now)
    if cause:
        return INCREASED, cause
    if was is not None and was.stage == INCREASED and today < client.stage_day + now.rules.staging.dwell_days:
        return INCREASED, HELD
    return PERFORMING, NOTHING


def increase(client: ClientState, owed: Arrears, today: int, now: InForce) -> str:
    """What makes the increase in credit risk significant; "" if nothing does."""
    if owed.material and owed.days > now.rules.default.significant_increase_dpd_days:
        return BACKSTOP
    if today <= client.probation_day:
        return PROBATION
    rules = now.rules.staging
    rise = client.pd - client.origin_pd
    if rise >= rules.pd_absolute and client.pd >= client.origin_pd * rules.pd_relative:
        return PD_RISEN
    if client.alerts and rules.watchlist is not None:
        least = SEVERITIES[rules.watchlist]
        for alert in client.alerts:
            if alert.severity >= least:
                return WATCHED
    return ""
