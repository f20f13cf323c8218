"""Features of behaviour: how a client pays and draws, from its last months."""

from collections.abc import Sequence
from math import log10
from typing import Final

from online_models.features import NAN, packed
from schemas.state import Month

WINDOW: Final = 6
"""The last months with events that the features are made from; more may be kept."""
UNKNOWN: Final = packed([NAN] * 15 + [0.0])
"""Of a client that has neither paid nor drawn."""
EXTREME: Final = 1e4


def features(months: Sequence[Month], dpd: int, arrears: float) -> bytes:
    """The features, packed, in the order of `features.BEHAVIOUR`.

    `months`: those with events, oldest first; `dpd` and `arrears` (minor units, reporting currency) as they stand now.
    """
    if not months:
        return UNKNOWN
    if len(months) > WINDOW:
        months = months[-WINDOW:]
    worst_dpd = worst_late = late_months = payments = short = due = paid = levels = 0
    level_sum = 0.0
    for month in months:
        if month.dpd > worst_dpd:
            worst_dpd = month.dpd
        if month.late_days > 0:
            late_months += 1
            if month.late_days > worst_late:
                worst_late = month.late_days
        payments += month.payments
        short += month.short
        due += month.due
        paid += month.paid
        if month.limit > 0:
            levels += 1
            level_sum += month.balance / month.limit
    last = months[-1]
    limit = last.limit
    level = last.balance / limit if limit > 0 else NAN
    return packed(
        (
            dpd,
            max(worst_dpd, dpd),
            last.late_days if last.payments else NAN,
            worst_late,
            late_months,
            short / payments if payments else NAN,
            min(EXTREME, last.paid / last.due) if last.due > 0 else NAN,
            min(EXTREME, paid / due) if due > 0 else NAN,
            _paid_to_balance(months),
            level,
            level_sum / levels if levels else NAN,
            level - _level(months[-4]) if len(months) > 3 else NAN,
            last.drawn / limit if limit > 0 else NAN,
            log10(limit / 100.0) if limit > 100 else NAN,
            arrears / last.balance if last.balance > 0 else 0.0,
            len(months),
        )
    )


def _level(month: Month) -> float:
    return month.balance / month.limit if month.limit > 0 else NAN


def _paid_to_balance(months: Sequence[Month]) -> float:
    if len(months) < 2 or months[-2].balance <= 0:
        return NAN
    return min(EXTREME, months[-1].paid / months[-2].balance)
