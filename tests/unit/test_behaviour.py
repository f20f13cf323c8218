"""Features of how a client pays and draws."""

from typing import Any

import pytest

from online_models.behaviour import UNKNOWN, features
from online_models.features import BEHAVIOUR, unpacked
from schemas.state import Month


def of(*months: Month, dpd: int = 0, arrears: float = 0.0) -> dict[str, float]:
    x = unpacked(features(months, dpd, arrears))
    return {feature.name: x[i] for i, feature in enumerate(BEHAVIOUR)}


def month(number: int, **fields: Any) -> Month:
    return Month(number, **{"due": 100_00, "paid": 100_00, "payments": 1, "balance": 500_00, "limit": 1000_00, **fields})


def test_of_a_client_without_events_only_that_is_known() -> None:
    assert features((), 0, 0.0) == UNKNOWN
    x = of()
    assert x.pop("months_seen") == 0.0
    assert all(value != value for value in x.values())


def test_the_worst_of_six_months_counts_and_the_last() -> None:
    x = of(month(1, late_days=20, dpd=25), month(2, late_days=0), month(3, late_days=4), dpd=7)
    assert (x["days_past_due"], x["days_past_due_worst"]) == (7.0, 25.0)
    assert (x["late_days_last"], x["late_days_worst"], x["late_months"]) == (4.0, 20.0, 2.0)


def test_days_past_due_now_may_be_the_worst() -> None:
    assert of(month(1, dpd=3), dpd=40)["days_past_due_worst"] == 40.0


def test_an_early_payment_is_not_late() -> None:
    x = of(month(1, late_days=-5))
    assert (x["late_months"], x["late_days_worst"]) == (0.0, 0.0)


def test_short_payments_are_a_share_of_all() -> None:
    assert of(month(1, payments=3, short=1), month(2))["short_share"] == 0.25


def test_paid_over_due_of_the_last_month_and_of_all() -> None:
    x = of(month(1, paid=50_00), month(2))
    assert (x["paid_to_due_last"], x["paid_to_due"]) == (1.0, 0.75)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("late_days_last", {"payments": 0}),
        ("short_share", {"payments": 0}),
        ("paid_to_due_last", {"due": 0}),
        ("paid_to_due", {"due": 0}),
        ("utilisation", {"limit": 0}),
        ("utilisation_mean", {"limit": 0}),
        ("drawn_to_limit", {"limit": 0}),
        ("log_limit", {"limit": 0}),
    ],
)
def test_a_ratio_to_nothing_is_missing(name: str, fields: dict[str, int]) -> None:
    assert of(month(1, **fields))[name] != of(month(1, **fields))[name]


def test_utilisation_its_mean_and_its_change_over_three_months() -> None:
    x = of(month(1, balance=100_00), month(2, balance=200_00), month(3, balance=300_00), month(4, balance=900_00))
    assert x["utilisation"] == pytest.approx(0.9)
    assert x["utilisation_mean"] == pytest.approx(0.375)
    assert x["utilisation_change"] == pytest.approx(0.8)


def test_fewer_than_four_months_have_no_change_of_utilisation() -> None:
    x = of(month(1), month(2), month(3))
    assert x["utilisation_change"] != x["utilisation_change"]


def test_what_was_paid_of_the_balance_before() -> None:
    assert of(month(1, balance=400_00), month(2, paid=100_00))["paid_to_balance"] == 0.25


def test_arrears_are_a_share_of_the_exposure() -> None:
    assert of(month(1), dpd=5, arrears=50_00.0)["arrears_to_exposure"] == pytest.approx(0.1)
    assert of(month(1, balance=0), dpd=5, arrears=50_00.0)["arrears_to_exposure"] == 0.0
