"""One example of each message of the contracts: what a bank's developer copies first. A test reads each with our own code."""

from datetime import date
from typing import Any, Final

import msgspec

from schemas import topics
from schemas.decisions import Counterfactual, EarlyWarning, Evidence, Reason, Segment, TierChange
from schemas.model_warnings import ModelEvidence, ModelWarning

_CLIENT: Final = {"client_id": "C-1024", "portfolio": "corporate"}


def _event(number: int, **fields: Any) -> dict[str, Any]:
    return {"event_id": f"CB-{number}", "occurred_at": "2026-03-31T14:05:00+02:00", **fields}


EVENTS: Final[dict[str, dict[str, Any]]] = {
    topics.REPAYMENTS: _event(
        1, **_CLIENT, facility_id="L-77", due_date="2026-03-31", amount_due="25000.00", amount_paid="10000.00", currency="EUR",
        balance_after="465000.00", next_due_date="2026-04-30", next_amount_due=25000,
    ),
    topics.DRAWDOWNS: _event(
        2, **_CLIENT, facility_id="L-77", amount="50000.00", limit="500000.00", balance_after="475000.00", currency="EUR",
        margin=0.021, maturity_date="2030-12-31", next_due_date="2026-03-31", next_amount_due="25000.00", purpose="machinery",
    ),
    topics.STATEMENTS: _event(
        3, **_CLIENT, period_end="2025-12-31", period_months=12, currency="EUR", total_assets="4200000.00", revenue="6100000.00",
        ebitda="540000.00", ebit="310000.00", net_income="-45000.00", interest_expense="120000.00", current_assets="1900000.00",
        current_liabilities="1750000.00", total_liabilities="3650000.00", equity="550000.00", audited=True,
    ),
    topics.PROFILES: _event(4, **_CLIENT, industry="C28.41", country="DE", relationship_since="2014-05-01", employees=140),
    topics.RATINGS: _event(5, **_CLIENT, agency="internal", grade="BB+", outlook="negative"),
    topics.COLLATERAL: _event(
        6, **_CLIENT, collateral_id="K-9", value="300000.00", currency="EUR", facility_id="L-77", kind="machinery", haircut=0.4
    ),
    topics.MACRO: _event(7, indicator="gdp_growth", value=-0.004, as_of="2025-12-31", country="DE"),
    topics.OUTCOMES: _event(8, **_CLIENT, outcome="defaulted", facility_id="L-77", loss=0.35),
    topics.MILESTONES: _event(
        9, client_id="C-2048", portfolio="project-finance", project_id="P-3", milestone="turbine hall", planned=0.6, actual=0.45,
        cost_planned=12_000_000, cost_actual=13_400_000,
    ),
    topics.FEEDBACK: _event(10, **_CLIENT, warning_id="C-1024/DPD/3", verdict="confirmed", note="called the treasurer"),
}  # fmt: skip
"""Of each source topic, by its logical name."""

END_OF_DAY: Final[dict[str, Any]] = {"kind": "end-of-day", "day": "2026-03-31"}

_EVIDENCE: Final = Evidence(
    event_id="day-closed/2026-05-01", topic=topics.CLIENT_EVENTS, partition=2, offset=81_734,
    model_version="corporate-14-9f3c5a2b7e01", policy_version="shipped-4efef171c78d", cutoffs_version="corporate-7",
)  # fmt: skip

_TIER_CHANGE: Final = TierChange(
    decision_id="tc/2/81734/C-1024/739737/0",
    client_id="C-1024",
    portfolio="corporate",
    sequence=7,
    as_of=date(2026, 5, 1),
    was=Segment("silver", "6", 1, "maturity", "core"),
    now=Segment("silver", "7", 2, "maturity", "high-risk-high-return"),
    direction="down",
    pd=0.0613,
    value=8120.5,
    reasons=[
        Reason("DAYS_PAST_DUE", "31 days past due", "days_past_due", 0.6, 31.0),
        Reason("MACRO", "the economy of DE is down", "macro", 0.2),
        Reason("STAGE", "stage 1 to 2: material arrears are past due for longer than the backstop", "stage", 0.0, 2.0),
    ],
    counterfactual=Counterfactual(
        True, "days_past_due", "if 30 days were past due instead of 31 days", 31.0, 30.0, -1.0, "days", "grade 6, silver, stage 1"
    ),
    treatment={
        "pricing_uplift": 0.015, "collateral_ratio": 1.0, "limit_action": "freeze",
        "service_model": "relationship and risk manager", "product": "secured term loan",
    },
    evidence=_EVIDENCE,
)  # fmt: skip

_EARLY_WARNING: Final = EarlyWarning(
    decision_id="ew/2/81734/C-1024/739737/0",
    warning_id="C-1024/DPD/3",
    client_id="C-1024",
    portfolio="corporate",
    sequence=6,
    as_of=date(2026, 5, 1),
    status="escalated",
    severity="amber",
    indicator="DPD",
    value=31.0,
    threshold=31.0,
    text="31 days past due (from 31)",
    first_raised_at=date(2026, 4, 1),
    watchlist="amber",
    evidence=msgspec.structs.replace(_EVIDENCE, source="SAMA node 4036; IFRS 9 5.5.11"),
    reasons=[Reason("DPD", "31 days, threshold 31 days", "dpd", 0.0, 31.0, 31.0)],
    counterfactual=Counterfactual(
        True, "DPD", "if it were 30 days instead of 31 days", 31.0, 30.0, -1.0, "days", "the warning stays watch"
    ),
)

_MODEL_WARNING: Final = ModelWarning(
    decision_id="mw/0/20591/corporate/0",
    warning_id="corporate/equity_to_assets/1",
    portfolio="corporate",
    as_of=date(2026, 3, 31),
    status="raised",
    severity="watch",
    kind="feature",
    feature="equity_to_assets",
    value=0.107,
    threshold=0.1,
    was=None,
    text="equity as a share of assets: spread otherwise than on 2024-02-29, PSI 0.11 (from 0.10)",
    first_raised_at=date(2026, 3, 31),
    evidence=ModelEvidence(
        topic=topics.LEARNING, partition=0, offset=20_591, model_version=_EVIDENCE.model_version,
        policy_version=_EVIDENCE.policy_version, source="Siddiqi 2006, ch. 9", examples=17_958, reference_model=1,
        reference_as_of=date(2024, 2, 29), reference_examples=2000,
    ),
)  # fmt: skip

DECISIONS: Final[dict[str, dict[str, Any]]] = {
    topics.TIER_CHANGES: msgspec.to_builtins(_TIER_CHANGE),
    topics.EARLY_WARNINGS: msgspec.to_builtins(_EARLY_WARNING),
    topics.MODEL_WARNINGS: msgspec.to_builtins(_MODEL_WARNING),
}
"""Of each decision topic, and a model warning."""
_FROM: Final = {
    topics.TIER_CHANGES: ("segmenter", "tier-change", "client_id"),
    topics.EARLY_WARNINGS: ("segmenter", "early-warning", "client_id"),
    topics.MODEL_WARNINGS: ("learner", "model-warning", "portfolio"),
}
"""Whose it is, what, and about whom."""


def decision_headers(topic: str) -> dict[str, str]:
    """The CloudEvents headers that go with the example."""
    decision = DECISIONS[topic]
    agent, kind, subject = _FROM[topic]
    return {
        "ce_specversion": "1.0",
        "ce_id": decision["decision_id"],
        "ce_source": f"/tierwatch/{agent}",
        "ce_type": f"tierwatch.{kind}.v1",
        "ce_time": f"{decision['as_of']}T00:00:00Z",
        "ce_subject": decision[subject],
        "content-type": "application/json",
    }


DEAD_LETTER_HEADERS: Final = {
    "ce_id": "dl/repayments/1/4711",
    "tierwatch-cause": "invalid",
    "tierwatch-field": "amount_due",
    "tierwatch-reason": "amount_due: Field required",
    "tierwatch-topic": "repayments",
    "tierwatch-partition": "1",
    "tierwatch-offset": "4711",
    "tierwatch-timestamp": "1774958700000",
}
DEAD_LETTER: Final = '{"event_id": "CB-11", "client_id": "C-1024"}'
