"""Early-warning indicators, each at the boundary of its rule, through the whole pipeline."""

from datetime import date, timedelta

import pytest

from agents.segmentation.indicators.registry import INDICATORS, watched
from agents.segmentation.rating_scale import notch_of
from schemas import topics
from schemas.policy import INDICATORS as CODES
from schemas.policy import MEASURES
from tests.builders import policy, shipped
from tests.driver import Driver

R, D, S = topics.REPAYMENTS, topics.DRAWDOWNS, topics.STATEMENTS
JAN1 = date(2024, 1, 1)
RAISED = [("raised", "watch")]


def after(days: int) -> date:
    return JAN1 + timedelta(days=days)


def lent(portfolio: str = "corporate", **fields: str) -> Driver:
    """A client with a loan of 10,000 that was drawn at once."""
    driver = Driver()
    driver.send(D, JAN1, portfolio=portfolio, **{"amount": "10000", "limit": "10000", "balance_after": "10000", **fields})
    return driver


def test_the_policy_has_every_indicator_and_every_measure_that_there_are() -> None:
    assert set(CODES) == set(INDICATORS) == set(shipped().of("corporate").indicators)
    assert {
        code: tuple(m.name for m in i.measures if m.name) for code, i in INDICATORS.items() if len(i.measures) > 1
    } == MEASURES
    assert all(len(one.measures) == len(INDICATORS[code].measures) for code, one in watched(shipped().of("corporate")).items())


# payments


@pytest.mark.parametrize(("owed", "told"), [("500.00", []), ("500.01", RAISED)])
def test_arrears_are_material_above_both_bounds(owed: str, told: list[tuple[str, str]]) -> None:
    driver = lent(next_due_date="2024-02-01", next_amount_due=owed)
    driver.close(date(2024, 2, 2))
    assert driver.told("MATERIAL") == told


def test_small_arrears_of_a_large_loan_are_not_material() -> None:
    driver = lent(limit="100000", balance_after="100000", next_due_date="2024-02-01", next_amount_due="900")
    driver.close(date(2024, 2, 10))
    assert driver.told("MATERIAL") == []


def pays(driver: Driver, due: date, late: int = 0, paid: str = "100", **fields: str) -> None:
    driver.send(R, due + timedelta(days=late), due_date=due.isoformat(), amount_due="100", amount_paid=paid, **fields)


@pytest.mark.parametrize(("late", "told"), [(3, []), (4, RAISED)])
def test_two_payments_beyond_the_days_of_grace_are_told(late: int, told: list[tuple[str, str]]) -> None:
    driver = lent()
    for month in (2, 3):
        pays(driver, date(2024, month, 1), late)
    assert driver.told("PARTIAL") == told


def test_two_partial_payments_of_six_are_told() -> None:
    driver = lent()
    for month in range(2, 8):
        pays(driver, date(2024, month, 1), paid="60" if month in (2, 7) else "100")
    assert driver.told("PARTIAL") == RAISED


def test_a_seventh_payment_forgets_the_first() -> None:
    driver = lent()
    for month in range(2, 9):
        pays(driver, date(2024, month, 1), paid="60" if month in (2, 8) else "140")
    assert driver.told("PARTIAL") == []


def test_an_instalment_paid_in_two_parts_is_one_and_in_full() -> None:
    driver = lent()
    for month in range(2, 8):
        pays(driver, date(2024, month, 1), paid="40")
        pays(driver, date(2024, month, 1), paid="60")
    assert driver.client().track.late == 0


def evergreens(before: int, share: float, times: int = 2) -> Driver:
    """A client that draws so many days before it pays 100, so much of it."""
    driver = lent()
    for month in range(2, 2 + times):
        due = date(2024, month, 15)
        drawn = due - timedelta(days=before)
        driver.send(D, drawn, facility_id="L2", amount=str(100 * share), limit="1000", balance_after="100")
        pays(driver, due)
    return driver


@pytest.mark.parametrize(
    ("before", "share", "times", "told"),
    [
        (7, 1.0, 2, RAISED),
        (8, 1.0, 2, []),
        (0, 1.2, 2, RAISED),
        (0, 1.21, 2, []),
        (3, 0.8, 2, RAISED),
        (3, 0.79, 2, []),
        (3, 1.0, 1, []),
    ],
)
def test_instalments_paid_from_drawdowns_are_told_the_second_time(
    before: int, share: float, times: int, told: list[tuple[str, str]]
) -> None:
    assert evergreens(before, share, times).told("EVERGREEN") == told


def test_a_drawdown_that_the_log_has_after_the_payment_counts_as_well() -> None:
    driver = lent()
    for month in (2, 3):
        pays(driver, date(2024, month, 15))
        driver.send(D, date(2024, month, 14), facility_id="L2", amount="100", limit="1000", balance_after="100")
    assert driver.told("EVERGREEN") == RAISED


# lending


def test_a_loan_drawn_at_once_and_then_repaid_has_no_utilisation() -> None:
    driver = lent()
    for month in range(2, 9):
        pays(driver, date(2024, month, 1))
    assert driver.told("UTIL") == []


def test_a_line_that_is_redrawn_has_one() -> None:
    driver = lent()
    pays(driver, date(2024, 2, 1), paid="100", balance_after="9000")
    driver.send(D, date(2024, 2, 2), amount="500", limit="10000", balance_after="9500")
    assert driver.told("UTIL") == [("raised", "amber")]


def test_a_facility_that_has_ended_is_used_no_longer() -> None:
    driver = Driver(policy(watchlist={"cure_days": [5, 5, 5], "dwell_days": [0, 0, 0]}))
    driver.send(D, JAN1, amount="950", limit="1000", balance_after="950")
    driver.send(topics.OUTCOMES, after(1), outcome="repaid", facility_id="L1")
    driver.close(after(20))
    assert driver.told("UTIL") == [("raised", "amber"), ("cleared", "amber")]


@pytest.mark.parametrize(("last", "told"), [("749", []), ("750", RAISED)])
def test_utilisation_25_points_up_in_three_months_is_told(last: str, told: list[tuple[str, str]]) -> None:
    driver = Driver()
    for month, balance in ((1, "500"), (2, "500"), (3, "500"), (4, last)):
        driver.send(D, date(2024, month, 10), amount="10", limit="1000", balance_after=balance)
    assert driver.told("UTIL") == told


def test_a_second_month_above_the_limit_is_worse() -> None:
    driver = Driver()
    for month in (1, 2):
        driver.send(D, date(2024, month, 10), amount="10", limit="1000", balance_after="1001")
    assert driver.told("EXCESS") == [("raised", "watch"), ("escalated", "amber")]


@pytest.mark.parametrize(("undrawn", "told"), [(300, []), (140, RAISED)])
def test_an_undrawn_share_that_halves_is_told(undrawn: int, told: list[tuple[str, str]]) -> None:
    driver = Driver()
    for month in range(1, 10):
        left = 600 if month < 7 else undrawn
        driver.send(D, date(2024, month, 10), amount="10", limit="1000", balance_after=str(1000 - left))
    assert driver.told("UNDRAWN") == told


@pytest.mark.parametrize(("value", "told"), [("6250", []), ("6249", RAISED)])
def test_collateral_after_haircut_must_cover_what_the_policy_asks(value: str, told: list[tuple[str, str]]) -> None:
    driver = lent()
    driver.send(topics.COLLATERAL, after(1), value=value, haircut=0.2)
    assert driver.told("COVERAGE") == told


@pytest.mark.parametrize(("value", "told"), [("8010", []), ("8000", RAISED)])
def test_a_cover_that_falls_by_ten_points_is_told(value: str, told: list[tuple[str, str]]) -> None:
    driver = lent()
    driver.send(topics.COLLATERAL, after(1), value="9000", haircut=0.0)
    driver.send(topics.COLLATERAL, after(40), value=value, haircut=0.0)
    assert driver.told("COVERAGE") == told


def test_collateral_that_the_bank_gives_back_is_no_fall() -> None:
    driver = lent()
    driver.send(topics.COLLATERAL, after(1), value="9000", haircut=0.0)
    driver.send(topics.COLLATERAL, after(40), value="0")
    assert driver.told("COVERAGE") == []


@pytest.mark.parametrize(("done", "told"), [(0.41, []), (0.39, RAISED)])
def test_a_project_behind_plan_is_told(done: float, told: list[tuple[str, str]]) -> None:
    driver = Driver()
    driver.send(topics.MILESTONES, JAN1, planned=0.5, actual=done)
    assert driver.told("PROJECT") == told


@pytest.mark.parametrize(("cost", "told"), [(109, []), (111, RAISED)])
def test_a_project_above_its_cost_is_told(cost: float, told: list[tuple[str, str]]) -> None:
    driver = Driver()
    driver.send(topics.MILESTONES, JAN1, planned=0.5, actual=0.5, cost_planned=100, cost_actual=cost)
    assert driver.told("PROJECT") == told


def test_a_project_that_is_done_is_no_longer_watched() -> None:
    driver = Driver()
    driver.send(topics.MILESTONES, JAN1, planned=0.5, actual=0.3)
    driver.send(topics.MILESTONES, after(9), planned=1.0, actual=1.0)
    assert driver.client().projects == []
    assert driver.client().alerts[0].clean_day == after(9).toordinal()


def behaves(payments: list[int]) -> Driver:
    """A client that pays so much of 100 each month; each month closes."""
    driver = lent()
    for i, paid in enumerate(payments):
        day = date(2024 + (i + 1) // 12, (i + 1) % 12 + 1, 1)
        pays(driver, day, paid=str(paid))
        driver.close(day + timedelta(days=30))
    return driver


def test_a_client_that_leaves_its_own_normal_drifts() -> None:
    assert behaves([100] * 8 + [20, 20]).told("DRIFT") == RAISED


def test_a_client_that_always_paid_like_that_drifts_not() -> None:
    assert behaves([60, 50, 60, 50, 60, 50, 60, 50, 60]).told("DRIFT") == []


def test_a_client_of_a_few_months_has_no_normal_to_leave() -> None:
    assert behaves([100, 100, 0, 0]).told("DRIFT") == []


# statements


def year(driver: Driver, number: int, **fields: str) -> None:
    driver.send(S, date(number + 1, 3, 1), period_end=f"{number}-12-31", **fields)


@pytest.mark.parametrize(
    ("indicator", "fields", "told"),
    [
        ("LOSS", {"revenue": "1000", "net_income": "-10"}, []),
        ("LOSS", {"revenue": "1000", "net_income": "-11"}, RAISED),
        ("LOSS", {"revenue": "1000", "net_income": "5", "ebit": "5", "interest_expense": "16"}, RAISED),
        ("DEBT", {"total_debt": "500", "cash": "101", "ebitda": "100"}, []),
        ("DEBT", {"total_debt": "500", "cash": "100", "ebitda": "100"}, RAISED),
        ("DEBT", {"total_debt": "500", "cash": "600", "ebitda": "-1"}, []),
        ("DSCR", {"ebitda": "125", "interest_expense": "100"}, []),
        ("DSCR", {"ebitda": "124", "interest_expense": "100"}, RAISED),
        ("DSCR", {"ebitda": "99", "interest_expense": "100"}, [("raised", "amber")]),
        ("DSCR", {"ebitda": "130", "ebit": "120", "net_income": "14", "interest_expense": "100"}, RAISED),
    ],
)
def test_a_statement_is_read_at_its_thresholds(indicator: str, fields: dict[str, str], told: list[tuple[str, str]]) -> None:
    driver = Driver()
    year(driver, 2023, **fields)
    assert driver.told(indicator) == told


@pytest.mark.parametrize(
    ("ebitda", "text"),
    [
        ("50", "net debt is 10.0 times EBITDA (from 6)"),
        ("-1", "there is net debt, and no EBITDA to pay it from (from 6 times)"),
    ],
)
def test_a_debt_without_earnings_is_told_as_that_and_not_by_the_bound_of_its_ratio(ebitda: str, text: str) -> None:
    driver = Driver()
    year(driver, 2023, total_debt="500", ebitda=ebitda)
    assert [w.text for w in driver.warnings if w.indicator == "DEBT"] == [text]


def test_debt_service_has_the_principal_that_is_due_here() -> None:
    driver = lent()
    for month in range(2, 8):
        pays(driver, date(2024, month, 1))
    driver.send(S, date(2024, 8, 1), period_end="2024-06-30", ebitda="700", interest_expense="50", total_debt="9400")
    (warning,) = [w for w in driver.warnings if w.indicator == "DSCR"]
    assert warning.value == pytest.approx(700 / (50 + 600 - 50), rel=1e-3)


@pytest.mark.parametrize(("ebitda", "told"), [("121", []), ("119", RAISED), ("104", [("raised", "amber")])])
def test_a_project_has_thresholds_of_its_own_for_debt_service(ebitda: str, told: list[tuple[str, str]]) -> None:
    driver = Driver()
    year(driver, 2023, portfolio="project-finance", ebitda=ebitda, interest_expense="100")
    assert driver.told("DSCR") == told


@pytest.mark.parametrize(
    ("ratios", "told"),
    [(("19", "17", "14"), RAISED), (("19", "17", "16"), []), (("14", "17", "14"), []), (("14", "13"), [])],
)
def test_a_current_ratio_that_falls_twice_is_told_below_its_bound(ratios: tuple[str, ...], told: list[tuple[str, str]]) -> None:
    driver = Driver()
    for i, ratio in enumerate(ratios):
        year(driver, 2020 + i, current_assets=ratio, current_liabilities="10")
    assert driver.told("LIQUIDITY") == told


def test_two_losses_in_a_row_are_worse_than_one() -> None:
    driver = Driver()
    for number in (2021, 2022):
        year(driver, number, revenue="100", net_income="-9")
    assert driver.told("LOSS") == [("raised", "watch"), ("escalated", "amber")]


def test_a_statement_is_late_150_days_after_the_end_of_its_period() -> None:
    driver = Driver()
    year(driver, 2023)
    driver.close(date(2025, 5, 28))
    assert driver.told("LATE-STATEMENT") == []
    driver.close(date(2025, 5, 30))
    assert [(w.value, w.as_of) for w in driver.warnings if w.indicator == "LATE-STATEMENT"] == [(150.0, date(2025, 5, 30))]


def test_the_next_quarter_is_expected_of_who_reports_by_the_quarter() -> None:
    driver = Driver()
    driver.send(S, date(2024, 5, 1), period_end="2024-03-31", period_months=3)
    driver.close(date(2024, 12, 31))
    assert driver.told("LATE-STATEMENT") == RAISED


def test_nobody_waits_for_the_statement_of_a_client_that_has_left() -> None:
    driver = Driver()
    year(driver, 2023)
    driver.send(topics.OUTCOMES, date(2024, 4, 1), outcome="repaid")
    driver.close(date(2026, 1, 1))
    assert driver.told("LATE-STATEMENT") == []


# standing


@pytest.mark.parametrize(
    ("grades", "told"),
    [
        (("BBB", "BBB-"), []),
        (("BBB", "BB+", "BB"), [*RAISED, ("escalated", "amber")]),
        (("BBB-", "BB"), RAISED),
        (("Baa2", "Ba1", "Ba2"), [*RAISED, ("escalated", "amber")]),
        (("A", "BB+"), [("raised", "amber")]),
        (("4", "6"), RAISED),
        (("4", "6", "NR"), RAISED),
        (("BB", "BBB"), []),
    ],
)
def test_notches_down_are_counted_on_the_scale_of_the_agency(grades: tuple[str, ...], told: list[tuple[str, str]]) -> None:
    driver = Driver()
    for i, grade in enumerate(grades):
        driver.send(topics.RATINGS, after(30 * i), grade=grade)
    assert driver.told("RATING") == told


def test_agencies_are_compared_with_themselves() -> None:
    driver = Driver()
    driver.send(topics.RATINGS, JAN1, agency="S&P", grade="A")
    driver.send(topics.RATINGS, after(9), agency="Moody's", grade="Ba1")
    assert driver.told("RATING") == []


@pytest.mark.parametrize(("days", "told"), [(364, RAISED), (365, [])])
def test_a_grade_that_was_left_more_than_a_year_ago_counts_no_longer(days: int, told: list[tuple[str, str]]) -> None:
    driver = Driver()
    for day, grade in ((0, "BBB"), (1, "BBB-"), (1 + days, "BB+")):
        driver.send(topics.RATINGS, after(day), grade=grade)
    assert driver.told("RATING") == told


def test_a_downgrade_is_forgotten_after_a_year_without_a_further_event() -> None:
    driver = Driver(policy(watchlist={"cure_days": [5, 5, 5], "dwell_days": [0, 0, 0]}))
    driver.send(topics.RATINGS, JAN1, grade="BBB")
    driver.send(topics.RATINGS, after(10), grade="BB+")
    driver.send(topics.RATINGS, after(20), grade="BB")
    driver.close(after(384))
    assert [s for s, _ in driver.told("RATING")] == ["raised", "escalated"]
    driver.close(after(390))
    assert driver.told("RATING")[-1] == ("cleared", "amber")


@pytest.mark.parametrize(
    ("grade", "notch"),
    [("AAA", 1), ("Aaa", 1), ("BBB-", 10), ("Baa3", 10), ("D", 22), ("C", 21), ("7", 7), ("NR", None), ("WR", None)],
)
def test_a_grade_has_its_notch(grade: str, notch: int | None) -> None:
    assert notch_of(grade) == notch


def test_a_pd_above_the_trigger_of_its_industry_is_told() -> None:
    worst = {"equity": "-1", "net_income": "-1", "current_assets": "1", "current_liabilities": "9", "revenue": "100"}
    building, energy = Driver(policy(prior_pd=0.02)), Driver(policy(prior_pd=0.02))
    for driver, industry in ((building, "F41"), (energy, "D35")):
        driver.send(topics.PROFILES, JAN1, industry=industry)
        driver.send(S, after(1), **worst)
    told = [[w for w in driver.warnings if w.indicator == "PD-PEER"] for driver in (building, energy)]
    pds = [driver.client().pd for driver in (building, energy)]
    assert [w[0].value for w in told] == [pytest.approx(pds[0] / (0.06 * 1.5)), pytest.approx(pds[1] / (0.06 * 0.6))]
