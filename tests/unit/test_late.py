"""What comes late, what is undone and what is told anew."""

from datetime import date, timedelta

import pytest

from agents.segmentation import late
from agents.segmentation.arrears import days_past_due
from agents.segmentation.late import MOST
from schemas import topics
from schemas.state import ClientState, Facility
from tests.builders import policy
from tests.driver import Driver

JAN, FEB, MAR = date(2024, 1, 10), date(2024, 2, 10), date(2024, 3, 10)


def pays(driver: Driver, day: date, amount: str = "100", due: date | None = None, **fields: object) -> None:
    driver.send(topics.REPAYMENTS, day, due_date=(due or day).isoformat(), amount_due="100", amount_paid=amount, **fields)


def owed(driver: Driver) -> list[tuple[date, int]]:
    return [(date.fromordinal(due.day), due.amount - due.paid) for f in driver.client().facilities for due in f.dues]


def month(driver: Driver, day: date) -> tuple[int, int, int]:
    """Paid, payments, payments below what was due."""
    number = day.year * 12 + day.month - 1
    return next((m.paid, m.payments, m.short) for m in driver.client().months if m.number == number)


def test_a_payment_that_comes_late_counts_in_its_own_month() -> None:
    driver = Driver()
    pays(driver, JAN)
    pays(driver, MAR)
    pays(driver, FEB, "60")
    assert [month(driver, day) for day in (JAN, FEB, MAR)] == [(10000, 1, 0), (6000, 1, 1), (10000, 1, 0)]
    assert owed(driver) == [(MAR, 4000)]  # the payment of March has settled what February had left


def test_a_payment_that_comes_after_the_close_of_its_day_is_as_if_it_had_come_before() -> None:
    driver = Driver()
    pays(driver, JAN, next_due_date=FEB.isoformat(), next_amount_due="100")
    driver.close(FEB + timedelta(days=40))
    assert driver.told("DPD") != []
    pays(driver, FEB)
    assert owed(driver) == []
    driver.close(FEB + timedelta(days=60))
    assert days_past_due(driver.client().facilities, FEB.toordinal() + 60) == 0


def test_a_prepayment_read_before_the_instalment_it_preceded_settles_nothing() -> None:
    """In time the instalment was not yet known; read late, it must not find the money that went into the balance."""
    driver = Driver()
    pays(driver, FEB, due=FEB)
    pays(driver, JAN, "300", due=JAN)
    pays(driver, MAR, "0", due=MAR)
    assert owed(driver) == [(MAR, 10000)]


def test_the_balance_is_what_the_latest_movement_tells_not_the_last_that_came() -> None:
    driver = Driver()
    driver.send(topics.DRAWDOWNS, MAR, amount="500", limit="9000", balance_after="500")
    driver.send(topics.DRAWDOWNS, JAN, amount="100", limit="1000", balance_after="100")
    (facility,) = driver.client().facilities
    assert (facility.balance, facility.limit, facility.opened_day) == (50000, 900000, JAN.toordinal())
    assert driver.client().first_day == JAN.toordinal()


def test_past_the_bound_it_is_a_dead_letter_and_changes_nothing() -> None:
    driver = Driver(policy(late_days=30))
    pays(driver, MAR)
    before = driver.client().facilities
    pays(driver, JAN)
    (letter,) = driver.dead_letters
    assert (letter["tierwatch-cause"], letter["tierwatch-field"]) == ("too-late", "occurred_at")
    assert "60 days before" in letter["tierwatch-reason"]
    assert "30 (late_days)" in letter["tierwatch-reason"]
    assert driver.client().facilities == before


@pytest.mark.parametrize(("days", "refused"), [(30, 0), (31, 1)])
def test_the_bound_itself_is_in_time(days: int, refused: int) -> None:
    driver = Driver(policy(late_days=30))
    pays(driver, MAR)
    pays(driver, MAR - timedelta(days=days))
    assert len(driver.dead_letters) == refused


def test_a_reversal_undoes_its_payment_and_no_other() -> None:
    driver = Driver()
    pays(driver, JAN, event_id="first")
    pays(driver, FEB)
    pays(driver, MAR, due=JAN, reverses="first")
    assert owed(driver) == [(FEB, 10000)]  # January was settled by the payment of February: the oldest first
    assert [month(driver, day) for day in (JAN, FEB)] == [(0, 1, 1), (10000, 1, 0)]


def test_a_reversal_that_comes_before_its_payment_undoes_it() -> None:
    driver = Driver()
    pays(driver, FEB, due=JAN, reverses="first")
    pays(driver, JAN, event_id="first", balance_after="900")
    assert owed(driver) == [(JAN, 10000)]
    assert driver.client().facilities[0].balance == 100000


def test_a_reversal_that_is_reversed_undoes_nothing() -> None:
    driver = Driver()
    pays(driver, JAN, event_id="first")
    pays(driver, FEB, event_id="second", due=JAN, reverses="first")
    pays(driver, MAR, due=JAN, reverses="second")
    assert owed(driver) == []
    assert month(driver, JAN) == (10000, 1, 0)


def test_the_reversal_of_a_drawdown_takes_the_instalment_it_announced_away() -> None:
    driver = Driver()
    told = {"amount": "500", "limit": "9000", "next_due_date": FEB.isoformat(), "next_amount_due": "50"}
    driver.send(topics.DRAWDOWNS, JAN, event_id="draw", balance_after="500", **told)
    assert owed(driver) == [(FEB, 5000)]
    driver.send(topics.DRAWDOWNS, JAN + timedelta(days=1), amount="500", limit="9000", balance_after="0", reverses="draw")
    assert owed(driver) == []
    assert [(m.drawn, m.balance) for m in driver.client().months] == [(0, 0)]


def test_the_reversal_of_what_nobody_remembers_counts_by_its_own_fields() -> None:
    driver = Driver()
    pays(driver, JAN, due=JAN, reverses="long-ago")
    assert owed(driver) == [(JAN, 10000)]


def test_a_payment_that_comes_late_does_not_reopen_a_facility_that_was_repaid() -> None:
    driver = Driver()
    pays(driver, JAN, next_due_date=FEB.isoformat(), next_amount_due="100")
    driver.send(topics.OUTCOMES, MAR, outcome="repaid", facility_id="L1")
    pays(driver, FEB, "40")
    assert owed(driver) == []
    assert driver.client().facilities[0].closed


def test_beyond_what_the_journal_holds_a_late_payment_is_folded_on_arrival() -> None:
    driver = Driver()
    for number in range(3 * MOST):
        pays(driver, FEB + timedelta(days=number // 4), event_id=f"p{number}", due=FEB)
    pays(driver, JAN, "60", due=JAN)
    pays(driver, FEB + timedelta(days=2), "10", event_id="x")
    assert driver.dead_letters == []
    assert sum(m.payments for m in driver.client().months) == 3 * MOST + 2


def test_a_client_that_an_earlier_release_knew_begins_its_journal_as_it_stands() -> None:
    client = ClientState(facilities=[Facility("L1", "EUR", limit=5)], last_day=JAN.toordinal())
    late.begin(client)
    assert client.journal is not None
    assert client.journal.floor == client.journal.last == JAN.toordinal() * late.DAY


def test_a_statement_that_was_restated_before_it_came_is_ignored() -> None:
    driver = Driver()
    driver.send(topics.STATEMENTS, MAR, equity="100000")
    scored = driver.client().statement_x
    driver.send(topics.STATEMENTS, FEB, equity="900000")
    assert driver.client().statement_x == scored
    driver.send(topics.STATEMENTS, MAR, equity="900000")
    assert driver.client().statement_x != scored
    assert len(driver.client().figures) == 1


def test_an_older_profile_fills_in_what_nobody_has_told() -> None:
    driver = Driver()
    driver.send(topics.PROFILES, FEB, industry="C28", group_id="G")
    driver.send(topics.PROFILES, JAN, industry="F41", country="DE", group_id="H")
    client = driver.client()
    assert (client.industry, client.country, client.group_id) == ("C28", "DE", "G")


def test_ratings_stand_by_their_own_days() -> None:
    driver = Driver()
    driver.send(topics.RATINGS, FEB, grade="B")
    driver.send(topics.RATINGS, JAN, grade="A")
    assert [rating.grade for rating in driver.client().ratings] == ["A", "B"]
