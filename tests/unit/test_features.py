"""The registry of features: nothing protected in it, and what an earlier release kept stays readable."""

import re
from math import isnan

import pytest
from pydantic import BaseModel

from agents.intake import Intake
from online_models.features import FEATURES, INDEX, NAMES, PATH, STANDING, TIMED, Feature, completed, packed, whole
from online_models.pd_model import PdModel
from schemas import topics
from schemas.source_events import BY_TOPIC
from tests.builders import event, published, shipped

PROTECTED = {
    "age", "birth", "birthday", "birthdate", "born", "sex", "gender", "male", "female", "race", "racial", "ethnic", "ethnicity",
    "colour", "color", "religion", "religious", "belief", "nationality", "citizenship", "origin", "language", "disability",
    "disabled", "health", "pregnancy", "maternity", "marital", "married", "marriage", "family", "children", "orientation",
    "union", "political", "genetic", "biometric", "name", "surname",
}  # fmt: skip
"""Words of attributes that may not decide. Source: EU Charter of Fundamental Rights, art. 21; GDPR, art. 9; ECOA (US), 1002.4."""
BEFORE_STANDING = INDEX[STANDING[0].name]
BEFORE_PATH = INDEX[PATH[0].name]


def words(text: str) -> set[str]:
    return set(re.split(r"[^a-z]+", text.lower()))


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_no_feature_is_a_protected_attribute(feature: Feature) -> None:
    assert not words(f"{feature.name} {feature.text} {feature.source}") & PROTECTED


@pytest.mark.parametrize("kind", BY_TOPIC.values(), ids=lambda kind: kind.__name__)
def test_no_event_of_the_contract_tells_a_protected_attribute(kind: type[BaseModel]) -> None:
    assert not {word for name in kind.model_fields for word in words(name)} & PROTECTED


def test_what_an_event_tells_of_a_person_beyond_the_contract_does_not_come_into_the_log() -> None:
    told = published(topics.PROFILES, sex="f", age=44)
    (outcome,) = Intake(topics.PROFILES, {"file": 1}).run([told]).outcomes
    assert event(topics.PROFILES)["industry"].encode() in outcome.value
    assert not words(outcome.value.decode()) & {"sex", "age"}


@pytest.mark.parametrize("before", [BEFORE_STANDING, BEFORE_PATH])
def test_features_that_came_later_are_missing_in_what_was_kept_before(before: int) -> None:
    x = whole(packed([0.5] * before))
    assert len(x) == len(NAMES)
    assert list(x[:before]) == [0.5] * before
    assert all(isnan(value) for value in x[before:])
    assert completed([0.5, None]) == (0.5, *[None] * (len(NAMES) - 1))


@pytest.mark.parametrize("before", [BEFORE_STANDING, BEFORE_PATH])
def test_a_learner_wakes_with_examples_of_an_earlier_release_and_draws_bins_from_all(before: int) -> None:
    rules = shipped().of("corporate").learning.model_copy(update={"warm_up": 4})
    model = PdModel("corporate", rules)
    for _ in range(2):
        model.learn([0.1] * len(NAMES), False)
    slept = model.dump()
    slept["waiting"] = [(x[:before], y) for x, y in slept["waiting"]]
    woken = PdModel.load("corporate", rules, slept)
    woken.learn([0.2] * len(NAMES), True)
    woken.learn([0.3] * len(NAMES), False)
    assert woken.is_drawn
    assert {d["place"] for d in woken.drawn} == set(range(len(NAMES))) - TIMED


def test_what_tells_the_time_is_not_learned_from() -> None:
    assert {NAMES[i] for i in TIMED} == {"macro_regime", "macro_signal", "months_since_rating", "relationship_years"}


def test_the_place_of_a_feature_never_moves() -> None:
    """What was kept by place stays what it was: new features go to the end."""
    places = ("equity_to_assets", "log_assets", "log_operating_cash_flow", "days_past_due", "months_seen", "rating_class")
    assert [INDEX[name] for name in places] == [0, 16, 46, 47, 62, 63]
    assert INDEX["dpd_1_ago"] == 73
