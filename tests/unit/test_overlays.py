"""Overlays of the policy: whose thresholds an industry, a regime and a segment change, and in which order."""

from typing import Any

import pytest
from pydantic import ValidationError

from schemas import topics
from schemas.industries import section_of
from tests.builders import policy, shipped
from tests.driver import Driver


def leverage(chosen: Any, *standing: str) -> float:
    watch: float = chosen.of("corporate", *standing).indicators["LEVERAGE"].watch
    return watch


def watch(bound: float) -> dict[str, Any]:
    return {"indicators": {"LEVERAGE": {"watch": bound}}}


@pytest.mark.parametrize(
    ("code", "section"),
    [
        ("C28.41", "C"), ("c", "C"), ("F41.20", "F"), ("28.41", "C"), ("01.11", "A"), ("99.00", "U"), ("332710", "C"),
        ("23", "F"), ("2213", "E"), ("221112", "D"), ("5415", "M"), ("722511", "I"),
        ("", ""), ("Construction", ""), ("00.1", ""), ("9", ""),
    ],
)  # fmt: skip
def test_an_industry_belongs_to_a_section_of_nace(code: str, section: str) -> None:
    assert section_of(code) == section


def test_an_overlay_changes_what_it_names_and_nothing_else() -> None:
    chosen = policy(industries={"M": watch(0.02)}, by_segment={}, regimes={})
    assert leverage(chosen, "M") == 0.02
    assert leverage(chosen, "C") == leverage(chosen) == leverage(shipped())
    assert chosen.of("corporate", "M").indicators["LEVERAGE"].amber == chosen.of("corporate").indicators["LEVERAGE"].amber


def test_the_segment_goes_over_the_regime_over_the_industry_and_the_shift_comes_last() -> None:
    regimes = {"down": {"rules": watch(0.3), "indicators": {"LEVERAGE": {"times": 2.0}}}}
    chosen = policy(industries={"M": watch(0.2)}, regimes=regimes, by_segment={"star": watch(0.4)})
    assert leverage(chosen, "M", "neutral", "star") == 0.4
    assert leverage(chosen, "M", "down") == 0.6
    assert leverage(chosen, "M", "down", "star") == 0.8


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        ({"industries": {"X": {}}}, "industries"),
        ({"industries": {"F": {"horizon_days": 30}}}, "horizon_days"),
        ({"industries": {"F": {"indicators": {"LEVERAGE": {"watch": "much"}}}}}, "watch"),
        ({"by_segment": {"rich": {}}}, "by_segment"),
        ({"by_segment": {"star": {"industries": {}}}}, "industries"),
        ({"regimes": {"sideways": {}}}, "regimes"),
        ({"regimes": {"down": {"logit": 9.0}}}, "logit"),
        ({"regimes": {"down": {"indicators": {"DPDX": {}}}}}, "DPDX"),
        ({"regimes": {"down": {"indicators": {"DPD": {"times": 0}}}}}, "times"),
        ({"regimes": {"down": {"rules": {"value": {"lgd": 2.0}}}}}, "lgd"),
    ],
)
def test_a_wrong_overlay_is_told(overrides: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        policy(**overrides)


def test_a_client_is_warned_by_the_thresholds_of_its_industry() -> None:
    driver = Driver(policy(industries={"M": watch(0.5)}))
    driver.send(topics.STATEMENTS, equity="400000", client_id="C1")
    driver.send(topics.PROFILES, industry="5415", client_id="C2")
    driver.send(topics.STATEMENTS, equity="400000", client_id="C2")
    assert [(w.client_id, w.threshold) for w in driver.warnings if w.indicator == "LEVERAGE"] == [("C2", 0.5)]


def test_a_new_industry_counts_from_its_own_event_on() -> None:
    driver = Driver(policy(industries={"M": {"indicators": {"PD-RISE": {"watch": 0.5}}}}))
    driver.send(topics.PROFILES, industry="C28")
    assert driver.told("PD-RISE") == []
    driver.send(topics.PROFILES, industry="M71")
    assert driver.told("PD-RISE") == [("raised", "watch")]


def test_a_client_is_decided_by_the_rules_of_the_segment_it_stands_in() -> None:
    driver = Driver(policy(by_segment={"steady": {"indicators": {"PD-RISE": {"watch": 0.5}}}}))
    driver.send(topics.PROFILES)
    assert driver.told("PD-RISE") == []  # it had no segment yet
    driver.send(topics.PROFILES)
    assert driver.told("PD-RISE") == [("raised", "watch")]
