"""Arrears: what fell due and is not paid. Payments settle the oldest due first (FIFO; EBA GL 2016/07, par. 16)."""

from bisect import insort
from collections.abc import Iterable

from schemas.state import Due, Facility

MAX_DUES = 400
"""Unpaid instalments kept of a facility: a year of daily ones; of more, the oldest are one."""


def owe(facility: Facility, day: int, amount: int) -> Due | None:
    """The instalment of `day`, entered if it is new; its amount is what the bank said last. None if nothing is due."""
    for due in facility.dues:
        if due.day == day:
            due.amount = max(amount, due.paid)
            return due
    if amount <= 0:
        return None
    due = Due(day, amount)
    insort(facility.dues, due, key=lambda d: d.day)
    if len(facility.dues) > MAX_DUES:
        oldest = facility.dues.pop(0)
        facility.dues[0].amount += oldest.amount
        facility.dues[0].paid += oldest.paid
        facility.dues[0].day = oldest.day
    return due


def settle(facility: Facility, amount: int) -> None:
    """A payment: the oldest dues first; what is left over is a prepayment of the balance and settles nothing."""
    dues = facility.dues
    while amount > 0 and dues:
        due = dues[0]
        open_amount = due.amount - due.paid
        if amount < open_amount:
            due.paid += amount
            return
        amount -= open_amount
        del dues[0]


def undo(facility: Facility, day: int, amount_due: int, amount: int) -> None:
    """A payment for the instalment of `day` is reversed: that much of it is owed again."""
    due = next((due for due in facility.dues if due.day == day), None)
    if due is None:
        due = owe(facility, day, amount_due)
        if due is None:
            return
        due.paid = amount_due
    due.paid = max(0, due.paid - amount)


def days_past_due(facilities: Iterable[Facility], day: int) -> int:
    """Days since the oldest unpaid due, over all facilities; 0 if nothing is past due at the close of `day`."""
    worst = 0
    for facility in facilities:
        if facility.dues and day - facility.dues[0].day > worst:
            worst = day - facility.dues[0].day
    return worst


def overdue(facility: Facility, day: int) -> int:
    """Minor units that fell due before `day` and are not paid."""
    total = 0
    for due in facility.dues:
        if due.day >= day:
            break
        total += due.amount - due.paid
    return total


def missed(facilities: Iterable[Facility], day: int, grace_days: int) -> int:
    """Instalments of which nothing was received within the days of grace."""
    count = 0
    for facility in facilities:
        for due in facility.dues:
            if due.day + grace_days >= day:
                break
            count += due.paid == 0
    return count
