"""The engine under kills: whatever happens to a worker, every decision is made once, and the same."""

import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.rig import PARTITIONS, Rig, wait_for

EVENTS, KEYS, LAST = 60_000, 2_000, 1_000
PATIENCE = 120.0  # Seconds; more than the worker's last resort, and for a busy machine. What goes well does not wait.


@pytest.fixture
def rig(brokers: str, tmp_path: Path) -> Iterator[Rig]:
    """A run whose workers do not outlive it."""
    rig = Rig(brokers, tmp_path)
    rig.create_topics()
    yield rig
    rig.end_all()


def test_a_worker_that_is_killed_again_and_again_decides_each_thing_once_and_the_same(rig: Rig, seed: int) -> None:
    chance = random.Random(seed)
    events = rig.stream(EVENTS, KEYS, seed, seconds=10.0)
    while events.is_alive():
        worker = rig.start(instance="one")
        time.sleep(chance.uniform(1.8, 3.2))
        worker.end(signal.SIGKILL)
    events.join()
    rig.publish(LAST, KEYS, seed + 1).flush()  # the last worker has something to do, so it is up before it is asked to stop
    worker = rig.start(instance="one")
    rig.wait_until_done(EVENTS + LAST, PATIENCE)

    verdict = rig.judge()

    print(verdict)
    assert verdict.holds(), verdict
    assert worker.end(signal.SIGTERM) == 0


def test_a_worker_that_is_asked_to_stop_leaves_nothing_undone_that_it_began(rig: Rig, seed: int) -> None:
    rig.publish(20_000, KEYS, seed).flush()
    worker = rig.start(instance="one")
    rig.wait_until_done(20_000, PATIENCE)
    assert worker.end(signal.SIGTERM) == 0
    rig.publish(20_000, KEYS, seed + 1).flush()

    worker = rig.start(instance="one")
    rig.wait_until_done(40_000, PATIENCE)

    verdict = rig.judge()
    assert verdict.holds(), verdict
    assert verdict.repeated == 0
    assert worker.end(signal.SIGTERM) == 0


def test_agents_with_and_without_state_and_a_sink_share_a_worker(rig: Rig, seed: int) -> None:
    rig.environment = {"SINK_FOLDER": str(rig.folder)}
    down, sunk = rig.folder / "down", rig.folder / "sunk"
    down.touch()
    rig.publish(20_000, KEYS, seed, topic="raw").flush()
    rig.producer.produce(f"{rig.run}-raw", b"7")
    rig.producer.flush()
    worker = rig.start(instance="one")
    rig.wait_until_done(20_000 + PARTITIONS, PATIENCE)
    assert not sunk.exists()

    down.unlink()
    verdict = rig.judge()
    assert verdict.holds(), verdict
    expected = sorted(m.value() or b"" for part in rig.read(f"{rig.run}-outcomes") for m in part)
    wait_for(lambda: sunk.exists() and len(sunk.read_bytes().splitlines()) >= len(expected), PATIENCE)
    assert worker.end(signal.SIGTERM) == 0
    assert sorted(sunk.read_bytes().splitlines()) == expected


def test_a_worker_whose_agent_fails_stops_loudly_and_does_not_go_past_the_record(rig: Rig, seed: int) -> None:
    rig.publish(1_000, KEYS, seed).flush()
    rig.producer.produce(f"{rig.run}-events", b"bug", key=b"c1", partition=0)
    rig.producer.flush()
    for _ in range(2):
        worker = rig.start(instance="one")
        wait_for(lambda worker=worker: not worker.running, PATIENCE)
        assert worker.end() == 1
    bug = next(m.offset() for m in rig.read(f"{rig.run}-events")[0] if m.value() == b"bug")
    assert rig.done()[0] < (bug or 0)


@pytest.mark.real_kafka
def test_what_was_done_and_not_committed_is_committed_though_nothing_new_comes(rig: Rig, seed: int) -> None:
    rig.publish(2_000, KEYS, seed).flush()
    worker = rig.start()
    rig.wait_until_done(2_000, PATIENCE)
    assert worker.end(signal.SIGTERM) == 0
    ends = rig.committed()
    rig.commit([end - 10 for end in ends])

    worker = rig.start()

    wait_for(lambda: rig.committed() == ends, PATIENCE)
    assert worker.end(signal.SIGTERM) == 0
    assert rig.judge().repeated == 0


@pytest.mark.real_kafka
def test_two_workers_take_partitions_over_from_each_other_however_they_end(rig: Rig, seed: int) -> None:
    chance = random.Random(seed)
    rig.session_timeout = 6.0
    workers = [rig.start(), rig.start()]
    events = rig.stream(EVENTS, KEYS, seed, seconds=35.0)
    while events.is_alive():
        time.sleep(chance.uniform(2.0, 7.0))
        victim = chance.randrange(2)
        workers[victim].end(chance.choice([signal.SIGKILL, signal.SIGTERM]))
        workers[victim] = rig.start()
    events.join()
    rig.wait_until_done(EVENTS, PATIENCE)

    verdict = rig.judge()

    print(verdict)
    assert verdict.holds(), verdict
    assert [worker.end(signal.SIGTERM) for worker in workers] == [0, 0]


@pytest.mark.real_kafka
def test_a_worker_that_was_stopped_past_its_session_and_wakes_corrupts_nothing(rig: Rig, seed: int) -> None:
    chance = random.Random(seed)
    rig.session_timeout = 6.0
    sleeper, other = rig.start(), rig.start()
    events = rig.stream(EVENTS, KEYS, seed, seconds=40.0)
    while events.is_alive():
        time.sleep(chance.uniform(4.0, 7.0))
        sleeper.send(signal.SIGSTOP)
        time.sleep(rig.session_timeout + chance.uniform(0.0, 4.0))
        sleeper.send(signal.SIGCONT)
        time.sleep(2.0)
        sleeper, other = other, rig.revived(sleeper)
    events.join()
    rig.wait_until_done(EVENTS, PATIENCE)

    verdict = rig.judge()

    print(verdict)
    assert verdict.holds(), verdict
    loud = [worker.end() for worker in (sleeper, other) if not worker.running]  # Not revived any more: what it wrote expired.
    assert loud in ([], [1])
    assert [worker.end(signal.SIGTERM) for worker in (sleeper, other) if worker.running] == [0] * (2 - len(loud))


@pytest.mark.real_kafka
def test_a_standby_takes_over_what_it_has_restored_already(rig: Rig, seed: int) -> None:
    rig.session_timeout, rig.standbys = 6.0, 1
    workers = [rig.start(), rig.start()]
    events = rig.stream(EVENTS // 2, KEYS, seed, seconds=12.0)
    events.join()
    workers[0].end(signal.SIGKILL)
    rig.publish(EVENTS // 2, KEYS, seed + 1).flush()
    rig.wait_until_done(EVENTS // 2 * 2, PATIENCE)

    verdict = rig.judge()

    print(verdict)
    assert verdict.holds(), verdict
    assert workers[1].end(signal.SIGTERM) == 0
