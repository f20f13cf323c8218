"""Whatever order a client's movements come in, what it owes is as if they had come in time."""

from datetime import date, timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from agents.intake import day_passed
from agents.segmentation import arrears
from agents.segmentation.late import MOST
from agents.segmenter import Segmenter
from schemas import log, topics
from schemas.records import Outcome
from schemas.state import ClientState, Journal
from tests.builders import policy
from tests.driver import Bank, log_of, run_all

START = date(2024, 1, 1)
SPAN = 80
"""Days that the movements are spread over: within the policy's `late_days`."""
POLICY = policy()
Event = tuple[str, int, int, int]
"""Kind, the day, which facility, and a number that the kind makes something of."""

KINDS = ("pay", "pay", "pay", "part", "miss", "more", "draw", "draw", "reverse", "reverse-draw", "end")
movements: st.SearchStrategy[list[Event]] = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, SPAN), st.integers(1, 2), st.integers(0, 9)), min_size=2, max_size=MOST - 2
)
many: st.SearchStrategy[list[Event]] = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 9 * SPAN), st.integers(1, 2), st.integers(0, 9)), min_size=30, max_size=90
)


def said(bank: Bank, events: list[Event]) -> list[Outcome]:
    """Each event as intake writes it, in the order of their times, each at a minute of its own."""
    outcomes: list[Outcome] = []
    for number, (kind, offset, loan, n) in enumerate(sorted(events, key=lambda event: event[1])):
        day = START + timedelta(days=offset)
        when = f"{day}T{8 + number // 60:02}:{number % 60:02}:00+00:00"
        common = {"event_id": f"m{number}", "occurred_at": when, "facility_id": f"L{loan}"}
        undone = f"m{max(0, number - 1 - n)}"
        due = day + timedelta(days=-offset % 7 - 7 * (n % 3))
        upcoming: dict[str, Any] = {}
        if n % 2:
            upcoming = {"next_due_date": (due + timedelta(days=7)).isoformat(), "next_amount_due": "500"}
        if kind == "end":
            closed = {"outcome": "repaid", "facility_id": f"L{loan}" if n < 7 else None}
            outcomes += bank.says(topics.OUTCOMES, **{**common, **closed})
        elif "draw" in kind:
            fields = {"amount": str(100 * n), "limit": str(9000 + n), "balance_after": str(700 * n + number)}
            reverses = undone if kind == "reverse-draw" else None
            outcomes += bank.says(topics.DRAWDOWNS, **common, **fields, **upcoming, reverses=reverses)
        else:
            paid = {"pay": 500, "part": 50 * n, "miss": 0, "more": 700 + 100 * n, "reverse": 500}[kind]
            fields = {"amount_due": "500", "amount_paid": str(paid), "balance_after": str(5000 - number) if n % 3 else None}
            reverses = undone if kind == "reverse" else None
            outcomes += bank.says(topics.REPAYMENTS, **common, **fields, **upcoming, due_date=due.isoformat(), reverses=reverses)
    return outcomes


def resourced(outcomes: list[Outcome]) -> list[Outcome]:
    """Each from a source offset of its own, in the order in which they stand."""
    again = []
    for number, outcome in enumerate(outcomes):
        if outcome.key is None:
            again.append(outcome)
            continue
        fact = log.read_fact(outcome.value)
        source = log.Source(fact.source.topic, 0, number)
        again.append(outcome._replace(value=log.write(msgspec.structs.replace(fact, source=source))))
    return again


def folded(outcomes: list[Outcome]) -> ClientState:
    segmenter = Segmenter(0, {}, POLICY, 1)
    published, _ = run_all(segmenter, log_of(resourced(outcomes)))
    assert [o for o in published if o.topic == topics.DEAD_LETTERS] == []
    return segmenter.live.client("C1")


def owed(client: ClientState) -> tuple[Any, ...]:
    """What movements leave behind; what decisions of a month had found past due is their record, not the movements'."""
    months = [msgspec.structs.replace(month, dpd=0) for month in client.months]
    days = [arrears.days_past_due(client.facilities, START.toordinal() + day) for day in range(0, 2 * SPAN, 9)]
    return client.facilities, months, client.left_day, client.first_day, client.last_day, days


@given(movements, st.randoms(use_true_random=False))
def test_any_order_between_two_closes_leaves_what_the_order_of_time_leaves(events: list[Event], chosen: Any) -> None:
    in_time = said(Bank(), events)
    mixed = list(in_time)
    chosen.shuffle(mixed)
    assert owed(folded(mixed)) == owed(folded(in_time))


@given(movements, st.integers(0, 99), st.integers(0, SPAN), st.integers(0, SPAN))
def test_an_event_that_comes_after_closes_leaves_what_it_had_left_in_time(
    events: list[Event], which: int, first: int, second: int
) -> None:
    in_time = said(Bank(), events)
    late = list(in_time)
    late.append(late.pop(which % len(late)))
    closes = [
        day_passed(log.Source("file", 0, 0), START + timedelta(days=day), {"file": 1}) for day in sorted((first, second + SPAN))
    ]
    on_time, too = (folded([*feed[:-1], closes[0], feed[-1], closes[1]]) for feed in (in_time, late))
    assert owed(too) == owed(on_time)


@given(movements, st.integers(0, 13))
def test_a_movement_that_is_reversed_leaves_no_payment_behind(events: list[Event], which: int) -> None:
    """As if the payment had been one of nothing, whenever it is reversed."""
    paid = [event for event in events if event[0] in ("pay", "part", "more")]
    if not paid:
        return
    plain = [event for event in sorted(events, key=lambda event: event[1]) if event[0] != "end" and "reverse" not in event[0]]
    at = plain.index(paid[which % len(paid)]) if paid[which % len(paid)] in plain else None
    if at is None:
        return
    feed = said(Bank(), plain)
    taken = log.read_fact(feed[at].value)
    assert isinstance(taken, log.RepaymentReceived)
    balance = None if taken.balance_after is None else taken.balance_after + taken.amount_paid
    nothing = msgspec.structs.replace(taken, amount_paid=0, balance_after=balance)
    back = msgspec.structs.replace(taken, event_id="back", reverses=taken.event_id, balance_after=None, occurred_at=last(feed),
                                   next_due_date=None, next_amount_due=None)  # fmt: skip
    undone = folded([*feed, feed[at]._replace(value=log.write(back))])
    without = folded([*feed[:at], feed[at]._replace(value=log.write(nothing)), *feed[at + 1 :]])
    assert [facility.dues for facility in undone.facilities] == [facility.dues for facility in without.facilities]
    assert [facility.balance for facility in undone.facilities] == [facility.balance for facility in without.facilities]
    assert [(m.number, m.paid, m.short, m.payments) for m in undone.months if m.payments] == [
        (m.number, m.paid, m.short, m.payments) for m in without.months if m.payments
    ]


def last(feed: list[Outcome]) -> Any:
    return max(log.read_fact(outcome.value).occurred_at for outcome in feed) + timedelta(seconds=1)


@given(many, st.randoms(use_true_random=False))
def test_the_journal_is_bounded_whatever_comes(events: list[Event], chosen: Any) -> None:
    feed = said(Bank(), events)
    chosen.shuffle(feed)
    segmenter = Segmenter(0, {}, POLICY, 1)
    for record in log_of(resourced(feed)):
        run_all(segmenter, [record])
        journal = segmenter.live.client("C1").journal
        if journal is not None:
            assert journal.count <= MOST
            assert entries(journal) <= 2 * MOST + 1


def entries(journal: Journal) -> int:
    at = count = 0
    while at < len(journal.entries):
        at += 1 + journal.entries[at]
        count += 1
    return count
