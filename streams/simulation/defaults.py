"""Default and what follows: contagion in the group, cure, or write-off with a loss."""

from functools import partial
from typing import Final

from streams.simulation import distress
from streams.simulation.bank import Bank
from streams.simulation.chance import between, days_between
from streams.simulation.clients import Client
from streams.simulation.credit_file import release
from streams.simulation.dates import business_day
from streams.simulation.facilities import Facility
from streams.simulation.forbearance import perhaps_restructure
from streams.simulation.payments import pay

ARREARS: Final = 90
"""Days past due at which a client is in default. Source: CRR article 178; IFRS 9 B5.5.37."""
CURED: Final = 0.35
"""Share of defaults that are cured; the others are written off (assumption)."""
CONTAGION: Final = 0.3
"""Chance that a default puts another member of the group into distress (assumption)."""
LOSS: Final = (0.15, 0.65)
"""Of the exposure, before collateral; with a covered facility half of it (assumption)."""


def check_arrears(bank: Bank, facility: Facility) -> None:
    """Declare the default if the oldest due of a facility is more than 90 days past."""
    client = facility.client
    if facility.open and not client.defaulted and facility.dues and bank.today - facility.dues[0].day > ARREARS:
        declare(bank, client)


def declare(bank: Bank, client: Client) -> None:
    """The bank declares the default of a client, which pays nothing from now on."""
    if client.defaulted or client.closed:
        return
    client.defaulted = client.stopped = True
    episode = client.episode or distress.begin_suddenly(client, bank.today)
    if episode.defaulted is None:
        episode.defaulted = bank.today
    bank.counts["defaults"] += 1
    bank.book(client, "outcomes", {"outcome": "defaulted"})
    infect(bank, client)
    if bank.random() < CURED:
        day, ending = bank.today + days_between(bank.rng, 120, 400), partial(cure_from, bank, client)
    else:
        day, ending = bank.today + days_between(bank.rng, 270, 720), partial(write_off, bank, client)
    bank.at(business_day(day), ending)


def infect(bank: Bank, client: Client) -> None:
    """Connected clients may fall into distress as well."""
    for other in client.group.members if client.group else ():
        if other is not client and other.performing and not other.episode and bank.random() < CONTAGION:
            bank.episodes.append(distress.begin(other, bank.rng, bank.today))


def cure_from(bank: Bank, client: Client) -> None:
    """The client pays its arrears and is performing again."""
    perhaps_restructure(bank, client)
    client.stopped = client.defaulted = False
    for facility in list(client.facilities):
        pay(bank, facility, sum(due.owed for due in facility.dues))
    bank.book(client, "outcomes", {"outcome": "cured"})
    _close_episode(client, "cured")


def write_off(bank: Bank, client: Client) -> None:
    """The bank gives up what it cannot recover; collateral is realised."""
    client.closed = True
    covered = 0.5 if client.collateral else 1.0
    for facility in client.facilities:
        release(bank, client, facility.id)
    loss = round(between(bank.rng, *LOSS) * covered, 3)
    bank.book(client, "outcomes", {"outcome": "written-off", "loss": loss})
    for facility in client.facilities:
        facility.open = False
    client.facilities.clear()
    _close_episode(client, "written-off")


def _close_episode(client: Client, resolution: str) -> None:
    if client.episode:
        client.episode.resolution = resolution
    client.episode = None
