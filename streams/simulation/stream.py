"""All clients of the bank merged into one stream, in order of time, a day in memory at a time."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

from streams.simulation.bank import Bank, Event
from streams.simulation.chance import days_between
from streams.simulation.clients import Client, Registry
from streams.simulation.dates import business_day, first_of, iso
from streams.simulation.economy import Economy, Path
from streams.simulation.relationship import arrive, take_on

START: Final = date(2022, 1, 1)
TAKE_ON_DAYS: Final = 14
"""Old clients enter the run spread over these days, so that no day has to be held that is much larger than the others."""
GROWTH: Final = 0.04
"""Of all clients, the share that comes new within a year (assumption)."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is simulated. Everything follows from it: the same scenario is the same bytes.

    `clients` counts those that come during the run; `end_of_day` adds the bank's end-of-day records.
    """

    clients: int
    months: int
    seed: int
    start: date = START
    economy: Path = "cycle"
    end_of_day: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run held. `default_rate` is defaults per client and year not in default."""

    events: dict[str, int]
    clients: int
    defaults: int
    default_rate: float


class Simulation:
    """A run over a scenario; `events` may be read once, `truth` and `summary` are complete after it."""

    def __init__(self, scenario: Scenario) -> None:
        first_day = scenario.start.toordinal()
        self._scenario = scenario
        self._first_day = first_day
        month = scenario.start.year * 12 + scenario.start.month - 1 + scenario.months
        self._end = first_of(month) + scenario.start.day - 1
        economy = Economy(scenario.seed, scenario.months + 1, scenario.economy)
        self._bank = Bank(scenario.seed, first_day, self._end - 1, economy)

    def events(self) -> Iterator[Event]:
        """The events in order of `occurred_at`, each with its `topic`; end-of-day records have none."""
        bank, scenario = self._bank, self._scenario
        self._expect_clients(Registry(bank.rng))
        for month in range(scenario.months):
            bank.at(business_day(bank.first_of_run(month)), self._macro)
        for today in range(self._first_day, self._end):
            yield from bank.day(today)
            if scenario.end_of_day:
                yield {"kind": "end-of-day", "day": iso(today)}

    @property
    def months_done(self) -> int:
        """Months of the run that have passed."""
        return self._bank.month

    def truth(self) -> Iterator[Event]:
        """What is hidden: every distress, one each, with its days; what lies after the run is not told.

        `fate` is defaulted (for good or for a time), failing (stopped paying), recovered or open.
        """
        for episode in self._bank.episodes:
            stopped = episode.fatal and episode.ends < self._end
            yield {
                "client_id": episode.client_id,
                "portfolio": episode.portfolio,
                "distress_from": iso(episode.began),
                "sudden": episode.sudden,
                "stopped_paying": iso(episode.ends) if stopped else None,
                "defaulted_on": iso(episode.defaulted) if episode.defaulted else None,
                "resolution": episode.resolution,
                "fate": "defaulted"
                if episode.defaulted
                else "failing"
                if stopped
                else "recovered"
                if episode.resolution
                else "open",
            }

    def summary(self) -> Summary:
        """Counts of the run so far."""
        counts = Counter(self._bank.counts)
        defaults = counts.pop("defaults", 0)
        rate = 12 * defaults / max(self._bank.client_months, 1)
        return Summary(dict(sorted(counts.items())), self._scenario.clients, defaults, rate)

    def _expect_clients(self, registry: Registry) -> None:
        """Put the first day of every client on the agenda; a client is drawn up when its day comes."""
        bank, clients = self._bank, self._scenario.clients
        new = int(clients * GROWTH * self._scenario.months / 12)

        def enter(how: Callable[[Bank, Client], None]) -> None:
            how(bank, registry.new())

        for number in range(clients - new):
            day = self._first_day + number * TAKE_ON_DAYS // max(clients - new, 1)
            bank.at(business_day(day), partial(enter, take_on))
        for _ in range(new):
            day = days_between(bank.rng, self._first_day + TAKE_ON_DAYS + 2, self._end)
            bank.at(business_day(day), partial(enter, arrive))

    def _macro(self) -> None:
        for indicator, value, country in self._bank.economy.figures(self._bank.month):
            as_of = iso(self._bank.first_of_run(self._bank.month) - 1)
            body: Event = {"indicator": indicator, "value": value, "as_of": as_of}
            if country:
                body["country"] = country
            self._bank.announce("macro", body)


def simulate(
    clients: int, months: int, seed: int, start: date = START, *, economy: Path = "cycle", end_of_day: bool = False
) -> Iterator[Event]:
    """The events of a bank in order of `occurred_at`; see `Scenario`."""
    return Simulation(Scenario(clients, months, seed, start, economy, end_of_day)).events()
