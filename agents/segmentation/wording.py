"""Wording: figures as a banker reads them, with their units (percent, times, days, amounts)."""

from functools import lru_cache
from math import copysign, floor, isinf, log10
from typing import Final

from online_models.features import Feature
from schemas.risk_rules import RATING_CLASSES

TIMES: Final = ("ratio", "times")
COUNTED: Final = ("days", "months", "statements", "instalments", "facilities", "notches", "payments", "drawdowns", "years")
"""Units of whole things."""
SIGNED_AMOUNT: Final = "signed"
"""What the unit of an amount that may be negative begins with: log10(1 + amount), of which the 1 tells below a thousand."""
THOUSAND: Final = 3.0
SCALES: Final = {"class": RATING_CLASSES, "regime": ("down", "neutral", "up"), "yes": ("no", "yes")}
"""Units that are places on a scale, with what each place is called."""
LOWEST: Final = {"regime": -1}
"""The number of a scale's first place; 0 of the others."""
PATH: Final = {
    "dpd": "{} past due",
    "late_days": "paid {} after the due date",
    "utilisation": "{} of the limit was drawn",
    "drawn_to_limit": "{} of the limit was drawn anew",
}
PAST: Final = {1: "a month ago", 2: "two months ago", 3: "three months ago"}
SENTENCES: Final = {
    "equity_to_assets": "equity is {} of assets",
    "current_ratio": "current assets are {} current liabilities",
    "quick_ratio": "current assets without inventory are {} current liabilities",
    "working_capital_to_assets": "working capital is {} of assets",
    "retained_earnings_to_assets": "retained earnings are {} of assets",
    "ebit_to_assets": "EBIT is {} of assets",
    "net_income_to_assets": "net income is {} of assets",
    "altman_z": "Altman Z'' is {}",
    "ebitda_margin": "EBITDA is {} of revenue",
    "net_margin": "net income is {} of revenue",
    "asset_turnover": "revenue is {} assets",
    "debt_to_assets": "financial debt is {} of assets",
    "debt_to_ebitda": "financial debt is {} EBITDA",
    "interest_cover": "EBIT is {} the interest",
    "market_to_liabilities": "market value is {} liabilities",
    "market_to_assets": "market value is {} assets",
    "log_assets": "assets are {}",
    "log_revenue": "revenue is {}",
    "log_market_value": "market value is {}",
    "log_limit": "limits are {}",
    "loss_streak": "{} in a row with a loss",
    "revenue_growth": "revenue has grown by {}",
    "asset_growth": "assets have grown by {}",
    "income_change": "net income has changed by {} of assets",
    "equity_change": "equity has changed by {} of assets",
    "days_past_due": "{} past due",
    "days_past_due_worst": "at worst {} past due in six months",
    "late_days_last": "paid {} after the due date in the last month",
    "late_days_worst": "paid {} after the due date at worst in six months",
    "short_share": "{} of the payments were below what was due",
    "paid_to_due_last": "paid {} what was due in the last month",
    "paid_to_due": "paid {} what was due in six months",
    "utilisation": "{} of the limit is drawn",
    "utilisation_mean": "{} of the limit was drawn on average",
    "utilisation_change": "the drawn share of the limit has changed by {}",
    "drawn_to_limit": "{} of the limit was drawn anew in the last month",
    "arrears_to_exposure": "arrears are {} of the exposure",
    "late_months": "a late payment in {} of six",
    "paid_to_balance": "paid {} of the balance in the last month",
    "months_seen": "known by {} with events, of six",
    "statements_seen": "known by {}",
    "rating_class": "the worst rating is of class {}",
    "rating_notches": "rated {} lower than a year before",
    "months_since_rating": "last rated {} ago",
    "collateral_cover": "collateral after haircut is {} of the exposure",
    "collateral_change": "the covered share of the exposure has changed by {}",
    "industry_risk": "clients of its industry default {} as often as the average",
    "macro_regime": "the economy is {}",
    "macro_signal": "macro figures stand at {} between bad (-1) and good (+1)",
    "group_default": "another client of its group is in default: {}",
    "relationship_years": "a client for {}",
    **{f"{name}_{ago}_ago": f"{said} {month}" for ago, month in PAST.items() for name, said in PATH.items()},
}
"""What a feature's figure says; the others are told by their text in the registry."""
SIGNED: Final = ("growth", "change")
NOT_KNOWN: Final = "not known"


def figure(value: float, unit: str, signed: bool = False) -> str:
    """A figure with its unit."""
    kind, suffix = _kind(unit)
    plus = "+" if signed else ""
    if isinf(value):
        return "without bound"
    if kind in ("fraction", "share"):
        return _digits(100.0 * value, plus) + suffix
    if kind in SCALES:
        return _place(value, kind)
    if kind in TIMES:
        return f"{_digits(value, plus)} times"
    if kind in COUNTED:
        return f"{value:{plus}.0f} {kind if abs(value) != 1 else _one(kind)}"
    if kind == "log10":
        return amount(10.0**value)
    if kind == SIGNED_AMOUNT:
        return amount(copysign(10.0 ** abs(value) - (abs(value) < THOUSAND), value))
    return _digits(value, plus)


def _place(value: float, kind: str) -> str:
    names = SCALES[kind]
    return names[max(0, min(len(names) - 1, round(value) - LOWEST.get(kind, 0)))]


@lru_cache(maxsize=1024)
def _kind(unit: str) -> tuple[str, str]:
    """What a unit is of, and what follows a percentage in it."""
    head = unit.partition(",")[0].strip()
    return head.partition(" ")[0], " % a year" if "a year" in head else " %"


def amount(value: float) -> str:
    """An amount in the reporting currency, as it is spoken of."""
    for bound, name in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if abs(value) >= bound:
            return f"{_digits(value / bound, '')} {name}"
    return f"{value:.0f}"


def sentence(feature: Feature, value: float, peers: float | None = None) -> str:
    """What a feature's figure says, and the portfolio's median: "equity is 4 % of assets; peers 31 %"."""
    begin, end, unit, signed = _sentence(feature)
    beside = "" if peers is None else f"; peers {figure(peers, unit, signed)}"
    if value != value:
        return f"{feature.text}: {NOT_KNOWN}{beside}"
    return begin + figure(value, unit, signed) + end + beside


def told_as(feature: Feature) -> str:
    """The sentence, with an ellipsis for the figure."""
    begin, end, _, _ = _sentence(feature)
    return f"{begin}…{end}"


@lru_cache(maxsize=1024)
def _sentence(feature: Feature) -> tuple[str, str, str, bool]:
    """What is said before and after a feature's figure; the unit that the figure is told in, and whether with its sign."""
    template = SENTENCES.get(feature.name)
    if template is None:
        return f"{feature.text}: ", "", feature.unit, False
    begin, _, end = template.partition("{}")
    signed = feature.name.endswith(SIGNED)
    return begin, end, feature.unit if signed else feature.unit.replace(" a year", ""), signed


@lru_cache(maxsize=1024)
def is_counted(unit: str) -> bool:
    """Whether a unit is one of whole things."""
    return unit.partition(",")[0].partition(" ")[0] in (*COUNTED, *SCALES)


def _digits(value: float, plus: str) -> str:
    """Three significant digits, without zeros behind the point."""
    if value == 0:
        return "0"
    if _LEAST <= abs(value) < _MOST:
        return format(value, _SHORT[plus])
    decimals = max(0, min(6, 2 - floor(log10(abs(value)))))
    text = format(value, _FORMATS[plus][decimals])
    return text.rstrip("0").rstrip(".") if "." in text else text


_LEAST: Final = 1e-4
_MOST: Final = 999.5
"""Between them three digits need neither an exponent nor commas."""
_SHORT: Final = {"": ".3g", "+": "+.3g"}
_FORMATS: Final = {plus: tuple(f"{plus},.{decimals}f" for decimals in range(7)) for plus in ("", "+")}


def _one(kind: str) -> str:
    return {"facilities": "facility", "notches": "notch"}.get(kind, kind.removesuffix("s"))
