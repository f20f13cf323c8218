"""The agenda of a partition: on the close of which day there is something to find at which client.

It makes events that did *not* happen visible (an instalment not paid, a horizon that passed) without looking at everybody.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from agents.segmentation.in_force import InForce
from agents.segmentation.indicators.standing import forgotten_days
from agents.segmentation.turning import next_turn
from agents.segmentation.watchlist import next_day
from schemas.order import digest_of, place_of
from schemas.packed import LOOK, due_by, looks
from schemas.state import ClientState, Due

NEVER: Final = date.max.toordinal()
"""No day."""
SLICE: Final = 24
"""About as many clients are looked at before others may work: a day's close holds nobody up for long."""
SPREAD: Final = 4096
"""Clients whose days are read, or that are put into slices, before others may work."""
AHEAD: Final = 7
"""Days of which an agenda knows at once who is due: whoever is due later stands in the table alone."""


class Agenda:
    """Clients by the next day to look at them: of the days just ahead; the others are found in the table when their time comes.

    `states` is the table as it stands when a day is asked for: every client's state begins with its day.
    """

    def __init__(self, states: Mapping[bytes, bytes]) -> None:
        self._states = states
        self._until = 0
        self._clients: dict[int, set[str]] = {}

    def move(self, client_id: str, was: int, now: int) -> None:
        """The client's next day; 0 for none."""
        if was == now:
            return
        if 0 < was <= self._until:
            clients = self._clients.get(was)
            if clients is not None:
                clients.discard(client_id)
        if 0 < now <= self._until:
            self._clients.setdefault(now, set()).add(client_id)

    def due(self, day: int) -> Iterator[list[str]]:
        """Whom to look at on the close of `day`, in a fixed order, some at a time; where there is nobody others may work."""
        if day > self._until:
            yield from self._look_ahead(day)
        yield from _in_slices(self._clients.pop(day, ()))

    def due_by(self, day: int, where: slice = LOOK) -> Iterator[list[str]]:
        """Whose day (`LOOK` or `TURN`) is not after another one: as `due`, by the table alone."""
        found: list[str] = []
        for states in self._parts():
            found += map(bytes.decode, due_by(states, where, day))
            yield []
        yield from _in_slices(found)

    def _look_ahead(self, day: int) -> Iterator[list[str]]:
        until = day + AHEAD - 1
        ahead: dict[int, set[str]] = {}
        for states in self._parts():
            for due, key in looks(states, day, until):
                ahead.setdefault(due, set()).add(key.decode())
            yield []
        self._until, self._clients = until, ahead

    def _parts(self) -> Iterator[list[tuple[bytes, bytes]]]:
        """The table, some states at a time. Meanwhile no client's changes; a version that nobody uses any more may go."""
        states, keys = self._states, list(self._states)
        for first in range(0, len(keys), SPREAD):
            yield [(key, states[key]) for key in keys[first : first + SPREAD] if key in states]


def _in_slices(clients: Collection[str]) -> Iterator[list[str]]:
    """Everybody, by `place_of`, whatever the slices: the learner knows by it what it has been told. Nobody sorts all at once.

    An empty slice is a place to rest.
    """
    count = len(clients) // SLICE + 1
    slices: list[list[str]] = [[] for _ in range(count)]
    for number, client_id in enumerate(clients, start=1):
        slices[digest_of(client_id) * count >> 32].append(client_id)
        if number % SPREAD == 0:
            yield []
    for one in slices:
        if one:
            one.sort(key=place_of)
            yield one


def next_look(client: ClientState, closed_day: int, now: InForce) -> int:
    """The first day after `closed_day` whose close finds something new at the client; 0 if there is none.

    A horizon that has passed is found at the end of its month: a label of 0 is in no hurry, and one look does for both.
    """
    days = [_ages(facility.dues, closed_day, now) for facility in client.facilities if facility.dues]
    if client.snapshots:
        days.append(month_end(client.snapshots[0].day + now.rules.horizon_days))
    is_in_business, was = not client.left_day, client.segment
    if client.moved and is_in_business and not client.defaulted_day:
        days.append(month_end(client.last_day))
    if client.months and client.months[-1].number > client.track.drift.month and "DRIFT" in now.watched:
        days.append(_next_month_end(client, closed_day))
    if client.expected_day and is_in_business:
        days.append(_late(client.expected_day, closed_day, now))
    if client.alerts or client.quiet:
        days.append(_watched(client, closed_day, now))
    if was is not None and is_in_business:
        days.append(next_turn(client, was, closed_day, now) or NEVER)
    first = min(days, default=NEVER)
    return max(first, closed_day + 1) if first < NEVER else 0


def _watched(client: ClientState, closed_day: int, now: InForce) -> int:
    """When a warning may move by itself, or an indicator speak again."""
    days = [quiet.until for quiet in client.quiet if quiet.until]
    for alert in client.alerts:
        moves = next_day(client, alert, now.rules.watchlist)
        if moves:
            days.append(moves)
        if alert.code == "RATING" and not alert.clean_day:
            days.extend(day for day in forgotten_days(client.ratings) if day > closed_day)
    return min(days, default=NEVER)


def _next_month_end(client: ClientState, closed_day: int) -> int:
    """The end of the oldest month that is not yet entered into what is normal for the client; there is one."""
    entered, oldest = client.track.drift.month, 0
    for month in reversed(client.months):
        if month.number <= entered:
            break
        oldest = month.number
    return max(last_day(oldest), closed_day + 1)


def _late(expected_day: int, closed_day: int, now: InForce) -> int:
    """When the next statement becomes late."""
    for days in now.late_steps:
        if expected_day + days > closed_day:
            return expected_day + days
    return NEVER


def _ages(dues: list[Due], closed_day: int, now: InForce) -> int:
    """When the arrears of a facility change by themselves: the oldest due ages, a later one falls due or runs out of grace."""
    oldest, first = dues[0].day, NEVER
    for step in now.steps:
        if oldest + step > closed_day:
            first = oldest + step
            break
    grace = now.rules.grace_days + 1
    for due in dues:
        if due.day + 1 > closed_day:
            return min(first, due.day + 1)
        if due.day + grace > closed_day:
            first = min(first, due.day + grace)
    return first


@lru_cache(maxsize=512)
def last_day(month: int) -> int:
    """The last day of a month, by its number."""
    return date((month + 1) // 12, (month + 1) % 12 + 1, 1).toordinal() - 1


@lru_cache(maxsize=512)
def month_end(day: int) -> int:
    """The last day of a day's month."""
    when = date.fromordinal(day)
    return (when.replace(day=28) + timedelta(days=4)).replace(day=1).toordinal() - 1
