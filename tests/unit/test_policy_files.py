"""Policy files: the one we ship is read; of a wrong one every error names file, place, value and what is allowed."""

from importlib.resources import files
from pathlib import Path

import pytest

from streams.policies.files import PolicyError, load_policy
from streams.settings import load

SHIPPED = files("schemas").joinpath("policy.yaml").read_text(encoding="utf-8")


def errors(tmp_path: Path, *changes: tuple[str, str]) -> list[str]:
    text = SHIPPED
    for was, now in changes:
        assert was in text
        text = text.replace(was, now, 1)
    path = tmp_path / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError) as raised:
        load_policy(path)
    lines = str(raised.value).splitlines()
    assert all(line.startswith(f"{path}: ") for line in lines)
    return [line.removeprefix(f"{path}: ") for line in lines]


def test_without_a_file_the_shipped_policy_decides(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(SHIPPED.replace("name: shipped", "name: own"), encoding="utf-8")
    assert load_policy().name == load_policy(load()).name == "shipped"
    assert load_policy(load(policy_file=tmp_path / "own.yaml")).name == "own"
    assert load_policy(tmp_path / "own.yaml").name == "own"


def test_a_value_out_of_bounds_is_told_with_its_place_value_and_bound(tmp_path: Path) -> None:
    (line,) = errors(tmp_path, ("lgd: 0.45 ", "lgd: 1.45 "))
    assert line.startswith("defaults.value.lgd = 1.45: Input should be less than or equal to 1")


def test_a_number_without_bounds_may_be_any_and_where_it_may_be_left_out_null(tmp_path: Path) -> None:
    (line,) = errors(tmp_path, ("LEVERAGE: {watch: 0.10", "LEVERAGE: {watch: true"))
    assert line.startswith("defaults.indicators.LEVERAGE.watch = True: Input should be a valid number")
    assert line.endswith("; allowed: any number or null")


def test_a_slip_of_the_pen_is_told_with_what_was_meant(tmp_path: Path) -> None:
    (line,) = errors(tmp_path, ("    prior_pd: 0.03", "    prior_pdd: 0.03"))
    assert line == "portfolios.sme.prior_pdd: there is no such entry; did you mean prior_pd?"


def test_an_entry_that_the_defaults_miss_is_told_once_though_portfolios_lie_over_them(tmp_path: Path) -> None:
    (line,) = errors(tmp_path, ("    wallet_share: 0.1\n", ""))
    assert line.startswith("defaults.value.wallet_share: is missing")
    assert line.endswith("; allowed: from 0 to 1")


def test_an_entry_that_nobody_knows_is_told_outside_of_the_rules_as_well(tmp_path: Path) -> None:
    (line,) = errors(tmp_path, ("  hysteresis: 0.15 ", "  hysteresis: 0.15\n  hysterisis: 0.2 "))
    assert line == "macro.hysterisis: there is no such entry; did you mean hysteresis?"


def test_an_error_of_a_portfolio_is_told_there_and_one_of_the_defaults_once(tmp_path: Path) -> None:
    lines = errors(tmp_path, ("    prior_pd: 0.03", "    grades: {high_risk_from: 12}"), ("grace_days: 3 ", "grace_days: -3 "))
    assert [line.partition(":")[0] for line in lines] == ["defaults.grace_days = -3", "portfolios.sme.grades.high_risk_from = 12"]


def test_entries_that_do_not_go_together_are_told_though_others_are_unknown(tmp_path: Path) -> None:
    unknown = ("name: shipped", "name: shipped\ncurrency: EUR")
    no_currency = ("reporting_currency: EUR", "reporting_currency: XXY")
    lines = errors(tmp_path, unknown, no_currency)
    assert lines[0] == "currency: there is no such entry; did you mean reporting_currency?"
    assert "'XXY' is no ISO 4217 currency" in lines[1]


def test_an_indicator_that_is_none_is_told_with_those_that_are(tmp_path: Path) -> None:
    (line,) = errors(tmp_path, ("    DPD:  ", "    DPDS: "))
    assert "'DPDS' is no indicator; allowed: DPD, MATERIAL" in line


@pytest.mark.parametrize(("text", "says"), [("a: [1\nb: 2", "is no YAML"), ("- 1", "is no mapping"), ("", "is no mapping")])
def test_a_file_that_is_no_policy_at_all_is_told(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "policy.yaml").write_text(text)
    with pytest.raises(PolicyError, match=says):
        load_policy(tmp_path / "policy.yaml")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be read"):
        load_policy(tmp_path / "none.yaml")


F = "    F: {indicators: {LEVERAGE: {watch: 0.08,"


def test_an_error_of_an_overlay_is_told_at_its_place_with_what_is_allowed(tmp_path: Path) -> None:
    lines = errors(
        tmp_path,
        (F, "    F: {value: {lgd: 3}, horizon_days: 9, indicators: {LEVERAGE: {watch: much,"),
        ("    G: {indicators", "    X: {indicators"),
        ("    down:  ", "    don:  "),
    )
    told = {line.partition(": ")[0].partition(" = ")[0]: line for line in lines}
    assert sorted(told) == [
        "defaults.industries.F.horizon_days",
        "defaults.industries.F.indicators.LEVERAGE.watch",
        "defaults.industries.F.value.lgd",
        "defaults.industries.X",
        "defaults.regimes.don",
    ]
    assert "no overlay can change it; allowed: grace_days" in told["defaults.industries.F.horizon_days"]
    assert told["defaults.industries.F.value.lgd"].endswith("allowed: from 0 to 1")
    assert told["defaults.industries.X"].endswith("allowed: A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T, U")
    assert told["defaults.regimes.don"].endswith("did you mean down?")


def test_an_overlay_of_a_portfolio_is_told_there_even_where_the_defaults_are_wrong_alike(tmp_path: Path) -> None:
    lines = errors(tmp_path, ("    prior_pd: 0.03", "    industries: {F: {value: {lgd: 3}}}"), ("lgd: 0.45 ", "lgd: 1.45 "))
    assert [line.partition(" =")[0] for line in lines] == ["defaults.value.lgd", "portfolios.sme.industries.F.value.lgd"]


def test_bounds_are_told_from_both_sides(tmp_path: Path) -> None:
    days, macro = errors(tmp_path, ("    dwell_days: 91 ", "    dwell_days: 30.5 "), ("  up_from: 0.35", "  up_from: 0"))[::-1]
    assert days.endswith("allowed: whole numbers from 0 to 3650")
    assert macro.endswith("allowed: from 0 (not itself) to 1")
