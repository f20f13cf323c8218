"""Indicators that payments and the passing of days move."""

from typing import Final

from agents.segmentation.indicators.rule import PASSING, Indicator, Measure, Seen


def days_past_due(seen: Seen) -> float:
    """As of the last close. Source: SAMA node 4036; IFRS 9 5.5.11."""
    return seen.owed.days


def missed(seen: Seen) -> float:
    """Instalments of which nothing was received within the days of grace."""
    return seen.owed.missed


INDICATORS: Final = (
    Indicator("DPD", PASSING, (Measure(days_past_due, "{value:.0f} days past due (from {threshold:.0f})", "days"),)),
    Indicator(
        "MISSED",
        PASSING,
        (Measure(missed, "{value:.0f} instalments unpaid past the days of grace (from {threshold:.0f})", "instalments"),),
    ),
)
