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


class Scale(NamedTuple):
    """Thresholds of one indicator, the worst first."""

    falling: bool
    first: float
    """The threshold of the least severity: on its good side nothing is wrong."""
    bounds: tuple[tuple[Severity, float], ...]
    source: str

    def severity_of(self, value: float) -> tuple[Severity, float | None]:
        """How bad a value is and the threshold it passed; rising ones are reached, falling ones fallen below."""
        for severity, bound in self.bounds:
            if value < bound if self.falling else value >= bound:
                return severity, bound
        return Severity.NORMAL, None


def scale_of(rule: Rule, falling: bool) -> Scale:
    """The thresholds of a rule, ready to be asked often."""
    said = ((Severity.RED, rule.red), (Severity.AMBER, rule.amber), (Severity.WATCH, rule.watch))
    bounds = tuple((severity, bound) for severity, bound in said if bound is not None)
    never = float("-inf") if falling else float("inf")
    return Scale(falling, bounds[-1][1] if bounds else never, bounds, rule.source)


def behaviour_readings(client: ClientState, dpd: int, missed: int) -> list[Reading]:
    """What payments and drawings tell. `dpd` and `missed` are as of the last close."""
    months = client.months
    if not months or months[-1].limit <= 0:
        return [("DPD", float(dpd)), ("MISSED", float(missed))]
    used = months[-1].balance / months[-1].limit
    return [("DPD", float(dpd)), ("MISSED", float(missed)), ("UTIL", used), ("EXCESS", used - 1.0)]


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


