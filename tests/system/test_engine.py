"""The engine under kills: whatever happens to a worker, every decision is made once, and the same."""

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.rig import Rig

EVENTS, KEYS = 60_000, 2_000


@pytest.fixture
def seed() -> int:
    """Printed, and taken from TIERWATCH_SEED to repeat a run."""
    chosen = int(os.environ.get("TIERWATCH_SEED", time.time_ns() % 1_000_000))
    print(f"TIERWATCH_SEED={chosen}")
    return chosen


@pytest.fixture
def rig(brokers: str, tmp_path: Path) -> Iterator[Rig]:
    """A run whose workers do not outlive it."""
    rig = Rig(brokers, tmp_path)
    rig.create_topics()
    yield rig
    rig.end_all()


def test_a_worker_that_is_killed_again_and_again_decides_each_thing_once_and_the_same(rig: Rig, seed: int) -> None:
    chance = random.Random(seed)
    for part in range(4):
        rig.publish(EVENTS // 4, KEYS, seed + part).flush()
        worker = rig.start(instance="one")
        time.sleep(chance.uniform(1.8, 3.2))
        worker.end(signal.SIGKILL)
    worker = rig.start(instance="one")
    rig.wait_until_done(EVENTS, 30)

    verdict = rig.judge()

    print(verdict)
    assert verdict.holds(), verdict
    assert worker.end(signal.SIGTERM) == 0


def test_a_worker_that_is_asked_to_stop_leaves_nothing_undone_that_it_began(rig: Rig, seed: int) -> None:
    rig.publish(20_000, KEYS, seed).flush()
    worker = rig.start(instance="one")
    rig.wait_until_done(20_000, 30)
    assert worker.end(signal.SIGTERM) == 0
    rig.publish(20_000, KEYS, seed + 1).flush()

    worker = rig.start(instance="one")
    rig.wait_until_done(40_000, 30)

    verdict = rig.judge()
    assert verdict.holds(), verdict
    assert verdict.repeated == 0
    assert worker.end(signal.SIGTERM) == 0
