"""How clients use their revolving lines: towards a level that distress raises, and to pay instalments with (evergreening)."""

from functools import partial
from typing import Final

from streams.simulation.bank import Bank
from streams.simulation.chance import bell, between, days_between
from streams.simulation.clients import Client
from streams.simulation.dates import business_day
from streams.simulation.facilities import Due, Facility, draw
from streams.simulation.payments import publish

STEP: Final = 0.03
"""Share of the limit below which nobody bothers to draw or to pay back."""
EVERGREENS: Final = (0.01, 0.5)
"""Chance that an instalment is paid with a drawing just before it, and what full strain adds (assumption)."""
EXCESS: Final = 0.15
"""Chance a month that a strained client goes beyond its limit (assumption)."""


def use_lines(bank: Bank, client: Client) -> None:
    """A month's plans for the lines of a client, put on the agenda of the next days."""
    loan = next((f for f in client.facilities if f.amortises), None)
    for line in client.facilities:
        if line.style != "revolving":
            continue
        strain, rng = client.strain, bank.rng
        if loan and loan.next_due - bank.today <= 12 and bank.random() < EVERGREENS[0] + EVERGREENS[1] * strain:
            day = max(loan.next_due - days_between(rng, 1, 5), bank.today)
            bank.at(business_day(day), partial(evergreen, bank, line, loan))
            continue
        if bank.random() < 0.35:
            continue
        level = 0.45 + 0.4 * strain - 0.06 * client.quality + 0.15 * bell(rng)
        level = between(rng, 1.01, 1.07) if strain > 0.5 and bank.random() < EXCESS else min(max(level, 0.0), 0.99)
        bank.at(business_day(bank.today + days_between(rng, 0, 6)), partial(move, bank, line, level))


def move(bank: Bank, line: Facility, level: float) -> None:
    """Draw up to a level of utilisation, or pay down to it."""
    if not (line.open and line.client.performing):
        return
    change = int(level * line.limit) - line.balance
    if abs(change) < STEP * line.limit:
        return
    if change > 0:
        draw(bank, line, change, "working-capital")
    elif not line.dues and bank.today not in (
        line.last_due,
        line.next_due,
    ):  # one due a day, so that dates tell them apart
        pay_down(bank, line, min(-change, line.balance))


def pay_down(bank: Bank, line: Facility, amount: int) -> None:
    """A turnover of the account: published as a due of the day that is met in full."""
    line.balance -= amount
    if line.next_due > bank.today:  # never down to nothing: what was announced stays due
        line.next_interest = max(line.next_interest - line.accrual(amount, bank.today), 1)
    line.dues.insert(0, Due(bank.today, 0, amount))
    publish(bank, line, line.dues[0], amount)
    del line.dues[0]


def evergreen(bank: Bank, line: Facility, loan: Facility) -> None:
    """Draw about what an instalment will cost, where the line has room for it."""
    owed = loan.next_interest + loan.next_principal
    amount = int(owed * between(bank.rng, 0.88, 1.12))
    if line.open and loan.open and line.client.performing and 0 < amount <= line.limit - line.balance:
        draw(bank, line, amount, "working-capital")


def exhaust(bank: Bank, client: Client) -> None:
    """Before the last payment the client draws whatever it can."""
    for line in client.facilities:
        if line.style == "revolving" and line.open and line.balance < 0.97 * line.limit and bank.random() < 0.7:
            draw(bank, line, int(between(bank.rng, 0.97, 1.0) * line.limit) - line.balance, "working-capital")
