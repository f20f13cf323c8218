"""Settings: where they come from, who wins, and what a wrong one is told."""

from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from schemas import topics
from streams.pages.settings_page import as_markdown, describe
from streams.settings import load
from streams.settings_sources import SettingsError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for row in describe():
        monkeypatch.delenv(row.variable, raising=False)


def written(folder: Path, text: str) -> Path:
    """A settings file."""
    path = folder / "tierwatch.yaml"
    path.write_text(text)
    return path


def test_without_anything_given_the_defaults_hold() -> None:
    settings = load()
    assert settings.bootstrap == "127.0.0.1:9092"
    assert settings.sources == topics.SOURCE_NAMES
    assert settings.cut_off == time(22, 0)


def test_the_file_is_read(tmp_path: Path) -> None:
    text = "brokers: [a:1, b:2]\npartitions: 8\ntopic_overrides: {repayments: core.pay}\nextra_holidays: [2026-12-24]\n"
    settings = load(written(tmp_path, text))
    assert settings.bootstrap == "a:1,b:2"
    assert settings.partitions == 8
    assert settings.topic_names.real("repayments") == "core.pay"
    assert settings.extra_holidays == (date(2026, 12, 24),)


def test_the_environment_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIERWATCH_SETTINGS", str(written(tmp_path, "partitions: 8")))
    assert load().partitions == 8


def test_the_environment_wins_over_the_file_and_an_argument_over_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "partitions: 8")
    monkeypatch.setenv("TIERWATCH_PARTITIONS", "16")
    assert load(path).partitions == 16
    assert load(path, partitions=32).partitions == 32


def test_an_empty_variable_unsets_what_the_file_sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "redis_url: redis://127.0.0.1:6379/0")
    monkeypatch.setenv("TIERWATCH_REDIS_URL", "")
    assert load(path).redis_url.get_secret_value() == ""


def test_lists_and_mappings_are_written_with_commas_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIERWATCH_BROKERS", "a:1, b:2")
    monkeypatch.setenv("TIERWATCH_SOURCES", "repayments,statements")
    monkeypatch.setenv("TIERWATCH_TOPIC_OVERRIDES", "repayments=core.pay, macro=eco")
    monkeypatch.setenv("TIERWATCH_EXTRA_HOLIDAYS", "2026-12-24,2026-12-31")
    settings = load()
    assert settings.brokers == ("a:1", "b:2")
    assert settings.sources == ("repayments", "statements")
    assert settings.topic_overrides == {"repayments": "core.pay", "macro": "eco"}
    assert settings.extra_holidays == (date(2026, 12, 24), date(2026, 12, 31))


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        load().partitions = 8  # type: ignore[misc]


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("TIERWATCH_PARTITIONS", "none", "TIERWATCH_PARTITIONS: partitions = 'none': .*integer.*; for example 4"),
        ("TIERWATCH_BROKERS", "kafka", "TIERWATCH_BROKERS: brokers = 'kafka': 'kafka' is not host:port; for example"),
        ("TIERWATCH_SOURCES", "repayment", "TIERWATCH_SOURCES: .*repayment is none of repayments, drawdowns"),
        ("TIERWATCH_TOPIC_OVERRIDES", "repayments", "not of the form name=value,name=value"),
        ("TIERWATCH_TOPIC_OVERRIDES", "payments=x", "payments is none of"),
        ("TIERWATCH_CUT_OFF", "25:00", "cut_off = '25:00': .*; for example 22:00"),
        ("TIERWATCH_TIME_ZONE", "Berlin", "time_zone = 'Berlin': is no IANA time zone; for example Europe/Berlin"),
        ("TIERWATCH_TLS_CA_FILE", "/no/such/file", "tls_ca_file = '/no/such/file': is no file that can be read"),
        (
            "TIERWATCH_BROKER",
            "a:1",
            "environment: TIERWATCH_BROKER: there is no such setting; did you mean TIERWATCH_BRO",
        ),
    ],
)
def test_a_wrong_variable_is_named_with_its_value_and_a_remedy(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=said):
        load()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("partitions: 0", "tierwatch.yaml: partitions = 0: .*greater than or equal to 1"),
        ("partition: 8", "tierwatch.yaml: partition: there is no such setting; did you mean partitions?"),
        ("settings_file: other.yaml", "settings_file: there is no such setting"),
        ("- a", "is no mapping"),
        ("a: [", "cannot be read as YAML"),
    ],
)
def test_a_wrong_file_is_named_with_the_field_and_a_remedy(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        load(written(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent\.yaml: cannot be read"):
        load(tmp_path / "absent.yaml")


def test_a_wrong_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIERWATCH_REDIS_URL", "http://:hunter2@redis")
    with pytest.raises(SettingsError, match=r"redis_url = \(hidden\)") as told:
        load()
    assert "hunter2" not in str(told.value)


def test_settings_when_printed_keep_their_secrets() -> None:
    settings = load(sasl_password="hunter2", redis_url="redis://:hunter2@redis")
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"security_protocol": "SASL_SSL", "sasl_mechanism": "PLAIN"}, "sasl_username and sasl_password must be set"),
        ({"security_protocol": "SASL_SSL", "sasl_username": "a"}, "sasl_password must be set for SASL_SSL with SCRAM"),
        (
            {"security_protocol": "SASL_SSL", "sasl_mechanism": "OAUTHBEARER", "oauth_client_id": "a"},
            "oauth_token_url and oauth_client_secret must be set",
        ),
        ({"tls_certificate_file": __file__}, "tls_key_file must be set for a certificate of ours"),
    ],
)
def test_settings_that_need_each_other_are_asked_for_by_name(given: dict[str, Any], missing: str) -> None:
    with pytest.raises(SettingsError, match=missing):
        load(**given)


def test_every_setting_has_a_text_and_an_example() -> None:
    assert [row.name for row in describe() if not (row.text and row.example)] == []


def test_the_page_in_docs_is_the_one_that_the_settings_make() -> None:
    assert PAGE.read_text() == as_markdown(), "make it anew: python -m streams.pages.settings_page > docs/settings.md"
