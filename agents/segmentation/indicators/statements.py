"""Indicators that financial statements move."""

from typing import Final

from agents.segmentation.indicators.rule import NAN, Indicator, Kind, Measure, Read, Seen
from online_models.features import INDEX, unpacked
from online_models.statements import year_before
from schemas import log

REPORTING: Final[tuple[Kind, ...]] = (log.StatementPublished,)


def feature(name: str) -> Read:
    """A feature of the last statement; NaN before the first."""
    index = INDEX[name]

    def read(seen: Seen) -> float:
        return unpacked(seen.client.statement_x)[index] if seen.client.statement_x else NAN

    return read


def margin_change(seen: Seen) -> float:
    """EBITDA margin against the same period last year, relative; NaN unless both are positive figures."""
    figures = seen.client.figures
    if len(figures) < 2:
        return NAN
    now, last = figures[-1], year_before(figures[-1].period_end_day, figures[:-1])
    if last is None or not (now.revenue > 0 and last.revenue > 0 and last.ebitda > 0):
        return NAN
    return (now.ebitda / now.revenue) / (last.ebitda / last.revenue) - 1.0


def _reported(code: str, *measures: Measure) -> Indicator:
    return Indicator(code, REPORTING, measures)


def _low(read: Read, text: str, unit: str) -> Measure:
    return Measure(read, text, unit, falling=True)


INDICATORS: Final = (
    _reported(
        "LEVERAGE", _low(feature("equity_to_assets"), "equity is {value:.1%} of assets (below {threshold:.0%})", "fraction")
    ),
    _reported(
        "LOSS",
        Measure(feature("loss_streak"), "{value:.0f} statements with a loss in a row (from {threshold:.0f})", "statements"),
    ),
    _reported(
        "TURNOVER",
        _low(feature("revenue_growth"), "revenue {value:+.0%} against the year before (below {threshold:+.0%})", "fraction"),
    ),
    _reported(
        "MARGIN",
        _low(margin_change, "EBITDA margin {value:+.0%} against the year before (below {threshold:+.0%})", "fraction"),
    ),
    _reported("ICR", _low(feature("interest_cover"), "EBIT is {value:.2f} times the interest (below {threshold:.1f})", "ratio")),
    _reported("DEBT", Measure(feature("debt_to_ebitda"), "debt is {value:.1f} times EBITDA (from {threshold:.0f})", "ratio")),
    _reported("LIQUIDITY", _low(feature("current_ratio"), "current ratio {value:.2f} (below {threshold:.1f})", "ratio")),
    _reported("ALTMAN", _low(feature("altman_z"), "Altman Z'' is {value:.2f} (below {threshold:.1f})", "score")),
)
