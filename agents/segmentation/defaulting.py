"""Default: when a client enters it by days past due, when it has cured, and when it never was.

What the bank has reported (`outcomes`) ends only by a report. Sources: Regulation (EU) 2018/171; EBA GL 2016/07, par. 71;
EBA Q&A 2014_1018.
"""


import msgspec

from agents.segmentation.in_force import InForce
from agents.segmentation.place import Place
from schemas.risk_rules import DefaultDefinition
from schemas.state import ClientState


class Arrears(msgspec.Struct, frozen=True, gc=False):
    """What is past due as of the last closed day. Units: days; the reporting currency."""

    days: int = 0
    amount: float = 0.0
    missed: int = 0
    material: bool = False


NO_ARREARS = Arrears()


def default_step(client: ClientState, owed: Arrears, place: Place, now: InForce) -> None:
    """Enters a default, or ends one that is by days past due; both into the client's state."""
    rules = now.rules.default
    triggered = owed.material and rules.dpd_days is not None and owed.days > rules.dpd_days
    if not client.defaulted_day:
        if triggered:
            client.defaulted_day = min(place.day, place.closed_day)
            client.default_by_days, client.clean_day = True, 0
        return
    if not client.default_by_days:
        return
    if owed.material:
        client.clean_day = 0
    elif not client.clean_day and place.day < client.defaulted_day:  # paid before the default, told after it: it never was
        client.defaulted_day, client.default_by_days = 0, False
    else:
        client.clean_day = client.clean_day or place.today
        if place.today >= cured_day(client, rules):
            end(client, place.today, rules)


def report(client: ClientState, day: int) -> None:
    """The bank reports a default: it holds until the bank reports its end."""
    client.defaulted_day = client.defaulted_day or day
    client.default_by_days, client.clean_day = False, 0


def forbear(client: ClientState, day: int, rules: DefaultDefinition) -> None:
    """A concession to a client in difficulty: probation from the measure on, or from the end of the default it is granted in."""
    client.forborne_day = max(client.forborne_day, day)
    if not client.defaulted_day:
        client.probation_day = max(client.probation_day, day + rules.forborne_probation_days)


def end(client: ClientState, day: int, rules: DefaultDefinition) -> None:
    """The default is over; probation begins."""
    if client.defaulted_day:
        forborne = client.forborne_day and client.forborne_day + rules.forborne_cure_days + rules.forborne_probation_days >= day
        client.probation_day = day + (rules.forborne_probation_days if forborne else rules.probation_days)
    client.defaulted_day = client.clean_day = 0
    client.default_by_days = False


def cured_day(client: ClientState, rules: DefaultDefinition) -> int:
    """When a default by days past due has cured if nothing material falls due again; 0 while the clock stands still."""
    if not client.clean_day:
        return 0
    cured = client.clean_day + rules.cure_days
    return max(cured, client.forborne_day + rules.forborne_cure_days) if client.forborne_day else cured
