"""Value: what a client is expected to contribute in a year, after expected loss and the cost of capital.

Value = margin x drawn + fee x undrawn - PD x LGD x EAD - cost of capital. Source: RAROC; DOMAIN.md, Segmentation.
"""

from typing import NamedTuple

from agents.segmentation.in_force import InForce
from online_models.features import INDEX, unpacked
from schemas.state import ClientState


class Contribution(NamedTuple):
    """The parts of a client's value. Units: of the reporting currency, a year."""

    income: float
    fees: float
    expected_loss: float
    capital: float

    @property
    def total(self) -> float:
        return self.income + self.fees - self.expected_loss - self.capital


class Exposure(NamedTuple):
    """What a client has drawn and could draw. Units: of the reporting currency."""

    drawn: float
    undrawn: float
    margin: float
    """On all that is drawn, a year."""


def exposure(client: ClientState, now: InForce) -> Exposure:
    """Over all facilities; of a client without any, the part of its long-term debt that could be ours."""
    value = now.rules.value
    if not client.facilities:
        drawn = value.wallet_share * _debt(client)
        return Exposure(drawn, 0.0, value.margin * drawn)
    drawn = undrawn = margin = 0.0
    for facility in client.facilities:
        rate = now.per_minor[facility.currency]
        balance = max(0, facility.balance) * rate
        drawn += balance
        undrawn += max(0.0, facility.limit * rate - balance)
        margin += (facility.margin if facility.margin >= 0 else value.margin) * balance
    return Exposure(drawn, undrawn, margin)


def contribution(client: ClientState, held: Exposure, pd: float, now: InForce) -> Contribution:
    """What the client brings in a year if nothing changes."""
    value = now.rules.value
    covered = 0.0
    for c in client.collateral:
        covered += c.value * (1.0 - c.haircut) * now.per_minor[c.currency]
    uncovered = max(0.0, held.drawn - covered)
    return Contribution(
        held.margin,
        value.commitment_fee * held.undrawn,
        pd * value.lgd * uncovered,
        value.capital_ratio * value.cost_of_capital * held.drawn,
    )


def _debt(client: ClientState) -> float:
    """Financial debt by the last statement; 0 if it does not tell."""
    if not client.statement_x:
        return 0.0
    x = unpacked(client.statement_x)
    debt = x[INDEX["debt_to_assets"]] * 10.0 ** x[INDEX["log_assets"]]
    return max(0.0, debt) if debt == debt else 0.0
