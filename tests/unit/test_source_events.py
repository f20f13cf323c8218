"""The contracts of the source topics: what is required, what may be there, and the bounds."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from schemas import topics
from schemas.source_events import BY_TOPIC
from tests.builders import event

CLIENTS = {"event_id", "occurred_at", "client_id"}
REQUIRED = {
    topics.REPAYMENTS: CLIENTS | {"facility_id", "due_date", "amount_due", "amount_paid", "currency"},
    topics.DRAWDOWNS: CLIENTS | {"facility_id", "amount", "limit", "balance_after", "currency"},
    topics.STATEMENTS: CLIENTS | {"period_end", "currency", "total_assets"},
    topics.PROFILES: CLIENTS,
    topics.RATINGS: CLIENTS | {"agency", "grade"},
    topics.COLLATERAL: CLIENTS | {"collateral_id", "value", "currency"},
    topics.MACRO: {"event_id", "occurred_at", "indicator", "value", "as_of"},
    topics.OUTCOMES: CLIENTS | {"outcome"},
    topics.MILESTONES: CLIENTS | {"project_id", "milestone", "planned", "actual"},
    topics.FEEDBACK: CLIENTS | {"verdict"},
}
BOUNDS = [
    (topics.REPAYMENTS, "event_id", ""),
    (topics.REPAYMENTS, "event_id", "e" * 129),
    (topics.REPAYMENTS, "client_id", "C" * 65),
    (topics.REPAYMENTS, "client_id", "C 1"),
    (topics.REPAYMENTS, "client_id", "Ü1"),
    (topics.REPAYMENTS, "client_id", "\x00partition"),
    (topics.REPAYMENTS, "portfolio", "Corporate"),
    (topics.REPAYMENTS, "portfolio", "p" * 41),
    (topics.REPAYMENTS, "amount_due", "-0.01"),
    (topics.REPAYMENTS, "amount_paid", "-1"),
    (topics.REPAYMENTS, "amount_paid", "1000000000000000"),
    (topics.REPAYMENTS, "amount_paid", "NaN"),
    (topics.REPAYMENTS, "amount_paid", "Infinity"),
    (topics.REPAYMENTS, "amount_paid", "a hundred"),
    (topics.REPAYMENTS, "balance_after", "-1000000000000000"),
    (topics.REPAYMENTS, "currency", "EURO"),
    (topics.REPAYMENTS, "currency", "XAU"),
    (topics.REPAYMENTS, "currency", "eur"),
    (topics.REPAYMENTS, "due_date", "2024-02-30"),
    (topics.REPAYMENTS, "due_date", "10.01.2024"),
    (topics.DRAWDOWNS, "limit", "-1"),
    (topics.DRAWDOWNS, "interest_rate", 10.01),
    (topics.DRAWDOWNS, "margin", -1.01),
    (topics.STATEMENTS, "total_assets", "-1"),
    (topics.STATEMENTS, "period_months", 0),
    (topics.STATEMENTS, "period_months", 25),
    (topics.STATEMENTS, "published_at", "2024-03-31T09:00:00"),
    (topics.PROFILES, "country", "Germany"),
    (topics.PROFILES, "country", "de"),
    (topics.PROFILES, "employees", -1),
    (topics.RATINGS, "grade", ""),
    (topics.RATINGS, "outlook", "sunny"),
    (topics.COLLATERAL, "value", "-1"),
    (topics.COLLATERAL, "haircut", 1.01),
    (topics.OUTCOMES, "outcome", "bankrupt"),
    (topics.OUTCOMES, "loss", -0.01),
    (topics.MILESTONES, "planned", -0.1),
    (topics.MILESTONES, "actual", 10.1),
    (topics.MILESTONES, "cost_actual", -1),
    (topics.FEEDBACK, "verdict", "maybe"),
    (topics.FEEDBACK, "note", "n" * 2001),
]


def read(topic: str, whole: dict[str, Any]) -> Any:
    return BY_TOPIC[topic].model_validate_json(json.dumps(whole))


def test_every_source_topic_has_a_contract() -> None:
    assert set(BY_TOPIC) == set(topics.SOURCE_NAMES) == set(REQUIRED)


@pytest.mark.parametrize("topic", REQUIRED)
def test_what_is_required_suffices_and_nothing_of_it_may_miss(topic: str) -> None:
    least = {name: value for name, value in event(topic).items() if name in REQUIRED[topic]}
    if topic == topics.FEEDBACK:
        least["verdict"] = "raised"
    read(topic, least)
    for name in REQUIRED[topic]:
        with pytest.raises(ValidationError) as error:
            read(topic, {key: value for key, value in least.items() if key != name})
        assert [(e["loc"], e["type"]) for e in error.value.errors()] == [((name,), "missing")]


@pytest.mark.parametrize("topic", REQUIRED)
def test_unknown_fields_are_ignored(topic: str) -> None:
    assert read(topic, {**event(topic), "topic": topic, "of_tomorrow": {"x": 1}}) == read(topic, event(topic))


@pytest.mark.parametrize("topic", REQUIRED)
@pytest.mark.parametrize("when", ["2024-01-10T09:00:00", "2024-01-10", "yesterday", "2024-13-10T09:00:00Z"])
def test_a_time_without_its_offset_or_out_of_the_calendar_is_refused(topic: str, when: str) -> None:
    with pytest.raises(ValidationError) as error:
        read(topic, event(topic, occurred_at=when))
    assert error.value.errors()[0]["loc"] == ("occurred_at",)


@pytest.mark.parametrize(("topic", "field", "value"), BOUNDS)
def test_a_value_out_of_its_bounds_is_refused_by_name(topic: str, field: str, value: object) -> None:
    with pytest.raises(ValidationError) as error:
        read(topic, event(topic, **{field: value}))
    assert [e["loc"] for e in error.value.errors()] == [(field,)]


@pytest.mark.parametrize(
    ("topic", "fields"),
    [
        (topics.REPAYMENTS, {"amount_paid": "0", "balance_after": "-5.00", "reverses": "e0", "fees": "1.50"}),
        (topics.REPAYMENTS, {"amount_due": 100, "amount_paid": 99.5}),
        (topics.DRAWDOWNS, {"amount": "-10.00", "balance_after": "-1", "interest_rate": -0.005, "margin": 0.02}),
        (topics.STATEMENTS, {"total_assets": "0", "equity": "-10", "period_months": 3, "audited": False}),
        (topics.COLLATERAL, {"value": "0", "haircut": 1.0}),
        (topics.PROFILES, {"country": "DE", "employees": 0, "relationship_since": "1999-01-01"}),
        (topics.MILESTONES, {"actual": 1.2, "cost_planned": 0, "cost_actual": 3.5}),
        (topics.FEEDBACK, {"verdict": "snoozed", "until": "2024-02-01", "note": ""}),
    ],
)
def test_what_may_be_there_is_taken(topic: str, fields: dict[str, Any]) -> None:
    taken = read(topic, event(topic, **fields))
    assert set(fields) <= taken.model_fields_set


@pytest.mark.parametrize(
    ("topic", "field"),
    [
        (topics.REPAYMENTS, "due_date"),
        (topics.REPAYMENTS, "next_due_date"),
        (topics.DRAWDOWNS, "next_due_date"),
        (topics.STATEMENTS, "period_end"),
        (topics.MACRO, "as_of"),
        (topics.PROFILES, "occurred_at"),
    ],
)
@pytest.mark.parametrize("day", ["9999-12-31", "3000-01-01", "0999-12-31"])
def test_a_day_that_cannot_be_reckoned_with_is_refused(topic: str, field: str, day: str) -> None:
    told = f"{day}T12:00:00Z" if field == "occurred_at" else day
    with pytest.raises(ValidationError, match=field):
        BY_TOPIC[topic].model_validate(event(topic, **{field: told}))


def test_a_loan_may_mature_at_the_end_of_all_days() -> None:
    BY_TOPIC[topics.DRAWDOWNS].model_validate(event(topics.DRAWDOWNS, maturity_date="9999-12-31"))


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({"verdict": "confirmed"}, "warning_id"),
        ({"verdict": "false-alarm"}, "warning_id"),
        ({"verdict": "snoozed"}, "warning_id"),
        ({"verdict": "suppressed", "indicator": "UTIL"}, "until"),
        ({"verdict": "suppressed", "until": "2024-02-01"}, "warning_id"),
    ],
)
def test_a_feedback_says_what_it_is_about(fields: dict[str, str], missing: str) -> None:
    with pytest.raises(ValidationError, match=missing):
        read(topics.FEEDBACK, event(topics.FEEDBACK, **{"warning_id": None, **fields}))


def test_a_feedback_names_an_indicator_that_there_is() -> None:
    with pytest.raises(ValidationError, match="DPD"):
        read(topics.FEEDBACK, event(topics.FEEDBACK, verdict="raised", indicator="GOSSIP"))
