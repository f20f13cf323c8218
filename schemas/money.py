"""Money: integer minor units inside, decimal on the wire, any ISO 4217 exponent."""

from decimal import Context, Decimal, Inexact
from functools import lru_cache
from typing import Final

from iso4217 import Currency

EXPONENTS: Final[dict[str, int]] = {c.code: c.exponent for c in Currency if c.exponent is not None}
"""Digits after the point by currency code. Source: ISO 4217 table A.1 (package iso4217); metals and test codes have none."""

MAX_MAJOR: Final = 10**15
"""Bound of an amount on the wire, in major units: larger than any bank's balance sheet in any currency."""

_EXACTLY: Final = Context(prec=64, traps=[Inexact])
_SCALE: Final = {code: Decimal(10) ** exponent for code, exponent in EXPONENTS.items()}


@lru_cache(maxsize=8192)
def to_minor(amount: Decimal, currency: str) -> int:
    """The amount in minor units of `currency`; trailing zeros are forgiven: `12.00` yen are 12 yen.

    Remembered, since an instalment is due, paid and due again at the same amount.

    Raises: ValueError if the amount has more digits after the point than the currency has.
    """
    try:
        return int(_EXACTLY.to_integral_exact(_EXACTLY.multiply(amount, _SCALE[currency])))
    except Inexact:
        raise ValueError(f"{amount} has more digits after the point than {currency} has: {EXPONENTS[currency]}") from None


def to_major(minor: int, currency: str) -> Decimal:
    """The amount as a person reads it, with the currency's digits after the point."""
    return Decimal(minor).scaleb(-EXPONENTS[currency])
