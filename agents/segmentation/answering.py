"""Answering: what people say of warnings (the `feedback` topic), entered into the watchlist."""

from typing import Final, NamedTuple

from agents.segmentation import watchlist
from agents.segmentation.watchlist import Transition
from schemas import log
from schemas.decisions import Severity
from schemas.policy import MANUAL
from schemas.state import Alert, ClientState
from schemas.watch_rules import Watchlist

SNOOZED_DAYS: Final = 30
"""Where neither the feedback nor the policy says until when."""
TAKEN: Final = "feedback-taken"
UNKNOWN: Final = "feedback-unknown"


class Answered(NamedTuple):
    """What became of a feedback: what is to be told, and what it counts as."""

    transition: Transition | None
    counted: str


def answered(client: ClientState, fact: log.FeedbackGiven, day: int, rules: Watchlist) -> Answered:
    """The feedback, entered; one that names no open warning moves nothing and is counted."""
    until = fact.until.toordinal() if fact.until is not None else 0
    if fact.verdict == "raised":
        severity = Severity[(fact.severity or "watch").upper()]
        code = fact.indicator or MANUAL
        return Answered(watchlist.raise_by_hand(client, code, severity, day, max(day, until)), TAKEN)
    alert = named(client, fact)
    if fact.verdict == "suppressed" and (alert is not None or fact.indicator is not None):
        code = alert.code if alert is not None else fact.indicator or MANUAL
        return Answered(watchlist.suppress(client, code, max(day, until), day, rules), TAKEN)
    if alert is None:
        return Answered(None, UNKNOWN)
    if fact.verdict == "false-alarm":
        return Answered(watchlist.reject(client, alert, day, rules), TAKEN)
    if fact.verdict == "snoozed":
        watchlist.snooze(alert, until or day + (rules.turn_around_days or SNOOZED_DAYS))
    else:
        watchlist.answer(alert)
    return Answered(None, TAKEN)


def named(client: ClientState, fact: log.FeedbackGiven) -> Alert | None:
    """The open warning that a feedback names (client / indicator / number), or of the indicator it names."""
    if not fact.warning_id:
        return watchlist.alert_of(client, fact.indicator) if fact.indicator else None
    parts = fact.warning_id.rsplit("/", 2)
    for alert in client.alerts:
        if parts == [fact.client_id, alert.code, str(alert.episode)]:
            return alert
    return None
