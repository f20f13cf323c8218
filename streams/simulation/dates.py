"""Days as ordinals and months as counts, so that the simulation adds and compares plain integers."""

from datetime import date
from functools import lru_cache


@lru_cache(maxsize=8192)
def iso(day: int) -> str:
    """The ordinal day as an ISO date."""
    return date.fromordinal(day).isoformat()


@lru_cache(maxsize=8192)
def first_of(month: int) -> int:
    """The ordinal of the first day of a month. Units: `month` is year x 12 + month - 1."""
    return date(month // 12, month % 12 + 1, 1).toordinal()


@lru_cache(maxsize=8192)
def month_of(day: int) -> int:
    """The month that the ordinal day lies in, as a count."""
    when = date.fromordinal(day)
    return when.year * 12 + when.month - 1


def business_day(day: int) -> int:
    """The day itself, or the Monday after it (ordinal 1 was a Monday; the bank knows no holidays)."""
    weekday = day % 7
    if weekday == 6:
        return day + 2
    return day + 1 if weekday == 0 else day


@lru_cache(maxsize=65536)
def in_month(month: int, day_of_month: int) -> int:
    """The business day on or after a day of a month."""
    return business_day(first_of(month) + day_of_month - 1)
