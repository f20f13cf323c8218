"""The bank's business calendar."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from streams.calendar import BankCalendar, bank_calendar
from streams.settings import load

BERLIN = BankCalendar(ZoneInfo("Europe/Berlin"), time(22, 0), country="DE")
NIGHTLY = BankCalendar(ZoneInfo("Europe/Berlin"), time(2, 30))


def test_weekends_and_public_holidays_are_no_business_days() -> None:
    assert BERLIN.is_business_day(date(2026, 5, 4))
    assert not BERLIN.is_business_day(date(2026, 5, 2))
    assert not BERLIN.is_business_day(date(2026, 5, 1))


def test_the_banks_own_holidays_are_no_business_days() -> None:
    closed = BankCalendar(ZoneInfo("Europe/Berlin"), time(22, 0), extra=frozenset({date(2026, 12, 24)}))
    assert not closed.is_business_day(date(2026, 12, 24))
    assert closed.is_business_day(date(2026, 12, 23))


def test_without_a_country_only_weekends_are_free() -> None:
    assert NIGHTLY.is_business_day(date(2026, 12, 25))
    assert not NIGHTLY.is_business_day(date(2026, 12, 26))


def test_a_financial_calendar_serves_as_well() -> None:
    target = BankCalendar(ZoneInfo("Europe/Berlin"), time(18, 0), country="XECB")
    assert not target.is_business_day(date(2026, 5, 1))
    assert target.is_business_day(date(2026, 10, 5))


def test_a_weekend_is_what_the_country_calls_one() -> None:
    egypt = BankCalendar(ZoneInfo("Africa/Cairo"), time(18, 0), country="EG")
    assert not egypt.is_business_day(date(2026, 3, 6))
    assert egypt.is_business_day(date(2026, 3, 8))


def test_the_cut_off_follows_summer_and_winter_time() -> None:
    assert BERLIN.cut_off(date(2026, 1, 15)) == datetime(2026, 1, 15, 21, 0, tzinfo=UTC)
    assert BERLIN.cut_off(date(2026, 7, 15)) == datetime(2026, 7, 15, 20, 0, tzinfo=UTC)


def test_a_cut_off_that_the_clocks_skip_comes_as_if_they_had_been_put_forward() -> None:
    assert NIGHTLY.cut_off(date(2026, 3, 29)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_a_cut_off_that_the_clocks_show_twice_comes_the_second_time() -> None:
    assert NIGHTLY.cut_off(date(2026, 10, 25)) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_a_day_closes_at_its_cut_off_and_not_before() -> None:
    at = BERLIN.cut_off(date(2026, 5, 6))
    assert BERLIN.last_closed_day(at) == date(2026, 5, 6)
    assert BERLIN.last_closed_day(at.replace(minute=59, hour=at.hour - 1)) == date(2026, 5, 5)


def test_on_a_weekend_the_last_closed_day_is_friday() -> None:
    assert BERLIN.last_closed_day(datetime(2026, 5, 10, 12, 0, tzinfo=UTC)) == date(2026, 5, 8)


def test_the_day_is_the_banks_own_and_not_that_of_greenwich() -> None:
    tokyo = BankCalendar(ZoneInfo("Asia/Tokyo"), time(3, 0))
    assert tokyo.last_closed_day(datetime(2026, 5, 5, 19, 0, tzinfo=UTC)) == date(2026, 5, 6)


def test_the_next_cut_off_lies_after_now_also_across_a_weekend() -> None:
    friday = BERLIN.cut_off(date(2026, 5, 8))
    assert BERLIN.next_cut_off(friday) == BERLIN.cut_off(date(2026, 5, 11))


@pytest.mark.parametrize("day", [date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 24), date(2026, 10, 25)])
def test_around_a_clock_change_a_cut_off_is_never_before_that_of_the_day_before(day: date) -> None:
    assert NIGHTLY.cut_off(day) < NIGHTLY.cut_off(date.fromordinal(day.toordinal() + 1))


def test_business_days_between_leave_out_the_first_and_take_in_the_last() -> None:
    assert BERLIN.business_days(date(2026, 4, 30), date(2026, 5, 5)) == [date(2026, 5, 4), date(2026, 5, 5)]


def test_the_settings_describe_the_calendar() -> None:
    calendar = bank_calendar(load(time_zone="Asia/Tokyo", cut_off=time(19, 0), holidays_country="JP"))
    assert calendar.cut_off(date(2026, 5, 7)) == datetime(2026, 5, 7, 10, 0, tzinfo=UTC)
    assert not calendar.is_business_day(date(2026, 5, 5))


def test_a_country_that_is_not_known_is_named_with_a_remedy() -> None:
    with pytest.raises(ValueError, match=r"holidays_country = 'XX'.*XECB"):
        bank_calendar(load(holidays_country="XX"))
