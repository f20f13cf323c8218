"""Watchlist: an indicator raises at once, escalates at once, and clears after its cure period without a trigger."""

from typing import Final, NamedTuple

from schemas.decisions import Severity
from schemas.policy import Watchlist
from schemas.state import Alert, ClientState

RAISED: Final = "raised"
ESCALATED: Final = "escalated"
CLEARED: Final = "cleared"


class Transition(NamedTuple):
    """What became of an alert: one of the three statuses, and the severity that is said with it."""

    status: str
    alert: Alert
    severity: Severity


def step(client: ClientState, code: str, severity: Severity, day: int, rules: Watchlist) -> Transition | None:
    """An indicator's severity on a day, entered into the client's alerts; what is to be told of it, if anything.

    One episode, from raised to cleared, keeps its number. While nothing changes nothing is said again.
    """
    alert = next((a for a in client.alerts if a.code == code), None)
    if alert is None:
        if not severity:
            return None
        client.episodes += 1
        alert = Alert(code, severity, client.episodes, day)
        client.alerts.append(alert)
        return Transition(RAISED, alert, severity)
    if severity > alert.severity:
        alert.severity, alert.clean_day = severity, 0
        return Transition(ESCALATED, alert, severity)
    if severity:
        alert.clean_day = 0
        return None
    alert.clean_day = alert.clean_day or day
    return cure(client, code, day, rules)


def cure(client: ClientState, code: str, day: int, rules: Watchlist) -> Transition | None:
    """An alert whose trigger has been gone for its cure period is cleared."""
    alert = next((a for a in client.alerts if a.code == code), None)
    if alert is None or not alert.clean_day or day < cured_day(alert, rules):
        return None
    client.alerts.remove(alert)
    return Transition(CLEARED, alert, Severity(alert.severity))


def cured_day(alert: Alert, rules: Watchlist) -> int:
    """When an alert without trigger is cleared."""
    return alert.clean_day + rules.cure_days[alert.severity - 1]
