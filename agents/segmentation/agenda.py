"""The agenda of a partition: on the close of which day there is something to find at which client.

It makes events that did *not* happen visible (an instalment not paid, a horizon that passed) without looking at everybody.
"""

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from agents.segmentation.in_force import InForce
from agents.segmentation.indicators.standing import forgotten_days
from agents.segmentation.turning import turns
from agents.segmentation.watchlist import next_day
from schemas.order import digest_of, place_of
from schemas.state import ClientState, Due

SLICE: Final = 200
"""About as many clients are looked at before others may work: a day's close holds nobody up for long."""


class Agenda:
    """Clients by the next day to look at them; derived from the client states, so it is rebuilt and never stored."""

    def __init__(self, looks: dict[int, set[str]] | None = None) -> None:
        self._clients = dict(looks or {})

    def move(self, client_id: str, was: int, now: int) -> None:
        """The client's next day; 0 for none."""
        if was == now:
            return
        if was:
            clients = self._clients.get(was)
            if clients is not None:
                clients.discard(client_id)
                if not clients:
                    del self._clients[was]
        if now:
            self._clients.setdefault(now, set()).add(client_id)

    def due(self, day: int) -> Iterator[list[str]]:
        """Whom to look at on the close of `day`, in a fixed order, some at a time."""
        return _in_slices(self._clients.get(day, ()))

    def due_by(self, day: int) -> Iterator[list[str]]:
        """Whom to look at on the first close of all, of `day`: also those whose day was before it."""
        return _in_slices([client_id for due, clients in self._clients.items() if due <= day for client_id in clients])


def _in_slices(clients: Collection[str]) -> Iterator[list[str]]:
    """Everybody, by `place_of`, whatever the slices: the learner knows by it what it has been told. Nobody sorts all at once."""
    count = len(clients) // SLICE + 1
    slices: list[list[str]] = [[] for _ in range(count)]
    for client_id in clients:
        slices[digest_of(client_id) * count >> 32].append(client_id)
    for one in slices:
        if one:
            one.sort(key=place_of)
            yield one


def next_look(client: ClientState, closed_day: int, now: InForce) -> int:
    """The first day after `closed_day` whose close finds something new at the client; 0 if there is none.

    A horizon that has passed is found at the end of its month: a label of 0 is in no hurry, and one look does for both.
    """
    days: list[int] = []
    for facility in client.facilities:
        if facility.dues:
            days.extend(_looks_at(facility.dues, closed_day, now))
    if client.snapshots:
        days.append(month_end(client.snapshots[0].day + now.rules.horizon_days))
    if client.moved and not client.defaulted_day and not client.left_day:
        days.append(month_end(client.last_day))
    if client.months and client.months[-1].number > client.track.drift.month and "DRIFT" in now.watched:
        days.append(_next_month_end(client, closed_day))
    if client.expected_day and not client.left_day:
        days.extend(_late(client.expected_day, closed_day, now))
    for alert in client.alerts:
        moves = next_day(client, alert, now.rules.watchlist)
        if moves:
            days.append(moves)
        if alert.code == "RATING" and not alert.clean_day:
            days.extend(day for day in forgotten_days(client.ratings) if day > closed_day)
    days.extend(quiet.until for quiet in client.quiet if quiet.until)
    if client.segment is not None and not client.left_day:
        days.extend(day for day in turns(client, client.segment, now) if day > closed_day)
    return max(min(days), closed_day + 1) if days else 0


def _next_month_end(client: ClientState, closed_day: int) -> int:
    """The end of the oldest month that is not yet entered into what is normal for the client."""
    entered = client.track.drift.month
    return max(next(last_day(m.number) for m in client.months if m.number > entered), closed_day + 1)


def _late(expected_day: int, closed_day: int, now: InForce) -> list[int]:
    """When the next statement becomes late."""
    return [expected_day + days for days in now.late_steps if expected_day + days > closed_day][:1]


def _looks_at(dues: list[Due], closed_day: int, now: InForce) -> Iterator[int]:
    """When the arrears of a facility change by themselves: the oldest due ages, a later one falls due or runs out of grace."""
    oldest = dues[0].day
    for step in now.steps:
        if oldest + step > closed_day:
            yield oldest + step
            break
    grace = now.rules.grace_days + 1
    for due in dues:
        if due.day + 1 > closed_day:
            yield due.day + 1
            return
        if due.day + grace > closed_day:
            yield due.day + grace


@lru_cache(maxsize=512)
def last_day(month: int) -> int:
    """The last day of a month, by its number."""
    return date((month + 1) // 12, (month + 1) % 12 + 1, 1).toordinal() - 1


@lru_cache(maxsize=512)
def month_end(day: int) -> int:
    """The last day of a day's month."""
    when = date.fromordinal(day)
    return (when.replace(day=28) + timedelta(days=4)).replace(day=1).toordinal() - 1
