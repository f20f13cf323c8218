"""The registry of features: what every figure is called that the probability of default is made from, and where it comes from.

Features come in two groups: those of the last statement change when one is published, those of behaviour with each
payment. Protected attributes (sex, age, origin, …) are never features. `docs/learning.md` lists them.
"""

from array import array
from collections.abc import Sequence
from typing import Final, NamedTuple

NAN: Final = float("nan")
SHARE: Final = (-1e4, 1e4)
SIGNED_LOG: Final = (-30.0, 30.0)
COUNT: Final = (0.0, 1e4)
AMOUNT_UNIT: Final = "signed log10 of the reporting currency"


class Feature(NamedTuple):
    """One figure. `text` completes "the client's …"; values are cut to `low` and `high`."""

    name: str
    unit: str
    text: str
    source: str = "statements"
    low: float = -1e6
    high: float = 1e6


def _amount(name: str, text: str) -> Feature:
    return Feature("log_" + name, AMOUNT_UNIT, text, "statements", *SIGNED_LOG)


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
    Feature("log_assets", "log10 of the reporting currency", "size by assets", "statements", 0.0, 30.0),
    Feature("log_revenue", "log10 of the reporting currency", "size by revenue", "statements", 0.0, 30.0),
    Feature("log_market_value", "log10 of the reporting currency", "size by market value", "statements", 0.0, 30.0),
    Feature("loss_streak", "statements", "statements with a loss in a row", "statements", *COUNT),
    Feature("revenue_growth", "fraction a year", "growth of revenue"),
    Feature("asset_growth", "fraction a year", "growth of assets"),
    Feature("income_change", "fraction of assets a year", "change of net income"),
    Feature("equity_change", "fraction", "change of the equity share"),
    Feature("statements_seen", "statements", "statements known", "statements", *COUNT),
    Feature("altman_z_listed", "score", "Altman Z (1968, with market value)"),
    Feature("gross_margin", "fraction", "gross margin"),
    Feature("liabilities_to_market", "fraction", "liabilities as a share of liabilities and market value"),
    Feature("income_to_market", "fraction a year", "net income over liabilities and market value"),
    Feature("market_growth", "fraction a year", "growth of market value"),
    _amount("cost_of_goods_sold", "cost of goods sold"),
    _amount("gross_profit", "gross profit"),
    _amount("operating_expenses", "operating expenses"),
    _amount("ebitda", "EBITDA"),
    _amount("depreciation", "depreciation"),
    _amount("ebit", "EBIT"),
    _amount("net_income", "net income"),
    _amount("current_assets", "current assets"),
    _amount("cash", "cash"),
    _amount("inventory", "inventory"),
    _amount("receivables", "receivables"),
    _amount("total_liabilities", "liabilities"),
    _amount("current_liabilities", "current liabilities"),
    _amount("debt", "financial debt"),
    _amount("retained_earnings", "retained earnings"),
    _amount("equity", "equity"),
    _amount("operating_cash_flow", "operating cash flow"),
)

BEHAVIOUR: Final = (
    Feature("days_past_due", "days", "days past due", "repayments", *COUNT),
    Feature("days_past_due_worst", "days, six months", "worst days past due", "repayments", *COUNT),
    Feature("late_days_last", "days", "lateness of the last month", "repayments", *SHARE),
    Feature("late_days_worst", "days, six months", "worst lateness", "repayments", *SHARE),
    Feature("late_months", "months of six", "months with a late payment", "repayments", *COUNT),
    Feature("short_share", "fraction, six months", "share of payments below what was due", "repayments", 0.0, 1.0),
    Feature("paid_to_due_last", "ratio", "paid over due in the last month", "repayments", *SHARE),
    Feature("paid_to_due", "ratio, six months", "paid over due", "repayments", *SHARE),
    Feature("paid_to_balance", "fraction", "paid in the last month over the balance before", "repayments", *SHARE),
    Feature("utilisation", "fraction", "balance over limit", "repayments, drawdowns", *SHARE),
    Feature("utilisation_mean", "fraction, six months", "mean balance over limit", "repayments, drawdowns", *SHARE),
    Feature("utilisation_change", "fraction, three months", "change of balance over limit", "repayments, drawdowns", *SHARE),
    Feature("drawn_to_limit", "fraction, last month", "drawn over limit", "drawdowns", *SHARE),
    Feature("log_limit", "log10 of the reporting currency", "limit", "drawdowns", 0.0, 30.0),
    Feature("arrears_to_exposure", "fraction", "arrears as a share of exposure", "repayments", *SHARE),
    Feature("months_seen", "months", "months with events", "repayments, drawdowns", *COUNT),
)

FEATURES: Final = STATEMENT + BEHAVIOUR
NAMES: Final = tuple(feature.name for feature in FEATURES)
INDEX: Final = {name: i for i, name in enumerate(NAMES)}
AMOUNTS: Final = tuple(i for i, feature in enumerate(FEATURES) if feature.name.startswith("log_"))
"""Places of the logarithmic amounts."""
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
