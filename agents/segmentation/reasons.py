"""Reasons: which drivers moved a client. Those of risk sum to the change of the logit, those of value to the change of the value.

Each is measured against what stood at the last tier change, the first against an average client of the portfolio.
"""

from array import array
from collections.abc import Sequence
from itertools import compress
from operator import ne
from typing import Final

from agents.segmentation.in_force import InForce
from agents.segmentation.valuation import Contribution
from agents.segmentation.wording import amount, sentence
from online_models.features import BEHAVIOUR, FEATURES, STATEMENT, packed, unpacked
from schemas.decisions import Reason
from schemas.state import Appraisal, ClientState

MOST: Final = 5
"""Drivers that are named; the others are one."""
SMALLEST: Final = 1e-6
"""Points kept in single precision differ by less than this."""
MOVING: Final = len(STATEMENT) + len(BEHAVIOUR)
"""Features before those of standing, which mostly add nothing; then their points are not kept."""
BESIDE: Final = ("industry", "rating", "macro")
"""Drivers beside the features: their points are the policy's."""


def beside(kept: Appraisal, now: InForce) -> tuple[float, ...]:
    """Points of the drivers beside the features."""
    weight = now.card.expert_weight
    return kept.industry * weight, kept.rating * weight, now.macro_logit


def risk_reasons(
    client: ClientState, now: InForce, x: Sequence[float], points: Sequence[float], others: tuple[float, ...]
) -> list[Reason]:
    """What has moved the logit since the last tier change, the largest first. Contributions: logits; their sum is the change."""
    drivers = (*points, *others)
    before = _before(client, len(points), len(others))
    other = compress(range(len(drivers)), map(ne, drivers, before))
    moved = [(by, i) for i in other if abs(by := drivers[i] - before[i]) > SMALLEST]
    moved.sort(key=lambda m: (-abs(m[0]), m[1]))
    named = moved[:MOST]
    reasons = [_reason(client, now, delta, i, x) for delta, i in named]
    model = now.card.intercept - (client.decided_logit - sum(before))
    if abs(model) > len(drivers) * SMALLEST:
        reasons.append(Reason("MODEL", f"the intercept of the model {now.card.version}", "intercept", model))
    rest = client.logit - client.decided_logit - sum(r.contribution for r in reasons)
    if abs(rest) > SMALLEST or len(moved) > MOST:
        reasons.append(Reason("REST", f"{len(moved) - len(named)} further drivers together", "rest", rest))
    return reasons


def remember(client: ClientState, points: Sequence[float], others: tuple[float, ...], parts: Contribution) -> None:
    """What the next change's reasons are measured against."""
    client.decided_points = packed(points if any(points[MOVING:]) else points[:MOVING])
    client.decided_beside = others
    client.decided_logit = client.logit
    client.decided_parts = array("d", signed(parts)).tobytes()


def signed(parts: Contribution) -> tuple[float, ...]:
    """The parts as they add up to the value: losses and costs are negative."""
    return parts.income, parts.fees, -parts.expected_loss, -parts.capital, parts.loyalty, parts.referral


def value_reasons(client: ClientState, parts: Contribution) -> list[Reason]:
    """What has moved the value since the last tier change. Contributions: of the reporting currency, a year."""
    before = array("d")
    before.frombytes(client.decided_parts or bytes(8 * len(PARTS)))
    return [
        Reason(
            f"VALUE_{name.upper()}", f"{text} {amount(abs(is_now))} a year: {_moved(is_now - was)}", name, is_now - was, is_now
        )
        for (name, text), is_now, was in zip(PARTS, signed(parts), before, strict=True)
        if is_now != was
    ]


PARTS: Final = (
    ("income", "interest margin"),
    ("fees", "commitment fees"),
    ("expected_loss", "expected loss"),
    ("capital", "cost of capital"),
    ("loyalty", "what loyalty adds"),
    ("referral", "what referrals add"),
)
"""Of a contribution, in its order."""


def _moved(by: float) -> str:
    return f"{amount(abs(by))} {'more' if by > 0 else 'less'} value than before"


def _before(client: ClientState, features: int, others: int) -> list[float]:
    """Points at the last tier change; an earlier release knew fewer drivers, and a new client none."""
    was = unpacked(client.decided_points) if client.decided_points else array("f")
    held = [*was, *([0.0] * (features - len(was)))]
    return [*held, *client.decided_beside, *([0.0] * (others - len(client.decided_beside)))]


def _reason(client: ClientState, now: InForce, contribution: float, i: int, x: Sequence[float]) -> Reason:
    if i >= len(x):
        name = BESIDE[i - len(x)]
        return Reason(name.upper(), _beside(client, now, name), name, contribution)
    feature, value = FEATURES[i], x[i]
    known = value if value == value else None
    return Reason(feature.name.upper(), sentence(feature, value, now.card.median(i)), feature.name, contribution, known)


def _beside(client: ClientState, now: InForce, name: str) -> str:
    if name == "industry":
        return f"industry {client.industry or 'not known'}"
    if name == "rating":
        return "rated " + (", ".join(f"{r.grade} ({r.agency})" for r in client.ratings[-1:]) or "by nobody")
    country, _, section = now.regime_cell.partition("/")
    where = " ".join(part for part in (country and f"of {country}", section and f"in industry {section}") if part)
    return f"the economy {where + ' ' if where else ''}is {now.regime}"
