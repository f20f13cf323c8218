"""Contagion between clients of a group that are kept in different partitions, through the log."""

from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest

from agents.segmenter import Segmenter
from schemas import log, topics
from schemas.records import Batch, PlainRecord
from streams.replaying.pipeline import partition_of
from streams.replaying.replay import replay_events, replay_log
from tests.builders import at, event, shipped
from tests.driver import Driver

PARTITIONS = 4
MEMBERS = ("A", "B", "C", "D")
JAN = date(2024, 1, 10)


def bank(*clients: str, group_id: str = "G1") -> Driver:
    """Clients with a profile each, all of one group."""
    driver = Driver(partitions=PARTITIONS)
    for client_id in clients:
        driver.send(topics.PROFILES, JAN, client_id=client_id, group_id=group_id)
    return driver


def seen(driver: Driver, client_id: str) -> tuple[int, str]:
    ties = driver.client(client_id).ties
    assert ties is not None
    return ties.worst, ties.member


def test_members_are_kept_apart() -> None:
    assert len({partition_of(client_id.encode(), PARTITIONS) for client_id in MEMBERS}) > 1


def test_a_default_reaches_every_other_member_in_whatever_partition() -> None:
    driver = bank(*MEMBERS)
    driver.send(topics.OUTCOMES, client_id="A")
    assert [seen(driver, client_id) for client_id in MEMBERS] == [(1, ""), (3, "A"), (3, "A"), (3, "A")]


def test_a_group_in_default_is_an_amber_warning_and_one_in_arrears_is_watched() -> None:
    driver = bank("A", "B")
    driver.send(topics.DRAWDOWNS, client_id="A", balance_after="9000", next_due_date="2024-01-31", next_amount_due="5000")
    driver.close(date(2024, 3, 5))
    driver.send(topics.OUTCOMES, date(2024, 3, 6), client_id="A")
    assert [(w.client_id, w.status, w.severity) for w in driver.warnings if w.indicator == "GROUP"] == [
        ("B", "raised", "watch"),
        ("B", "escalated", "amber"),
    ]
    last = [w for w in driver.warnings if w.indicator == "GROUP"][-1]
    assert (last.text, last.evidence.event_id) == ("a client of the same group is in stage 3", "group-standing/G1/2")


def test_the_warning_of_a_group_clears_by_cure_when_its_worst_is_well_again_or_gone() -> None:
    driver = bank("A", "B", "C")
    driver.send(topics.OUTCOMES, client_id="A")
    driver.send(topics.PROFILES, client_id="B", group_id="")
    driver.send(topics.PROFILES, client_id="A", group_id="G2")
    driver.close(JAN + timedelta(days=400))
    cleared = {w.client_id for w in driver.warnings if w.indicator == "GROUP" and w.status == "cleared"}
    assert cleared == {"B", "C"}


def test_a_cure_is_told_as_well() -> None:
    driver = bank("A", "B")
    driver.send(topics.OUTCOMES, client_id="A")
    driver.send(topics.OUTCOMES, client_id="A", outcome="cured")
    segment = driver.client("A").segment
    assert segment is not None
    assert seen(driver, "B")[0] == segment.stage


def test_who_leaves_the_group_is_told_of_no_more_and_does_not_count() -> None:
    driver = bank("A", "B", "C")
    driver.send(topics.OUTCOMES, client_id="A")
    driver.send(topics.PROFILES, client_id="B", group_id="")
    assert seen(driver, "B") == (1, "")
    driver.send(topics.PROFILES, client_id="A", group_id="G2")
    assert seen(driver, "C") == (1, "")


def test_arrears_found_at_the_close_of_a_day_reach_the_group_before_the_next_day() -> None:
    driver = bank("A", "B")
    driver.send(topics.DRAWDOWNS, client_id="A", balance_after="9000", next_due_date="2024-01-31", next_amount_due="5000")
    for day in range(120):
        driver.close(JAN + timedelta(days=day))
        segment = driver.client("A").segment
        assert segment is not None
        assert seen(driver, "B")[0] == segment.stage
    assert seen(driver, "B") == (3, "A")


def test_a_referral_counts_at_who_has_referred() -> None:
    driver = bank("A", "B", group_id="")
    for client_id in ("X", "Y", "Z"):
        driver.send(topics.PROFILES, client_id=client_id, referred_by="A")
    assert driver.client("A").referrals == 3
    driver.send(topics.PROFILES, client_id="Z", referred_by="B")
    assert (driver.client("A").referrals, driver.client("B").referrals) == (2, 1)


def test_nobody_is_decided_that_is_only_heard_of() -> None:
    driver = bank("A")
    driver.send(topics.PROFILES, client_id="X", referred_by="stranger")
    assert {change.client_id for change in driver.changes} == {"A", "X"}
    assert driver.client("stranger").referrals == 1
    driver.send(topics.PROFILES, client_id="stranger")
    assert driver.client("stranger").referrals == 1
    assert [change.direction for change in driver.changes if change.client_id == "stranger"] == ["first"]


def test_what_groups_tell_has_stood_in_the_log_already_when_it_is_decided_again() -> None:
    driver = bank(*MEMBERS)
    driver.send(topics.OUTCOMES, client_id="A")
    again = [Segmenter(p, {}, shipped(), PARTITIONS) for p in range(PARTITIONS)]
    told: list[tuple[bytes | None, bytes]] = []
    for segmenter in again:
        for batch in segmenter.run([record for record in driver.log if record.partition == segmenter.number]):
            if isinstance(batch, Batch):
                told += [(o.key, o.value) for o in batch.outcomes if o.topic == topics.CLIENT_EVENTS]
    assert sorted(told, key=str) == sorted(((r.key, r.value or b"") for r in driver.log if is_derived(r)), key=str)
    for segmenter, first in zip(again, driver.pipeline.segmenters, strict=True):
        assert segmenter.states == first.states


def is_derived(record: PlainRecord) -> bool:
    return record.key is not None and type(log.read_fact(record.value or b"")) in log.DERIVED


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two groups of four; the first members default one after the other, the second ones fall behind."""
    lines: list[dict[str, object]] = []

    def says(topic: str, day: int, client_id: str, **fields: object) -> None:
        when = at(JAN + timedelta(days=day))
        whole = event(topic, event_id=f"e{len(lines)}", client_id=client_id, occurred_at=when, **fields)
        lines.append({"topic": topic, **whole})

    for number in range(8):
        says(topics.PROFILES, 0, f"N{number}", group_id=f"G{number % 2}", referred_by=f"N{number // 2}")
    for number in (2, 5):
        says(topics.DRAWDOWNS, 1, f"N{number}", balance_after="9000", next_due_date="2024-01-31", next_amount_due="5000")
    for number in (0, 1):
        says(topics.OUTCOMES, 20 + number, f"N{number}")
        says(topics.OUTCOMES, 70, f"N{number}", outcome="cured")
    for day in range(25, 150, 5):
        for number in range(8):
            says(topics.RATINGS, day, f"N{number}")
    lines.sort(key=lambda line: str(line["occurred_at"]))
    path = tmp_path_factory.mktemp("groups") / "events.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    return path


def replayed(path: Path, out: Path, partitions: int = PARTITIONS) -> dict[str, bytes]:
    replay_events([path], out, shipped(), partitions, lambda _: None)
    return {file.name: file.read_bytes() for file in out.iterdir()}


def test_replaying_groups_twice_gives_the_same_bytes(events: Path, tmp_path: Path) -> None:
    assert replayed(events, tmp_path / "one") == replayed(events, tmp_path / "two")


@pytest.mark.parametrize("partitions", [1, PARTITIONS])
def test_the_log_of_groups_decides_the_same_and_nothing_is_written_to_it_twice(
    events: Path, tmp_path: Path, partitions: int
) -> None:
    files = replayed(events, tmp_path / "events", partitions)
    assert {b"member-standing", b"group-standing", b"referred"} <= {
        line.split(b'"record":"')[1].split(b'"')[0] for line in files["client-events.jsonl"].splitlines()
    }
    replay_log(tmp_path / "events" / "client-events.jsonl", tmp_path / "log", shipped(), lambda _: None)
    for name in ("tier-changes.jsonl", "early-warnings.jsonl", "scores.jsonl", "client-events.jsonl"):
        assert (tmp_path / "log" / name).read_bytes() == files[name], name


def test_what_is_heard_does_not_depend_on_the_partitions(events: Path, tmp_path: Path) -> None:
    one, four = (standings(replayed(events, tmp_path / str(n), n)["client-events.jsonl"]) for n in (1, PARTITIONS))
    assert one == four
    assert len(one) == 8


def standings(written: bytes) -> dict[str, list[tuple[int, str, str]]]:
    """What each client has heard of its group, in order."""
    heard: dict[str, list[tuple[int, str, str]]] = {}
    for line in written.splitlines():
        value = msgspec.json.decode(line)["value"]
        if value["record"] == "group-standing":
            said = (value["stage"], value.get("member", ""), value["occurred_at"])
            heard.setdefault(value["client_id"], []).append(said)
    return heard
