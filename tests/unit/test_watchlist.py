"""The watchlist: raise, escalate, clear after the cure; and which values raise."""

import pytest

from agents.segmentation.indicators.registry import INDICATORS
from agents.segmentation.indicators.rule import scale_of
from agents.segmentation.watchlist import CLEARED, ESCALATED, RAISED, cure, step
from schemas.decisions import Severity
from schemas.policy import INDICATORS as CODES
from schemas.policy import Rule, Watchlist
from schemas.state import ClientState

NORMAL, WATCH, AMBER, RED = Severity
RULES = Watchlist(cure_days=(90, 180, 365))


class Watched:
    """A client and one of its indicators."""

    def __init__(self) -> None:
        self.client = ClientState()

    def sees(self, severity: Severity, day: int) -> tuple[str, Severity] | None:
        told = step(self.client, "UTIL", severity, day, RULES)
        return None if told is None else (told.status, told.severity)


def test_nothing_is_said_while_all_is_well() -> None:
    assert Watched().sees(NORMAL, 1) is None


def test_a_trigger_raises_at_once_and_is_not_repeated() -> None:
    client = Watched()
    assert client.sees(WATCH, 1) == (RAISED, WATCH)
    assert client.sees(WATCH, 2) is None


def test_a_worse_one_escalates_at_once() -> None:
    client = Watched()
    client.sees(WATCH, 1)
    assert client.sees(RED, 2) == (ESCALATED, RED)


def test_a_better_one_steps_not_down() -> None:
    client = Watched()
    client.sees(RED, 1)
    assert client.sees(WATCH, 2) is None
    assert client.client.alerts[0].severity == RED


@pytest.mark.parametrize(("severity", "days"), [(WATCH, 90), (AMBER, 180), (RED, 365)])
def test_it_is_cleared_after_its_cure_period_without_trigger(severity: Severity, days: int) -> None:
    client = Watched()
    client.sees(severity, 1)
    assert client.sees(NORMAL, 10) is None
    assert client.sees(NORMAL, 10 + days - 1) is None
    assert client.sees(NORMAL, 10 + days) == (CLEARED, severity)
    assert client.sees(NORMAL, 10 + days + 1) is None


def test_a_trigger_in_between_begins_the_cure_anew() -> None:
    client = Watched()
    client.sees(WATCH, 1)
    client.sees(NORMAL, 10)
    assert client.sees(WATCH, 50) is None
    client.sees(NORMAL, 60)
    assert client.sees(NORMAL, 149) is None
    assert client.sees(NORMAL, 150) == (CLEARED, WATCH)


def test_a_cure_needs_no_new_reading() -> None:
    client = Watched()
    client.sees(WATCH, 1)
    client.sees(NORMAL, 10)
    assert cure(client.client, "UTIL", 99, RULES) is None
    told = cure(client.client, "UTIL", 100, RULES)
    assert told is not None
    assert told.status == CLEARED


def test_a_new_episode_has_a_number_of_its_own() -> None:
    client = Watched()
    client.sees(WATCH, 1)
    first = client.client.alerts[0].episode
    client.sees(NORMAL, 2)
    client.sees(NORMAL, 92)
    assert client.sees(WATCH, 100) == (RAISED, WATCH)
    assert client.client.alerts[0].episode == first + 1


def test_indicators_are_watched_apart() -> None:
    client = ClientState()
    step(client, "UTIL", RED, 1, RULES)
    told = step(client, "ICR", WATCH, 1, RULES)
    assert told is not None
    assert told.status == RAISED
    assert {alert.code: alert.severity for alert in client.alerts} == {"UTIL": RED, "ICR": WATCH}


@pytest.mark.parametrize(
    ("value", "severity", "bound"), [(0.89, NORMAL, None), (0.9, WATCH, 0.9), (0.95, AMBER, 0.95), (2.0, AMBER, 0.95)]
)
def test_a_rising_indicator_reaches_its_threshold(value: float, severity: Severity, bound: float | None) -> None:
    assert scale_of(Rule(watch=0.9, amber=0.95, source="x"), falling=False).severity_of(value) == (severity, bound)


@pytest.mark.parametrize(
    ("value", "severity"), [(0.1, NORMAL), (0.099, WATCH), (0.05, WATCH), (0.04, AMBER), (0.0, AMBER), (-0.1, RED)]
)
def test_a_falling_indicator_falls_below_its_threshold(value: float, severity: Severity) -> None:
    assert scale_of(Rule(watch=0.1, amber=0.05, red=0.0, source="x"), falling=True).severity_of(value)[0] == severity


def test_a_severity_without_threshold_is_never_reached() -> None:
    assert scale_of(Rule(red=5.0, source="x"), falling=False).severity_of(4.9) == (NORMAL, None)


def test_every_code_of_the_policy_is_an_indicator() -> None:
    assert set(INDICATORS) == set(CODES)
