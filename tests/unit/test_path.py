"""Features of the path: the months before the newest, as a client's months have them."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.segmentation.appraising import appraisal, past_drawn
from agents.segmentation.folding import MONTHS_KEPT
from agents.segmentation.standing import path_of, standing_logit
from online_models.features import INDEX, NAMES, PATH, STANDING, packed, whole
from online_models.path import path
from online_models.scorecard import Points, Scorecard
from schemas import topics
from schemas.state import ClientState, Month
from tests.builders import rules_in_force
from tests.driver import Driver

FIRST = INDEX[PATH[0].name]


def month(number: int, **fields: Any) -> Month:
    return Month(number, **{"due": 100_00, "paid": 100_00, "payments": 1, "balance": 500_00, "limit": 1000_00, **fields})


def of(*months: Month) -> dict[str, float]:
    """What is known, by name."""
    return {feature.name: value for feature, value in zip(PATH, path(months), strict=False) if value == value}


def kept(driver: Driver, client_id: str = "C1") -> dict[str, float]:
    """The same, as it is kept with a client."""
    client = driver.client(client_id)
    held = appraisal(client, driver.pipeline.segmenters[0].resolver.in_force_for(client))
    x = whole(bytes(4 * INDEX[STANDING[0].name]) + held.standing)
    return {name: value for name, value in zip(NAMES[FIRST:], x[FIRST:], strict=True) if value == value}


def test_each_of_the_months_before_the_newest_is_told_apart() -> None:
    x = of(month(1, dpd=9), month(2, dpd=1, late_days=2), month(3, drawn=250_00), month(4, balance=0), month(5, dpd=99))
    assert (x["dpd_1_ago"], x["dpd_2_ago"], x["dpd_3_ago"]) == (0.0, 0.0, 1.0)
    assert (x["late_days_1_ago"], x["late_days_3_ago"]) == (0.0, 2.0)
    assert (x["utilisation_1_ago"], x["utilisation_2_ago"]) == (0.0, 0.5)
    assert (x["drawn_to_limit_1_ago"], x["drawn_to_limit_2_ago"]) == (0.0, 0.25)


def test_the_newest_month_moves_none_of_it() -> None:
    was = [month(1), month(2, late_days=3)]
    assert path([*was, month(3)]) == path([*was, month(3, dpd=50, late_days=50, paid=0, balance=0, drawn=10_00)])


def test_months_are_those_of_the_calendar_and_one_without_events_is_missing() -> None:
    x = of(month(1, dpd=30), month(3, dpd=5), month(4))
    assert (x["dpd_1_ago"], x["dpd_3_ago"]) == (5.0, 30.0)
    assert not {name for name in x if name.endswith("_2_ago")}


@pytest.mark.parametrize("months", [(), (month(7),), (month(1), month(7))])
def test_without_a_month_before_there_is_no_path(months: tuple[Month, ...]) -> None:
    assert path(months) == ()


def test_what_a_month_does_not_tell_is_missing() -> None:
    assert of(month(1, payments=0, limit=0), month(2)) == {"dpd_1_ago": 0.0}


def test_a_payment_within_a_month_leaves_what_is_kept_and_a_new_month_moves_it() -> None:
    driver = Driver()
    driver.send(topics.DRAWDOWNS, date(2024, 1, 10))
    driver.send(topics.REPAYMENTS, date(2024, 2, 10), due_date="2024-02-03", amount_due="100", amount_paid="50")
    assert kept(driver)["drawn_to_limit_1_ago"] > 0
    was = driver.client().appraisal
    driver.send(topics.REPAYMENTS, date(2024, 2, 20), due_date="2024-02-20", amount_due="100", amount_paid="150")
    assert driver.client().appraisal == was
    driver.send(topics.REPAYMENTS, date(2024, 3, 1), due_date="2024-03-01", amount_due="100", amount_paid="100")
    x = kept(driver)
    assert x["late_days_1_ago"] == 7.0
    assert x["drawn_to_limit_2_ago"] > 0


def test_a_payment_that_comes_late_moves_the_month_that_it_belongs_to() -> None:
    driver = Driver()
    driver.send(topics.DRAWDOWNS, date(2024, 1, 10))
    driver.send(topics.REPAYMENTS, date(2024, 2, 10), due_date="2024-02-10", amount_due="100", amount_paid="100")
    driver.send(topics.REPAYMENTS, date(2024, 3, 1), due_date="2024-03-01", amount_due="100", amount_paid="100")
    assert kept(driver)["late_days_1_ago"] == 0.0
    driver.send(topics.REPAYMENTS, date(2024, 2, 20), due_date="2024-02-13", amount_due="100", amount_paid="100")
    assert kept(driver)["late_days_1_ago"] == 7.0


STEPS = st.lists(st.tuples(st.sampled_from((1, 1, 1, 1, 1, 1, 2, 5)), st.integers(-10, 10_000), st.integers(0, 9)), max_size=30)


@given(STEPS)
def test_a_month_on_what_is_kept_is_what_all_months_tell(steps: list[tuple[int, int, int]]) -> None:
    """Also past the twelve months of the drawings, and over months without events."""
    now = rules_in_force()
    client = ClientState(months=[month(100)])
    for apart, balance, dpd in steps:
        appraisal(client, now)
        client.months[-1].balance, client.months[-1].dpd = balance, dpd  # after it was appraised: no payment makes it anew
        client.months = [*client.months, month(client.months[-1].number + apart)][-MONTHS_KEPT:]
        held = appraisal(client, now)
        assert (held.past_drawn, held.past_months) == past_drawn(client.months)
        assert path_of(held.standing) == packed(path(client.months))


def test_what_an_earlier_release_kept_without_a_path_is_scored_with_a_missing_one() -> None:
    tables = (*(Points((), (1.0,), 0.5) for _ in STANDING), *(Points((), (100.0,), 0.25) for _ in PATH))
    card = Scorecard("v", 0.0, (), (), tables)
    missing = 0.25 * len(PATH)
    month = len(PATH) // 3
    assert standing_logit(b"", card) == 0.5 * len(STANDING) + missing
    assert standing_logit(packed([0.0] * len(STANDING)), card) == len(STANDING) + missing
    assert standing_logit(packed([0.0] * (len(STANDING) + month)), card) == len(STANDING) + 100.0 * month + missing * 2 / 3
    assert standing_logit(packed([0.0] * (len(STANDING) + len(PATH))), card) == len(STANDING) + 100.0 * len(PATH)
