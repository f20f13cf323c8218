"""The bank of the demo: event files published in the order of their time, with an end-of-day record after each of their days."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from heapq import merge
from pathlib import Path

from streams.brokers.publishing import Event, events_in


def published(paths: Sequence[Path]) -> Iterator[Event]:
    """The events of the files, merged by time; the end of each day on which something happened."""
    day: str | None = None
    for event in merge(*(events_in(path) for path in paths), key=_when):
        today = _when(event)[:10]
        if day is not None and today > day:
            yield end_of_day(date.fromisoformat(day))
        day = today
        yield event
    if day is not None:
        yield end_of_day(date.fromisoformat(day))


def counted(paths: Sequence[Path]) -> Counter[str]:
    """How many events the files have for each topic."""
    return Counter(str(event.get("topic")) for path in paths for event in events_in(path))


def end_of_day(day: date) -> Event:
    """The bank's record that a day is over."""
    return {"kind": "end-of-day", "day": day.isoformat()}


def _when(event: Event) -> str:
    return str(event["occurred_at"])  # both example files write UTC in the same form, so text sorts as time does
