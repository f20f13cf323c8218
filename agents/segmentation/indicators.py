"""Early-warning indicators: what each measures. Thresholds are the policy's (DOMAIN.md: Early-warning indicators)."""

from typing import Final, NamedTuple

from online_models.features import INDEX, unpacked
from online_models.statements import year_before
from schemas.decisions import Severity
from schemas.policy import Rule
from schemas.state import ClientState


class Indicator(NamedTuple):
    """One figure that is watched. `text` is filled with its value and the threshold it passed."""

    code: str
    text: str
    falling: bool = False
    """Whether lower is worse."""


INDICATORS: Final = {
    i.code: i
    for i in (
        Indicator("DPD", "{value:.0f} days past due (from {threshold:.0f})"),
        Indicator("MISSED", "{value:.0f} instalments unpaid past the days of grace (from {threshold:.0f})"),
        Indicator("UTIL", "{value:.0%} of the limit is drawn (from {threshold:.0%})"),
        Indicator("EXCESS", "drawn {value:.1%} above the limit"),
        Indicator("LEVERAGE", "equity is {value:.1%} of assets (below {threshold:.0%})", falling=True),
        Indicator("LOSS", "{value:.0f} statements with a loss in a row (from {threshold:.0f})"),
        Indicator("TURNOVER", "revenue {value:+.0%} against the year before (below {threshold:+.0%})", falling=True),
        Indicator("MARGIN", "EBITDA margin {value:+.0%} against the year before (below {threshold:+.0%})", falling=True),
        Indicator("ICR", "EBIT is {value:.2f} times the interest (below {threshold:.1f})", falling=True),
        Indicator("DEBT", "debt is {value:.1f} times EBITDA (from {threshold:.0f})"),
        Indicator("LIQUIDITY", "current ratio {value:.2f} (below {threshold:.1f})", falling=True),
        Indicator("ALTMAN", "Altman Z'' is {value:.2f} (below {threshold:.1f})", falling=True),
        Indicator("PD-RISE", "PD is {value:.1f} times the one at origination (from {threshold:.0f})"),
    )
}

Reading = tuple[str, float]
"""Code of an indicator and its value, never NaN."""


def severity_of(rule: Rule, value: float, falling: bool) -> tuple[Severity, float | None]:
    """How bad a value is and the threshold it passed; rising ones are reached, falling ones fallen below."""
    for severity, bound in ((Severity.RED, rule.red), (Severity.AMBER, rule.amber), (Severity.WATCH, rule.watch)):
        if bound is not None and (value < bound if falling else value >= bound):
            return severity, bound
    return Severity.NORMAL, None


def behaviour_readings(client: ClientState, dpd: int, missed: int) -> list[Reading]:
    """What payments and drawings tell. `dpd` and `missed` are as of the last close."""
    readings: list[Reading] = [("DPD", float(dpd)), ("MISSED", float(missed))]
    if client.months and client.months[-1].limit > 0:
        used = client.months[-1].balance / client.months[-1].limit
        readings.append(("UTIL", used))
        readings.append(("EXCESS", used - 1.0))
    return readings


def statement_readings(client: ClientState) -> list[Reading]:
    """What the last statement tells."""
    x = unpacked(client.statement_x)
    readings = [(code, x[INDEX[name]]) for code, name in _BY_FEATURE]
    if len(client.figures) > 1:
        readings.append(("MARGIN", _margin_change(client)))
    return [(code, value) for code, value in readings if value == value]


_BY_FEATURE: Final = (
    ("LEVERAGE", "equity_to_assets"),
    ("LOSS", "loss_streak"),
    ("TURNOVER", "revenue_growth"),
    ("ICR", "interest_cover"),
    ("DEBT", "debt_to_ebitda"),
    ("LIQUIDITY", "current_ratio"),
    ("ALTMAN", "altman_z"),
)


def _margin_change(client: ClientState) -> float:
    """EBITDA margin against the same period last year, relative; NaN unless both are positive figures."""
    now = client.figures[-1]
    last = year_before(now.period_end_day, client.figures[:-1])
    if last is None or not (now.revenue > 0 and last.revenue > 0 and last.ebitda > 0):
        return float("nan")
    return (now.ebitda / now.revenue) / (last.ebitda / last.revenue) - 1.0


