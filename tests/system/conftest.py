"""The broker of the system tests: `TIERWATCH_BROKERS` (a real Kafka) if set, else the embedded one."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.brokers.embedded import EmbeddedBroker

BROKERS = "TIERWATCH_BROKERS"


def pytest_configure(config: pytest.Config) -> None:
    """Declares the marker of tests that the embedded broker cannot serve."""
    config.addinivalue_line("markers", "real_kafka: needs a real Kafka (TIERWATCH_BROKERS)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips, with the reason, what the embedded broker cannot serve."""
    if os.environ.get(BROKERS):
        return
    reason = f"the embedded broker serves one worker per group; set {BROKERS} to a real Kafka (make test-kafka)"
    for item in items:
        if item.get_closest_marker("real_kafka"):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bootstrap servers."""
    given = os.environ.get(BROKERS)
    if given:
        yield given
        return
    data_dir: Path = tmp_path_factory.mktemp("embedded")
    with EmbeddedBroker(data_dir, keeps=False) as broker:
        yield broker.bootstrap


@pytest.fixture(scope="session")
def session_seed() -> int:
    """Taken from TIERWATCH_SEED to repeat a run."""
    return int(os.environ.get("TIERWATCH_SEED", time.time_ns() % 1_000_000))


@pytest.fixture
def seed(session_seed: int) -> int:
    """Printed where a test fails."""
    print(f"TIERWATCH_SEED={session_seed}")
    return session_seed
