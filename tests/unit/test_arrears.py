"""Arrears: what fell due, what settles it, and since when it has been open."""

import pytest

from agents.segmentation.arrears import MAX_DUES, days_past_due, missed, overdue, owe, settle, undo
from schemas.state import Due, Facility

JAN, FEB, MAR = 100, 131, 159
GRACE = 3


def loan(*dues: tuple[int, int]) -> Facility:
    """A facility that owes these (day, amount)."""
    facility = Facility("L1", "EUR")
    for day, amount in dues:
        owe(facility, day, amount)
    return facility


def pay(facility: Facility, day: int, amount_due: int, amount: int) -> None:
    """A payment as an event tells it."""
    owe(facility, day, amount_due)
    settle(facility, amount)


def still_open(facility: Facility) -> list[tuple[int, int]]:
    """Day and open amount of each unpaid instalment."""
    return [(due.day, due.amount - due.paid) for due in facility.dues]


def test_a_payment_settles_the_oldest_due_first() -> None:
    facility = loan((FEB, 50), (JAN, 100))
    settle(facility, 120)
    assert still_open(facility) == [(FEB, 30)]


def test_partial_payments_add_up() -> None:
    facility = loan()
    pay(facility, JAN, 100, 60)
    assert still_open(facility) == [(JAN, 40)]
    pay(facility, JAN, 100, 40)
    assert still_open(facility) == []


def test_what_is_paid_beyond_all_dues_settles_no_later_one() -> None:
    facility = loan((JAN, 100))
    settle(facility, 150)
    owe(facility, FEB, 100)
    assert still_open(facility) == [(FEB, 100)]


def test_an_early_payment_settles_its_instalment() -> None:
    facility = loan((JAN, 100))
    pay(facility, JAN, 100, 100)
    assert days_past_due([facility], JAN + 10) == 0
    assert missed([facility], JAN + 10, GRACE) == 0


def test_the_bank_has_the_last_word_on_an_amount() -> None:
    facility = loan((JAN, 100))
    owe(facility, JAN, 80)
    assert still_open(facility) == [(JAN, 80)]


def test_an_instalment_that_is_waived_is_not_past_due() -> None:
    facility = loan((JAN, 100))
    owe(facility, JAN, 0)
    assert days_past_due([facility], JAN + 10) == 0


def test_an_instalment_lowered_to_what_was_paid_is_settled() -> None:
    facility = loan()
    pay(facility, JAN, 100, 60)
    owe(facility, JAN, 60)
    assert days_past_due([facility], JAN + 10) == 0


def test_a_settled_instalment_is_not_owed_again_by_an_event_that_comes_late() -> None:
    facility = loan()
    pay(facility, JAN, 100, 100)
    owe(facility, JAN, 100)
    assert still_open(facility) == []


def test_a_settled_instalment_that_is_raised_owes_the_difference() -> None:
    facility = loan()
    pay(facility, JAN, 100, 100)
    owe(facility, JAN, 120)
    assert still_open(facility) == [(JAN, 20)]


def test_who_pays_everything_owes_nothing_in_whatever_order() -> None:
    facility = loan((JAN, 100), (FEB, 100))
    pay(facility, FEB, 100, 100)
    pay(facility, JAN, 100, 100)
    assert still_open(facility) == []


def test_a_reversed_payment_is_owed_again() -> None:
    facility = loan()
    pay(facility, JAN, 100, 100)
    undo(facility, JAN, 100, 100)
    assert still_open(facility) == [(JAN, 100)]
    assert days_past_due([facility], JAN + 5) == 5


def test_a_reversed_partial_payment_leaves_the_whole_instalment_open() -> None:
    facility = loan()
    pay(facility, JAN, 100, 60)
    undo(facility, JAN, 100, 60)
    assert still_open(facility) == [(JAN, 100)]


def test_the_reversal_of_a_payment_that_had_settled_an_older_due_opens_that_one_again() -> None:
    facility = loan((JAN, 100))
    pay(facility, FEB, 100, 100)
    undo(facility, FEB, 100, 100)
    assert still_open(facility) == [(JAN, 100), (FEB, 100)]


def test_the_reversal_of_a_prepayment_opens_no_older_due() -> None:
    facility = loan()
    pay(facility, JAN, 100, 100)
    pay(facility, FEB, 100, 150)
    undo(facility, FEB, 100, 150)
    assert still_open(facility) == [(FEB, 100)]


def test_the_reversal_of_nothing_owes_nothing() -> None:
    facility = loan()
    undo(facility, JAN, 100, 0)
    assert days_past_due([facility], JAN + 10) == 0


def test_the_reversal_of_a_payment_nobody_remembers_is_owed() -> None:
    facility = loan()
    undo(facility, JAN, 100, 70)
    assert still_open(facility) == [(JAN, 70)]


def test_days_past_due_count_from_the_oldest_unpaid_due_of_all_facilities() -> None:
    facilities = [loan((FEB, 100)), loan((JAN, 1), (MAR, 1)), loan()]
    assert days_past_due(facilities, JAN) == 0
    assert days_past_due(facilities, JAN + 1) == 1
    assert days_past_due(facilities, MAR) == MAR - JAN


def test_the_due_day_itself_is_not_overdue() -> None:
    facility = loan((JAN, 100), (FEB, 50))
    settle(facility, 30)
    assert [overdue(facility, day) for day in (JAN, JAN + 1, FEB + 1)] == [0, 70, 120]


def test_an_instalment_is_missed_the_day_after_its_days_of_grace() -> None:
    facility = loan((JAN, 100))
    assert [missed([facility], JAN + days, GRACE) for days in (GRACE, GRACE + 1)] == [0, 1]


def test_an_instalment_partly_paid_is_past_due_but_not_missed() -> None:
    facility = loan()
    pay(facility, JAN, 100, 1)
    assert missed([facility], JAN + 30, GRACE) == 0
    assert days_past_due([facility], JAN + 30) == 30


@pytest.mark.parametrize("extra", [1, 10])
def test_beyond_the_bound_the_oldest_dues_become_one_and_nothing_is_lost(extra: int) -> None:
    facility = loan(*((day, 2) for day in range(1, MAX_DUES + extra + 1)))
    assert len(facility.dues) == MAX_DUES
    assert facility.dues[0] == Due(1, 2 * (extra + 1), 0)
