"""The bank's desk: its agenda by day, its generator of chance, and the events it has published today."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from random import Random
from typing import Final

from streams.simulation.clients import Client
from streams.simulation.dates import first_of, iso, month_of
from streams.simulation.distress import Episode
from streams.simulation.economy import Economy

Action = Callable[[], object]
Event = dict[str, object]

OPENS: Final = 7 * 3600
"""Second of the day at which booking starts; it ends eleven hours later, for a client with many bookings a little later."""
LAST_SECOND: Final = 86_399
_MINUTES: Final = [f"T{minute // 60:02d}:{minute % 60:02d}:" for minute in range(1440)]
_SECONDS: Final = [f"{second:02d}+00:00" for second in range(60)]


class Bank:
    """Everything that the rules of the simulation share. Units: days are ordinals, money is in minor units."""

    def __init__(self, seed: int, first_day: int, last_day: int, economy: Economy) -> None:
        self.rng = Random(seed)
        self.random = self.rng.random
        self.economy = economy
        self.first_month = month_of(first_day)
        self.today = first_day
        self.month = 0
        self.episodes: list[Episode] = []
        self.client_months = 0
        self.counts: Counter[str] = Counter()
        self._prefix = f"sim{seed}-"
        self._last_day = last_day
        self._agenda: defaultdict[int, list[Action]] = defaultdict(list)
        self._booked: list[tuple[int, int, Event]] = []
        self._ids = 0
        self._open_day(first_day)

    def at(self, day: int, action: Action) -> None:
        """Put an action on the agenda; what lies after the end of the run is dropped."""
        if day <= self._last_day:
            self._agenda[day].append(action)

    def book(self, client: Client, topic: str, body: Event) -> str:
        """Publish an event about a client now, after whatever was published of it today; its id."""
        if client.booked_on == self.today:
            second = client.booked_at + 1 + int(self.random() * 300)
        else:
            second = OPENS + int(self.random() * 39_600)
            client.booked_on = self.today
        client.booked_at = second = min(LAST_SECOND, second)
        self._ids += 1
        self.counts[topic] += 1
        event_id = f"{self._prefix}{self._ids}"
        event: Event = {
            "topic": topic,
            "event_id": event_id,
            "client_id": client.id,
            "portfolio": client.portfolio.name,
            "occurred_at": self._date + _MINUTES[second // 60] + _SECONDS[second % 60],
        }
        event.update(body)
        self._booked.append((second, self._ids, event))
        return event_id

    def announce(self, topic: str, body: Event) -> None:
        """Publish an event about no client, before the bank opens."""
        self._ids += 1
        self.counts[topic] += 1
        event_id = f"{self._prefix}{self._ids}"
        event: Event = {"topic": topic, "event_id": event_id, "occurred_at": f"{self._date}T06:00:00+00:00"}
        self._booked.append((OPENS - 3600, self._ids, event | body))

    def day(self, today: int) -> Iterator[Event]:
        """Work off the agenda of a day; its events in order of time."""
        self._open_day(today)
        actions = self._agenda[today]  # made if missing, so that actions can add to it
        for action in actions:  # an action may add to the day's own agenda: the list grows under the loop
            action()
        del self._agenda[today]
        self._booked.sort()
        for _, _, event in self._booked:
            yield event
        self._booked.clear()

    def _open_day(self, today: int) -> None:
        self.today, self._date = today, iso(today)
        self.month = month_of(today) - self.first_month

    def first_of_run(self, months: int) -> int:
        """The first day of a month of the run, counted from 0."""
        return first_of(self.first_month + months)
