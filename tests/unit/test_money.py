"""Money: minor units inside, decimal on the wire."""

from decimal import Decimal

import pytest

from schemas.money import MAX_MAJOR, to_major, to_minor


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("1234", "JPY", 1234),
        ("12.34", "EUR", 1234),
        ("1.234", "KWD", 1234),
        ("0.1234", "CLF", 1234),
        ("-12.34", "EUR", -1234),
        ("-0.01", "EUR", -1),
        ("0", "EUR", 0),
        ("1E+3", "EUR", 100_000),
    ],
)
def test_an_amount_becomes_minor_units_by_its_currencys_exponent(amount: str, currency: str, minor: int) -> None:
    assert to_minor(Decimal(amount), currency) == minor
    assert to_major(minor, currency) == Decimal(amount)


def test_trailing_zeros_are_forgiven() -> None:
    assert to_minor(Decimal("12.00"), "JPY") == 12
    assert to_minor(Decimal("12.34000"), "EUR") == 1234


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("0.5", "JPY"), ("0.001", "EUR"), ("0.0001", "KWD"), ("0.00001", "CLF"), ("-0.001", "EUR")],
)
def test_more_digits_than_the_currency_has_are_refused(amount: str, currency: str) -> None:
    with pytest.raises(ValueError, match=f"{amount}.*{currency}"):
        to_minor(Decimal(amount), currency)


def test_the_largest_amount_keeps_its_last_digit() -> None:
    largest = Decimal(MAX_MAJOR) - Decimal("0.01")
    assert to_minor(largest, "EUR") == MAX_MAJOR * 100 - 1
    assert to_major(MAX_MAJOR * 100 - 1, "EUR") == largest


@pytest.mark.parametrize("zeros", [20, 30, 90])
def test_a_digit_far_behind_the_point_is_not_rounded_away(zeros: int) -> None:
    with pytest.raises(ValueError, match="more digits"):
        to_minor(Decimal("100000000000000." + "0" * zeros + "1"), "EUR")


def test_a_currency_nobody_knows_has_no_minor_units() -> None:
    with pytest.raises(KeyError):
        to_minor(Decimal(1), "XAU")
