"""Liquidity: what borrowers are expected to pay and to draw within the next 30 and 90 days."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.segmentation import liquidity
from agents.segmentation.agenda import month_end
from agents.segmentation.liquidity import HORIZONS, KINDS, coming
from schemas import state, topics
from schemas.learning import LedgerPublished, read_ledger
from schemas.state import ClientState, Due, Facility, Month
from streams.replaying.reporting import tallied
from tests.builders import shipped
from tests.driver import Driver

DAY = date(2024, 3, 31).toordinal()


def loan(**fields: Any) -> Facility:
    """Monthly instalments of 1,000: paid on day -20, announced for day 10."""
    whole: dict[str, Any] = {"limit": 12_000_00, "balance": 12_000_00, "opened_day": DAY - 300}
    whole |= {"dues": [Due(DAY + 10, 1_000_00)], "settled": [Due(DAY - 20, 1_000_00, 1_000_00)]}
    return Facility("L1", "EUR", **{**whole, **fields})


def added(client: ClientState, day: int = DAY) -> liquidity.Flows:
    found: liquidity.Flows = {}
    liquidity.add(found, client, day, shipped().per_minor)
    return found


def flows(client: ClientState) -> dict[str, float]:
    return liquidity.figures(added(client)).get("EUR", {})


def borrower(*facilities: Facility, **fields: Any) -> ClientState:
    months = [Month(24290, due=2_000_00, paid=1_500_00)]
    return ClientState(portfolio="corporate", first_day=DAY - 400, facilities=list(facilities), **{"months": months, **fields})


def test_announced_instalments_are_scheduled_and_later_ones_projected_at_their_rhythm() -> None:
    assert coming(loan(), DAY, 30) == (1_000_00, 0)
    assert coming(loan(), DAY, 90) == (1_000_00, 2_000_00)


def test_nothing_is_projected_beyond_the_balance_or_the_maturity() -> None:
    assert coming(loan(balance=1_500_00), DAY, 90) == (1_000_00, 500_00)
    assert coming(loan(maturity_day=DAY + 45), DAY, 90) == (1_000_00, 1_000_00)


@given(
    balance=st.integers(0, 100_000),
    rhythm=st.integers(7, 100),
    day=st.integers(0, 900),
    horizon=st.sampled_from(HORIZONS),
    maturity=st.integers(0, 1000),
)
def test_what_is_projected_is_what_paying_one_instalment_after_the_other_comes_to(
    balance: int, rhythm: int, day: int, horizon: int, maturity: int
) -> None:
    first, amount = 100, 9_000
    settled = [Due(first, amount, amount), Due(first + rhythm, amount, amount)]
    facility = loan(balance=balance, settled=settled, dues=[], maturity_day=maturity)
    left, expected = balance, 0
    for due_day in range(first + 2 * rhythm, min(day + horizon, maturity or day + horizon) + 1, rhythm):
        expected += min(amount, left) if due_day > day else 0
        left = max(0, left - amount)
    assert coming(facility, day, horizon)[1] == expected


def test_without_two_known_dues_there_is_no_rhythm() -> None:
    assert coming(loan(settled=[]), DAY, 90) == (1_000_00, 0)


def test_the_part_that_was_paid_of_an_announced_due_is_not_scheduled_again() -> None:
    assert coming(loan(dues=[Due(DAY + 10, 1_000_00, 400_00)]), DAY, 30) == (600_00, 0)


def test_what_is_expected_is_the_share_that_the_client_has_paid_lately() -> None:
    told = flows(borrower(loan()))
    assert (told["scheduled_90_days"], told["projected_90_days"], told["expected_90_days"]) == (1_000, 2_000, 2_250)


def test_arrears_are_told_apart() -> None:
    told = flows(borrower(loan(dues=[Due(DAY - 5, 1_000_00), Due(DAY + 25, 1_000_00)], settled=[])))
    assert (told["arrears"], told["scheduled_30_days"]) == (1_000, 1_000)


def test_of_a_client_in_default_nothing_is_expected() -> None:
    told = flows(borrower(loan(), defaulted_day=DAY - 9))
    assert (told["scheduled_30_days"], told["expected_30_days"], told["drawdowns_30_days"]) == (1_000, 0, 0)


def test_drawings_go_on_as_they_did_up_to_what_is_undrawn() -> None:
    line = Facility("R1", "EUR", limit=5_000_00, balance=1_000_00)
    told = flows(borrower(line, months=[Month(24290, drawn=1_830_00)]))
    assert told["drawdowns_30_days"] == 300
    assert flows(borrower(line, months=[Month(24290, drawn=99_999_00)]))["drawdowns_90_days"] == 4_000


def test_of_a_year_of_drawings_the_last_six_months_count() -> None:
    line = Facility("R1", "EUR", limit=5_000_00, balance=1_000_00)
    year = [Month(number, drawn=305_00) for number in range(24279, 24291)]
    assert flows(borrower(line, months=year))["drawdowns_30_days"] == 300
    assert flows(borrower(line, months=year[:-6]))["drawdowns_30_days"] == 0


def test_what_is_expected_is_by_the_last_six_months_with_events() -> None:
    year = [Month(number, due=100_00, paid=0 if number < 24285 else 100_00) for number in range(24279, 24291)]
    told = flows(borrower(loan(), months=year))
    assert told["expected_90_days"] == told["scheduled_90_days"] + told["projected_90_days"]


FACILITIES = st.builds(
    Facility,
    st.just("L1"),
    st.sampled_from(("EUR", "USD")),
    limit=st.integers(0, 10_000),
    balance=st.integers(0, 3_000),
    maturity_day=st.just(0) | st.integers(DAY - 200, DAY + 900),
    dues=st.lists(st.builds(Due, st.integers(DAY - 400, DAY + 60), st.integers(1, 3_000)), max_size=3),
    settled=st.lists(st.builds(Due, st.integers(DAY - 400, DAY), st.integers(1, 3_000)), max_size=3),
    closed=st.booleans(),
)
BORROWERS = st.builds(
    ClientState,
    first_day=st.integers(DAY - 900, DAY),
    facilities=st.lists(FACILITIES, max_size=3),
    months=st.lists(st.builds(Month, st.integers(24280, 24292), drawn=st.integers(-500, 500)), max_size=4),
    defaulted_day=st.sampled_from((0, 0, DAY - 9)),
    left_day=st.sampled_from((0, 0, 0, DAY)),
)


LATER = st.integers(0, 120) | st.integers(0, 3_000)


def test_who_has_something_announced_something_to_pay_or_has_drawn_lately_does_not_rest() -> None:
    owing = loan(balance=1_000_00, dues=[Due(DAY - 20, 1_000_00)], settled=[])
    assert liquidity.rest_of(borrower(owing), DAY) == {"EUR": 1_000_00}
    assert liquidity.rest_of(borrower(loan(balance=0, dues=[Due(DAY + 1, 1_000_00)], settled=[])), DAY) is None
    paid = loan(dues=[], settled=[Due(DAY - 50, 1_000_00, 1_000_00), Due(DAY - 20, 1_000_00, 1_000_00)])
    assert liquidity.rest_of(borrower(paid), DAY) is None
    drawing = [Month(24290, drawn=1_00)]
    assert liquidity.rest_of(borrower(owing, months=drawing), DAY) is None
    assert liquidity.rest_of(borrower(owing, months=drawing), DAY + 153) is None
    assert liquidity.rest_of(borrower(owing, months=drawing), DAY + 190) == {"EUR": 1_000_00}
    assert liquidity.rest_of(borrower(owing, months=drawing, defaulted_day=DAY), DAY) == {"EUR": 1_000_00}


@given(BORROWERS, LATER, LATER)
def test_a_client_that_rests_adds_the_same_on_every_later_day(client: ClientState, passed: int, further: int) -> None:
    rest = liquidity.rest_of(client, DAY + passed)
    if rest is not None:
        found: liquidity.Flows = {}
        liquidity.add_rest(found, rest)
        assert found == added(client, DAY + passed) == added(client, DAY + passed + further)


@given(BORROWERS)
def test_of_whom_nothing_is_heard_rests_in_the_end(client: ClientState) -> None:
    assert liquidity.rest_of(client, DAY + 1_500_000) is not None


def test_who_has_left_and_what_is_closed_brings_nothing() -> None:
    assert flows(borrower(loan(), left_day=DAY)) == {}
    assert flows(borrower(loan(closed=True))) == {}


def test_partitions_add_up_by_currency() -> None:
    width = 2 * len(KINDS) + 1
    assert liquidity.merged([{"EUR": [1] * width}, {"EUR": [2] * width, "USD": [5] * width}]) == {
        "EUR": [3] * width,
        "USD": [5] * width,
    }


def published(driver: Driver) -> list[LedgerPublished]:
    return [read_ledger(outcome.value) for outcome in driver.outcomes if outcome.topic == topics.LEDGER]


def lent(driver: Driver, day: date) -> None:
    for i in range(8):
        driver.send(topics.DRAWDOWNS, day, client_id=f"C{i}", next_due_date=str(day + timedelta(days=40)), next_amount_due="7")


def test_the_figures_of_all_partitions_are_published_at_each_months_end() -> None:
    one, three = Driver(), Driver(partitions=3)
    for driver in (one, three):
        lent(driver, date(2024, 1, 10))
        for day in (date(2024, 1, 20), date(2024, 2, 10), date(2024, 3, 15)):
            driver.close(day)
    assert [told.as_of for told in published(three)] == [date(2024, 1, 31), date(2024, 2, 29)]
    assert published(one) == published(three)
    assert published(three)[0].liquidity["EUR"]["scheduled_30_days"] == 8 * 7


@pytest.mark.parametrize("months", [1, 2, 3, 12])
def test_what_is_published_is_what_a_report_of_that_day_says(months: int) -> None:
    driver = Driver(partitions=2)
    lent(driver, date(2024, 1, 10))
    driver.close(date(2024, 1, 20))
    for month in range(1, months + 1):
        driver.close(date(2024, month, 28))
        driver.close(last := date.fromordinal(month_end(date(2024, month, 28).toordinal())))
    report = tallied(driver.pipeline.segmenters)
    *_, told = published(driver)
    assert {"as_of": str(last), **msgspec.to_builtins(told.ledger)} == report["ledger"]["corporate"]
    assert {"as_of": str(last), **msgspec.to_builtins(told.transitions)} == report["transitions"]["corporate"]
    assert told.liquidity == report["liquidity"]["corporate"]["currencies"]


def test_a_client_that_rests_is_read_again_once_something_happens() -> None:
    driver = Driver()
    lent(driver, date(2024, 1, 10))
    for month in (1, 2, 3, 4, 5, 6, 7, 8):
        driver.close(date.fromordinal(month_end(date(2024, month, 28).toordinal())))
    (segmenter,) = driver.pipeline.segmenters
    lent_by = [state.lent(value).lends for key, value in segmenter.states.items() if state.is_client(key)]
    assert lent_by == [{"EUR": 7_00}] * 8
    driver.send(topics.DRAWDOWNS, date(2024, 9, 2), client_id="C0", next_due_date="2024-10-10", next_amount_due="9")
    driver.close(date(2024, 9, 30))
    *_, told = published(driver)
    assert (told.liquidity["EUR"]["arrears"], told.liquidity["EUR"]["scheduled_30_days"]) == (8 * 7, 9)
