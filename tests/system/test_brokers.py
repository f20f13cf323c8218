"""Records go through a broker and come back, by every client and every way of logging in."""

import asyncio
import json
import os
import sys
import threading
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import aiokafka
import pytest
import redis
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from pydantic import SecretStr

from streams.brokers.child import Child, ChildFailed
from streams.brokers.embedded import EmbeddedBroker
from streams.brokers.kafka import aiokafka_options, consumer_config, librdkafka, producer_config
from streams.brokers.topics import check, ensure, found
from streams.settings import Settings, load
from streams.settings_sources import variable
from tests.system.apache_kafka import ApacheKafka, MissingTool, cluster_id
from tests.system.kafka_security import USERS

RECORDS = [(b"client-1", b'{"n": 1}'), (b"client-2", b'{"n": 2}'), (b"client-1", b"")]
(USER, PASSWORD), *_ = USERS.items()


def settings_for(brokers: str, **other: Any) -> Settings:
    """Settings whose topics nobody else has."""
    own = f"test-{uuid.uuid4().hex[:8]}."
    return load(brokers=brokers, own_prefix=own, source_prefix=f"{own}bank.", sources="repayments", **other)


def through_confluent(settings: Settings) -> list[tuple[bytes | None, bytes | None]]:
    """What confluent-kafka reads after it wrote the records to a topic of one partition."""
    topic = settings.topic_names.real("learning")
    publish(settings, topic)
    return read(settings, topic)


def publish(settings: Settings, topic: str) -> None:
    """Writes the records and waits until they are acknowledged."""
    producer = Producer({**producer_config(settings), "message.timeout.ms": 20_000})
    for key, value in RECORDS:
        producer.produce(topic, value, key=key)
    assert producer.flush(30) == 0


def read(settings: Settings, topic: str) -> list[tuple[bytes | None, bytes | None]]:
    """As many records as were written, of the topic's one partition."""
    consumer = Consumer(consumer_config(settings, f"{settings.own_prefix}readers"))
    try:
        consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
        return [(message.key(), message.value()) for message in consumer.consume(len(RECORDS), timeout=60)]
    finally:
        consumer.close()


async def through_aiokafka(settings: Settings) -> list[tuple[bytes | None, bytes | None]]:
    """What aiokafka reads after it wrote the records to a topic of one partition."""
    topic = settings.topic_names.real("models")
    async with aiokafka.AIOKafkaProducer(**aiokafka_options(settings)) as producer:
        for key, value in RECORDS:
            await producer.send_and_wait(topic, value, key=key)
    options = {**aiokafka_options(settings), "auto_offset_reset": "earliest", "group_id": None}
    async with aiokafka.AIOKafkaConsumer(topic, **options) as consumer:
        return [(message.key, message.value) for message in [await consumer.getone() for _ in RECORDS]]


def round_trips(settings: Settings) -> None:
    """Both clients get back what they wrote."""
    ensure(settings)
    assert through_confluent(settings) == RECORDS
    assert asyncio.run(asyncio.wait_for(through_aiokafka(settings), 60)) == RECORDS


def test_both_clients_get_back_what_they_wrote(brokers: str) -> None:
    round_trips(settings_for(brokers))


def test_topics_are_created_once_and_then_as_they_should_be(brokers: str) -> None:
    settings = settings_for(brokers, partitions=3)
    changelog = f"{settings.own_prefix}clients-changelog"
    changelogs = {changelog: 3}
    missing = check(settings, changelogs)
    created = ensure(settings, changelogs)
    assert {difference.topic for difference in missing} == set(created)
    assert {difference.what for difference in missing} == {"is missing"}
    assert ensure(settings, changelogs) == []
    assert check(settings, changelogs) == []
    assert found(settings, changelogs)[changelog].cleanup == "compact"


def test_a_topic_with_another_partition_count_is_found_out(brokers: str) -> None:
    settings = settings_for(brokers, partitions=3)
    ensure(settings)
    told = check(settings.model_copy(update={"partitions": 4}))
    assert {difference.what for difference in told} == {"has 3 partitions, not 4"}
    assert settings.topic_names.real("client-events") in {difference.topic for difference in told}


def test_the_embedded_broker_keeps_records_and_keys_when_it_is_stopped(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path) as broker:
        settings = settings_for(broker.bootstrap)
        ensure(settings)
        through_confluent(settings)
        redis.Redis.from_url(broker.redis_url).hset("client:1", mapping={"tier": "gold"})
        broker.stop()
        broker.start()
        learning = TopicPartition(settings.topic_names.real("learning"), 0)
        consumer = Consumer(consumer_config(settings, "g"))
        assert consumer.get_watermark_offsets(learning, timeout=10) == (0, len(RECORDS))
        consumer.close()
        assert redis.Redis.from_url(broker.redis_url).hgetall("client:1") == {b"tier": b"gold"}


def test_an_embedded_broker_that_keeps_nothing_serves_as_well_and_writes_nothing(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path, keeps=False) as broker:
        settings = settings_for(broker.bootstrap)
        ensure(settings)
        through_confluent(settings)
        time.sleep(2.5)  # it writes about once a second
        redis.Redis.from_url(broker.redis_url).hset("client:1", mapping={"tier": "gold"})
        consumer = Consumer(consumer_config(settings, "g"))
        learning = TopicPartition(settings.topic_names.real("learning"), 0)
        assert consumer.get_watermark_offsets(learning, timeout=10) == (0, len(RECORDS))
        consumer.close()
    assert not list(tmp_path.glob("kafka.json"))
    assert not list(tmp_path.glob("redis.json"))


def test_a_redis_that_keeps_nothing_goes_on_though_it_is_busy_whenever_the_broker_would_write(tmp_path: Path) -> None:
    """It is locked while it is written: were that held up for good, it would answer nobody any more."""
    with EmbeddedBroker(tmp_path, keeps=False) as broker:
        client = redis.Redis.from_url(broker.redis_url, socket_timeout=10)
        fill = client.register_script("for i = 1, 200 do redis.call('LPUSH', KEYS[1], string.rep('x', 300)) end return 1")
        until = time.monotonic() + 2.5
        while time.monotonic() < until:
            fill(keys=["held"])
            client.ltrim("held", 0, 99)
        assert client.llen("held") == 100
    assert not list(tmp_path.glob("redis*.json"))


def test_the_embedded_broker_finds_an_offset_by_its_time(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path) as broker:
        settings = settings_for(broker.bootstrap)
        ensure(settings)
        topic = settings.topic_names.real("learning")
        producer = Producer(producer_config(settings))
        for moment in (1_000, 2_000, 3_000):
            producer.produce(topic, b"x", timestamp=moment)
        producer.flush(30)
        consumer = Consumer(consumer_config(settings, "g"))
        asked = [consumer.offsets_for_times([TopicPartition(topic, 0, at)], timeout=10)[0].offset for at in (1_500, 9_000)]
        consumer.close()
        assert asked == [1, -1]


def test_a_broker_that_cannot_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    (tmp_path / "kafka.json").write_text("{nonsense")
    with pytest.raises(ChildFailed, match=r"(?s)embedded\.log.*failed to parse kafka snapshot"):
        EmbeddedBroker(tmp_path).start()


@pytest.mark.parametrize("port", ["kafka_port", "redis_port"])
def test_a_port_that_is_taken_is_named(tmp_path: Path, port: str) -> None:
    with EmbeddedBroker(tmp_path / "one") as first:
        taken = getattr(first, port)
        with pytest.raises(ChildFailed, match=f"port {taken} of 127.0.0.1 is taken"):
            EmbeddedBroker(tmp_path / "two", **{port: taken}).start()


def test_without_java_the_message_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(MissingTool, match=r"java is not on the PATH: .*openjdk-17"):
        ApacheKafka()


def test_the_id_of_a_kafka_cluster_is_never_taken_for_an_option() -> None:
    assert cluster_id(b"\xf8" + bytes(15)) == "A" * 22
    assert len(cluster_id(bytes(range(16)))) == 22


class Login(HTTPServer):
    """A token endpoint whose tokens are not signed: what a test broker takes."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/token"


class Answering(BaseHTTPRequestHandler):
    """Gives a token to whoever asks."""

    def do_POST(self) -> None:
        """A JSON web token that holds for an hour."""
        self.rfile.read(int(self.headers["Content-Length"]))
        now = int(time.time())
        parts: list[dict[str, Any]] = [{"alg": "none"}, {"sub": USER, "iat": now, "exp": now + 3600, "scope": "kafka"}]
        token = ".".join([urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts] + [""])
        body = json.dumps({"access_token": token, "token_type": "Bearer", "expires_in": 3600}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def secured() -> Iterator[ApacheKafka]:
    """An Apache Kafka with listeners for SASL over TLS and for TLS alone."""
    with ApacheKafka(secured=True) as kafka:
        yield kafka


@pytest.fixture(scope="module")
def login() -> Iterator[Login]:
    """A running token endpoint."""
    with Login() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def sasl_settings(kafka: ApacheKafka, **other: Any) -> Settings:
    """Settings for the SASL listener."""
    assert kafka.certificates is not None
    given = {"sasl_username": USER, "sasl_password": PASSWORD, "tls_ca_file": kafka.certificates.ca, **other}
    return settings_for(kafka.sasl_bootstrap, security_protocol="SASL_SSL", **given)


def oauth(login: Login) -> dict[str, str]:
    """Settings for tokens from there."""
    return {
        "oauth_token_url": login.url,
        "oauth_client_id": USER,
        "oauth_client_secret": PASSWORD,
        "oauth_scope": "kafka",
    }


@pytest.mark.real_kafka
@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_both_clients_log_in_with_a_password_over_tls(secured: ApacheKafka, mechanism: str) -> None:
    round_trips(sasl_settings(secured, sasl_mechanism=mechanism))


@pytest.mark.real_kafka
def test_both_clients_log_in_with_a_token_over_tls(secured: ApacheKafka, login: Login) -> None:
    round_trips(sasl_settings(secured, sasl_mechanism="OAUTHBEARER", **oauth(login)))


@pytest.mark.real_kafka
def test_both_clients_show_their_certificate(secured: ApacheKafka) -> None:
    assert secured.certificates is not None
    ours = {"tls_certificate_file": secured.certificates.client, "tls_key_file": secured.certificates.client_key}
    round_trips(settings_for(secured.tls_bootstrap, security_protocol="SSL", tls_ca_file=secured.certificates.ca, **ours))


@pytest.mark.real_kafka
def test_both_clients_refuse_a_broker_that_a_stranger_signed_for(secured: ApacheKafka) -> None:
    assert secured.certificates is not None
    refused(sasl_settings(secured, sasl_mechanism="PLAIN", tls_ca_file=secured.certificates.other_ca))


@pytest.mark.real_kafka
def test_both_clients_refuse_a_broker_under_another_host_name_unless_told_not_to_look(secured: ApacheKafka) -> None:
    by_address = secured.sasl_bootstrap.replace("localhost", "127.0.0.1")
    refused(sasl_settings(secured, sasl_mechanism="PLAIN").model_copy(update={"brokers": (by_address,)}))
    unchecked = sasl_settings(secured, sasl_mechanism="PLAIN", tls_check_hostname=False)
    round_trips(unchecked.model_copy(update={"brokers": (by_address,)}))


@pytest.mark.real_kafka
def test_both_clients_are_refused_with_a_wrong_password(secured: ApacheKafka) -> None:
    refused(sasl_settings(secured, sasl_mechanism="SCRAM-SHA-512", sasl_password="wrong"))


@pytest.mark.real_kafka
@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "OAUTHBEARER"])
def test_a_worker_reads_and_writes_over_tls(secured: ApacheKafka, login: Login, tmp_path: Path, mechanism: str) -> None:
    settings = sasl_settings(secured, sasl_mechanism=mechanism, partitions=1, **oauth(login))
    ensure(settings)
    worker = Child([sys.executable, "-m", "tests.system.echoing"], tmp_path / "worker.log", environment(settings))
    worker.start()
    try:
        publish(settings, settings.topic_names.real("repayments"))
        assert read(settings, settings.topic_names.real("client-events")) == RECORDS, worker.tail()
    finally:
        worker.stop()


def environment(settings: Settings) -> dict[str, str]:
    """What tells another process the same settings."""
    given = {name: getattr(settings, name) for name in settings.model_fields_set}
    told = {name: ",".join(value) if isinstance(value, tuple) else value for name, value in given.items()}
    plain = {name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in told.items()}
    return {**os.environ, **{variable(name): str(value) for name, value in plain.items()}}


def refused(settings: Settings) -> None:
    """Neither client gets through."""
    with pytest.raises(KafkaException):
        AdminClient({**librdkafka(settings), "log_level": 0}).list_topics(timeout=5)
    with pytest.raises((aiokafka.errors.KafkaError, TimeoutError)):
        asyncio.run(asyncio.wait_for(_reached(settings), 5))


async def _reached(settings: Settings) -> None:
    async with aiokafka.AIOKafkaProducer(**aiokafka_options(settings)):
        pass


@pytest.mark.real_kafka
def test_apache_kafka_keeps_what_was_acknowledged_when_it_is_killed() -> None:
    with ApacheKafka() as kafka:
        settings = settings_for(kafka.bootstrap)
        round_trips(settings)
        kafka.kill()
        kafka.start()
        learning = TopicPartition(settings.topic_names.real("learning"), 0)
        consumer = Consumer(consumer_config(settings, "g"))
        assert consumer.get_watermark_offsets(learning, timeout=30) == (0, len(RECORDS))
        consumer.close()
