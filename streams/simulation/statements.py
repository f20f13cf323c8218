"""Financial statements: closed at the end of the period, published weeks or months later, or never."""

from functools import partial
from typing import Final

from streams.simulation.bank import Bank
from streams.simulation.books import open_books
from streams.simulation.chance import days_between
from streams.simulation.clients import Client
from streams.simulation.dates import business_day, first_of, iso, month_of

LAG: Final = {3: (25, 70), 12: (60, 140)}
"""Days from the end of a period of so many months to the statement (assumption; SMEs have up to a year by law)."""
LATE, NEVER = (0.04, 0.3), (0.01, 0.15)
"""Chance of each at no strain, and what full strain adds to it (assumption)."""
LATE_DAYS: Final = (40, 150)


def last_closed(client: Client, day: int) -> int:
    """The last month, before that of `day`, in which a period of the client's ended."""
    month = month_of(day) - 1
    return month - (month - client.fiscal_end) % client.period_months


def load_history(bank: Bank, client: Client) -> None:
    """The two statements that the bank has of an old client when the run begins."""
    months = client.period_months
    last = last_closed(client, bank.today - LAG[months][1])
    client.books = open_books(client, bank.rng)
    quality = client.mean + client.noise + 0.4 * client.pressure
    for month, strain in ((last - months, 0.0), (last, 0.6 * client.strain)):
        period_end = first_of(month + 1) - 1
        publish(bank, client, period_end, quality - 2.5 * strain, period_end + LAG[months][0])
    schedule(bank, client, last + months)


def schedule(bank: Bank, client: Client, month: int) -> None:
    """Close the next period at the end of a month; what ended before today is closed today."""
    bank.at(max(first_of(month + 1) - 1, bank.today), partial(close_period, bank, client, month))


def close_period(bank: Bank, client: Client, month: int) -> None:
    """The period ends: what the statement will show is settled, not when it comes."""
    if client.closed:
        return
    schedule(bank, client, month + client.period_months)
    strain = client.strain
    chance = bank.random()
    if chance < NEVER[0] + NEVER[1] * strain or client.defaulted:
        return
    period_end = first_of(month + 1) - 1
    lag = days_between(bank.rng, *LAG[client.period_months])
    if chance > 1.0 - LATE[0] - LATE[1] * strain:
        lag += days_between(bank.rng, *LATE_DAYS)
    day = business_day(max(period_end + lag, bank.today))
    bank.at(day, partial(publish, bank, client, period_end, client.quality))


def publish(bank: Bank, client: Client, period_end: int, quality: float, published: int = 0) -> None:
    """The statement event; `published` where it was drawn up before the bank took the client on."""
    if client.closed:
        return
    books = client.books = client.books or open_books(client, bank.rng)
    figures = books.close(client, bank.rng, quality, client.period_months)
    body: dict[str, object] = {
        "period_end": iso(period_end),
        "period_months": client.period_months,
        "currency": client.currency,
        "audited": client.period_months == 12 and client.portfolio.name != "sme",
    }
    if published:
        body["published_at"] = f"{iso(business_day(published))}T09:00:00+00:00"
    wire = client.wire_major
    for name, value in figures.items():
        body[name] = wire(value)
    if books.listed:
        body["market_value"] = wire(books.market_value(figures, quality))
    bank.book(client, "statements", body)
