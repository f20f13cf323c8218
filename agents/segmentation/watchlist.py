"""Watchlist: the legal transitions of an indicator's warning, in one table, and what brings each of them about.

A warning rises at once, and leaves only after its cure, or when a person rejects or suppresses it. Sources: DOMAIN.md,
watchlist; EBA Q&A 2014_1018 (cure, probation); RBI, early warning signals (turn-around).
"""

from enum import Enum
from typing import Final, NamedTuple

import msgspec

from schemas.decisions import Severity
from schemas.state import Alert, ClientState, Quiet
from schemas.watch_rules import Watchlist

RAISED: Final = "raised"
ESCALATED: Final = "escalated"
CLEARED: Final = "cleared"
NORMAL, WATCH, AMBER, RED = Severity


class Cause(Enum):
    """What moves a warning, or a client on the watchlist."""

    TRIGGER = "trigger"
    """A reading reaches a threshold."""
    RELAPSE = "relapse"
    """The same during probation."""
    MANUAL = "manual"
    """A person raises it."""
    UNANSWERED = "unanswered"
    """Nobody has answered it within the turn-around."""
    CURED = "cured"
    """Its trigger has been gone for the cure period, and it has stood for its dwell."""
    REJECTED = "false-alarm"
    """A person calls it a false alarm."""
    SUPPRESSED = "suppressed"
    """A person suppresses the indicator for a time."""
    EASED = "eased"
    """Of a client: its worst warning has been cleared, a milder one stands."""


class Row(NamedTuple):
    """One line of the table: where a warning stands, what happens, where it may then stand, and what is published."""

    was: Severity
    cause: Cause
    now: tuple[Severity, ...]
    status: str


TABLE: Final = (
    Row(NORMAL, Cause.TRIGGER, (WATCH, AMBER, RED), RAISED),
    Row(NORMAL, Cause.RELAPSE, (AMBER, RED), RAISED),
    Row(NORMAL, Cause.MANUAL, (WATCH, AMBER, RED), RAISED),
    Row(WATCH, Cause.TRIGGER, (AMBER, RED), ESCALATED),
    Row(WATCH, Cause.MANUAL, (AMBER, RED), ESCALATED),
    Row(WATCH, Cause.UNANSWERED, (AMBER,), ESCALATED),
    Row(AMBER, Cause.TRIGGER, (RED,), ESCALATED),
    Row(AMBER, Cause.MANUAL, (RED,), ESCALATED),
    *(
        Row(severity, cause, (NORMAL,), CLEARED)
        for severity in (WATCH, AMBER, RED)
        for cause in (Cause.CURED, Cause.REJECTED, Cause.SUPPRESSED)
    ),
    Row(AMBER, Cause.EASED, (WATCH,), ""),
    Row(RED, Cause.EASED, (WATCH, AMBER), ""),
)
"""Every legal transition; EASED is of clients alone, and nothing of its own is published of it."""
_LEGAL: Final = {(row.was, row.cause, now): row.status for row in TABLE for now in row.now}


class Transition(msgspec.Struct, frozen=True, gc=False):
    """What became of an alert: the status and severity that are said of it, and why."""

    status: str
    alert: Alert
    severity: Severity
    cause: Cause


def step(client: ClientState, code: str, severity: Severity, day: int, rules: Watchlist) -> Transition | None:
    """An indicator's reading on a day, entered into the client's alerts; what is to be told of it, if anything.

    One episode, from raised to cleared, keeps its number. While nothing changes nothing is said again.
    """
    alert = alert_of(client, code)
    if alert is None:
        return _enter(client, code, severity, day, rules)
    alert.shown = severity
    if severity > alert.severity:
        return _escalated(alert, severity, Cause.TRIGGER, day)
    alert.clean_day = 0 if severity else alert.clean_day or day
    return None


def close(client: ClientState, alert: Alert, day: int, rules: Watchlist) -> Transition | None:
    """What the passing of days does to a warning: it is cured, or steps up because nobody has answered it."""
    if alert.clean_day:
        cured = cured_day(client, alert, rules)
        return _cleared(client, alert, Cause.CURED, day, rules) if cured and day >= cured else None
    if alert.severity == WATCH and 0 < alert.clock_day <= day:
        return _escalated(alert, AMBER, Cause.UNANSWERED, day)
    return None


def next_day(client: ClientState, alert: Alert, rules: Watchlist) -> int:
    """The day whose close may move a warning by itself; 0 if none does."""
    if alert.clean_day:
        return cured_day(client, alert, rules)
    return alert.clock_day if alert.severity == WATCH else 0


def cured_day(client: ClientState, alert: Alert, rules: Watchlist) -> int:
    """When a warning without trigger is cleared; 0: not while the client is in default."""
    if client.defaulted_day:
        return 0
    cure = rules.cure_days[alert.severity - 1]
    if client.forborne_day and alert.clean_day <= client.probation_day:
        cure = max(cure, rules.forborne_cure_days)
    return max(alert.clean_day + cure, (alert.since_day or alert.raised_day) + rules.dwell_days[alert.severity - 1])


def raise_by_hand(client: ClientState, code: str, severity: Severity, day: int, until: int) -> Transition | None:
    """A person's own signal. It lasts until a day and then cures; who raises it has answered it."""
    quiet = _quiet(client, code)
    if quiet is not None:
        quiet.rejected = quiet.until = 0
    alert = alert_of(client, code)
    if alert is None:
        alert = _new(client, code, severity, day)
        alert.clean_day = until
        return Transition(legal(NORMAL, Cause.MANUAL, severity), alert, severity, Cause.MANUAL)
    alert.clock_day = 0
    if alert.clean_day:
        alert.clean_day = max(alert.clean_day, until)
    return _escalated(alert, severity, Cause.MANUAL, day) if severity > alert.severity else None


def answer(alert: Alert) -> None:
    """A person has confirmed it: the clock stops for the episode."""
    alert.clock_day = 0


def snooze(alert: Alert, until: int) -> None:
    """The clock waits until a day; a worse reading is told nevertheless."""
    if alert.clock_day:
        alert.clock_day = max(alert.clock_day, until)


def reject(client: ClientState, alert: Alert, day: int, rules: Watchlist) -> Transition:
    """A false alarm: cleared, and not raised again until its trigger has gone or has got worse."""
    if alert.shown:
        _kept_quiet(client, alert.code).rejected = alert.shown
    return _cleared(client, alert, Cause.REJECTED, day, rules)


def suppress(client: ClientState, code: str, until: int, day: int, rules: Watchlist) -> Transition | None:
    """An indicator is not raised before a day; a warning that stands is cleared."""
    quiet = _kept_quiet(client, code)
    quiet.until = max(quiet.until, until)
    alert = alert_of(client, code)
    return _cleared(client, alert, Cause.SUPPRESSED, day, rules) if alert is not None else None


def spoken_again(client: ClientState, day: int) -> list[str]:
    """The indicators whose suppression is over by a day; what has nothing left to say is forgotten."""
    over = [quiet.code for quiet in client.quiet if 0 < quiet.until <= day]
    for quiet in client.quiet:
        if 0 < quiet.until <= day:
            quiet.until = 0
    client.quiet = [q for q in client.quiet if q.until or q.rejected or q.probation >= day]
    return over


def enlist(client: ClientState, day: int) -> Severity:
    """The client's own place on the watchlist: that of its worst warning. By the same table, and by EASED."""
    was, now = Severity(client.watchlist), Severity(max((alert.severity for alert in client.alerts), default=0))
    if now != was:
        if now > was:
            legal(was, Cause.TRIGGER, now)
        else:
            legal(was, Cause.EASED if now else Cause.CURED, now)
        client.watchlist, client.watchlist_day = now, day
    return now


def legal(was: Severity, cause: Cause, now: Severity) -> str:
    """The status of a transition. Raises: KeyError if the table does not have it."""
    return _LEGAL[was, cause, now]


def alert_of(client: ClientState, code: str) -> Alert | None:
    """The indicator's open warning."""
    for alert in client.alerts:
        if alert.code == code:
            return alert
    return None


def _enter(client: ClientState, code: str, severity: Severity, day: int, rules: Watchlist) -> Transition | None:
    """A reading of an indicator that has no open warning."""
    cause = Cause.TRIGGER
    on_probation = day <= client.probation_day and not client.defaulted_day
    quiet = _quiet(client, code)
    if quiet is not None:
        if not severity:
            quiet.rejected = 0
        elif day < quiet.until or severity <= quiet.rejected:
            return None
        on_probation = on_probation or day <= quiet.probation
    if not severity:
        return None
    if on_probation:
        severity, cause = max(severity, AMBER), Cause.RELAPSE
    alert = _new(client, code, severity, day)
    alert.shown = severity
    if rules.turn_around_days is not None:
        alert.clock_day = day + rules.turn_around_days
    return Transition(legal(NORMAL, cause, severity), alert, severity, cause)


def _new(client: ClientState, code: str, severity: Severity, day: int) -> Alert:
    client.episodes += 1
    alert = Alert(code, severity, client.episodes, day, since_day=day)
    client.alerts.append(alert)
    return alert


def _escalated(alert: Alert, severity: Severity, cause: Cause, day: int) -> Transition:
    status = legal(Severity(alert.severity), cause, severity)
    alert.severity, alert.since_day = severity, day
    if cause is Cause.TRIGGER:
        alert.clean_day = 0
    if cause is Cause.UNANSWERED:
        alert.clock_day = 0
    return Transition(status, alert, severity, cause)


def _cleared(client: ClientState, alert: Alert, cause: Cause, day: int, rules: Watchlist) -> Transition:
    severity = Severity(alert.severity)
    status = legal(severity, cause, NORMAL)
    client.alerts.remove(alert)
    if severity == RED and cause is Cause.CURED and rules.probation_days:
        _kept_quiet(client, alert.code).probation = day + rules.probation_days
    return Transition(status, alert, severity, cause)


def _quiet(client: ClientState, code: str) -> Quiet | None:
    for quiet in client.quiet:
        if quiet.code == code:
            return quiet
    return None


def _kept_quiet(client: ClientState, code: str) -> Quiet:
    quiet = _quiet(client, code)
    if quiet is None:
        quiet = Quiet(code)
        client.quiet.append(quiet)
    return quiet
