"""Payments: which due they settle, what is published of them, and the end of a loan."""

from typing import Final

from streams.simulation.bank import Bank
from streams.simulation.credit_file import release
from streams.simulation.dates import iso
from streams.simulation.facilities import Due, Facility

LATE_FEE: Final = 0.005
"""Of an amount paid more than five days late (assumption)."""


def pay(bank: Bank, facility: Facility, amount: int) -> str:
    """A payment settles the oldest dues first, interest before principal; one event for each due it touches.

    Returns the id of the last of these events, "" if nothing was owed.
    """
    event_id = ""
    while amount > 0 and facility.dues:
        due = facility.dues[0]
        paid = min(amount, due.owed)
        amount -= paid
        facility.balance -= due.principal_owed
        due.paid += paid
        facility.balance += due.principal_owed
        event_id = publish(bank, facility, due, paid)
        if not due.owed:
            del facility.dues[0]
    if facility.balance == 0 and not facility.next_due and not facility.dues:
        end(bank, facility)
    return event_id


def publish(bank: Bank, facility: Facility, due: Due, paid: int, reverses: str | None = None) -> str:
    """The repayment event: `amount_due` is the whole instalment, `next_…` the one after it."""
    client = facility.client
    wire = client.wire
    body: dict[str, object] = {
        "facility_id": facility.id,
        "due_date": iso(due.day),
        "amount_due": wire(due.interest + due.principal),
        "amount_paid": wire(paid),
        "currency": client.currency,
        "balance_after": wire(facility.balance),
    }
    if reverses:
        body["reverses"] = reverses
        facility.announce(body)
    else:
        facility.announce(body, 1)
        if bank.today > due.day + 5:
            body["fees"] = wire(int(paid * LATE_FEE))
    return bank.book(client, "repayments", body)


def end(bank: Bank, facility: Facility) -> None:
    """The last instalment is paid."""
    facility.open = False
    facility.client.facilities.remove(facility)
    bank.book(facility.client, "outcomes", {"outcome": "repaid", "facility_id": facility.id})
    release(bank, facility.client, facility.id)
