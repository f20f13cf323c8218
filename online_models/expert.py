"""The expert scorecard: the prior that scores a client until enough defaults were seen to learn from.

Points are judgements in logits around an average client: what a lender's rule of thumb would add or take away.
Bin edges are those of the indicators (DOMAIN.md; Altman 1995 for Z''). Missing is average: 0.
"""

from typing import Final

from online_models.features import NAMES, by_group
from online_models.scorecard import NOTHING, Points, Scorecard, logit

VERSION: Final = "expert-1"

POINTS: Final = {
    "altman_z": Points((0.0, 1.1, 2.6, 5.0), (1.2, 0.8, 0.3, -0.2, -0.6)),
    "equity_to_assets": Points((0.0, 0.05, 0.10, 0.25, 0.5), (1.0, 0.7, 0.4, 0.0, -0.2, -0.4)),
    "current_ratio": Points((0.5, 1.0, 1.5, 2.5), (0.7, 0.4, 0.0, -0.1, -0.3)),
    "net_income_to_assets": Points((-0.2, -0.05, 0.0, 0.05), (0.7, 0.5, 0.3, -0.1, -0.4)),
    "market_to_liabilities": Points((0.2, 0.5, 1.0, 3.0), (1.0, 0.6, 0.2, -0.2, -0.6)),
    "loss_streak": Points((1.0, 2.0, 3.0), (-0.2, 0.1, 0.3, 0.5)),
    "days_past_due": Points((1.0, 15.0, 31.0, 61.0, 91.0), (-0.2, 0.6, 1.2, 2.0, 3.0, 4.5)),
    "late_days_worst": Points((1.0, 6.0, 31.0, 61.0), (-0.2, 0.1, 0.4, 0.9, 1.3)),
    "short_share": Points((0.01, 0.3, 0.6), (-0.1, 0.1, 0.3, 0.5)),
    "utilisation": Points((0.3, 0.6, 0.9, 0.95, 1.0), (-0.4, -0.1, 0.1, 0.4, 0.6, 0.9)),
}
"""What the expert looks at: Altman Z'', leverage, liquidity, profit, market value, arrears, utilisation."""

_TABLES: Final = tuple(POINTS.get(name, NOTHING) for name in NAMES)


def expert(prior_pd: float) -> Scorecard:
    """The expert's scorecard where `prior_pd` of the clients default within the horizon."""
    return Scorecard(VERSION, logit(prior_pd), *by_group(_TABLES))
