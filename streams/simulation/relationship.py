"""The life of a client with the bank: how it comes, what happens each month, how it falls into distress and out of it."""

from functools import partial
from typing import Final

from streams.simulation import distress, lending, statements
from streams.simulation.bank import Bank
from streams.simulation.chance import days_between
from streams.simulation.clients import Client
from streams.simulation.credit_file import introduce, rate_first, revalue, review_profile, review_rating
from streams.simulation.dates import business_day, in_month, month_of
from streams.simulation.defaults import declare
from streams.simulation.forbearance import perhaps_forbear
from streams.simulation.lines import exhaust, use_lines
from streams.simulation.market import PROJECT_FINANCE
from streams.simulation.projects import build

RENEWS: Final = 0.12
"""Chance a month that a sound client without a loan takes a new one (assumption)."""
LEAVES: Final = 0.05
"""Chance a month that a client without any facility goes to another bank for good (assumption)."""
INSOLVENCY: Final = 0.5
"""Share of sudden failures declared at once as unlikely to pay, without 90 days of arrears. Source: CRR article 178(1)(a)."""


def take_on(bank: Bank, client: Client) -> None:
    """An old client enters the run with all that the bank has of it."""
    since = bank.today - days_between(bank.rng, 200, 9000)
    client.pressure = bank.economy.pressure(bank.month, client.sector)
    episode = distress.past(client, bank.rng, bank.today)
    distress.drift(client, bank.rng, client.pressure, bank.today)
    introduce(bank, client, since)
    lending.hand_over_facilities(bank, client)
    rate_first(bank, client)
    statements.load_history(bank, client)
    bank.at(next_visit(bank, client), partial(visit, bank, client))
    if episode:
        bank.episodes.append(episode)
        if bank.today >= episode.ends and episode.fatal:
            client.stopped = True
            left = distress.ARREARS_DAYS - (bank.today - episode.ends)
            bank.at(business_day(bank.today + max(left, 1)), partial(declare, bank, client))


def arrive(bank: Bank, client: Client) -> None:
    """A new client: first a profile, then, weeks later, its first loan."""
    introduce(bank, client, bank.today)
    distress.drift(client, bank.rng, bank.economy.pressure(bank.month, client.sector), bank.today)
    first = business_day(bank.today + days_between(bank.rng, 7, 60))
    if client.portfolio is PROJECT_FINANCE:
        bank.at(first, partial(lending.finance_project, bank, client, 0))
    else:
        bank.at(first, partial(lending.lend, bank, client, 1))
        if bank.random() < lending.LINES[client.portfolio.name]:
            bank.at(business_day(first + 20), partial(lending.open_line, bank, client, 2))
    rate_first(bank, client)
    last = statements.last_closed(client, bank.today)
    statements.schedule(bank, client, last + client.period_months)
    bank.at(next_visit(bank, client), partial(visit, bank, client))


def next_visit(bank: Bank, client: Client) -> int:
    """The client's day of the month: in this month if it lies ahead, else in the next."""
    month = month_of(bank.today)
    day = in_month(month, client.cycle)
    return day if day > bank.today else in_month(month + 1, client.cycle)


def visit(bank: Bank, client: Client) -> None:
    """A month of a client: its quality moves, and its plans for the weeks to come are made."""
    if client.closed:
        return
    bank.at(in_month(month_of(bank.today) + 1, client.cycle), partial(visit, bank, client))
    distress.drift(client, bank.rng, bank.economy.pressure(bank.month, client.sector), bank.today)
    if not client.defaulted:
        bank.client_months += 1
        if not client.stopped:
            live(bank, client)
            if client.closed:
                return
    revalue(bank, client)
    if not client.defaulted:
        review_rating(bank, client)
        review_profile(bank, client)


def live(bank: Bank, client: Client) -> None:
    """What a client that pays does in a month."""
    if client.episode:
        perhaps_forbear(bank, client)
        progress(bank, client, client.episode)
    else:
        perhaps_fail(bank, client)
    if client.stopped:
        return
    use_lines(bank, client)
    if client.project:
        build(bank, client)
    else:
        renew(bank, client)


def perhaps_fail(bank: Bank, client: Client) -> None:
    """Distress begins by chance, gradually or at once."""
    chance = bank.random()
    monthly = distress.hazard(client)
    if chance < monthly:
        bank.episodes.append(distress.begin(client, bank.rng, bank.today))
    elif chance < monthly * (1.0 + distress.FATAL * distress.SUDDEN):
        bank.episodes.append(distress.begin_suddenly(client, bank.today))
        client.stopped = True
        if bank.random() < INSOLVENCY:
            bank.at(business_day(bank.today + days_between(bank.rng, 1, 25)), partial(declare, bank, client))


def progress(bank: Bank, client: Client, episode: distress.Episode) -> None:
    """Distress turns to the worse or the better, and ends."""
    if episode.fatal is None and bank.today >= episode.turns:
        episode.turn(bank.rng, client.pressure)
    if bank.today < episode.ends:
        return
    if episode.fatal:
        exhaust(bank, client)
        client.stopped = True
    else:
        episode.resolution = "recovered"
        client.episode = None


def depart(bank: Bank, client: Client) -> None:
    """A client that owes nothing ends the relationship."""
    client.closed = True
    bank.book(client, "outcomes", {"outcome": "repaid"})


def renew(bank: Bank, client: Client) -> None:
    """Lines are prolonged; a sound client that has paid back a loan takes the next."""
    for line in client.facilities:
        lending.prolong(bank, line)
    loans = any(facility.amortises for facility in client.facilities)
    if client.borrowed and not client.facilities and bank.random() < LEAVES:
        depart(bank, client)
    elif not loans and client.portfolio is not PROJECT_FINANCE and client.strain < 0.3 and bank.random() < RENEWS:
        client.signed += 1
        day = business_day(bank.today + days_between(bank.rng, 1, 5))
        bank.at(day, partial(lending.lend, bank, client, client.signed))
