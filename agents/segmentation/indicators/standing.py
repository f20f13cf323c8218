"""Indicators of where the client stands as a whole: its probability of default."""

from typing import Final

from agents.segmentation.indicators.rule import ANYTHING, NAN, Indicator, Measure, Seen


def pd_rise(seen: Seen) -> float:
    """PD over the one at the client's first decision. Source: IFRS 9 practice."""
    origin = seen.client.origin_pd
    return seen.client.pd / origin if origin > 0 else NAN


INDICATORS: Final = (
    Indicator(
        "PD-RISE", ANYTHING, (Measure(pd_rise, "PD is {value:.1f} times the one at origination (from {threshold:.0f})", "ratio"),)
    ),
)
