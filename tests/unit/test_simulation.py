"""The simulated bank: the same for a seed, in order, within the contract, and telling only what a bank would know."""

import gzip
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import mean

import msgspec
import pytest
from click.testing import CliRunner

from schemas.money import EXPONENTS
from schemas.source_events import BY_TOPIC
from streams.simulation.bank import Event
from streams.simulation.cli import simulate as command
from streams.simulation.stream import Scenario, Simulation, simulate

CLIENTS, MONTHS, SEED = 800, 30, 11


class Run:
    """A finished simulation, read once for all tests."""

    def __init__(self, scenario: Scenario) -> None:
        simulation = Simulation(scenario)
        self.events = list(simulation.events())
        self.truth = list(simulation.truth())
        self.summary = simulation.summary()

    def of(self, topic: str) -> list[Event]:
        return [event for event in self.events if event["topic"] == topic]

    def by_facility(self) -> dict[str, list[Event]]:
        """Drawdowns and repayments of each facility, in order."""
        found: dict[str, list[Event]] = defaultdict(list)
        for event in self.events:
            if event["topic"] in ("drawdowns", "repayments"):
                found[str(event["facility_id"])].append(event)
        return found


@pytest.fixture(scope="module")
def run() -> Run:
    return Run(Scenario(CLIENTS, MONTHS, SEED))


def packed(clients: int, seed: int) -> bytes:
    return b"\n".join(map(msgspec.json.encode, simulate(clients, 4, seed)))


def money(event: Event, name: str) -> Decimal:
    return Decimal(str(event[name]))


def when(event: Event) -> date:
    return date.fromisoformat(str(event["occurred_at"])[:10])


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    assert packed(60, 3) == packed(60, 3)
    assert packed(60, 3) != packed(60, 4)


def test_events_are_the_same_whether_days_are_closed_or_not() -> None:
    closed = list(simulate(40, 3, SEED, end_of_day=True))
    assert [event for event in closed if "topic" in event] == list(simulate(40, 3, SEED))


def test_events_come_in_order_of_time_with_ids_that_are_unique(run: Run) -> None:
    moments = [datetime.fromisoformat(str(event["occurred_at"])) for event in run.events]
    assert all(moment.tzinfo for moment in moments)
    assert moments == sorted(moments)
    assert len({event["event_id"] for event in run.events}) == len(run.events)


def test_every_event_keeps_the_contract_of_its_topic(run: Run) -> None:
    for event in run.events:
        BY_TOPIC[str(event["topic"])].model_validate(event, strict=False)
    assert {event["topic"] for event in run.events} == set(BY_TOPIC) - {"feedback"}
    assert {event["portfolio"] for event in run.of("profiles")} == {"corporate", "sme", "project-finance"}


def test_every_day_is_closed_once_after_its_events() -> None:
    day, closed = date(2022, 1, 1), []
    for event in simulate(40, 3, SEED, end_of_day=True):
        if event.get("kind") == "end-of-day":
            assert event == {"kind": "end-of-day", "day": day.isoformat()}
            closed.append(day)
            day += timedelta(days=1)
        else:
            assert when(event) == day
    assert closed[-1] == date(2022, 3, 31)


def test_money_has_the_digits_of_its_currency(run: Run) -> None:
    seen: Counter[str] = Counter()
    for event in run.events:
        if "currency" not in event:
            continue
        currency = str(event["currency"])
        for name in getattr(BY_TOPIC[str(event["topic"])], "money"):  # noqa: B009 - only events with a currency have it
            if name in event:
                seen[currency] += 1
                assert -Decimal(str(event[name])).as_tuple().exponent == EXPONENTS[currency], (name, event)  # type: ignore[operator]
    assert {"EUR", "USD", "GBP", "JPY", "KWD"} <= set(seen)


def test_a_balance_is_never_negative_and_moves_by_what_is_drawn_and_paid(run: Run) -> None:
    for events in run.by_facility().values():
        balance = Decimal(0)
        for event in events:
            after = money(event, "balance_after")
            assert after >= 0
            if event["topic"] == "drawdowns":
                assert after == balance + money(event, "amount")
            elif "reverses" in event:
                assert balance <= after <= balance + money(event, "amount_paid")
            else:
                assert balance - money(event, "amount_paid") <= after <= balance
            balance = after


def test_the_instalments_of_a_loan_that_ends_repay_it_to_the_last_cent(run: Run) -> None:
    facilities, checked = run.by_facility(), 0
    for outcome in run.of("outcomes"):
        if outcome["outcome"] != "repaid" or "facility_id" not in outcome:
            continue
        events = facilities[str(outcome["facility_id"])]
        drawn = sum(money(event, "amount") for event in events if event["topic"] == "drawdowns")
        paid = sum(
            -money(event, "amount_paid") if "reverses" in event else money(event, "amount_paid")
            for event in events
            if event["topic"] == "repayments"
        )
        assert money(events[-1], "balance_after") == 0
        assert "next_due_date" not in events[-1]
        assert drawn <= paid <= drawn * Decimal("1.6"), events[-1]
        checked += 1
    assert checked > 100


def test_in_difficulty_some_loans_are_stretched_and_some_cures_follow_it(run: Run) -> None:
    stretched = {str(outcome["client_id"]) for outcome in run.of("outcomes") if outcome["outcome"] == "forborne"}
    strained = {str(episode["client_id"]) for episode in run.truth if not episode["sudden"]}
    assert len(stretched) >= 3
    assert stretched <= strained | {str(episode["client_id"]) for episode in run.truth if episode["resolution"] == "cured"}


def test_who_leaves_has_paid_back_everything_and_is_not_heard_of_again(run: Run) -> None:
    left = {str(o["client_id"]): o for o in run.of("outcomes") if o["outcome"] == "repaid" and "facility_id" not in o}
    assert left
    for event in run.events:
        if str(event.get("client_id")) in left:
            assert str(event["occurred_at"]) <= str(left[str(event["client_id"])]["occurred_at"])
    for events in run.by_facility().values():
        if str(events[0]["client_id"]) in left:
            assert money(events[-1], "balance_after") == 0


def test_parts_of_an_instalment_sum_to_what_was_announced(run: Run) -> None:
    checked = 0
    for events in run.by_facility().values():
        announced: dict[str, Decimal] = {}
        paid: dict[str, Decimal] = defaultdict(Decimal)
        for event in events:
            if event["topic"] == "repayments":
                due = str(event["due_date"])
                assert announced.get(due, money(event, "amount_due")) == money(event, "amount_due")
                paid[due] += -money(event, "amount_paid") if "reverses" in event else money(event, "amount_paid")
                assert 0 <= paid[due] <= money(event, "amount_due")
                checked += due in announced
            if "next_due_date" in event:
                announced[str(event["next_due_date"])] = money(event, "next_amount_due")
    assert checked > 1000


def test_a_missed_instalment_has_no_event_and_90_days_later_the_client_defaults(run: Run) -> None:
    first_default: dict[object, date] = {}
    for event in run.of("outcomes"):
        if event["outcome"] == "defaulted":
            first_default.setdefault(event["client_id"], when(event))
    silent = 0
    for truth in run.truth:
        client, stopped, defaulted = truth["client_id"], truth["stopped_paying"], truth["defaulted_on"]
        if not (stopped and defaulted) or str(stopped) < "2022-03" or truth["sudden"]:
            continue
        since, until = date.fromisoformat(str(stopped)), date.fromisoformat(str(defaulted))
        of_client = [e for e in run.of("repayments") if e["client_id"] == client]
        visited = since + timedelta(days=34)  # the client stops at its first monthly visit on or after the day
        assert not [e for e in of_client if visited <= when(e) < until]
        if until == first_default[client]:
            oldest = oldest_unpaid([e for e in run.events if e.get("client_id") == client and when(e) < until])
            assert (until - oldest).days > 90
            silent += 1
    assert silent > 5


def oldest_unpaid(events: list[Event]) -> date:
    """The oldest instalment that these events announce and do not settle."""
    amounts: dict[tuple[object, object], Decimal] = {}
    paid: dict[tuple[object, object], Decimal] = defaultdict(Decimal)
    for event in events:
        if event["topic"] == "repayments":
            due = event["facility_id"], event["due_date"]
            amounts[due] = money(event, "amount_due")
            paid[due] += -money(event, "amount_paid") if "reverses" in event else money(event, "amount_paid")
        if "next_due_date" in event:
            amounts[event["facility_id"], event["next_due_date"]] = money(event, "next_amount_due")
    return date.fromisoformat(min(str(due[1]) for due, amount in amounts.items() if amount > paid[due]))


def test_a_payment_sent_back_names_the_payment_it_undoes(run: Run) -> None:
    payments = {event["event_id"]: event for event in run.of("repayments")}
    undone = [event for event in payments.values() if "reverses" in event]
    assert undone
    for event in undone:
        original = payments[event["reverses"]]
        for name in ("facility_id", "due_date", "amount_due", "amount_paid"):
            assert event[name] == original[name]


def test_a_payment_sent_back_restores_the_balance_it_had_settled(run: Run) -> None:
    restored = 0
    for events in run.by_facility().values():
        settled, balance = {}, Decimal(0)
        for event in events:
            after = money(event, "balance_after")
            settled[event["event_id"]] = balance - after
            if "reverses" in event:
                assert after - balance == settled[event["reverses"]]
                restored += after > balance
            balance = after
    assert restored


@pytest.mark.parametrize(("economy", "low", "high"), [("up", 0.005, 0.02), ("neutral", 0.017, 0.032), ("down", 0.035, 0.065)])
def test_the_default_rate_follows_the_economy(economy: str, low: float, high: float) -> None:
    simulation = Simulation(Scenario(1500, 24, SEED, economy=economy))  # type: ignore[arg-type]
    for _ in simulation.events():
        pass
    assert low < simulation.summary().default_rate < high, simulation.summary()


def test_distress_comes_first_and_half_of_it_is_a_false_alarm(run: Run) -> None:
    defaults = [t for t in run.truth if t["defaulted_on"] and not t["sudden"]]
    ahead = [days(t, "distress_from", "defaulted_on") for t in defaults]
    assert 180 < mean(ahead) < 540
    recovered = sum(t["fate"] == "recovered" for t in run.truth)
    assert 0.4 < recovered / len(defaults) < 2.5
    assert len([e for e in run.of("outcomes") if e["outcome"] == "defaulted"]) == len([t for t in run.truth if t["defaulted_on"]])


def days(truth: Event, begin: str, end: str) -> int:
    return (date.fromisoformat(str(truth[end])) - date.fromisoformat(str(truth[begin]))).days


def doomed(run: Run) -> dict[object, tuple[date, date]]:
    """Of each client with a gradual default late enough to have a history: the half year before its last payment."""
    found = {}
    for truth in run.truth:
        if truth["defaulted_on"] and not truth["sudden"] and str(truth["stopped_paying"]) > "2022-10":
            end = date.fromisoformat(str(truth["stopped_paying"]))
            found[truth["client_id"]] = (end - timedelta(days=180), end + timedelta(days=90))
    return found


@pytest.mark.parametrize(
    ("topic", "measure"),
    [
        ("repayments", lambda e: float((when(e) - date.fromisoformat(e["due_date"])).days)),
        ("statements", lambda e: -float(e["net_income"]) / float(e["total_assets"])),
        ("statements", lambda e: -float(e["current_assets"]) / float(e["current_liabilities"])),
    ],
    ids=["days late", "losses", "illiquidity"],
)
def test_what_is_published_is_worse_before_a_default_than_of_the_others(
    run: Run, topic: str, measure: Callable[[Event], float]
) -> None:
    watched = doomed(run)
    ill, sound = [], []
    for event in run.of(topic):
        span = watched.get(event["client_id"])
        if span is None:
            sound.append(measure(event))
        elif span[0] <= when(event) <= span[1]:
            ill.append(measure(event))
    assert len(ill) > 10
    assert mean(ill) > mean(sound)


def test_a_fifth_of_the_clients_bring_about_four_fifths_of_the_income(run: Run) -> None:
    euro = {"EUR": 1.0, "USD": 0.95, "GBP": 1.18, "JPY": 1 / 138, "KWD": 1 / 0.32}
    income: dict[object, float] = defaultdict(float)
    for event in run.of("drawdowns"):
        if event["purpose"] == "opening-balance":
            income[event["client_id"]] += (
                float(str(event["balance_after"])) * float(str(event["margin"])) * euro[str(event["currency"])]
            )
    ranked = sorted(income.values(), reverse=True)
    assert 0.7 < sum(ranked[: len(ranked) // 5]) / sum(ranked) < 0.92


def test_assets_are_liabilities_and_equity(run: Run) -> None:
    for event in run.of("statements"):
        gap = money(event, "total_assets") - money(event, "total_liabilities") - money(event, "equity")
        assert abs(gap) <= 1


def test_the_command_writes_the_same_file_twice_and_tells_what_is_hidden(tmp_path: Path) -> None:
    outs = [tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz"]
    for out in outs:
        arguments = ["--clients", "50", "--months", "5", "--seed", "9", "--economy", "down", "--out", str(out)]
        result = CliRunner().invoke(command, [*arguments, "--truth", str(tmp_path / "truth.jsonl")])
        assert result.exit_code == 0, result.output
        assert "seed 9" in result.output
    assert outs[0].read_bytes() == outs[1].read_bytes()
    lines = gzip.decompress(outs[0].read_bytes()).splitlines()
    assert [msgspec.json.decode(line) for line in lines] == list(simulate(50, 5, 9, economy="down"))
    for line in (tmp_path / "truth.jsonl").read_bytes().splitlines():
        assert {"client_id", "distress_from", "fate"} <= set(msgspec.json.decode(line))


def test_a_folder_that_is_not_there_is_told_in_a_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["--clients", "1", "--months", "1", "--out", str(tmp_path / "none" / "f.jsonl")])
    assert result.exit_code == 2
    assert f"error: {tmp_path / 'none' / 'f.jsonl'}: No such file or directory" in result.output
