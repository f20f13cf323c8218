"""The registry of features: name, unit and text of every figure that the probability of default is made from.

Features come in two groups: those of the last statement change when one is published, those of behaviour with each
payment. Protected attributes (sex, age, origin, …) are never features.
"""

from array import array
from collections.abc import Sequence
from typing import Final, NamedTuple

NAN: Final = float("nan")


class Feature(NamedTuple):
    """One figure. `text` completes "the client's …"."""

    name: str
    unit: str
    text: str


STATEMENT: Final = (
    Feature("equity_to_assets", "fraction", "equity as a share of assets"),
    Feature("current_ratio", "ratio", "current assets over current liabilities"),
    Feature("working_capital_to_assets", "fraction", "working capital as a share of assets"),
    Feature("retained_earnings_to_assets", "fraction", "retained earnings as a share of assets"),
    Feature("ebit_to_assets", "fraction a year", "EBIT as a share of assets"),
    Feature("net_income_to_assets", "fraction a year", "net income as a share of assets"),
    Feature("altman_z", "score", "Altman Z''"),
    Feature("ebitda_margin", "fraction", "EBITDA margin"),
    Feature("net_margin", "fraction", "net margin"),
    Feature("asset_turnover", "ratio a year", "revenue over assets"),
    Feature("debt_to_assets", "fraction", "financial debt as a share of assets"),
    Feature("debt_to_ebitda", "ratio", "financial debt over EBITDA"),
    Feature("interest_cover", "ratio", "EBIT over interest"),
    Feature("quick_ratio", "ratio", "current assets less inventory over current liabilities"),
    Feature("market_to_liabilities", "ratio", "market value over liabilities"),
    Feature("market_to_assets", "ratio", "market value over assets"),
    Feature("log_assets", "log10 of the reporting currency", "size by assets"),
    Feature("log_revenue", "log10 of the reporting currency", "size by revenue"),
    Feature("log_market_value", "log10 of the reporting currency", "size by market value"),
    Feature("loss_streak", "statements", "statements with a loss in a row"),
    Feature("revenue_growth", "fraction a year", "growth of revenue"),
    Feature("asset_growth", "fraction a year", "growth of assets"),
    Feature("income_change", "fraction of assets a year", "change of net income"),
    Feature("equity_change", "fraction", "change of the equity share"),
    Feature("statements_seen", "statements", "statements known"),
)

BEHAVIOUR: Final = (
    Feature("days_past_due", "days", "days past due"),
    Feature("days_past_due_worst", "days, six months", "worst days past due"),
    Feature("late_days_last", "days", "lateness of the last month"),
    Feature("late_days_worst", "days, six months", "worst lateness"),
    Feature("late_months", "months of six", "months with a late payment"),
    Feature("short_share", "fraction, six months", "share of payments below what was due"),
    Feature("paid_to_due_last", "ratio", "paid over due in the last month"),
    Feature("paid_to_due", "ratio, six months", "paid over due"),
    Feature("paid_to_balance", "fraction", "paid in the last month over the balance before"),
    Feature("utilisation", "fraction", "balance over limit"),
    Feature("utilisation_mean", "fraction, six months", "mean balance over limit"),
    Feature("utilisation_change", "fraction, three months", "change of balance over limit"),
    Feature("drawn_to_limit", "fraction, last month", "drawn over limit"),
    Feature("log_limit", "log10 of the reporting currency", "limit"),
    Feature("arrears_to_exposure", "fraction", "arrears as a share of exposure"),
    Feature("months_seen", "months", "months with events"),
)

FEATURES: Final = STATEMENT + BEHAVIOUR
NAMES: Final = tuple(feature.name for feature in FEATURES)
INDEX: Final = {name: i for i, name in enumerate(NAMES)}
UNKNOWN_STATEMENT: Final = array("f", [NAN] * len(STATEMENT)).tobytes()
"""Of a client that has published none."""


def packed(values: Sequence[float]) -> bytes:
    """Features as they are kept: single precision, 4 bytes each. What is scored is what is kept."""
    return array("f", values).tobytes()


def unpacked(x: bytes) -> "array[float]":
    """The features again, to the last bit as they were scored."""
    values = array("f")
    values.frombytes(x)
    return values
