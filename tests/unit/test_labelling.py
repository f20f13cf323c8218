"""Labels: what becomes of a snapshot of a client's features."""

from datetime import date, timedelta

import pytest

from agents.segmentation.labelling import MAX_SNAPSHOTS
from online_models.features import INDEX, unpacked
from schemas import topics
from schemas.learning import LabelledExample
from schemas.records import Outcome
from tests.builders import policy
from tests.driver import Alone, examples, lessons

HORIZON = 100
POLICY = policy(horizon_days=HORIZON)
TAKEN = date(2024, 1, 10)
MONTH_END = date(2024, 4, 30)
"""Of the month in which the horizon passes: when that is looked at."""


def after(days: int) -> date:
    """So many days after the snapshot."""
    return TAKEN + timedelta(days=days)


def reporting() -> Alone:
    """A client whose statement was published on `TAKEN`."""
    client = Alone(POLICY)
    client.send(topics.STATEMENTS, TAKEN, equity="400000")
    return client


def said(outcomes: list[Outcome]) -> list[tuple[date, bool]]:
    return [(e.as_of, e.y) for e in examples(outcomes)]


@pytest.mark.parametrize("days", [0, 1, HORIZON])
def test_a_default_within_the_horizon_labels_one(days: int) -> None:
    assert said(reporting().send(topics.OUTCOMES, after(days), outcome="defaulted")) == [(TAKEN, True)]


def test_a_horizon_that_has_passed_labels_nought() -> None:
    client = reporting()
    assert said(client.close(after(HORIZON - 1))) == []
    assert said(client.close(MONTH_END - timedelta(days=1))) == []
    assert said(client.close(MONTH_END)) == [(TAKEN, False)]
    assert said(client.close(after(HORIZON + 300))) == []


def test_a_default_after_the_horizon_labels_nought() -> None:
    client = reporting()
    assert said(client.send(topics.OUTCOMES, after(HORIZON + 1), outcome="defaulted")) == []
    assert said(client.close(MONTH_END)) == [(TAKEN, False)]


def test_snapshots_taken_after_the_default_are_dropped() -> None:
    client = reporting()
    client.send(topics.STATEMENTS, after(20), period_end="2024-01-20")
    assert said(client.send(topics.OUTCOMES, after(10), outcome="defaulted")) == [(TAKEN, True)]
    assert client.client.snapshots == []


def test_who_is_in_default_is_not_learned_from() -> None:
    client = reporting()
    client.send(topics.OUTCOMES, after(1), outcome="defaulted")
    client.send(topics.STATEMENTS, after(2), period_end="2024-01-12")
    assert client.client.snapshots == []


def test_who_has_left_is_censored() -> None:
    client = reporting()
    assert said(client.send(topics.OUTCOMES, after(1), outcome="repaid")) == []
    assert said(client.close(after(HORIZON + 1))) == []


def test_what_is_written_off_labels_one() -> None:
    assert said(reporting().send(topics.OUTCOMES, after(1), outcome="written-off")) == [(TAKEN, True)]


def test_a_default_by_days_past_due_labels_one() -> None:
    client = Alone(policy(horizon_days=HORIZON))
    client.send(topics.DRAWDOWNS, TAKEN, next_due_date=after(3).isoformat(), next_amount_due="5000")
    client.send(topics.STATEMENTS, TAKEN)
    assert said(client.close(after(94)))[0] == (TAKEN, True)


def test_an_example_holds_the_features_and_the_score_as_they_were() -> None:
    client = reporting()
    pd = client.client.pd
    client.send(topics.STATEMENTS, after(5), equity="1", period_end="2024-01-15")
    first = examples(client.send(topics.OUTCOMES, after(10), outcome="defaulted"))[0]
    assert first.pd == pd
    assert first.x[INDEX["equity_to_assets"]] == pytest.approx(0.4)
    assert first.x[INDEX["current_ratio"]] is None
    assert first.model_version == "expert-1"


def test_the_second_statement_of_a_day_replaces_the_first() -> None:
    client = reporting()
    client.send(topics.STATEMENTS, TAKEN, equity="1")
    (snapshot,) = client.client.snapshots
    assert unpacked(snapshot.x)[INDEX["equity_to_assets"]] == pytest.approx(1e-6)


def test_the_close_of_a_month_in_which_the_client_paid_takes_a_snapshot() -> None:
    client = Alone(POLICY)
    client.send(topics.REPAYMENTS, TAKEN)
    client.close(date(2024, 1, 30))
    assert client.client.snapshots == []
    client.close(date(2024, 1, 31))
    assert [s.day for s in client.client.snapshots] == [date(2024, 1, 31).toordinal()]
    client.close(date(2024, 3, 31))
    assert len(client.client.snapshots) == 1


def test_open_snapshots_are_bounded_and_the_oldest_is_forgotten() -> None:
    client = Alone(POLICY)
    for i in range(MAX_SNAPSHOTS + 3):
        client.send(topics.STATEMENTS, after(i))
    assert [s.day for s in client.client.snapshots] == [after(i).toordinal() for i in range(3, MAX_SNAPSHOTS + 3)]


# what else the learner is told


def test_histograms_are_told_for_every_portfolio_of_the_policy_at_the_days_of_the_policy() -> None:
    client = Alone(policy(value={"cutoffs_every_days": 7}))
    client.send(topics.DRAWDOWNS, TAKEN)
    client.close(TAKEN)
    told = [lesson for lesson in lessons(client.close(after(14))) if not isinstance(lesson, LabelledExample)]
    assert {t.as_of.toordinal() % 7 for t in told if t.portfolio == "corporate"} == {0}
    assert len([t for t in told if t.portfolio == "corporate"]) == 2
    assert [t.bins for t in told if t.portfolio == "project-finance"] == [(), ()]


def test_a_histogram_counts_each_client_once_where_it_stands_now() -> None:
    client = Alone(policy(value={"cutoffs_every_days": 1}))
    client.send(topics.DRAWDOWNS, TAKEN, balance_after="100000", limit="100000")
    client.send(topics.DRAWDOWNS, TAKEN, balance_after="100", limit="100")
    client.send(topics.DRAWDOWNS, TAKEN, client_id="C2")
    (told,) = [t for t in lessons(client.close(TAKEN)) if t.portfolio == "corporate" and not isinstance(t, LabelledExample)]
    assert sum(clients for _, clients in told.bins) == 2
    assert (client.client.value_bin, 1) in told.bins
