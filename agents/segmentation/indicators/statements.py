"""Indicators that financial statements move."""

from datetime import date
from typing import Final

from agents.segmentation.indicators.rule import NAN, Indicator, Kind, Measure, Read, Seen
from online_models.features import INDEX, unpacked
from online_models.statements import REPORTED, year_before
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


def figure(name: str) -> Read:
    """A figure of the last statement that only indicators read; NaN before the first."""
    index = REPORTED.index(name)

    def read(seen: Seen) -> float:
        return unpacked(seen.client.reported)[index] if seen.client.reported else NAN

    return read


def debt_service_cover(seen: Seen) -> float:
    """Cash available over debt service, as far as both are known: EBITDA less tax, over interest and principal.

    Interest is the statement's, of all lenders. Principal is what is due here beyond the interest due here: the
    instalments of the last twelve months, less the interest on the share of the debt that is ours.
    """
    client = seen.client
    if not client.reported:
        return NAN
    _, cash, interest, debt, _ = unpacked(client.reported)
    interest = interest if interest == interest else 0.0
    drawn, dues = seen.held.drawn if client.facilities else 0.0, _dues(seen)
    ours = min(1.0, drawn / debt) if debt > 0 else 1.0
    service = interest + max(0.0, dues - interest * ours)
    return cash / service if service > 0 else NAN


def _dues(seen: Seen) -> float:
    """Instalments of the twelve months before the day."""
    track = seen.client.track
    when = date.fromordinal(seen.day)
    since = max(0, when.year * 12 + when.month - 1 - track.month)
    return float(sum(track.dues[max(0, len(track.dues) - 12 + since) :]))


def fallen(seen: Seen) -> float:
    """The current ratio, if it has fallen two statements in a row; unbounded if it has not."""
    ratios = [figures.current_ratio for figures in seen.client.figures[-3:]]
    if not ratios or ratios[-1] != ratios[-1]:
        return NAN
    return ratios[-1] if len(ratios) == 3 and ratios[0] > ratios[1] > ratios[2] else float("inf")


def overdue(seen: Seen) -> float:
    """Days since the end of the period of which the next statement is expected, one period after the last."""
    client = seen.client
    if not client.expected_day or client.left_day:
        return NAN if not client.expected_day else 0.0
    return max(0, seen.closed_day - client.expected_day)


def _reported(code: str, *measures: Measure) -> Indicator:
    return Indicator(code, REPORTING, measures)


def _low(read: Read, text: str, unit: str) -> Measure:
    return Measure(read, text, unit, falling=True)


INDICATORS: Final[tuple[Indicator, ...]] = (
    _reported(
        "LEVERAGE", _low(feature("equity_to_assets"), "equity is {value:.1%} of assets (below {threshold:.0%})", "fraction")
    ),
    _reported(
        "LOSS",
        _low(figure("pre_tax_margin"), "profit before tax is {value:.1%} of revenue (below {threshold:.0%})", "fraction"),
        Measure(
            feature("loss_streak"),
            "{value:.0f} statements with a loss in a row (from {threshold:.0f})",
            "statements",
            name="streak",
        ),
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
    _reported("DSCR", _low(debt_service_cover, "cash covers debt service {value:.2f} times (below {threshold:.2f})", "ratio")),
    _reported(
        "DEBT",
        Measure(
            figure("net_debt_to_ebitda"),
            "net debt is {value:.1f} times EBITDA (from {threshold:.0f})",
            "ratio",
            without="there is net debt, and no EBITDA to pay it from (from {threshold:.0f} times)",
        ),
    ),
    _reported(
        "LIQUIDITY",
        _low(feature("current_ratio"), "current ratio {value:.2f} (below {threshold:.1f})", "ratio"),
        Measure(fallen, "current ratio {value:.2f}, fallen twice (below {threshold:.1f})", "ratio", falling=True, name="fallen"),
    ),
    _reported("ALTMAN", _low(feature("altman_z"), "Altman Z'' is {value:.2f} (below {threshold:.1f})", "score")),
    Indicator(
        "LATE-STATEMENT",
        (*REPORTING, type(None), log.OutcomeReported),
        (Measure(overdue, "no statement {value:.0f} days after its period ended (from {threshold:.0f})", "days"),),
    ),
)
