"""The policy file: what is valid, what is said of what is not, and who overrides whom."""

from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

from schemas.policy import Policy, read_policy
from schemas.treatment_rules import SEGMENTS
from tests.builders import SHIPPED, policy, shipped


def changed(*path: str, to: Any) -> dict[str, Any]:
    """The shipped document with one entry changed; `to` None takes it away."""
    document: dict[str, Any] = msgspec.yaml.decode(SHIPPED.read_bytes())
    inner = document
    for name in path[:-1]:
        inner = inner.setdefault(name, {})
    if to is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = to
    return document


def test_the_shipped_policy_is_valid_and_knows_the_example_portfolios() -> None:
    assert shipped().of("us-listed").horizon_days == 275
    assert shipped().of("tw-cards").horizon_days == 30
    assert set(shipped().of("corporate").segments) == set(SEGMENTS)


def test_a_portfolio_overrides_the_defaults_key_by_key() -> None:
    cards, defaults = shipped().of("tw-cards"), shipped().of("corporate")
    assert cards.value.margin != defaults.value.margin
    assert cards.value.quantiles == defaults.value.quantiles
    assert cards.default.dpd_days is None
    assert cards.default.materiality == defaults.default.materiality


def test_a_portfolio_without_an_entry_has_the_defaults() -> None:
    assert shipped().of("of-tomorrow") == shipped().of("corporate")


@pytest.mark.parametrize(
    "path",
    [
        ("defaults", "horizon_days"),
        ("defaults", "value", "lgd"),
        ("defaults", "default", "materiality", "absolute"),
        ("defaults", "indicators", "DPD", "source"),
        ("defaults", "segments", "star", "product"),
        ("portfolios",),
        ("name",),
    ],
)
def test_what_is_required_is_missed_by_its_path(path: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError) as error:
        Policy.model_validate(changed(*path, to=None))
    assert ".".join(path).removeprefix("defaults.") in said(error.value)


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("defaults", "horizon_days"), 0),
        (("defaults", "horizon_days"), "a year"),
        (("defaults", "prior_pd"), 1.0),
        (("defaults", "grace_days"), -1),
        (("defaults", "value", "lgd"), 1.5),
        (("defaults", "value", "quantiles"), [0.5, 0.2, 0.05]),
        (("defaults", "value", "cutoffs"), [1.0, 2.0, 3.0]),
        (("defaults", "grades", "upper"), [0.5, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]),
        (("defaults", "watchlist", "cure_days"), [90, 180]),
        (("defaults", "learning", "bins"), 1),
        (("defaults", "of_tomorrow"), 1),
        (("portfolios", "sme", "value", "lgd"), 1.5),
        (("defaults", "value", "collateral"), {"cash": {"lgd": 0.0, "haircut": 0.0}}),
        (("defaults", "value", "loyalty", "tenure_years"), 0.0),
        (("defaults", "staging", "pd_relative"), 1.0),
        (("defaults", "staging", "watchlist"), "orange"),
        (("defaults", "risk_points", "industry"), {"X": 0.1}),
        (("defaults", "risk_points", "rating"), {"BBB-": 0.1}),
        (("defaults", "grades", "migration"), {"1": [1.0, 0, 0, 0, 0, 0, 0, 0, 0, 0]}),
        (("defaults", "segments", "star", "limit_action"), "double"),
        (("defaults", "adjustments"), [{"sizes": ["tiny"], "then": {"product": "x"}}]),
        (("defaults", "adjustments"), [{"then": {"produkt": "x"}}]),
        (("portfolios", "sme", "valu"), {"lgd": 0.5}),
    ],
)
def test_what_breaks_a_bound_is_told_by_its_path(path: tuple[str, ...], to: Any) -> None:
    with pytest.raises(ValidationError) as error:
        Policy.model_validate(changed(*path, to=to))
    assert path[-1] in said(error.value)


def test_a_row_of_the_migration_matrix_adds_up_to_one() -> None:
    with pytest.raises(ValidationError, match="must be 1"):
        Policy.model_validate(
            changed("defaults", "grades", "migration", "3", to=[0.9, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
        )


def test_every_error_is_told() -> None:
    document = changed("defaults", "horizon_days", to=0)
    document["defaults"]["value"]["lgd"] = 1.5
    with pytest.raises(ValidationError) as error:
        Policy.model_validate(document)
    assert "horizon_days" in said(error.value)
    assert "value.lgd" in said(error.value)


def test_an_indicator_nobody_knows_is_told_with_those_that_are() -> None:
    with pytest.raises(ValidationError, match="DPD") as error:
        Policy.model_validate(changed("defaults", "indicators", "DPDX", to={"watch": 1, "source": "x"}))
    assert "DPDX" in said(error.value)


def test_every_segment_needs_its_treatment() -> None:
    with pytest.raises(ValidationError, match="exit"):
        Policy.model_validate(changed("defaults", "segments", "exit", to=None))


@pytest.mark.parametrize(("path", "code"), [(("fx", "EURO"), "EURO"), (("reporting_currency",), "XXQ")])
def test_a_currency_nobody_knows_is_told(path: tuple[str, ...], code: str) -> None:
    with pytest.raises(ValidationError, match=code):
        Policy.model_validate(changed(*path, to=code if len(path) == 1 else 1.5))


def test_a_file_that_is_no_yaml_is_no_policy() -> None:
    with pytest.raises(msgspec.DecodeError):
        read_policy("name: [")


def test_the_version_is_the_name_and_changes_with_the_content_alone() -> None:
    assert shipped().version == read_policy(SHIPPED.read_bytes() + b"\n# a remark\n").version
    assert shipped().version.startswith("shipped-")
    assert policy(grace_days=4).version != shipped().version
    assert policy(grace_days=3).version == shipped().version


def test_a_policy_survives_the_log() -> None:
    again = Policy.model_validate(msgspec.json.decode(msgspec.json.encode(shipped().model_dump(mode="json"))))
    assert again == shipped()
    assert again.version == shipped().version


def test_rates_are_for_one_minor_unit() -> None:
    rates = shipped().per_minor
    assert rates["EUR"] == 0.01
    assert rates["JPY"] == 0.0061
    assert rates["KWD"] == 0.003


def said(error: ValidationError) -> str:
    """All paths and messages of an error."""
    return "; ".join(".".join(map(str, one["loc"])) + ": " + one["msg"] for one in error.errors())


def test_a_policy_of_a_release_that_watched_no_model_is_read_with_the_shipped_thresholds() -> None:
    document = msgspec.yaml.decode(SHIPPED.read_bytes())
    for name in ("contest", "drift"):
        del document["defaults"]["learning"][name]
    learning, ours = Policy.model_validate(document).of("corporate").learning, shipped().of("corporate").learning
    assert learning.contest.error_rate == ours.contest.error_rate
    assert learning.drift == ours.drift
