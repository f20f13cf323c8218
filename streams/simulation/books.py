"""The books of a client: what it earns, owns and owes, as its hidden quality makes it."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from streams.simulation.chance import bell, between
from streams.simulation.clients import Client

TAX: Final = 0.25
INTEREST: Final = 0.05
DEPRECIATION: Final = 0.05
"""Of profit; of debt a year; of assets a year (assumptions)."""
LISTED: Final = 0.1
"""Share of corporate clients with a market value."""


@dataclass(slots=True, eq=False)
class Books:
    """Levels that carry over from one period to the next. Units: whole units of the client's currency, a year."""

    revenue: float
    equity_ratio: float
    equity_normal: float
    margin: float
    listed: bool

    def close(self, client: Client, rng: Random, quality: float, months: int) -> dict[str, float]:
        """A period ends: move the levels on and draw up the accounts. Holds: assets = liabilities + equity."""
        year = months / 12
        stress = min(max(-quality, 0.0), 4.0)
        self.revenue *= 1.0 + min(max(0.02 + 0.05 * quality + 0.04 * bell(rng), -0.45), 0.4) * year
        assets = self.revenue / client.sector.turnover * (1.0 + 0.03 * bell(rng))
        revenue = self.revenue * year * (1.0 + 0.04 * bell(rng))
        margin = self.margin * min(max(1.0 + 0.38 * quality, -1.5), 2.2) + 0.008 * bell(rng)
        ebitda = revenue * margin
        depreciation = min(assets * DEPRECIATION * year, revenue * self.margin * 0.45)
        liabilities = assets * (1.0 - self.equity_ratio)
        debt = liabilities * (0.5 + 0.04 * stress)
        interest = debt * INTEREST * (1.0 + 0.1 * stress) * year
        before_tax = ebitda - depreciation - interest
        net = before_tax * (1.0 - TAX) if before_tax > 0 else before_tax
        self._carry(net / assets, year)
        equity = assets * self.equity_ratio
        liabilities = assets - equity
        current_liabilities = liabilities * min(0.4 + 0.09 * stress + 0.03 * bell(rng), 0.9)
        long_term = min(debt * 0.7, liabilities - current_liabilities)
        current = assets * (0.46 - 0.03 * stress + 0.02 * bell(rng))
        cash = current * min(max(0.2 + 0.07 * quality + 0.03 * bell(rng), 0.01), 0.6)
        receivables = (current - cash) * (0.55 + 0.03 * stress)
        cost = revenue * (0.62 + 0.02 * stress)
        return {
            "revenue": revenue,
            "cost_of_goods_sold": cost,
            "gross_profit": revenue - cost,
            "operating_expenses": revenue - cost - ebitda,
            "ebitda": ebitda,
            "ebit": ebitda - depreciation,
            "net_income": net,
            "interest_expense": interest,
            "depreciation": depreciation,
            "operating_cash_flow": net + depreciation + 0.01 * assets * year * (bell(rng) - stress),
            "total_assets": assets,
            "current_assets": current,
            "cash": cash,
            "receivables": receivables,
            "inventory": (current - cash - receivables) * 0.85,
            "total_liabilities": liabilities,
            "current_liabilities": current_liabilities,
            "long_term_debt": long_term,
            "total_debt": debt,
            "equity": equity,
            "retained_earnings": equity - assets * self.equity_normal * 0.5,
        }

    def market_value(self, figures: dict[str, float], quality: float) -> float:
        """What the stock exchange makes of it: a multiple of sales that falls with the quality."""
        return max(self.revenue * self.margin * 6.0 * (1.0 + 0.3 * max(quality, -3.2)), figures["total_assets"] * 0.005)

    def _carry(self, return_on_assets: float, year: float) -> None:
        kept = return_on_assets * 0.4 if return_on_assets > 0 else return_on_assets
        drawn_back = 0.15 * year * (self.equity_normal - self.equity_ratio)
        self.equity_ratio = min(max(self.equity_ratio + kept + drawn_back, -0.5), 0.9)


def open_books(client: Client, rng: Random) -> Books:
    """Books of a new client: loans of about a fifth of a year's revenue, equity around a third of assets (assumptions)."""
    equity = min(max(0.33 + 0.08 * client.mean + 0.1 * bell(rng), 0.08), 0.75)
    revenue = client.exposure * client.home.per_euro / between(rng, 0.12, 0.35)
    margin = client.sector.margin * between(rng, 0.8, 1.25)
    listed = client.portfolio.name == "corporate" and rng.random() < LISTED
    return Books(revenue, equity, equity, margin, listed)
