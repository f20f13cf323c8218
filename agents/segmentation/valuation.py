"""Value: what a client is expected to contribute in a year, after expected loss and the cost of capital.

Value = (margin x average drawn + fee x undrawn - PD x LGD x EAD - cost of capital) x loyalty x referrals. Source: RAROC;
DOMAIN.md, Segmentation.
"""


import msgspec

from agents.segmentation.in_force import InForce
from online_models.features import INDEX, unpacked
from schemas.state import Appraisal, ClientState


class Contribution(msgspec.Struct, frozen=True, gc=False):
    """The parts of a client's value; they add up to it. Units: of the reporting currency, a year."""

    income: float
    fees: float
    expected_loss: float
    capital: float
    loyalty: float = 0.0
    """What the loyalty factor makes of the parts before, if together they are a gain."""
    referral: float = 0.0
    """What the referral factor makes of it."""

    @property
    def total(self) -> float:
        return self.income + self.fees - self.expected_loss - self.capital + self.loyalty + self.referral


class Exposure(msgspec.Struct, frozen=True, gc=False):
    """What a client has drawn and could draw. Units: of the reporting currency."""

    drawn: float
    undrawn: float
    margin: float
    """On all that is drawn, a year."""
    limit: float = 0.0


def exposure(client: ClientState, now: InForce) -> Exposure:
    """Over all facilities; of a client without any, the part of its long-term debt that could be ours."""
    value = now.rules.value
    if not client.facilities:
        drawn = value.wallet_share * _debt(client)
        return Exposure(drawn, 0.0, value.margin * drawn)
    drawn = undrawn = margin = limit = 0.0
    for facility in client.facilities:
        if facility.closed:
            continue
        rate = now.per_minor[facility.currency]
        balance = max(0, facility.balance) * rate
        granted = facility.limit * rate
        drawn += balance
        limit += granted
        if granted > balance:
            undrawn += granted - balance
        margin += (facility.margin if facility.margin >= 0 else value.margin) * balance
    return Exposure(drawn, undrawn, margin, limit)


def contribution(client: ClientState, held: Exposure, kept: Appraisal, pd: float, now: InForce) -> Contribution:
    """What the client brings in a year: by what it drew in the last twelve months, and by the risk as it stands."""
    value = now.rules.value
    ead = held.drawn + value.credit_conversion * held.undrawn
    income = held.margin
    if kept.past_months:
        average = (kept.past_drawn + held.drawn) / (kept.past_months + 1)
        income = average * (held.margin / held.drawn if held.drawn > 0 else value.margin)
    fees = value.commitment_fee * held.undrawn
    loss = yearly(pd, now.years) * lgd_of(ead, kept, value.lgd) * ead
    capital = value.capital_ratio * value.cost_of_capital * ead
    gain = max(0.0, income + fees - loss - capital)
    loyal = gain * (kept.loyalty - 1.0)
    return Contribution(income, fees, loss, capital, loyal, (gain + loyal) * (kept.referral - 1.0))


def yearly(pd: float, years: float) -> float:
    """The PD within twelve months of one within a horizon of `years`, at a constant hazard."""
    return pd if years == 1.0 else 1.0 - (1.0 - pd) ** (1.0 / years)


def lgd_of(ead: float, kept: Appraisal, uncovered: float) -> float:
    """Loss given default: of what collateral covers that of its kinds, of the rest `uncovered`. Source: Basel III, CRE 32.11."""
    if kept.covered <= 0 or ead <= 0:
        return uncovered
    share = kept.covered / ead
    return kept.covered_lgd if share >= 1.0 else share * kept.covered_lgd + (1.0 - share) * uncovered


def _debt(client: ClientState) -> float:
    """Financial debt by the last statement; 0 if it does not tell."""
    if not client.statement_x:
        return 0.0
    x = unpacked(client.statement_x)
    debt = x[INDEX["debt_to_assets"]] * 10.0 ** x[INDEX["log_assets"]]
    return max(0.0, debt) if debt == debt else 0.0
