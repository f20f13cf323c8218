"""Indicators that drawings, balances, limits and collateral move."""

from typing import Final

from agents.segmentation.indicators.rule import NAN, PAYING, Indicator, Measure, Seen


def utilisation(seen: Seen) -> float:
    """Balance over limit, all facilities together."""
    months = seen.client.months
    if not months or months[-1].limit <= 0:
        return NAN
    return months[-1].balance / months[-1].limit


def excess(seen: Seen) -> float:
    """Drawn above the limit, as a share of it. Source: SAMA."""
    return utilisation(seen) - 1.0


INDICATORS: Final = (
    Indicator("UTIL", PAYING, (Measure(utilisation, "{value:.0%} of the limit is drawn (from {threshold:.0%})", "fraction"),)),
    Indicator("EXCESS", PAYING, (Measure(excess, "drawn {value:.1%} above the limit", "fraction"),)),
)
