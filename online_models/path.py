"""Features of the path: how a client paid and drew in each of the calendar months before its newest one."""

from collections.abc import Sequence
from typing import Final

from online_models.features import NAN, PATH, PATH_MONTHS, packed
from schemas.state import Month

NONE: Final = (NAN,) * (len(PATH) // PATH_MONTHS)
"""Of a month without events."""
KEPT: Final = 4 * len(NONE) * (PATH_MONTHS - 1)
"""Bytes of the months that are still told when another has ended."""


def path(months: Sequence[Month]) -> tuple[float, ...]:
    """The features, in the order of `features.PATH`; months before the oldest that is known are left off at the end.

    `months`: those with events, oldest first. No event of the newest month moves them.
    """
    if len(months) < 2:
        return ()
    newest = months[-1].number
    values: list[float] = []
    told = 0
    for month in reversed(months[-1 - PATH_MONTHS : -1]):
        ago = newest - month.number
        if ago > PATH_MONTHS:
            break
        values.extend(NONE * (ago - told - 1))
        values.extend(_of(month))
        told = ago
    return tuple(values)


def moved_on(before: bytes, months: Sequence[Month]) -> bytes:
    """The features, packed, where `before` are those of a calendar month ago: the month that has ended comes in front."""
    told = min(len(months) - 1, PATH_MONTHS)
    if months[-1 - told].number != months[-1].number - told:  # a month without events: at the end it would be left off
        return packed(path(months))
    return packed(_of(months[-2])) + before[:KEPT]


def _of(month: Month) -> tuple[float, ...]:
    limit = month.limit
    return (
        month.dpd,
        month.late_days if month.payments else NAN,
        month.balance / limit if limit > 0 else NAN,
        month.drawn / limit if limit > 0 else NAN,
    )
