"""Every setting of tierwatch, typed, from the environment (`TIERWATCH_…`) and one YAML file; the environment wins."""

import difflib
import os
from collections.abc import Callable, Mapping
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from schemas import topics

PREFIX: Final = "TIERWATCH_"
FILE_VARIABLE: Final = "TIERWATCH_SETTINGS"
HIDDEN: Final = "(hidden)"
EVERYWHERE: Final = "0.0.0.0"


class SettingsError(ValueError):
    """A setting is wrong; each line names its source, field, value (secrets hidden) and what to do."""


def _listed(given: Any) -> Any:
    """`a, b` from the environment is a list."""
    return [part.strip() for part in given.split(",") if part.strip()] if isinstance(given, str) else given


def _paired(given: Any) -> Any:
    """`a=x, b=y` from the environment is a mapping."""
    if not isinstance(given, str):
        return given
    pairs = [pair.partition("=") for pair in _listed(given)]
    if any(not (name and equals and value) for name, equals, value in pairs):
        raise ValueError("not of the form name=value,name=value")
    return {name.strip(): value.strip() for name, _, value in pairs}


def _none_if_empty(given: Any) -> Any:
    return None if given == "" else given


Listed = BeforeValidator(_listed)
OptionalPath = Annotated[Path | None, BeforeValidator(_none_if_empty)]


class Settings(BaseSettings):
    """What a worker and every command need to know of where they run. Arguments win, then environment, then file."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True
    )

    settings_file: OptionalPath = Field(
        default=None,
        validation_alias=FILE_VARIABLE,
        description="YAML file with any of these settings, by their names in lower case; `--settings` names it too.",
        examples=["tierwatch.yaml"],
    )

    # Kafka
    brokers: Annotated[tuple[str, ...], NoDecode, Listed] = Field(
        default=("127.0.0.1:9092",),
        min_length=1,
        description="Kafka brokers to begin with, host:port, separated by commas.",
        examples=["kafka-1:9092,kafka-2:9092"],
    )
    app_id: str = Field(
        default="tierwatch",
        pattern=r"^[A-Za-z0-9._-]+$",
        description="Name of the application: the consumer group and the first part of the changelog topics' names.",
        examples=["tierwatch"],
    )
    instance_id: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9._-]*$",
        description=(
            "Name of this worker, different for each and the same after a restart: a restart within the session"
            " time-out then moves no partition. Empty: every restart rebalances. The embedded broker needs it."
        ),
        examples=["worker-1"],
    )
    session_timeout_seconds: float = Field(
        default=30.0,
        ge=6.0,
        le=1800.0,
        description="Seconds without a heartbeat after which a worker's partitions go to others.",
        examples=["30"],
    )
    partitions: int = Field(
        default=4,
        ge=1,
        le=10_000,
        description="Partitions of client-events: the most workers that can share the work. Set once.",
        examples=["4"],
    )
    replication_factor: int = Field(
        default=-1,
        ge=-1,
        le=32767,
        description="Copies of each topic that we create; -1: the broker's default.",
        examples=["3"],
    )
    standbys: int = Field(
        default=1,
        ge=0,
        le=16,
        description="Other workers that keep a copy of each partition's client states, to take over sooner.",
        examples=["1"],
    )

    # Topics
    sources: Annotated[tuple[str, ...], NoDecode, Listed] = Field(
        default=topics.SOURCE_NAMES,
        min_length=1,
        description="Source topics to read, by their logical names.",
        examples=["repayments,drawdowns,statements"],
    )
    source_prefix: str = Field(
        default=topics.SOURCE_PREFIX,
        description="What stands before the names of the bank's topics.",
        examples=[topics.SOURCE_PREFIX],
    )
    own_prefix: str = Field(
        default=topics.OWN_PREFIX,
        description="What stands before the names of our topics.",
        examples=[topics.OWN_PREFIX],
    )
    topic_overrides: Annotated[dict[str, str], NoDecode, BeforeValidator(_paired)] = Field(
        default={},
        description="Real names of single topics, logical=real, separated by commas; in the file a mapping.",
        examples=["repayments=core.loan-payments.v2"],
    )

    # Batches
    batch_records: int = Field(
        default=2000,
        ge=1,
        le=100_000,
        description="Most records of a partition that are folded and decided before others get their turn.",
        examples=["2000"],
    )
    fetch_bytes: int = Field(
        default=4_194_304,
        ge=65_536,
        le=104_857_600,
        description="Most bytes of a partition in one fetch.",
        examples=["4194304"],
    )
    record_bytes: int = Field(
        default=1_000_000,
        ge=10_000,
        le=104_857_600,
        description="Largest record that we write; the broker's message.max.bytes must not be smaller.",
        examples=["1000000"],
    )
    linger_milliseconds: float = Field(
        default=5.0,
        ge=0.0,
        le=1000.0,
        description="How long our producer waits for more records to send together.",
        examples=["5"],
    )
    commit_interval_seconds: float = Field(
        default=1.0,
        ge=0.05,
        le=60.0,
        description="Seconds between commits of the position; what is not committed is read again after a crash.",
        examples=["1"],
    )

    # Security
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="How every client talks to Kafka.", examples=["SASL_SSL"]
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] = Field(
        default="SCRAM-SHA-512",
        description="With SASL_PLAINTEXT and SASL_SSL: how we log in.",
        examples=["SCRAM-SHA-512"],
    )
    sasl_username: str = Field(default="", description="With PLAIN and SCRAM: the user.", examples=["tierwatch"])
    sasl_password: SecretStr = Field(
        default=SecretStr(""), description="With PLAIN and SCRAM: the password.", examples=["…"]
    )
    oauth_token_url: str = Field(
        default="",
        description="With OAUTHBEARER: where tokens are had for the client's credentials.",
        examples=["https://login.bank.example/oauth2/token"],
    )
    oauth_client_id: str = Field(default="", description="With OAUTHBEARER: the client.", examples=["tierwatch"])
    oauth_client_secret: SecretStr = Field(
        default=SecretStr(""), description="With OAUTHBEARER: the client's secret.", examples=["…"]
    )
    oauth_scope: str = Field(default="", description="With OAUTHBEARER: the scope to ask for.", examples=["kafka"])
    oauth_ca_file: OptionalPath = Field(
        default=None,
        description="With OAUTHBEARER: authorities that may sign for the token URL (PEM); none: those of the system.",
        examples=["/etc/tierwatch/login-ca.pem"],
    )
    tls_ca_file: OptionalPath = Field(
        default=None,
        description="With TLS: authorities that may sign for the brokers (PEM); none: those of the system.",
        examples=["/etc/tierwatch/ca.pem"],
    )
    tls_certificate_file: OptionalPath = Field(
        default=None,
        description="Our certificate, if the brokers ask for one (PEM).",
        examples=["/etc/tierwatch/tls.pem"],
    )
    tls_key_file: OptionalPath = Field(
        default=None, description="The private key of our certificate (PEM).", examples=["/etc/tierwatch/tls.key"]
    )
    tls_key_password: SecretStr = Field(
        default=SecretStr(""), description="What the private key is locked with, if it is.", examples=["…"]
    )
    tls_check_hostname: bool = Field(
        default=True, description="Whether a broker's certificate must be made out to its host name.", examples=["true"]
    )

    # Views
    redis_url: SecretStr = Field(
        default=SecretStr(""),
        description="Redis for the current segments, redis:// or rediss:// (TLS); empty: no view is kept.",
        examples=["redis://127.0.0.1:6379/0"],
    )
    redis_ca_file: OptionalPath = Field(
        default=None,
        description="With rediss://: authorities that may sign for Redis (PEM); none: those of the system.",
        examples=["/etc/tierwatch/ca.pem"],
    )
    metrics_host: str = Field(
        default="127.0.0.1",
        description=f"Address on which Prometheus may ask for the metrics; {EVERYWHERE} in a container.",
        examples=["127.0.0.1"],
    )
    metrics_port: int = Field(
        default=9108, ge=0, le=65535, description="Its port; 0: any that is free.", examples=["9108"]
    )

    # The bank's calendar
    time_zone: str = Field(
        default="Europe/Berlin", description="The bank's time zone (IANA).", examples=["Europe/Berlin"]
    )
    cut_off: time = Field(
        default=time(22, 0),
        description="Time of day, in the bank's zone, at which a business day closes.",
        examples=["22:00"],
    )
    holidays_country: str = Field(
        default="DE",
        description=(
            "Whose public holidays are no business days: a country (ISO 3166) or a financial calendar (XECB for TARGET)"
            " of the package holidays; empty: weekends only."
        ),
        examples=["DE"],
    )
    holidays_subdivision: str = Field(
        default="", description="Part of that country (ISO 3166-2 without the country).", examples=["HE"]
    )
    extra_holidays: Annotated[tuple[date, ...], NoDecode, Listed] = Field(
        default=(), description="Further days on which the bank is closed.", examples=["2026-12-24,2026-12-31"]
    )
    end_of_day: Literal["records", "calendar", "events"] = Field(
        default="calendar",
        description=(
            "What closes a business day: `records` the bank's end-of-day records in its topics, `calendar` the cut-off"
            " time, `events` the first event of a later day (replays, simulations)."
        ),
        examples=["calendar"],
    )

    # The rest
    policy_file: OptionalPath = Field(
        default=None, description="Policy to decide by (YAML); none: the one we ship.", examples=["policy.yaml"]
    )
    working_folder: Path = Field(
        default=Path("var"), description="Folder for what a worker must keep on disk.", examples=["var"]
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severity that is logged.", examples=["info"]
    )
    log_format: Literal["console", "json"] = Field(
        default="console", description="Log lines for people or for machines.", examples=["json"]
    )

    @property
    def bootstrap(self) -> str:
        """The brokers as Kafka clients want them."""
        return ",".join(self.brokers)

    @property
    def topic_names(self) -> topics.TopicNames:
        return topics.TopicNames(self.source_prefix, self.own_prefix, self.topic_overrides)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file."""
        assert isinstance(init_settings, InitSettingsSource)
        values = file_values(_file_named(init_settings.init_kwargs))
        return init_settings, env_settings, InitSettingsSource(settings_cls, values)

    @field_validator("brokers")
    @classmethod
    def _addresses(cls, brokers: tuple[str, ...]) -> tuple[str, ...]:
        for broker in brokers:
            host, _, port = broker.rpartition(":")
            if not host or not port.isdecimal() or "/" in host:
                raise ValueError(f"{broker!r} is not host:port")
        return brokers

    @field_validator("sources")
    @classmethod
    def _known_sources(cls, sources: tuple[str, ...]) -> tuple[str, ...]:
        return _all_known(sources, topics.SOURCE_NAMES)

    @field_validator("topic_overrides")
    @classmethod
    def _known_topics(cls, overrides: dict[str, str]) -> dict[str, str]:
        _all_known(tuple(overrides), tuple(topics.TOPICS))
        return overrides

    @field_validator("redis_url")
    @classmethod
    def _redis_scheme(cls, url: SecretStr) -> SecretStr:
        if url.get_secret_value() and not url.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("begins neither with redis:// nor with rediss://")
        return url

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("is no IANA time zone") from error
        return name

    @field_validator("cut_off")
    @classmethod
    def _local_time(cls, cut_off: time) -> time:
        if cut_off.tzinfo is not None:
            raise ValueError("is given in the bank's time zone, without an offset")
        return cut_off

    @field_validator(
        "tls_ca_file", "tls_certificate_file", "tls_key_file", "oauth_ca_file", "redis_ca_file", "policy_file"
    )
    @classmethod
    def _readable(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_file():
            raise ValueError("is no file that can be read")
        return path

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        missing = [name for name in self._needed() if not self._plain(name)]
        if missing:
            way = f"{self.security_protocol} with {self.sasl_mechanism}" if self._uses_sasl else "a certificate of ours"
            raise ValueError(f"{' and '.join(missing)} must be set for {way}")
        return self

    def _needed(self) -> list[str]:
        needed = ["tls_certificate_file", "tls_key_file"] if self.tls_certificate_file or self.tls_key_file else []
        if self._uses_sasl and self.sasl_mechanism == "OAUTHBEARER":
            needed += ["oauth_token_url", "oauth_client_id", "oauth_client_secret"]
        elif self._uses_sasl:
            needed += ["sasl_username", "sasl_password"]
        return needed

    @property
    def _uses_sasl(self) -> bool:
        return self.security_protocol.startswith("SASL")

    def _plain(self, name: str) -> object:
        value = getattr(self, name)
        return value.get_secret_value() if isinstance(value, SecretStr) else value


def load(settings_file: Path | None = None, **arguments: Any) -> Settings:
    """The settings of this process. Raises: `SettingsError` that a user can act upon."""
    given = {**arguments, **({FILE_VARIABLE: settings_file} if settings_file else {})}
    _refuse_unknown_variables()
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsError("\n".join(_explained(error, given))) from None


class SettingRow(NamedTuple):
    """One setting, as the documentation shows it."""

    name: str
    variable: str
    default: str
    text: str
    example: str


def describe() -> list[SettingRow]:
    """Every setting, in reading order."""
    return [
        SettingRow(name, _variable(name), _shown_default(field), field.description or "", _example(field))
        for name, field in Settings.model_fields.items()
    ]


def as_markdown() -> str:
    """The page docs/settings.md, made from `describe`; `python -m streams.settings` prints it."""
    head = f"""# Settings

Made by `python -m streams.settings`; do not edit. Each setting is a variable of the environment or, by its name in
lower case, a line of the YAML file that `{FILE_VARIABLE}` or `--settings` names. The environment wins over the file.

| setting | variable | default | what it is | for example |
| --- | --- | --- | --- | --- |
"""
    return head + "".join(
        f"| `{row.name}` | `{row.variable}` | {row.default} | {row.text} | `{row.example}` |\n" for row in describe()
    )


def file_values(path: Path | None) -> dict[str, Any]:
    """What the YAML file says. Raises: `SettingsError` if it is no mapping of settings that exist."""
    if path is None:
        return {}
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"{path}: cannot be read as YAML: {error}") from None
    if not isinstance(values, dict):
        raise SettingsError(f"{path}: is no mapping; write lines like `brokers: kafka-1:9092`")
    unknown = [str(name) for name in values if name not in Settings.model_fields or name == "settings_file"]
    if unknown:
        raise SettingsError("\n".join(f"{path}: {_no_setting(name, str.lower)}" for name in unknown))
    return values


def _file_named(arguments: Mapping[str, Any]) -> Path | None:
    named = arguments.get(FILE_VARIABLE) or os.environ.get(FILE_VARIABLE)
    return Path(named) if named else None


def _refuse_unknown_variables() -> None:
    known = {row.variable for row in describe()}
    unknown = [name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known]
    if unknown:
        raise SettingsError("\n".join(f"environment: {_no_setting(name, str.upper)}" for name in sorted(unknown)))


def _no_setting(name: str, written: Callable[[str], str]) -> str:
    known = [written(row.variable if written is str.upper else row.name) for row in describe()]
    close = difflib.get_close_matches(written(name), known, n=1)
    return f"{name}: there is no such setting; " + (f"did you mean {close[0]}?" if close else "see docs/settings.md")


def _explained(error: ValidationError, arguments: Mapping[str, Any]) -> list[str]:
    return [
        _explained_one(str(wrong["loc"][0]) if wrong["loc"] else "", wrong["msg"], arguments)
        for wrong in error.errors()
    ]


def _explained_one(name: str, message: str, arguments: Mapping[str, Any]) -> str:
    message = message.removeprefix("Value error, ")
    if name not in Settings.model_fields:
        return f"settings: {name}{': ' if name else ''}{message}"
    source, value = _found(name, arguments)
    shown = HIDDEN if Settings.model_fields[name].annotation is SecretStr else repr(value)
    return f"{source}: {name} = {shown}: {message}; for example {_example(Settings.model_fields[name])}"


def _found(name: str, arguments: Mapping[str, Any]) -> tuple[str, object]:
    """Where a setting comes from, and what stands there."""
    if name in arguments:
        return "argument", arguments[name]
    for variable, value in os.environ.items():
        if variable.upper() == _variable(name):
            return variable, value
    path = _file_named(arguments)
    return str(path), file_values(path).get(name)


def _all_known(given: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is none of {', '.join(known)}")
    return given


def _variable(name: str) -> str:
    return FILE_VARIABLE if name == "settings_file" else PREFIX + name.upper()


def _example(field: FieldInfo) -> str:
    return str((field.examples or [""])[0])


def _shown_default(field: FieldInfo) -> str:
    default = field.default
    if isinstance(default, tuple):
        default = ",".join(str(part) for part in default)
    if isinstance(default, time):
        default = default.strftime("%H:%M")
    return f"`{default}`" if str(default) not in ("", "None", "{}", "**********") else "-"


if __name__ == "__main__":
    print(as_markdown(), end="")
