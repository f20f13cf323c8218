"""What a client does when an instalment falls due: pays on time, late, in part - or not, which no event tells."""

from functools import partial
from typing import Final

from streams.simulation.bank import Bank
from streams.simulation.chance import days_between
from streams.simulation.dates import business_day
from streams.simulation.defaults import check_arrears
from streams.simulation.facilities import Due, Facility
from streams.simulation.payments import pay, publish

LATE, PART, MISS, RETURNED = (0.025, 0.25), (0.003, 0.12), (0.003, 0.22), (0.002, 0.02)
"""Chance of each at no strain, and what full strain adds to it (assumptions: about 3 % of healthy dues are not on time)."""
LONGEST_ARREARS: Final = 70
"""Days after which a client that still pays has caught up: only those that stopped reach 90 days past due."""


def fall_due(bank: Bank, facility: Facility) -> None:
    """An instalment falls due: plan the next one, then the client pays, or does not."""
    if not facility.open:
        return
    due = Due(facility.next_due, facility.next_interest, facility.next_principal)
    if facility.amortises:
        facility.remaining -= 1
    if due.amount:
        facility.dues.append(due)
        facility.plan_next()
        respond(bank, facility, due)
    else:
        facility.plan_next()
    if facility.next_due:
        bank.at(facility.next_due, partial(fall_due, bank, facility))


def respond(bank: Bank, facility: Facility, due: Due) -> None:
    """What the client does about a due of today."""
    client, strain = facility.client, facility.client.strain
    bank_day = due.day
    if client.stopped:
        expect_arrears(bank, facility, due)
        return
    chance = bank.random()
    missed = MISS[0] + MISS[1] * strain
    part = missed + PART[0] + PART[1] * strain
    if chance > part + LATE[0] + LATE[1] * strain:
        event_id = pay(bank, facility, due.amount)
        perhaps_returned(bank, facility, due, event_id)
        return
    expect_arrears(bank, facility, due)
    if chance < missed:
        later = bank_day + days_between(bank.rng, 10, 15 + int(55 * strain))
    elif chance < part:
        pay(bank, facility, int(due.amount * (0.3 + 0.5 * bank.random())))
        later = bank_day + days_between(bank.rng, 8, 15 + int(50 * strain))
    else:
        later = bank_day + days_between(bank.rng, 1, 4 + int(20 * strain))
    bank.at(business_day(min(later, bank_day + LONGEST_ARREARS)), partial(catch_up, bank, facility))


def expect_arrears(bank: Bank, facility: Facility, due: Due) -> None:
    """Look again when the due would be 90 days past."""
    bank.at(business_day(due.day + days_between(bank.rng, 91, 96)), partial(check_arrears, bank, facility))


def catch_up(bank: Bank, facility: Facility) -> None:
    """Pay all that has fallen due, unless the client has stopped paying in between."""
    if facility.open and facility.client.performing:
        pay(bank, facility, sum(due.owed for due in facility.dues))


def perhaps_returned(bank: Bank, facility: Facility, due: Due, event_id: str) -> None:
    """Now and then the client's own bank sends a payment back within days."""
    if facility.next_due and bank.random() < RETURNED[0] + RETURNED[1] * facility.client.strain:
        day = business_day(bank.today + days_between(bank.rng, 1, 3))
        bank.at(day, partial(send_back, bank, facility, due, event_id))


def send_back(bank: Bank, facility: Facility, due: Due, event_id: str) -> None:
    """Undo a payment in full: the due stands again, and the client tries once more if it still pays."""
    client = facility.client
    if not facility.open or client.defaulted or facility.dues or not facility.next_due:
        return
    facility.balance += due.principal
    due.paid = 0
    facility.dues.append(due)
    publish(bank, facility, due, due.amount, reverses=event_id)
    expect_arrears(bank, facility, due)
    bank.at(business_day(bank.today + days_between(bank.rng, 2, 20)), partial(catch_up, bank, facility))
