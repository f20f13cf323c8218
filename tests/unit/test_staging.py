"""IFRS 9 stages: each cause at its bound, and the dwell."""

from typing import Any

import pytest

from agents.segmentation import staging
from agents.segmentation.defaulting import Arrears
from agents.segmentation.staging import stage_of
from schemas.decisions import Segment
from schemas.state import Alert, ClientState
from tests.builders import policy, rules_in_force

NOW = rules_in_force(policy(staging={"pd_relative": 3.0, "pd_absolute": 0.01, "watchlist": "amber", "dwell_days": 90}))
TODAY = 738_000


def client(**fields: Any) -> ClientState:
    return ClientState(**{"pd": 0.02, "origin_pd": 0.02, **fields})


def standing(stage: int) -> Segment:
    return Segment("basic", "5", stage, "maturity", "steady")


@pytest.mark.parametrize(
    ("days", "material", "stage"), [(30, True, 1), (31, True, 2), (31, False, 1), (91, True, 2), (91, False, 1)]
)
def test_the_backstop_counts_material_arrears_past_thirty_days(days: int, material: bool, stage: int) -> None:
    assert stage_of(client(), None, Arrears(days, 1e6, 1, material), TODAY, NOW)[0] == stage


def test_a_default_is_stage_three_whatever_else() -> None:
    assert stage_of(client(defaulted_day=TODAY, probation_day=TODAY + 9), None, Arrears(), TODAY, NOW) == (3, staging.DEFAULT)


@pytest.mark.parametrize(
    ("origin", "pd", "stage"),
    [(0.02, 0.0599, 1), (0.02, 0.06, 2), (0.001, 0.0109, 1), (0.001, 0.0111, 2), (0.5, 0.9, 1)],
    ids=["below threefold", "threefold", "too little in itself", "both", "much, but not threefold"],
)
def test_a_pd_that_has_risen_in_proportion_and_in_itself_is_stage_two(origin: float, pd: float, stage: int) -> None:
    assert stage_of(client(origin_pd=origin, pd=pd), None, Arrears(), TODAY, NOW)[0] == stage


@pytest.mark.parametrize(("severity", "stage"), [(1, 1), (2, 2), (3, 2)])
def test_an_open_warning_from_the_policys_severity_on_is_stage_two(severity: int, stage: int) -> None:
    watched = client(alerts=[Alert("UTIL", 1), Alert("DEBT", severity)])
    assert stage_of(watched, None, Arrears(), TODAY, NOW)[0] == stage


def test_a_policy_without_a_severity_leaves_the_watchlist_out() -> None:
    now = rules_in_force(policy(staging={"watchlist": None}))
    assert stage_of(client(alerts=[Alert("DEBT", 3)]), None, Arrears(), TODAY, now)[0] == 1


@pytest.mark.parametrize(("day", "stage"), [(TODAY - 1, 1), (TODAY, 2), (TODAY + 1, 2)])
def test_probation_holds_up_to_and_including_its_last_day(day: int, stage: int) -> None:
    assert stage_of(client(probation_day=day), None, Arrears(), TODAY, NOW)[0] == stage


@pytest.mark.parametrize(("since", "stage"), [(89, 2), (90, 1)])
def test_stage_two_is_kept_for_its_dwell(since: int, stage: int) -> None:
    held = client(stands=standing(2), stage_day=TODAY - since)
    assert stage_of(held, held.segment, Arrears(), TODAY, NOW)[0] == stage


def test_the_dwell_does_not_hold_stage_three() -> None:
    assert stage_of(client(stands=standing(3), stage_day=TODAY), standing(3), Arrears(), TODAY, NOW)[0] == 1
