"""The registry of features as documentation: `python -m streams.pages.features_page > docs/features.md`."""

import sys
from collections.abc import Sequence
from math import isinf

from agents.segmentation.wording import told_as
from online_models.features import BEHAVIOUR, PATH, STANDING, STATEMENT, Feature

HEAD = """# Features

Made by `python -m streams.pages.features_page` from the registry, `online_models/features.py`; do not edit. What the probability
of default is made from, in the order in which a client's snapshot keeps it; how it is learned from stands in
[learning.md](learning.md).

- A figure that is not told is **missing**, never 0: it has points of its own.
- **Range**: no value lies outside; what would is cut to it, or cannot occur. "any" is as far as amounts of the contract
  reach. Beyond the outermost bin or knot a value counts like one at its edge.
- Values are kept in single precision; what is scored is what is kept.
- No **protected attribute** (sex, age, origin, religion, …) of anybody is a feature, nor does any event of the contract tell one.
- **fixed**: no client can change it, so no counterfactual names it; sizes (`log_…`) are not named either.
- **not learned**: it tells the time; kept as scored, but no model learns from it ([learning.md](learning.md) says why).
"""
GROUPS = (
    ("Of the last statement", "`online_models/statements.py`", "a statement", STATEMENT),
    ("Of behaviour", "`online_models/behaviour.py`", "payments, drawdowns, the close of a day", BEHAVIOUR),
    ("Of standing", "`agents/segmentation/standing.py`", "other facts, a new month of the client, policy and economy", STANDING),
    ("Of the path", "`online_models/path.py`", "a new month of the client, a movement that comes late", PATH),
)
TABLE = "| feature | unit | range | source | what it is | as a reason says it |\n| --- | --- | --- | --- | --- | --- |\n"


def as_markdown() -> str:
    """The whole page."""
    return HEAD + "".join(_section(*group) for group in GROUPS)


def _section(title: str, made_by: str, moved_by: str, features: Sequence[Feature]) -> str:
    return f"\n## {title}\nMade by {made_by}; moved by {moved_by}.\n\n{TABLE}" + "".join(_line(feature) for feature in features)


def _line(feature: Feature) -> str:
    said = [name for name, holds in (("fixed", feature.is_fixed), ("not learned", feature.is_timed)) if holds]
    text = feature.text + (f" ({', '.join(said)})" if said else "")
    return f"| `{feature.name}` | {feature.unit} | {_range(feature)} | {feature.source} | {text} | {told_as(feature)} |\n"


def _range(feature: Feature) -> str:
    if isinf(feature.low) and isinf(feature.high):
        return "any"
    if isinf(feature.high):
        return f"from {_bound(feature.low)}"
    if isinf(feature.low):
        return f"up to {_bound(feature.high)}"
    return f"{_bound(feature.low)} to {_bound(feature.high)}"


def _bound(value: float) -> str:
    return f"{value:,.0f}".replace("-", "−").replace(",", " ")


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
