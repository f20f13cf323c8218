"""Arrears: what fell due and is not paid. Payments settle the oldest due first (FIFO; EBA GL 2016/07, par. 16)."""

from bisect import insort
from collections.abc import Iterable

from schemas.state import Due, Facility

MAX_DUES = 400
"""Unpaid instalments kept of a facility: a year of daily ones; of more, the oldest are one."""
MAX_SETTLED = 12
"""Settled instalments remembered of a facility: a year of monthly ones."""


def owe(facility: Facility, day: int, amount: int) -> Due | None:
    """The instalment of `day`, entered if it is new; its amount is what the bank said last. None if nothing is due.

    One that is settled stays so: an older payment may have settled it (FIFO), or the event that told of it comes late.
    """
    for due in facility.dues:
        if due.day == day:
            due.amount = max(amount, due.paid)
            if due.amount > due.paid:
                return due
            facility.dues.remove(due)
            _remember(facility, due)
            return None
    for due in facility.settled:
        if due.day == day:
            if amount <= due.amount:
                return None
            facility.settled.remove(due)
            return _enter(facility, Due(day, amount, due.amount))
    return _enter(facility, Due(day, amount)) if amount > 0 else None


def _enter(facility: Facility, due: Due) -> Due:
    if facility.dues and facility.dues[-1].day > due.day:
        insort(facility.dues, due, key=lambda d: d.day)
    else:
        facility.dues.append(due)
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
        _remember(facility, dues.pop(0))


def _remember(facility: Facility, due: Due) -> None:
    due.paid = due.amount
    facility.settled.append(due)
    del facility.settled[:-MAX_SETTLED]


def undo(facility: Facility, day: int, amount_due: int, amount: int) -> None:
    """A payment for the instalment of `day` is reversed: that much is owed again, of what was settled last.

    What was paid beyond `amount_due` is taken for a prepayment of the balance, which had settled nothing.
    """
    amount = min(amount, amount_due)
    if amount > 0 and not any(due.day == day for due in (*facility.dues, *facility.settled)):
        _remember(facility, Due(day, amount_due))  # it was settled, too long ago to be remembered
    for due in reversed(facility.dues):
        taken = min(due.paid, amount)
        due.paid -= taken
        amount -= taken
    while amount > 0 and facility.settled:
        due = facility.settled.pop()
        taken = min(due.amount, amount)
        amount -= taken
        _enter(facility, Due(due.day, due.amount, due.amount - taken))


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
