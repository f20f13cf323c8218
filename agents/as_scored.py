"""Scores as they were given, for their evaluation: of labelled examples, and of snapshots that have no label yet."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from online_models.evaluation import Scored
from online_models.features import INDEX, unpacked
from schemas.learning import LabelledExample
from schemas.state import ClientState, Snapshot

MONTHS_SEEN: Final = INDEX["months_seen"]


def scored(example: LabelledExample) -> Scored:
    """The score of a labelled example."""
    if example.period is not None:
        return Scored(example.as_of, example.pd, example.period.year)
    return Scored(example.as_of, example.pd, months=int(example.x[MONTHS_SEEN] or 0))


def unlabelled(clients: Iterable[ClientState]) -> Iterator[tuple[str, Scored]]:
    """Portfolio and score of every open snapshot."""
    return ((client.portfolio, _of(snapshot)) for client in clients for snapshot in client.snapshots)


def _of(snapshot: Snapshot) -> Scored:
    as_of = date.fromordinal(snapshot.day)
    if snapshot.period_day:
        return Scored(as_of, snapshot.pd, date.fromordinal(snapshot.period_day).year)
    months = unpacked(snapshot.x)[MONTHS_SEEN]
    return Scored(as_of, snapshot.pd, months=int(months) if months == months else 0)
