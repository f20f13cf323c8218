"""What each kind of Kafka client is told of the brokers, TLS and the log-in."""

import asyncio
import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import confluent_kafka
import pytest
from confluent_kafka.admin import AdminClient
from faust.auth import OAuthCredentials, SASLCredentials, SSLCredentials

from streams.brokers.kafka import (
    aiokafka_options,
    broker_url,
    consumer_config,
    credentials,
    librdkafka,
    producer_config,
    ssl_context,
)
from streams.brokers.oauth import Token, TokenProvider, TokenRefused, fetch_token, token_provider
from streams.settings import Settings, load

OAUTH: dict[str, Any] = {
    "security_protocol": "SASL_SSL",
    "sasl_mechanism": "OAUTHBEARER",
    "oauth_token_url": "https://login.bank.example/token",
    "oauth_client_id": "tierwatch",
    "oauth_client_secret": "hunter2",
    "oauth_scope": "kafka",
}


def with_password(mechanism: str, protocol: str = "SASL_SSL") -> Settings:
    """Settings that log in with a password."""
    return load(
        brokers=("a:1", "b:2"),
        security_protocol=protocol,
        sasl_mechanism=mechanism,
        sasl_username="tierwatch",
        sasl_password="hunter2",
    )


@pytest.fixture(scope="module")
def own_certificate(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A certificate that signs itself, as settings."""
    folder = tmp_path_factory.mktemp("tls")
    request = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=tierwatch -keyout key.pem -out cert.pem"
    subprocess.run(request.split(), cwd=folder, check=True, capture_output=True)
    certificate, key = str(folder / "cert.pem"), str(folder / "key.pem")
    return {"tls_ca_file": certificate, "tls_certificate_file": certificate, "tls_key_file": key}


def test_without_security_every_client_speaks_plain_text() -> None:
    settings = load(brokers=("a:1", "b:2"))
    assert librdkafka(settings)["security.protocol"] == "PLAINTEXT"
    assert credentials(settings) is None
    assert aiokafka_options(settings)["security_protocol"] == "PLAINTEXT"


def test_every_client_is_told_every_broker() -> None:
    settings = load(brokers=("a:1", "b:2"))
    assert librdkafka(settings)["bootstrap.servers"] == "a:1,b:2"
    assert aiokafka_options(settings)["bootstrap_servers"] == ["a:1", "b:2"]
    assert broker_url(settings) == "kafka://a:1;kafka://b:2"


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_password_reaches_every_client(mechanism: str) -> None:
    settings = with_password(mechanism)
    for config in (librdkafka(settings), producer_config(settings), consumer_config(settings, "g")):
        assert config["security.protocol"] == "SASL_SSL"
        assert config["sasl.mechanism"] == mechanism
        assert (config["sasl.username"], config["sasl.password"]) == ("tierwatch", "hunter2")
    log_in = aiokafka_options(settings)
    assert (log_in["security_protocol"], log_in["sasl_mechanism"]) == ("SASL_SSL", mechanism)
    assert (log_in["sasl_plain_username"], log_in["sasl_plain_password"]) == ("tierwatch", "hunter2")
    assert isinstance(credentials(settings), SASLCredentials)


def test_a_log_in_without_tls_stays_without_tls() -> None:
    settings = with_password("PLAIN", "SASL_PLAINTEXT")
    assert aiokafka_options(settings)["security_protocol"] == "SASL_PLAINTEXT"
    assert aiokafka_options(settings)["ssl_context"] is None
    assert "ssl.endpoint.identification.algorithm" not in librdkafka(settings)


def test_certificates_reach_every_client(own_certificate: dict[str, Any]) -> None:
    settings = load(security_protocol="SSL", **own_certificate)
    config = librdkafka(settings)
    assert config["ssl.ca.location"] == own_certificate["tls_ca_file"]
    assert config["ssl.certificate.location"] == own_certificate["tls_certificate_file"]
    assert config["ssl.key.location"] == own_certificate["tls_key_file"]
    assert isinstance(credentials(settings), SSLCredentials)
    assert aiokafka_options(settings)["ssl_context"].get_ca_certs()


def test_host_names_are_checked_unless_the_settings_say_no(own_certificate: dict[str, Any]) -> None:
    checked = load(security_protocol="SSL", **own_certificate)
    unchecked = load(security_protocol="SSL", tls_check_hostname=False, **own_certificate)
    assert [context.check_hostname for context in contexts(checked, unchecked)] == [True, False]
    assert [context.verify_mode for context in contexts(checked, unchecked)] == [ssl.CERT_REQUIRED] * 2
    algorithm = "ssl.endpoint.identification.algorithm"
    assert [librdkafka(settings)[algorithm] for settings in (checked, unchecked)] == ["https", "none"]


def contexts(*several: Settings) -> list[ssl.SSLContext]:
    """Their TLS contexts, which are there."""
    return [context for context in map(ssl_context, several) if context is not None]


def test_oauth_reaches_every_client() -> None:
    settings = load(**OAUTH)
    config = librdkafka(settings)
    assert config["sasl.oauthbearer.method"] == "oidc"
    assert config["sasl.oauthbearer.token.endpoint.url"] == OAUTH["oauth_token_url"]
    assert config["sasl.oauthbearer.client.secret"] == "hunter2"
    assert config["sasl.oauthbearer.scope"] == "kafka"
    assert isinstance(credentials(settings), OAuthCredentials)
    assert isinstance(aiokafka_options(settings)["sasl_oauth_token_provider"], TokenProvider)


@pytest.mark.parametrize(
    "settings",
    [load(), with_password("PLAIN"), with_password("SCRAM-SHA-512"), load(**OAUTH)],
    ids=["plain text", "PLAIN", "SCRAM", "OAUTHBEARER"],
)
def test_librdkafka_takes_what_it_is_told(settings: Settings) -> None:
    unreachable: dict[str, str | int | float | bool] = {"bootstrap.servers": "127.0.0.1:1", "log_level": 0}
    confluent_kafka.Producer({**producer_config(settings), **unreachable})
    confluent_kafka.Consumer({**consumer_config(settings, "g"), **unreachable}).close()
    AdminClient({**librdkafka(settings), **unreachable})


class Endpoint:
    """A token endpoint in memory that counts how often it is asked."""

    def __init__(self, lifetime: float) -> None:
        self.lifetime, self.asked = lifetime, 0

    def __call__(self) -> Token:
        self.asked += 1
        return Token(f"token-{self.asked}", self.lifetime)


def test_a_token_is_used_until_it_nears_its_end() -> None:
    now, endpoint = [0.0], Endpoint(lifetime=100.0)
    provider = TokenProvider(endpoint, clock=lambda: now[0])
    tokens = []
    for moment in (0.0, 79.0, 81.0, 160.0, 162.0):
        now[0] = moment
        tokens.append(asyncio.run(provider.token()))
    assert tokens == ["token-1", "token-1", "token-2", "token-2", "token-3"]


def test_threads_that_want_a_token_at_once_ask_for_one() -> None:
    endpoint = Endpoint(lifetime=100.0)
    provider = TokenProvider(endpoint)

    async def all_at_once() -> list[str]:
        return await asyncio.gather(*(provider.token() for _ in range(20)))

    assert set(asyncio.run(all_at_once())) == {"token-1"}
    assert endpoint.asked == 1


class Login(HTTPServer):
    """A token endpoint on 127.0.0.1 that keeps what it was asked and gives what it is told to give."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.asked: list[dict[str, str]] = []
        self.status, self.answer = 200, b"{}"

    def settings(self, **other: Any) -> Settings:
        """Settings that ask here."""
        return load(**{**OAUTH, "oauth_token_url": f"http://127.0.0.1:{self.server_port}/token", **other})


class Answering(BaseHTTPRequestHandler):
    """One question to the endpoint."""

    def do_POST(self) -> None:
        """Keeps the question, gives the answer."""
        login = self.server
        assert isinstance(login, Login)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        login.asked.append({"body": body, "authorization": self.headers["Authorization"]})
        self.send_response(login.status)
        self.end_headers()
        self.wfile.write(login.answer)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def login() -> Iterator[Login]:
    """A running token endpoint."""
    with Login() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_token_is_asked_for_with_the_clients_credentials(login: Login) -> None:
    login.answer = json.dumps({"access_token": "abc", "expires_in": 300}).encode()
    assert fetch_token(login.settings()) == Token("abc", 300.0)
    assert login.asked == [
        {"body": "grant_type=client_credentials&scope=kafka", "authorization": "Basic dGllcndhdGNoOmh1bnRlcjI="}
    ]


def test_aiokafka_is_handed_the_token(login: Login) -> None:
    login.answer = json.dumps({"access_token": "abc"}).encode()
    assert asyncio.run(token_provider(login.settings()).token()) == "abc"


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (401, b'{"error": "invalid_client"}', "answered 401: .*invalid_client"),
        (200, b"not json", "gave no token"),
        (200, b"{}", "gave no token: KeyError"),
        (200, b"[]", "gave no token: TypeError"),
    ],
)
def test_a_refused_token_is_told_with_the_endpoint_and_without_the_secret(
    login: Login, status: int, answer: bytes, said: str
) -> None:
    login.status, login.answer = status, answer
    with pytest.raises(TokenRefused, match=rf"/token \(TIERWATCH_OAUTH_TOKEN_URL\) {said}") as told:
        fetch_token(login.settings())
    assert "hunter2" not in str(told.value)


def test_an_endpoint_that_is_not_there_is_named() -> None:
    settings = load(**{**OAUTH, "oauth_token_url": "http://127.0.0.1:1/token"})
    with pytest.raises(TokenRefused, match=r"127\.0\.0\.1:1/token .* gave no token"):
        fetch_token(settings)


def test_a_key_that_does_not_fit_is_refused(own_certificate: dict[str, Any], tmp_path: Path) -> None:
    key = tmp_path / "other.pem"
    subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
    with pytest.raises(ssl.SSLError):
        ssl_context(load(security_protocol="SSL", **{**own_certificate, "tls_key_file": str(key)}))
