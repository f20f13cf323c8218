"""What the segmenter decides of a client: arrears, default, cure, warnings, tiers; seen from outside."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from schemas import log, topics
from schemas.learning import FeaturePoints
from schemas.policy import Policy
from schemas.records import EVERY, Outcome
from tests.builders import model, policy
from tests.driver import Driver

D, R, S, O = topics.DRAWDOWNS, topics.REPAYMENTS, topics.STATEMENTS, topics.OUTCOMES  # noqa: E741
JAN1 = date(2024, 1, 1)
DUE = date(2024, 1, 10)
BY_DAYS_ALONE = policy(staging={"pd_absolute": 1.0, "watchlist": None})
"""Neither the PD nor the watchlist puts anybody into stage 2."""


def after(days: int) -> date:
    """So many days past the due date."""
    return DUE + timedelta(days=days)


def borrower(
    due: str = "5000", balance: str = "100000", limit: str = "200000", policy: Policy | None = None, **fields: Any
) -> Driver:
    """A client that owes an instalment on `DUE`, as of the close of the day before."""
    driver = Driver(policy)
    terms = {"balance_after": balance, "limit": limit, "next_due_date": DUE.isoformat(), "next_amount_due": due}
    driver.send(D, JAN1, **terms, **fields)
    driver.close(after(-1))
    return driver


def pays(driver: Driver, on: date, amount: str = "5000", due: str = "5000", due_date: date = DUE, **fields: Any) -> None:
    driver.send(R, on, due_date=due_date.isoformat(), amount_due=due, amount_paid=amount, balance_after="95000", **fields)


def control(record: log.Control) -> list[Outcome]:
    return [Outcome(topics.CLIENT_EVENTS, None, log.write(record), (), EVERY)]


# arrears


def test_an_instalment_nobody_paid_is_past_due_at_the_close_of_the_next_day() -> None:
    driver = borrower()
    driver.close(DUE)
    assert driver.told("DPD") == []
    driver.close(after(1))
    assert driver.told("DPD") == [("raised", "watch")]
    assert (driver.warnings[0].value, driver.warnings[0].as_of) == (1.0, after(1))


def test_it_is_missed_after_the_days_of_grace() -> None:
    driver = borrower(policy=policy(grace_days=3))
    driver.close(after(3))
    assert driver.told("MISSED") == []
    driver.close(after(4))
    assert driver.told("MISSED") == [("raised", "watch")]


def test_a_payment_on_the_due_day_is_in_time() -> None:
    driver = borrower()
    pays(driver, DUE)
    driver.close(after(30))
    assert driver.warnings == []


def test_days_past_due_are_as_of_the_last_close_not_of_an_events_own_day() -> None:
    driver = borrower()
    driver.close(DUE)
    driver.send(topics.PROFILES, after(5))
    assert driver.told("DPD") == []


def test_a_due_before_the_first_close_is_found_at_the_first_close() -> None:
    driver = Driver()
    driver.send(D, JAN1, next_due_date=DUE.isoformat(), next_amount_due="5000")
    driver.close(after(40))
    assert driver.told("DPD") == [("raised", "amber")]


def test_thirty_one_days_of_material_arrears_are_stage_two_and_ninety_one_a_default() -> None:
    driver = borrower(policy=BY_DAYS_ALONE)
    driver.close(after(30))
    assert driver.changes[-1].now.stage == 1
    driver.close(after(31))
    assert driver.changes[-1].now.stage == 2
    driver.close(after(90))
    assert driver.graded() != "D"
    driver.close(after(91))
    assert driver.changes[-1].now.stage == 3
    assert (driver.changes[-1].now.risk_grade, driver.changes[-1].now.segment) == ("D", "exit")
    assert driver.told("DPD") == [("raised", "watch"), ("escalated", "amber"), ("escalated", "red")]


@pytest.mark.parametrize(
    ("due", "balance", "limit"), [("500", "1000", "1000"), ("900", "100000", "100000")], ids=["EUR 500", "one per cent"]
)
def test_arrears_up_to_either_bound_of_materiality_are_no_default(due: str, balance: str, limit: str) -> None:
    driver = borrower(due, balance, limit, policy=BY_DAYS_ALONE)
    driver.close(after(120))
    assert driver.graded() != "D"
    assert driver.changes[-1].now.stage == 1


def test_arrears_just_above_both_bounds_are_a_default() -> None:
    driver = borrower("1000.01", "100000", "100000")
    driver.close(after(120))
    assert driver.graded() == "D"


def test_a_portfolio_without_days_past_due_defaults_only_by_outcome() -> None:
    driver = borrower(policy=policy(default={"dpd_days": None}))
    driver.close(after(200))
    assert driver.graded() != "D"
    driver.send(O, after(201), outcome="defaulted")
    assert driver.graded() == "D"


def test_arrears_of_two_currencies_are_added_in_the_reporting_currency() -> None:
    driver = borrower("400", "1000", "1000")
    due = {"next_due_date": DUE.isoformat(), "next_amount_due": "50000"}
    driver.send(D, after(-1), facility_id="L2", currency="JPY", balance_after="100000", limit="100000", **due)
    driver.close(after(91))
    assert driver.graded() == "D"


def test_several_days_that_close_at_once_decide_as_they_would_one_by_one() -> None:
    at_once, one_by_one = borrower(), borrower()
    at_once.close(after(100))
    for day in range(101):
        one_by_one.close(after(day))
    assert [(w.indicator, w.status, w.as_of) for w in at_once.warnings] == [
        (w.indicator, w.status, w.as_of) for w in one_by_one.warnings
    ]
    assert [c.now for c in at_once.changes] == [c.now for c in one_by_one.changes]


def test_every_decision_of_one_close_has_an_id_of_its_own() -> None:
    driver = borrower()
    driver.close(after(100))
    ids = [d.decision_id for d in (*driver.warnings, *driver.changes)]
    assert len(set(ids)) == len(ids) >= 5


def test_a_payment_in_another_currency_than_its_facilitys_is_not_counted_one_for_one() -> None:
    driver = borrower()
    driver.send(R, DUE, due_date=DUE.isoformat(), amount_due="500000", amount_paid="500000", currency="JPY")
    driver.close(after(10))
    assert driver.told("DPD") == [("raised", "watch")]


# outcomes


def test_a_reported_default_is_graded_at_once_and_a_cure_as_well() -> None:
    driver = borrower()
    driver.send(O, JAN1, outcome="defaulted")
    assert driver.changes[-1].now.risk_grade == "D"
    assert driver.changes[-1].pd == 1.0
    driver.send(O, JAN1, outcome="cured")
    assert driver.changes[-1].now.risk_grade != "D"
    assert driver.changes[-1].direction == "up"


def test_what_is_written_off_is_a_default() -> None:
    driver = borrower()
    driver.send(O, JAN1, outcome="written-off")
    assert driver.graded() == "D"


def test_a_facility_that_is_repaid_owes_nothing_and_the_others_do() -> None:
    driver = borrower()
    driver.send(D, facility_id="L2", next_due_date=DUE.isoformat(), next_amount_due="100")
    driver.send(O, outcome="repaid", facility_id="L1")
    assert [(f.facility_id, f.balance, len(f.dues)) for f in driver.client().facilities] == [("L1", 0, 0), ("L2", 500000, 1)]


def test_who_has_repaid_everything_has_left_and_is_ranked_no_more() -> None:
    driver = borrower()
    driver.send(O, outcome="repaid")
    assert driver.client().value_bin is None
    assert driver.client().left_day
    driver.close(after(60))
    assert driver.warnings == []


def test_who_comes_back_is_ranked_again() -> None:
    driver = borrower()
    driver.send(O, outcome="repaid")
    driver.send(D, after(3))
    assert driver.client().value_bin is not None


@pytest.mark.parametrize("outcome", ["defaulted", "repaid"])
def test_who_is_in_default_or_has_left_is_not_looked_at_every_day(outcome: str) -> None:
    driver = borrower()
    pays(driver, DUE)
    driver.send(O, DUE, outcome=outcome)
    driver.close(date(2024, 3, 1))
    look = driver.client().look_day
    assert look == 0 or look > date(2024, 3, 2).toordinal()


# warnings


def test_utilisation_raises_escalates_and_clears_after_its_cure() -> None:
    driver = Driver()
    driver.send(D, JAN1, limit="1000", balance_after="920")
    driver.send(D, JAN1, limit="1000", balance_after="960")
    driver.send(D, JAN1, limit="1000", balance_after="970")
    assert driver.told("UTIL") == [("raised", "watch"), ("escalated", "amber")]
    driver.send(D, after(0), limit="1000", balance_after="100")
    driver.close(after(179))
    assert driver.told("UTIL")[2:] == []
    driver.close(after(180))
    assert driver.told("UTIL")[2:] == [("cleared", "amber")]


def test_one_episode_has_one_warning_id_and_the_next_another() -> None:
    driver = Driver(policy(watchlist={"cure_days": [5, 5, 5], "dwell_days": [0, 0, 0]}))
    for balance in ("920", "960", "100"):
        driver.send(D, JAN1, limit="1000", balance_after=balance)
    driver.close(after(20))
    driver.send(D, after(21), limit="1000", balance_after="920")
    ids = [w.warning_id for w in driver.warnings if w.indicator == "UTIL"]
    assert len(ids) == 4
    assert len(set(ids[:3])) == 1
    assert ids[3] != ids[0]
    assert [w.first_raised_at for w in driver.warnings if w.indicator == "UTIL"] == [JAN1] * 3 + [after(21)]


def test_a_warning_says_its_value_threshold_and_the_source_of_its_rule() -> None:
    driver = Driver()
    driver.send(D, JAN1, limit="1000", balance_after="920")
    (warning,) = driver.warnings
    assert (warning.value, warning.threshold, warning.severity) == (0.92, 0.9, "watch")
    assert warning.evidence.source
    assert "92%" in warning.text


def test_drawn_above_the_limit_is_an_excess() -> None:
    driver = Driver()
    driver.send(D, JAN1, limit="1000", balance_after="1001")
    assert driver.told("EXCESS") == [("raised", "watch")]


@pytest.mark.parametrize(
    ("indicator", "fields", "severity"),
    [
        ("LEVERAGE", {"equity": "-1"}, "red"),
        ("LEVERAGE", {"equity": "90000"}, "watch"),
        ("LOSS", {"net_income": "-2", "revenue": "100"}, "watch"),
        ("ICR", {"ebit": "12", "interest_expense": "10"}, "watch"),
        ("ICR", {"ebit": "9", "interest_expense": "10"}, "amber"),
        ("DEBT", {"total_debt": "450", "ebitda": "100"}, "watch"),
        ("DEBT", {"total_debt": "1", "ebitda": "-100"}, "amber"),
        ("LIQUIDITY", {"current_assets": "9", "current_liabilities": "10"}, "watch"),
    ],
)
def test_a_statement_raises_the_indicators_it_triggers(indicator: str, fields: dict[str, str], severity: str) -> None:
    driver = Driver()
    driver.send(S, JAN1, **fields)
    assert driver.told(indicator) == [("raised", severity)]


def test_a_fall_of_turnover_and_of_the_margin_is_against_the_year_before() -> None:
    driver = Driver()
    driver.send(S, date(2023, 3, 1), period_end="2022-12-31", revenue="1000", ebitda="200")
    driver.send(S, date(2024, 3, 1), period_end="2023-12-31", revenue="650", ebitda="90")
    assert driver.told("TURNOVER") == [("raised", "amber")]
    assert driver.told("MARGIN") == [("raised", "watch")]


def test_a_healthy_statement_warns_of_nothing() -> None:
    driver = Driver()
    flows = {"net_income": "50000", "ebit": "80000", "ebitda": "90000", "interest_expense": "1000"}
    stocks = {"equity": "500000", "total_debt": "0", "current_assets": "300000", "current_liabilities": "100000"}
    driver.send(S, JAN1, retained_earnings="300000", **flows, **stocks)
    assert driver.warnings == []


def test_a_restated_earlier_period_changes_no_feature_of_the_last() -> None:
    driver = Driver()
    driver.send(S, date(2024, 3, 1), period_end="2023-12-31", equity="500000")
    was = driver.client().statement_x
    driver.send(S, date(2024, 3, 2), period_end="2022-12-31", equity="-1")
    assert driver.client().statement_x == was
    assert [f.equity for f in driver.client().figures] == [-1.0, 500000.0]


def test_a_restated_last_period_replaces_it() -> None:
    driver = Driver()
    driver.send(S, date(2024, 3, 1), equity="500000")
    driver.send(S, date(2024, 3, 2), equity="-1")
    assert driver.told("LEVERAGE") == [("raised", "red")]
    assert len(driver.client().figures) == 1


# tiers, lifecycle, models


def test_the_first_event_gives_the_first_tier_change() -> None:
    driver = Driver()
    (change,) = driver.send(D, JAN1)
    assert (change.client_id, change.was, change.direction) == ("C1", None, "first")


def test_nothing_is_said_again_while_nothing_changes() -> None:
    driver = borrower()
    before = len(driver.changes)
    driver.send(topics.PROFILES, after(-1))
    assert len(driver.changes) == before


def test_reasons_of_risk_add_up_to_the_change_of_the_logit() -> None:
    driver = borrower()
    driver.close(after(91))
    driver.send(O, after(92), outcome="cured")
    sums = 0.0
    for change in driver.changes:
        sums += sum(r.contribution for r in change.reasons if not r.code.startswith("VALUE_"))
    client = driver.client()
    assert sums == pytest.approx(client.decided_logit - -3.8918202981106265, abs=1e-5)


def test_cut_offs_move_a_tier_when_its_dwell_is_over_but_the_first_tier_is_provisional() -> None:
    driver = borrower(policy=policy(value={"dwell_days": 30}))
    driver.append(drawn_anew(1, (300.0, 200.0, 100.0)))
    driver.send(topics.PROFILES, after(0))
    assert (driver.changes[-1].was.value_tier, driver.changes[-1].now.value_tier) == ("basic", "diamond")
    assert driver.changes[-1].evidence.cutoffs_version == "corporate-1"
    driver.append(drawn_anew(2, (9e9, 8e9, 7e9)))
    driver.send(topics.PROFILES, after(29))
    assert driver.changes[-1].now.value_tier == "diamond"
    driver.send(topics.PROFILES, after(30))
    assert driver.changes[-1].now.value_tier == "basic"


def drawn_anew(number: int, cutoffs: tuple[float, float, float]) -> list[Outcome]:
    return control(log.CutoffsPublished(source=log.Source(topics.LEARNING, 0, 0), portfolio="corporate", number=number,
                                        as_of=JAN1, clients=500, cutoffs=cutoffs))  # fmt: skip


def test_absolute_cut_offs_of_the_policy_go_before_the_populations() -> None:
    driver = Driver(policy(value={"cutoffs": [3000.0, 2000.0, 1.0]}))
    driver.send(D, JAN1, balance_after="100000", limit="200000")
    assert driver.changes[-1].now.value_tier == "silver"


def test_a_published_model_scores_from_its_place_on_and_only_its_portfolio() -> None:
    driver = Driver()
    driver.send(D, JAN1, limit="1000", balance_after="800")
    driver.send(D, JAN1, limit="1000", balance_after="800", client_id="C2", portfolio="sme")
    was = driver.client("C2").pd
    snapshot = model(shift=3.0)
    driver.append(control(log.ModelPublished(source=log.Source(topics.LEARNING, 0, 0), snapshot=snapshot)))
    driver.send(D, JAN1, limit="1000", balance_after="800")
    driver.send(D, JAN1, limit="1000", balance_after="800", client_id="C2", portfolio="sme")
    assert driver.changes[-1].client_id == "C1"
    assert driver.changes[-1].evidence.model_version == snapshot.version
    assert driver.client("C2").pd == was


def test_a_reason_names_the_median_of_the_peers_that_a_model_was_learned_from() -> None:
    driver = Driver()
    driver.send(D, JAN1, limit="1000", balance_after="100")
    points = FeaturePoints("utilisation", (0.5,), (0.0, 6.0), 0.0, median=0.31)
    snapshot = msgspec.structs.replace(model(), features=(points,))
    driver.append(control(log.ModelPublished(source=log.Source(topics.LEARNING, 0, 0), snapshot=snapshot)))
    driver.send(D, JAN1, limit="1000", balance_after="800")
    texts = {reason.code: reason.text for reason in driver.changes[-1].reasons}
    assert texts["UTILISATION"] == "80 % of the limit is drawn; peers 31 %"


def test_a_portfolio_is_fixed_by_the_first_event() -> None:
    driver = Driver()
    driver.send(D, JAN1, portfolio="sme")
    driver.send(D, JAN1, portfolio="tw-cards")
    driver.send(D, JAN1)
    assert driver.client().portfolio == "sme"


def test_the_lifecycle_goes_from_acquisition_through_activation() -> None:
    driver = Driver()
    driver.send(topics.PROFILES, JAN1)
    assert driver.changes[-1].now.lifecycle == "acquisition"
    driver.send(O, JAN1, outcome="defaulted")
    driver.send(D, JAN1)
    driver.send(O, JAN1, outcome="cured")
    assert driver.changes[-1].now.lifecycle == "activation"


@pytest.mark.parametrize(("balance", "lifecycle"), [("1000", "growth"), ("520", "maturity"), ("100", "decline")])
def test_past_activation_the_exposure_tells_growth_maturity_and_decline(balance: str, lifecycle: str) -> None:
    driver = Driver()
    driver.send(D, date(2023, 1, 15), balance_after="500", limit="2000")
    driver.send(D, date(2023, 10, 15), balance_after=balance, limit="2000")
    driver.send(O, date(2023, 10, 16), outcome="defaulted")
    assert driver.changes[-1].now.lifecycle == lifecycle


def test_a_currency_without_a_rate_is_a_dead_letter_that_names_the_remedy_and_changes_nothing() -> None:
    driver = borrower()
    was = driver.client()
    driver.send(R, DUE, currency="THB", amount_due="1", amount_paid="1")
    (letter,) = driver.dead_letters
    assert (letter["tierwatch-cause"], letter["tierwatch-field"]) == ("invalid", "currency")
    assert "fx" in letter["tierwatch-reason"]
    assert driver.client() == was


def test_a_tombstone_in_the_log_is_a_dead_letter() -> None:
    driver = Driver()
    driver.append([Outcome(topics.CLIENT_EVENTS, b"C1", b"")])
    driver.append([Outcome(topics.CLIENT_EVENTS, None, b"")])
    assert [letter["tierwatch-cause"] for letter in driver.dead_letters] == ["unreadable", "unreadable"]
    assert driver.send(D, JAN1)


def test_records_that_intake_repeats_are_forgiven_however_long_ago_they_came() -> None:
    driver = Driver()
    said = [outcome for i in range(40) for outcome in driver.bank.says(D, balance_after=str(100 * i))]
    driver.append(said)
    was, outcomes = driver.client(), len(driver.outcomes)
    driver.append(said)
    assert driver.client() == was
    assert len(driver.outcomes) == outcomes


def test_an_event_that_the_bank_sends_twice_is_forgiven() -> None:
    driver = borrower()
    driver.send(R, DUE, event_id="p1", amount_due="5000", amount_paid="1000", due_date=DUE.isoformat())
    was = driver.client()
    driver.send(R, DUE, event_id="p1", amount_due="5000", amount_paid="1000", due_date=DUE.isoformat())
    assert (driver.client().facilities, driver.client().sequence) == (was.facilities, was.sequence)
