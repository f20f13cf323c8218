"""Hypothesis for all laws: random on every run, and repeatable.

A law that fails prints its smallest example, and a `@reproduce_failure` line to put above it; the same examples again:
`pytest --hypothesis-seed=N` with the seed that the header of the run names. `--hypothesis-profile=deep` looks much longer.
"""

import secrets

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "laws",
    derandomize=False,
    print_blob=True,
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile("deep", settings.get_profile("laws"), max_examples=3000)
settings.load_profile("laws")


def pytest_configure(config: pytest.Config) -> None:
    """A seed of our own, so that it can be told, where none is given."""
    if config.getoption("--hypothesis-seed", None) is None:
        config.option.hypothesis_seed = str(secrets.randbelow(2**32))


def pytest_report_header(config: pytest.Config) -> str:
    """The seed of this run's laws."""
    return f"laws: --hypothesis-seed={config.getoption('--hypothesis-seed', None)}"
