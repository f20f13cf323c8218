"""Labels: features are kept as they were scored until a default within the horizon, or the horizon's end, labels them."""

from typing import Final

from agents.segmentation.agenda import month_end
from agents.segmentation.indicators.registry import ALARM
from online_models.features import UNKNOWN_STATEMENT
from schemas.state import ClientState, Snapshot

MAX_SNAPSHOTS: Final = 16
"""Open snapshots of a client: a year of months and its statements."""


def keep(client: ClientState, day: int, others_x: bytes, version: str, period_day: int = 0) -> None:
    """Takes a snapshot; the second of a day replaces the first, and beyond the bound the oldest is forgotten.

    `others_x`: features behind those of the statement; missing ones at the end are left off.

    `period_day`: end of the period of the statement that it is taken at, 0 at a month's end.
    """
    x = (client.statement_x or UNKNOWN_STATEMENT) + others_x
    taken = Snapshot(day, x, client.pd, version, period_day)
    if client.snapshots and client.snapshots[-1].day == day:
        last = client.snapshots.pop()
        taken.since_days, taken.was_pd, taken.alarmed = last.since_days, last.was_pd, last.alarmed
    elif client.snapshot_day:
        taken.since_days, taken.was_pd = max(0, day - client.snapshot_day), client.snapshot_pd
    alarm = next((alert for alert in client.alerts if alert.code == ALARM), None)
    if alarm is not None and alarm.episode != client.alarm_episode:
        taken.alarmed, client.alarm_episode = True, alarm.episode
    client.snapshots.append(taken)
    del client.snapshots[:-MAX_SNAPSHOTS]
    client.snapshot_day, client.snapshot_pd = day, client.pd
    client.moved = False


def ripe(client: ClientState, closed_day: int, horizon_days: int) -> list[Snapshot]:
    """The snapshots whose horizon ended without a default in a month that has closed; they are no longer kept.

    All of a month are told at its close, in an order that nothing of a client decides: the learner's order (`turns.py`).
    """
    done = 0
    for snapshot in client.snapshots:
        if month_end(snapshot.day + horizon_days) > closed_day:
            break
        done += 1
    passed = client.snapshots[:done]
    del client.snapshots[:done]
    return passed


def foretold(client: ClientState, default_day: int, horizon_days: int) -> list[Snapshot]:
    """The snapshots that a default labels 1, no longer kept; those taken after its day are dropped with them."""
    labelled = [s for s in client.snapshots if s.day <= default_day <= s.day + horizon_days]
    client.snapshots = [s for s in client.snapshots if s.day + horizon_days < default_day]
    return labelled
