"""The watchlist: every transition is in the table, and each is brought about by what it says; which values raise."""

from itertools import product

import pytest

from agents.segmentation.indicators.rule import scale_of
from agents.segmentation.watchlist import (
    CLEARED,
    ESCALATED,
    RAISED,
    TABLE,
    Cause,
    Transition,
    alert_of,
    answer,
    close,
    enlist,
    legal,
    raise_by_hand,
    reject,
    snooze,
    spoken_again,
    step,
    suppress,
)
from schemas.decisions import Severity
from schemas.policy import Rule
from schemas.state import ClientState
from schemas.watch_rules import Watchlist
from tests.builders import shipped

NORMAL, WATCH, AMBER, RED = Severity
RULES = Watchlist(
    cure_days=(90, 180, 365), dwell_days=(30, 60, 90), forborne_cure_days=365, probation_days=365, turn_around_days=30
)
NO_CLOCK = RULES.model_copy(update={"turn_around_days": None})

Told = tuple[str, Severity] | None


class Watched:
    """A client and one of its indicators."""

    def __init__(self, rules: Watchlist = NO_CLOCK) -> None:
        self.client = ClientState()
        self.rules = rules

    def sees(self, severity: Severity, day: int) -> Told:
        return said(step(self.client, "UTIL", severity, day, self.rules))

    def passes(self, day: int) -> Told:
        alert = alert_of(self.client, "UTIL")
        return said(close(self.client, alert, day, self.rules)) if alert is not None else None

    def ends(self, severity: Severity, day: int = 1) -> int:
        """Raised and cured at once; the day on which it is cleared."""
        self.sees(severity, day)
        self.sees(NORMAL, day + 1)
        return next(d for d in range(day, day + 1000) if self.passes(d) == (CLEARED, severity))


def said(transition: Transition | None) -> Told:
    return None if transition is None else (transition.status, transition.severity)


# the table


@pytest.mark.parametrize(("was", "cause", "now"), list(product(Severity, Cause, Severity)))
def test_the_table_has_what_it_should_and_nothing_else(was: Severity, cause: Cause, now: Severity) -> None:
    up = now > was
    expected = {
        Cause.TRIGGER: up,
        Cause.MANUAL: up,
        Cause.RELAPSE: was == NORMAL and now >= AMBER,
        Cause.UNANSWERED: (was, now) == (WATCH, AMBER),
        Cause.CURED: was > NORMAL and now == NORMAL,
        Cause.REJECTED: was > NORMAL and now == NORMAL,
        Cause.SUPPRESSED: was > NORMAL and now == NORMAL,
        Cause.EASED: NORMAL < now < was,
    }[cause]
    rows = [row for row in TABLE if row.was == was and row.cause == cause and now in row.now]
    assert len(rows) == expected
    if expected:
        status = "" if cause is Cause.EASED else RAISED if was == NORMAL else CLEARED if now == NORMAL else ESCALATED
        assert legal(was, cause, now) == status
    else:
        with pytest.raises(KeyError):
            legal(was, cause, now)


def test_red_is_never_reached_by_the_clock_alone() -> None:
    assert all(RED not in row.now for row in TABLE if row.cause is Cause.UNANSWERED)


# readings and days


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
def test_it_is_cleared_by_a_close_after_its_cure_period_without_trigger(severity: Severity, days: int) -> None:
    client = Watched()
    client.sees(severity, 1)
    assert client.sees(NORMAL, 10) is None
    assert client.passes(10 + days - 1) is None
    assert client.sees(NORMAL, 10 + days) is None
    assert client.passes(10 + days) == (CLEARED, severity)
    assert client.passes(10 + days + 1) is None


def test_it_is_kept_for_its_dwell() -> None:
    client = Watched(NO_CLOCK.model_copy(update={"cure_days": (1, 1, 1)}))
    assert client.ends(AMBER, day=5) == 65


def test_a_trigger_in_between_begins_the_cure_anew() -> None:
    client = Watched()
    client.sees(WATCH, 1)
    client.sees(NORMAL, 10)
    assert client.sees(WATCH, 50) is None
    client.sees(NORMAL, 60)
    assert client.passes(149) is None
    assert client.passes(150) == (CLEARED, WATCH)


def test_nothing_is_cleared_while_the_client_is_in_default() -> None:
    client = Watched()
    client.sees(WATCH, 1)
    client.sees(NORMAL, 10)
    client.client.defaulted_day = 5
    assert client.passes(1000) is None
    client.client.defaulted_day = 0
    assert client.passes(1001) == (CLEARED, WATCH)


def test_a_client_with_a_concession_cures_for_a_year() -> None:
    client = Watched()
    client.client.forborne_day, client.client.probation_day = 3, 900
    client.client.alerts.clear()
    client.sees(WATCH, 1)
    client.sees(NORMAL, 10)
    assert client.passes(374) is None
    assert client.passes(375) == (CLEARED, AMBER)


def test_a_new_episode_has_a_number_of_its_own() -> None:
    client = Watched()
    client.ends(WATCH)
    assert client.sees(WATCH, 100) == (RAISED, WATCH)
    assert client.client.alerts[0].episode == 2


def test_indicators_are_watched_apart() -> None:
    client = ClientState()
    step(client, "UTIL", RED, 1, RULES)
    assert said(step(client, "ICR", WATCH, 1, RULES)) == (RAISED, WATCH)
    assert {alert.code: alert.severity for alert in client.alerts} == {"UTIL": RED, "ICR": WATCH}


# probation


def test_after_red_the_next_trigger_is_amber_at_least_during_probation() -> None:
    client = Watched()
    end = client.ends(RED)
    assert client.sees(WATCH, end + 365) == (RAISED, AMBER)


def test_after_probation_it_is_what_it_is() -> None:
    client = Watched()
    end = client.ends(RED)
    assert client.sees(WATCH, end + 366) == (RAISED, WATCH)


def test_amber_has_no_probation() -> None:
    client = Watched()
    assert client.sees(WATCH, client.ends(AMBER) + 1) == (RAISED, WATCH)


def test_after_a_default_every_indicator_is_on_probation() -> None:
    client = Watched()
    client.client.probation_day = 100
    assert client.sees(WATCH, 100) == (RAISED, AMBER)


# the clock


def test_a_warning_that_nobody_answers_becomes_amber_once() -> None:
    client = Watched(RULES)
    client.sees(WATCH, 1)
    assert client.passes(30) is None
    assert client.passes(31) == (ESCALATED, AMBER)
    assert client.passes(500) is None


def test_an_answer_stops_the_clock() -> None:
    client = Watched(RULES)
    client.sees(WATCH, 1)
    answer(client.client.alerts[0])
    assert client.passes(500) is None


def test_a_snoozed_warning_waits_and_a_worse_reading_does_not() -> None:
    client = Watched(RULES)
    client.sees(WATCH, 1)
    snooze(client.client.alerts[0], 60)
    assert client.passes(59) is None
    assert client.sees(WATCH, 59) is None
    assert client.sees(AMBER, 59) == (ESCALATED, AMBER)


def test_a_snooze_ends() -> None:
    client = Watched(RULES)
    client.sees(WATCH, 1)
    snooze(client.client.alerts[0], 60)
    assert client.passes(60) == (ESCALATED, AMBER)


@pytest.mark.parametrize("severity", [AMBER, RED])
def test_amber_and_red_have_no_clock(severity: Severity) -> None:
    client = Watched(RULES)
    client.sees(severity, 1)
    assert client.passes(500) is None


def test_a_warning_without_trigger_does_not_step_up() -> None:
    client = Watched(RULES)
    client.sees(WATCH, 1)
    client.sees(NORMAL, 2)
    assert client.passes(91) is None
    assert client.passes(92) == (CLEARED, WATCH)


def test_without_a_turn_around_nothing_steps_up() -> None:
    client = Watched(NO_CLOCK)
    client.sees(WATCH, 1)
    assert client.passes(5000) is None
    assert shipped().of("us-listed").watchlist.turn_around_days is None
    assert shipped().of("tw-cards").watchlist.turn_around_days is None


# people


def test_a_false_alarm_is_cleared_and_silent_until_its_trigger_has_gone() -> None:
    client = Watched()
    client.sees(WATCH, 1)
    assert said(reject(client.client, client.client.alerts[0], 5, RULES)) == (CLEARED, WATCH)
    assert client.sees(WATCH, 6) is None
    client.sees(NORMAL, 7)
    assert client.sees(WATCH, 8) == (RAISED, WATCH)


def test_a_false_alarm_that_gets_worse_is_told() -> None:
    client = Watched()
    client.sees(WATCH, 1)
    reject(client.client, client.client.alerts[0], 5, RULES)
    assert client.sees(AMBER, 6) == (RAISED, AMBER)


def test_a_suppressed_indicator_is_silent_until_the_day() -> None:
    client = Watched()
    client.sees(WATCH, 1)
    assert said(suppress(client.client, "UTIL", 50, 5, RULES)) == (CLEARED, WATCH)
    assert client.sees(RED, 49) is None
    assert spoken_again(client.client, 49) == []
    assert spoken_again(client.client, 50) == ["UTIL"]
    assert client.sees(RED, 50) == (RAISED, RED)


def test_what_was_said_of_an_indicator_is_forgotten_when_it_is_over() -> None:
    client = Watched()
    suppress(client.client, "UTIL", 50, 5, RULES)
    spoken_again(client.client, 50)
    assert client.client.quiet == []


def test_a_signal_by_hand_lasts_until_its_day_and_then_cures() -> None:
    client = Watched(RULES)
    assert said(raise_by_hand(client.client, "UTIL", AMBER, 1, 20)) == (RAISED, AMBER)
    assert client.passes(199) is None
    assert client.passes(200) == (CLEARED, AMBER)


def test_a_signal_by_hand_makes_an_open_warning_worse_and_answers_it() -> None:
    client = Watched(RULES)
    client.sees(WATCH, 1)
    assert said(raise_by_hand(client.client, "UTIL", RED, 2, 2)) == (ESCALATED, RED)
    assert said(raise_by_hand(client.client, "UTIL", WATCH, 3, 3)) is None
    assert client.client.alerts[0].clock_day == 0


def test_a_signal_by_hand_ends_a_suppression() -> None:
    client = Watched()
    suppress(client.client, "UTIL", 50, 5, RULES)
    assert said(raise_by_hand(client.client, "UTIL", WATCH, 6, 6)) == (RAISED, WATCH)


# the client


def test_a_client_stands_where_its_worst_warning_does() -> None:
    client = ClientState()
    assert enlist(client, 1) == NORMAL
    step(client, "UTIL", AMBER, 1, RULES)
    step(client, "ICR", WATCH, 1, RULES)
    assert (enlist(client, 1), client.watchlist_day) == (AMBER, 1)
    reject(client, client.alerts[0], 2, RULES)
    assert (enlist(client, 2), client.watchlist_day) == (WATCH, 2)
    reject(client, client.alerts[0], 3, RULES)
    assert (enlist(client, 3), client.watchlist_day) == (NORMAL, 3)


# thresholds


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
