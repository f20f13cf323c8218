"""The whole worker on real events: killed, stopped, shared; every decision is made once, and is the one of the log."""

import random
import signal
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from confluent_kafka import Producer

from agents.segmenter import Segmenter
from schemas import topics
from schemas.records import PlainRecord
from streams.auditing.audit import verify
from streams.auditing.exporting import export_log
from streams.brokers.child import free_port
from streams.brokers.kafka import producer_config
from streams.brokers.topics import ensure
from streams.calendar import BankCalendar
from streams.replaying.replay import FILES, replay_log
from streams.views.keys import keys_of
from streams.views.store import connect
from streams.worker import changelogs
from tests.system.bank import DECISIONS, Bank, lines_by_client, slice_of_examples, some
from tests.system.redis_servers import Server, best
from tests.system.rig import wait_for
from tests.system.view_checks import must_be

KILLS = 3
STILL_SECONDS = 120.0

UNREADABLE = b'{"event_id": "torn'
INVALID = b'{"event_id":"b1","client_id":"T1","occurred_at":"2005-04-15T09:00:00Z","currency":"EUR"}'
BANKS_HEADER = ("trace", b"42")


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The events of every run."""
    return slice_of_examples(tmp_path_factory.mktemp("events"))


@pytest.fixture
def open_bank(brokers: str, tmp_path: Path) -> Iterator[Callable[..., Bank]]:
    """Makes a run whose workers do not outlive it, with these settings."""
    banks: list[Bank] = []

    def opened(**given: object) -> Bank:
        banks.append(Bank(brokers, tmp_path, given))
        banks[-1].create_topics()
        return banks[-1]

    yield opened
    for bank in banks:
        bank.end_all()


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = best(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def killed(
    brokers: str, paths: list[Path], redis_server: Server, session_seed: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bank]:
    """A run whose only worker was killed again and again, its Redis once, at moments of the seed; it is still now."""
    chance = random.Random(session_seed)
    given = {"instance_id": "one", "redis_url": redis_server.redis_url}
    bank = Bank(brokers, tmp_path_factory.mktemp("killed"), given)
    bank.create_topics()
    put_broken_records(bank)
    events = bank.stream(paths)
    try:
        for number in range(KILLS):
            worker = bank.start()
            bank.wait_for_progress(some(chance), STILL_SECONDS, events)
            time.sleep(chance.uniform(0.0, 0.3))
            if number == 0:
                redis_server.kill()
            worker.end(signal.SIGKILL)
        worker = bank.start()
        bank.wait_for_progress(some(chance), STILL_SECONDS, events)
        redis_server.start()
        events.join()
        bank.wait_until_still(STILL_SECONDS)
        yield bank
    finally:
        bank.end_all()


def put_broken_records(bank: Bank) -> None:
    """Two records that break the contract, before all others of a source partition."""
    producer = Producer(producer_config(bank.settings))
    for value in (UNREADABLE, INVALID):
        name = bank.settings.topic_names.real(topics.REPAYMENTS)
        producer.produce(name, value, b"f1", 1, headers=[BANKS_HEADER])
    assert producer.flush(30) == 0


def test_killed_again_and_again_every_decision_is_made_and_is_that_of_the_log(
    killed: Bank, paths: list[Path], seed: int
) -> None:
    verdict = killed.must_hold(paths)

    assert verdict.gaps == 0
    assert all(killed.decided(topic) for topic in DECISIONS)


def test_the_exported_log_of_a_live_run_decides_byte_for_byte_the_same(killed: Bank, tmp_path: Path, seed: int) -> None:
    exported = export_log(killed.settings, tmp_path / "log.jsonl.gz")
    assert exported.left_out == 0

    replay_log(tmp_path / "log.jsonl.gz", tmp_path / "out", killed.policy, lambda _: None)

    for topic in DECISIONS:
        assert lines_by_client(tmp_path / "out" / FILES[topic]) == killed.decided(topic)


def test_a_record_that_breaks_the_contract_is_a_dead_letter_and_the_partition_goes_on(killed: Bank, seed: int) -> None:
    held = [letter for part in killed.held(topics.DEAD_LETTERS) for letter in part]
    letters = {dict(letter.headers)["ce_id"]: letter for letter in held}

    first, second = (letters[name] for name in sorted(letters))
    assert len(letters) == 2
    assert (first.value, second.value) == (UNREADABLE, INVALID)
    assert said(first) == ("unreadable", "", "repayments", "1", "0")
    assert said(second) == ("invalid", "facility_id", "repayments", "1", "1")
    for letter in (first, second):
        assert letter.key == b"f1"
        assert BANKS_HEADER in letter.headers
        assert dict(letter.headers)["tierwatch-reason"]


def said(letter: PlainRecord) -> tuple[str, ...]:
    headers = dict(letter.headers)
    return tuple(headers[f"tierwatch-{name}"].decode() for name in ("cause", "field", "topic", "partition", "offset"))


async def test_the_view_says_what_was_decided_though_redis_and_the_worker_died(killed: Bank, seed: int) -> None:
    redis = connect(killed.settings)

    await must_be(redis, killed.expected_view(), keys_of(killed.settings))

    await redis.aclose()


def test_a_worker_that_is_asked_to_stop_repeats_nothing_when_it_comes_back(
    open_bank: Callable[..., Bank], paths: list[Path], seed: int
) -> None:
    chance = random.Random(seed)
    bank = open_bank(instance_id="one")
    events = bank.stream(paths)
    worker, port = bank.start(), 0
    bank.wait_for_progress(some(chance), STILL_SECONDS, events)
    assert worker.end(signal.SIGTERM) == 0
    assert bank.left() or events.is_alive()
    worker = bank.start(metrics_port=(port := free_port()))
    events.join()
    bank.wait_until_still(STILL_SECONDS)

    assert samples(port, "tierwatch_lag_records") == 0.0

    assert worker.end(signal.SIGTERM) == 0
    verdict = bank.must_hold(paths)
    assert verdict.repeated == 0
    assert bank.repeats_in_log() == Counter()


def samples(port: int, name: str) -> float:
    """The sum of a metric's samples."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as page:
        lines = page.read().decode().splitlines()
    found = [float(line.rpartition(" ")[2]) for line in lines if line.startswith(name)]
    assert found, f"{name} is not among the metrics"
    return sum(found)


def test_topics_that_are_missing_are_named_with_the_remedy(brokers: str, tmp_path: Path) -> None:
    bank = Bank(brokers, tmp_path)
    ensure(bank.settings)

    assert bank.start().process.wait(120) == 2

    gone = [f"topic {name} is missing; create it: tierwatch topics create" for name in changelogs(bank.settings)]
    told = [line.removeprefix("error: ") for line in bank.said().splitlines() if line.startswith("error: ")]
    assert told == gone


@pytest.mark.real_kafka
@pytest.mark.parametrize("standbys", [1, 0])
def test_workers_that_share_take_over_from_one_that_is_killed_and_one_that_is_stopped(
    open_bank: Callable[..., Bank], paths: list[Path], standbys: int, seed: int
) -> None:
    chance = random.Random(seed)
    bank = open_bank(partitions=3, standbys=standbys, session_timeout_seconds=10)
    first, second = bank.start(), bank.start()
    wait_for(lambda: bank.members() == 2, 120.0)
    events = bank.stream(paths)
    bank.wait_for_progress(some(chance), STILL_SECONDS, events)
    first.end(signal.SIGKILL)
    bank.wait_for_progress(some(chance), STILL_SECONDS, events)
    third = bank.start()
    wait_for(lambda: bank.members() == 2, 120.0)
    bank.wait_for_progress(some(chance) // 2, STILL_SECONDS, events)
    assert second.end(signal.SIGTERM) == 0
    events.join()
    bank.wait_until_still(STILL_SECONDS)
    assert third.end(signal.SIGTERM) == 0

    bank.must_hold(paths)


@pytest.mark.real_kafka
@pytest.mark.parametrize("transactional", [False, True], ids=["plain", "in-transactions"])
def test_at_the_cut_off_of_the_calendar_every_day_closes_in_the_log_after_what_was_paid_before_it(
    open_bank: Callable[..., Bank], transactional: bool
) -> None:
    now = datetime.now(UTC)
    cut_off = now + timedelta(seconds=15)
    zone = noon_zone(now)
    today = cut_off.astimezone(ZoneInfo(zone)).date()
    local = cut_off.astimezone(ZoneInfo(zone)).time().replace(microsecond=0)
    calendar = {"time_zone": zone, "cut_off": local.isoformat(), "holidays_country": working_country(today)}
    bank = open_bank(end_of_day="calendar", **calendar)
    due = today - timedelta(days=20)
    publish_one_of_two(bank, due, transactional)

    worker = bank.start()
    wait_for(lambda: closed(bank) == [today, today] or not worker.running, 120.0)
    verdict = verify(bank.settings, bank.policy, wait_seconds=120.0)
    assert worker.end(signal.SIGTERM) == 0

    print(verdict)
    assert verdict.holds
    warned = {client for client, told in bank.decided(topics.EARLY_WARNINGS).items() if any(b'"MISSED"' in one for one in told)}
    assert warned == {b"late"}


def noon_zone(now: datetime) -> str:
    """A time zone in which it is about noon: no day ends during the test."""
    return f"Etc/GMT{now.hour - 12:+d}"


def working_country(day: date) -> str:
    """A calendar on which this is a business day: weekends differ."""
    for country in ("", "SA", "IR", "US"):
        if BankCalendar(ZoneInfo("UTC"), time_of_day(12), country).is_business_day(day):
            return country
    pytest.skip(f"{day} is a holiday everywhere")


def publish_one_of_two(bank: Bank, due: date, transactional: bool) -> None:
    """Two clients with an instalment due; one of them pays it, before today's cut-off."""
    producer = Producer(producer_config(bank.settings) | ({"transactional.id": bank.run} if transactional else {}))
    common = {"currency": "EUR", "occurred_at": f"{due - timedelta(days=30)}T10:00:00Z"}
    drawn = {"amount": "900", "limit": "1000", "balance_after": "900", "next_due_date": str(due), "next_amount_due": "90"}
    paid = {"amount_paid": "90.00", "amount_due": "90.00", "due_date": str(due), "balance_after": "810.00"}
    told = [
        (topics.DRAWDOWNS, {"client_id": "late", "event_id": "d1", "facility_id": "f1", **common, **drawn}),
        (topics.DRAWDOWNS, {"client_id": "paid", "event_id": "d2", "facility_id": "f2", **common, **drawn}),
        (topics.REPAYMENTS, {"client_id": "paid", "event_id": "r2", "facility_id": "f2", **common, **paid}),
    ]
    if transactional:
        producer.init_transactions()
        producer.begin_transaction()
    for topic, event in told:
        producer.produce(bank.settings.topic_names.real(topic), msgspec.json.encode(event), str(event["facility_id"]).encode())
    if transactional:
        producer.commit_transaction()
    assert producer.flush(30) == 0


def closed(bank: Bank) -> list[date]:
    """The last closed day of each partition of the log."""
    closed_days = []
    for number, records in enumerate(bank.held(topics.CLIENT_EVENTS)):
        segmenter = Segmenter(number, {}, bank.policy, 2)
        for _ in segmenter.run(records):
            pass
        closed_days.append(date.fromordinal(max(1, segmenter.partition.closed_day)))
    return closed_days
