"""Every setting of tierwatch, typed, from the environment (`TIERWATCH_…`) and one YAML file; the environment wins."""

from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from schemas import topics
from streams import settings_sources as sources_of
from streams.settings_sources import FILE_VARIABLE, PREFIX, SettingsError

EVERYWHERE: Final = "0.0.0.0"

Listed = BeforeValidator(sources_of.listed)
Paired = BeforeValidator(sources_of.paired)
OptionalPath = Annotated[Path | None, BeforeValidator(sources_of.none_if_empty)]


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
    topic_overrides: Annotated[dict[str, str], NoDecode, Paired] = Field(
        default={},
        description="Real names of single topics, logical=real, separated by commas; in the file a mapping.",
        examples=["repayments=core.loan-payments.v2"],
    )

    # Batches
    batch_records: int = Field(
        default=500,
        ge=1,
        le=100_000,
        description="Most records of a partition that are folded and decided before others get their turn.",
        examples=["500"],
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
    sasl_password: SecretStr = Field(default=SecretStr(""), description="With PLAIN and SCRAM: the password.", examples=["…"])
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
    metrics_port: int = Field(default=9108, ge=0, le=65535, description="Its port; 0: any that is free.", examples=["9108"])

    # The bank's calendar
    time_zone: str = Field(default="Europe/Berlin", description="The bank's time zone (IANA).", examples=["Europe/Berlin"])
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
    end_of_day: Literal["records", "calendar"] = Field(
        default="calendar",
        description=(
            "What closes a business day: `records` the bank's end-of-day records in its topics, `calendar` the cut-off"
            " time. (A replay of files closes a day with the first event of a later one.)"
        ),
        examples=["calendar"],
    )

    # The rest
    policy_file: OptionalPath = Field(
        default=None, description="Policy to decide by (YAML); none: the one we ship.", examples=["policy.yaml"]
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
        path = sources_of.file_named(init_settings.init_kwargs)
        values = sources_of.file_values(path, settings_cls.model_fields)
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
        return sources_of.all_known(sources, topics.SOURCE_NAMES)

    @field_validator("topic_overrides")
    @classmethod
    def _known_topics(cls, overrides: dict[str, str]) -> dict[str, str]:
        sources_of.all_known(tuple(overrides), tuple(topics.TOPICS))
        return overrides

    @field_validator("oauth_token_url")
    @classmethod
    def _web_address(cls, url: str) -> str:
        if url and not url.startswith(("https://", "http://")):
            raise ValueError("begins neither with https:// nor with http://")
        return url

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

    @field_validator("tls_ca_file", "tls_certificate_file", "tls_key_file", "oauth_ca_file", "redis_ca_file", "policy_file")
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
    sources_of.refuse_unknown_variables(Settings.model_fields)
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsError(sources_of.explained(error, Settings.model_fields, given)) from None
