"""The bank's business calendar: which days it works, and at which moment such a day closes."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

import holidays
from holidays.holiday_base import HolidayBase

from streams.settings import Settings

SATURDAY: Final = 5
ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class BankCalendar:
    """Days are the bank's own (`zone`); moments are in UTC, so that they can be compared across a clock change.

    Raises: `ValueError` on the first question if `country` or `subdivision` is not known.
    """

    zone: ZoneInfo
    closes_at: time
    country: str = ""
    subdivision: str = ""
    extra: frozenset[date] = frozenset()

    def is_business_day(self, day: date) -> bool:
        """Neither a weekend nor a holiday of the country nor one of the bank's own."""
        if day in self.extra:
            return False
        return self._public.is_working_day(day) if self._public is not None else day.weekday() < SATURDAY

    def cut_off(self, day: date) -> datetime:
        """The moment that day closes: where the clocks show the time twice, or skip it, the later reading of it."""
        readings = (datetime.combine(day, self.closes_at.replace(fold=fold), self.zone) for fold in (0, 1))
        return max(reading.astimezone(UTC) for reading in readings)

    def last_closed_day(self, now: datetime) -> date:
        """The latest business day whose cut-off has passed; weekends and holidays close with the one after them."""
        day = now.astimezone(self.zone).date()
        while not (self.is_business_day(day) and self.cut_off(day) <= now):
            day -= ONE_DAY
        return day

    def next_cut_off(self, now: datetime) -> datetime:
        """The first cut-off of a business day after that moment."""
        day = self.last_closed_day(now) + ONE_DAY
        while not self.is_business_day(day):
            day += ONE_DAY
        return self.cut_off(day)

    def business_days(self, after: date, until: date) -> list[date]:
        """The business days from the one after `after` up to and with `until`."""
        days = (after + ONE_DAY * number for number in range(1, (until - after).days + 1))
        return [day for day in days if self.is_business_day(day)]

    @cached_property
    def _public(self) -> HolidayBase | None:
        return _public_holidays(self.country, self.subdivision) if self.country else None


def bank_calendar(settings: Settings) -> BankCalendar:
    """The calendar that the settings describe. Raises: `ValueError` if the country or subdivision is not known."""
    calendar = BankCalendar(
        zone=ZoneInfo(settings.time_zone),
        closes_at=settings.cut_off,
        country=settings.holidays_country,
        subdivision=settings.holidays_subdivision,
        extra=frozenset(settings.extra_holidays),
    )
    calendar.is_business_day(date(2000, 1, 1))
    return calendar


def _public_holidays(country: str, subdivision: str) -> HolidayBase:
    if country in holidays.list_supported_financial():
        return holidays.financial_holidays(country)
    try:
        return holidays.country_holidays(country, subdiv=subdivision or None)
    except NotImplementedError as error:
        raise ValueError(
            f"holidays_country = {country!r}, holidays_subdivision = {subdivision!r}: {error};"
            " give a country (DE) or financial calendar (XECB) of the package holidays"
        ) from error
