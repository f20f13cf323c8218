"""Lifecycle of the relationship: acquisition, activation, growth, maturity, decline; and the segment, risk x value."""

from agents.segmentation.grading import DEFAULTED
from agents.segmentation.in_force import InForce
from online_models.features import INDEX, unpacked
from schemas.state import ClientState


def lifecycle_of(client: ClientState, day: int, now: InForce) -> str:
    """By first contact, first drawdown, activity and the yearly growth of exposure (else of revenue)."""
    rules = now.rules.lifecycle
    if not client.facilities and not client.statement_x:
        return "acquisition"
    if day - client.last_day > rules.inactive_days:
        return "decline"
    began = min((f.opened_day for f in client.facilities), default=client.first_day)
    if day - began <= rules.activation_days:
        return "activation"
    growth = _growth(client)
    if growth >= rules.growth:
        return "growth"
    return "decline" if growth <= -rules.decline else "maturity"


def segment_of(tier: str, grade: str, now: InForce) -> str:
    """Risk x value; the names are those of the policy's treatments."""
    if grade == DEFAULTED:
        return "exit"
    valued = tier in ("diamond", "gold")
    if int(grade) >= now.rules.grades.high_risk_from:
        return "high-risk-high-return" if valued else "watch"
    return "star" if valued else "core" if tier == "silver" else "steady"


def _growth(client: ClientState) -> float:
    months = client.months
    if len(months) > 1 and months[0].balance > 0:
        years = (months[-1].number - months[0].number) / 12.0
        return (months[-1].balance / months[0].balance - 1.0) / years if years > 0 else 0.0
    if client.statement_x:
        growth = unpacked(client.statement_x)[INDEX["revenue_growth"]]
        return growth if growth == growth else 0.0
    return 0.0
