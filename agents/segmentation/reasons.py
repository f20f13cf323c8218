"""Reasons: which drivers moved a client, in points of the scorecard; they sum to the change of the logit."""

from array import array
from collections.abc import Sequence
from typing import Final

from agents.segmentation.valuation import Contribution
from online_models.features import FEATURES, packed, unpacked
from schemas.decisions import Reason
from schemas.state import ClientState

MOST: Final = 5
"""Drivers that are named; the others are one."""


BESIDE: Final = (("INDUSTRY", "industry"), ("RATING", "rating"))
"""Drivers beside the features: their points are the policy's."""


def risk_reasons(client: ClientState, x: Sequence[float], points: Sequence[float], beside: tuple[float, float]) -> list[Reason]:
    """What has moved the logit since the last tier change, the largest first. Contributions: logits."""
    before = unpacked(client.decided_points) if client.decided_points else array("f", bytes(4 * len(points)))
    moved = [(now - was, i) for i, (now, was) in enumerate(zip(points, before, strict=True)) if abs(now - was) > 1e-6]
    moved += [
        (now - was, len(points) + i)
        for i, (now, was) in enumerate(zip(beside, client.decided_beside, strict=True))
        if abs(now - was) > 1e-6
    ]
    moved.sort(key=lambda m: (-abs(m[0]), m[1]))
    reasons = [_reason(delta, i, x[i]) if i < len(x) else _beside(delta, i - len(x), client) for delta, i in moved[:MOST]]
    rest = client.logit - client.decided_logit - sum(r.contribution for r in reasons)
    if abs(rest) > 1e-6:
        reasons.append(Reason("REST", "all other drivers, and the model's own change", "rest", rest))
    return reasons


def remember(client: ClientState, points: Sequence[float], beside: tuple[float, float]) -> None:
    """What the next change's reasons are measured against."""
    client.decided_points = packed(points)
    client.decided_beside = beside
    client.decided_logit = client.logit


def value_reason(parts: Contribution, tier: str) -> Reason:
    """Why the value tier is what it is. Contribution: units of the reporting currency, a year."""
    text = (
        f"risk-adjusted contribution {parts.total:,.0f} a year: income {parts.income:,.0f}, fees {parts.fees:,.0f}, "
        f"expected loss {parts.expected_loss:,.0f}, capital {parts.capital:,.0f}, loyalty {parts.loyalty:,.0f}, "
        f"referrals {parts.referral:,.0f}: {tier}"
    )
    return Reason("VALUE", text, "value", round(parts.total, 2))


def _reason(contribution: float, i: int, value: float) -> Reason:
    feature = FEATURES[i]
    if value != value:
        return Reason(feature.name.upper(), f"{feature.text}: not known", feature.name, contribution)
    return Reason(feature.name.upper(), f"{feature.text}: {value:.4g} ({feature.unit})", feature.name, contribution, value)


def _beside(contribution: float, i: int, client: ClientState) -> Reason:
    code, feature = BESIDE[i]
    said = client.industry if feature == "industry" else ", ".join(f"{r.grade} ({r.agency})" for r in client.ratings[-1:])
    return Reason(code, f"{feature}: {said or 'not known'}", feature, contribution)
