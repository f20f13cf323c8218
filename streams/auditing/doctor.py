"""The doctor: looks at the set-up, part by part, and says of each what is wrong and what to do."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import redis
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError as AiokafkaError
from confluent_kafka import KafkaException

from schemas import topics
from schemas.policy import Policy
from streams import settings as settings_of
from streams.auditing.audit import whole
from streams.brokers import topics as topics_of
from streams.brokers.kafka import aiokafka_options
from streams.brokers.log_reading import LogReader
from streams.policies.files import PolicyError, load_policy
from streams.settings import Settings
from streams.settings_sources import SettingsError
from streams.user_errors import UserError
from streams.worker import changelogs

TIMEOUT_SECONDS: Final = 10.0
REDIS_SECONDS: Final = 5.0


class Finding(NamedTuple):
    """What was found of one part of the set-up; `fix` is empty where nothing is wrong."""

    part: str
    told: str
    fix: str = ""

    @property
    def wrong(self) -> bool:
        return bool(self.fix)


def examine(settings_file: Path | None = None) -> Iterator[Finding]:
    """Every finding, as it is found. What stands on a part that is wrong is not looked at."""
    try:
        settings = settings_of.load(settings_file)
    except SettingsError as error:
        yield from (Finding("settings", line, "set it as docs/settings.md says") for line in str(error).splitlines())
        return
    yield Finding("settings", str(settings.settings_file or "environment and defaults"))
    yield from policy(settings)
    reached = [broker_by_librdkafka(settings), broker_by_aiokafka(settings)]
    yield from reached
    if not reached[0].wrong:
        yield from topics_as_wanted(settings)
    yield from views(settings)
    yield metrics_port(settings)


def policy(settings: Settings) -> Iterator[Finding]:
    """The policy, and for which currencies it has a rate."""
    try:
        read = load_policy(settings)
    except PolicyError as error:
        yield from (Finding("policy", line, "mend the policy file") for line in str(error).splitlines())
        return
    yield Finding("policy", f"{read.version}, {len(read.portfolios)} portfolios")
    yield rates(read)


def rates(read: Policy) -> Finding:
    """The currencies that events may have; one in another is a dead letter."""
    known = sorted({*read.fx, read.reporting_currency})
    if known == [read.reporting_currency]:
        fix = "add under fx the rates of the currencies in which your clients borrow"
        return Finding("currencies", f"the policy has no rate but {read.reporting_currency}'s own", fix)
    return Finding("currencies", f"rates of {', '.join(known)}; an event in another becomes a dead letter")


def broker_by_librdkafka(settings: Settings) -> Finding:
    """Whether our producer's kind of client reaches the brokers."""
    part = "brokers (librdkafka)"
    try:
        with LogReader(settings) as reader:
            reader.partitions(topics.CLIENT_EVENTS)
    except UserError as error:
        return Finding(part, str(error).partition(";")[0], _way_in(settings))
    except KafkaException as error:  # a certificate that cannot be read: refused before it connects
        return Finding(part, error.args[0].str(), _way_in(settings))
    return Finding(part, f"{settings.bootstrap} by {settings.security_protocol}")


def broker_by_aiokafka(settings: Settings) -> Finding:
    """Whether Faust's kind of client does."""
    part = "brokers (aiokafka)"
    try:
        asyncio.run(asyncio.wait_for(_connect(settings), TIMEOUT_SECONDS))
    except TimeoutError:
        return Finding(part, f"{settings.bootstrap}: no answer within {TIMEOUT_SECONDS:.0f} s", _way_in(settings))
    except (AiokafkaError, OSError) as error:  # ssl.SSLError is an OSError
        return Finding(part, f"{settings.bootstrap}: {error}", _way_in(settings))
    return Finding(part, f"{settings.bootstrap} by {settings.security_protocol}")


async def _connect(settings: Settings) -> None:
    admin = AIOKafkaAdminClient(**aiokafka_options(settings))
    try:
        await admin.start()
    finally:
        await admin.close()


def _way_in(settings: Settings) -> str:
    where = "start Kafka, or set TIERWATCH_BROKERS to where it is"
    if settings.security_protocol == "PLAINTEXT":
        return f"{where}; if it asks for TLS or a log-in, set TIERWATCH_SECURITY_PROTOCOL"
    return f"{where}; check TIERWATCH_SECURITY_PROTOCOL, the certificates (TIERWATCH_TLS_…) and the log-in (TIERWATCH_SASL_…)"


def topics_as_wanted(settings: Settings) -> Iterator[Finding]:
    """The topics, and whether the log still has its beginning."""
    try:
        wrong = topics_of.check(settings, changelogs(settings))
    except KafkaException as error:
        fix = "allow the user to describe topics and their configs (ACL)"
        yield Finding("topics", f"cannot be described: {error.args[0].str()}", fix)
        return
    for difference in wrong:
        yield Finding("topics", f"{difference.topic} {difference.what}", difference.fix)
    if not wrong:
        count = len(topics_of.wanted(settings, changelogs(settings)))
        yield Finding("topics", f"{count} topics are as they should be")
        yield the_log(settings)


def the_log(settings: Settings) -> Finding:
    """Whether decisions can be derived from the log."""
    try:
        with LogReader(settings) as reader:
            spans = whole(reader.spans(topics.CLIENT_EVENTS), settings)
    except UserError as error:
        told, _, fix = str(error).partition("; ")
        return Finding("log", told, fix)
    return Finding("log", f"{sum(span.end for span in spans):,} records, from the first one on")


def views(settings: Settings) -> Iterator[Finding]:
    """Redis, where a view is kept."""
    url = settings.redis_url.get_secret_value()
    if not url:
        yield Finding("Redis", "no view is kept (TIERWATCH_REDIS_URL is empty)")
        return
    options = {"ssl_ca_certs": str(settings.redis_ca_file)} if settings.redis_ca_file and url.startswith("rediss") else {}
    try:
        with redis.Redis.from_url(url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS, **options) as client:
            client.ping()
    except (redis.RedisError, OSError) as error:
        fix = "start Redis, or set TIERWATCH_REDIS_URL; decisions go on without it"
        yield Finding("Redis", f"does not answer: {error}", fix)
        return
    yield Finding("Redis", "answers")


def metrics_port(settings: Settings) -> Finding:
    """Whether a worker could serve its metrics."""
    place = f"{settings.metrics_host}:{settings.metrics_port}"
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.metrics_host, settings.metrics_port))
    except OSError as error:
        fix = "end what uses it (a worker that runs already?), or set TIERWATCH_METRICS_HOST and TIERWATCH_METRICS_PORT"
        return Finding("metrics", f"{place}: {error.strerror}", fix)
    return Finding("metrics", f"{place} is free")
