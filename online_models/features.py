"""The registry of features: what every figure is called that the probability of default is made from, and where it comes from.

Features come in four groups: those of the last statement change when one is published, those of behaviour with each payment,
those of standing with any other fact or month, those of the path with a month. Protected attributes (sex, age, origin, …) are
never features.
`docs/features.md` is made from this registry (`python -m streams.pages.features_page`).
"""

from array import array
from collections.abc import Sequence
from math import inf
from struct import Struct
from typing import Final, NamedTuple, TypeVar

NAN: Final = float("nan")
ANY: Final = (-inf, inf)
UP_TO: Final = (-inf, 1e4)
DAYS: Final = (0.0, 1e6)
MONTHS: Final = (0.0, 6.0)
SIGNED_LOG: Final = (-30.0, 30.0)
COUNT: Final = (0.0, 1e4)
AMOUNT_UNIT: Final = "signed log10 of the reporting currency"

T = TypeVar("T")


class Feature(NamedTuple):
    """One figure. `text` completes "the client's …"; no value lies outside `low` and `high`."""

    name: str
    unit: str
    text: str
    source: str = "statements"
    low: float = -1e6
    high: float = 1e6
    is_fixed: bool = False
    """Whether no client can change it: how much is known of it, its industry, the economy, time."""
    is_timed: bool = False
    """Whether it tells the time: all clients of a place share it, or it grows with time alone. It is kept as scored and not
    learned from: defaults are labelled at once, survivors a horizon later, so a model would take the recent for the risky."""


def _amount(name: str, text: str) -> Feature:
    return Feature("log_" + name, AMOUNT_UNIT, text, "statements", *SIGNED_LOG)


STATEMENT: Final = (
    Feature("equity_to_assets", "fraction", "equity as a share of assets"),
    Feature("current_ratio", "ratio", "current assets over current liabilities"),
    Feature("working_capital_to_assets", "fraction", "working capital as a share of assets"),
    Feature("retained_earnings_to_assets", "fraction", "retained earnings as a share of assets"),
    Feature("ebit_to_assets", "fraction a year", "EBIT as a share of assets"),
    Feature("net_income_to_assets", "fraction a year", "net income as a share of assets"),
    Feature("altman_z", "score", "Altman Z''", "statements", -2e7, 2e7),
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
    Feature("income_change", "fraction of assets a year", "change of net income", "statements", -2e6, 2e6),
    Feature("equity_change", "fraction", "change of the equity share", "statements", -2e6, 2e6),
    Feature("statements_seen", "statements", "statements known", "statements", *COUNT, is_fixed=True),
    Feature("altman_z_listed", "score", "Altman Z (1968, with market value)", "statements", -2e7, 2e7),
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
    Feature("days_past_due", "days", "days past due", "repayments", *DAYS),
    Feature("days_past_due_worst", "days, six months", "worst days past due", "repayments", *DAYS),
    Feature("late_days_last", "days", "lateness of the last month", "repayments", *DAYS),
    Feature("late_days_worst", "days, six months", "worst lateness", "repayments", *DAYS),
    Feature("late_months", "months of six", "months with a late payment", "repayments", *MONTHS),
    Feature("short_share", "fraction, six months", "share of payments below what was due", "repayments", 0.0, 1.0),
    Feature("paid_to_due_last", "ratio", "paid over due in the last month", "repayments", *UP_TO),
    Feature("paid_to_due", "ratio, six months", "paid over due", "repayments", *UP_TO),
    Feature("paid_to_balance", "fraction", "paid in the last month over the balance before", "repayments", *UP_TO),
    Feature("utilisation", "fraction", "balance over limit", "repayments, drawdowns", *ANY),
    Feature("utilisation_mean", "fraction, six months", "mean balance over limit", "repayments, drawdowns", *ANY),
    Feature("utilisation_change", "fraction, three months", "change of balance over limit", "repayments, drawdowns", *ANY),
    Feature("drawn_to_limit", "fraction, last month", "drawn over limit", "drawdowns", *ANY),
    Feature("log_limit", "log10 of the reporting currency", "limit", "drawdowns", 0.0, 30.0),
    Feature("arrears_to_exposure", "fraction", "arrears as a share of exposure", "repayments", 0.0, inf),
    Feature("months_seen", "months", "months with events", "repayments, drawdowns", *MONTHS, is_fixed=True),
)

STANDING: Final = (
    Feature("rating_class", "class", "class of its worst rating", "ratings", 0.0, 7.0),
    Feature("rating_notches", "notches, twelve months", "notches down", "ratings", -1e4, 1e4),
    Feature("months_since_rating", "months", "months since it was rated", "ratings", *COUNT, is_fixed=True, is_timed=True),
    Feature("collateral_cover", "fraction", "collateral after haircut over exposure", "collateral", 0.0, 10.0),
    Feature("collateral_change", "fraction, twelve months", "change of the covered share", "collateral", -1.0, 1.0),
    Feature("industry_risk", "ratio", "default rate of its industry over all", "profiles, policy", 0.0, 100.0, is_fixed=True),
    Feature("macro_regime", "regime", "economy", "macro", -1.0, 1.0, is_fixed=True, is_timed=True),
    Feature("macro_signal", "score", "mean signal of macro figures", "macro", -10.0, 10.0, is_fixed=True, is_timed=True),
    Feature("group_default", "yes or no", "default in its group", "outcomes, repayments of its group", 0.0, 1.0, is_fixed=True),
    Feature("relationship_years", "years", "years of the relationship", "profiles", 0.0, 200.0, is_fixed=True, is_timed=True),
)
"""What no payment moves: each is missing where nobody has told it."""

PATH_MONTHS: Final = 3
"""The months before the newest that the path tells of."""


def _past(ago: int) -> tuple[Feature, ...]:
    """How the client paid and drew so many months ago. What is over no client can change."""
    month, both = f"{ago} {'month' if ago == 1 else 'months'} ago", "repayments, drawdowns"

    def past(name: str, kind: str, text: str, source: str, low: float, high: float) -> Feature:
        return Feature(f"{name}_{ago}_ago", f"{kind}, {month}", f"{text} {month}", source, low, high, is_fixed=True)

    return (
        past("dpd", "days", "days past due", "repayments", *DAYS),
        past("late_days", "days", "lateness", "repayments", *DAYS),
        past("utilisation", "fraction", "balance over limit", both, *ANY),
        past("drawn_to_limit", "fraction", "drawn over limit", "drawdowns", *ANY),
    )


PATH: Final = tuple(feature for ago in range(1, PATH_MONTHS + 1) for feature in _past(ago))
"""The calendar months before the newest: no payment moves them once it has begun. Missing where a month had no events."""

FEATURES: Final = STATEMENT + BEHAVIOUR + STANDING + PATH
NAMES: Final = tuple(feature.name for feature in FEATURES)
INDEX: Final = {name: i for i, name in enumerate(NAMES)}
TIMED: Final = frozenset(i for i, feature in enumerate(FEATURES) if feature.is_timed)
"""Places of features that no model learns from."""
AMOUNTS: Final = tuple(i for i, feature in enumerate(FEATURES) if feature.name.startswith("log_"))
"""Places of the logarithmic amounts."""
UNKNOWN_STATEMENT: Final = array("f", [NAN] * len(STATEMENT)).tobytes()
"""Of a client that has published none."""


def packed(values: Sequence[float]) -> bytes:
    """Features as they are kept: single precision, 4 bytes each. What is scored is what is kept. At most all of them."""
    return _PACKED[len(values)].pack(*values)


def unpacked(x: bytes) -> "array[float]":
    """The features again, to the last bit as they were scored."""
    values = array("f")
    values.frombytes(x)
    return values


def whole(x: bytes) -> "array[float]":
    """All features in the order of the registry; those that the bytes end before were not known when they were kept."""
    values = unpacked(x)
    values.extend(_MISSING[len(values) :])
    return values


def completed(x: Sequence[float | None]) -> Sequence[float | None]:
    """The same of an example that an earlier release told, with fewer features."""
    return x if len(x) == len(FEATURES) else (*x, *([None] * (len(FEATURES) - len(x))))


_MISSING: Final = array("f", [NAN] * len(FEATURES))
_PACKED: Final = tuple(Struct(f"{count}f") for count in range(len(FEATURES) + 1))


def by_group(tables: tuple[T, ...]) -> tuple[tuple[T, ...], tuple[T, ...], tuple[T, ...]]:
    """One for each feature, as those of statement, of behaviour, and of standing with the path: what no payment moves."""
    split, last = len(STATEMENT), len(STATEMENT) + len(BEHAVIOUR)
    return tables[:split], tables[split:last], tables[last:]
