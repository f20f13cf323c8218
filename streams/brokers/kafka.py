"""How each kind of Kafka client is told where the brokers are and how to log in: librdkafka, aiokafka, Faust."""

import ssl
from typing import Any, Final

from faust.auth import Credentials, OAuthCredentials, SASLCredentials, SSLCredentials
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from streams.brokers.oauth import token_provider
from streams.settings import Settings
from streams.user_errors import UserError

LibrdkafkaConfig = dict[str, str | int | float | bool]

BYTES_AROUND_A_RECORD: Final = 10_000
"""What a record batch's header, keys and headers may add to a value of the largest size."""


def librdkafka(settings: Settings) -> LibrdkafkaConfig:
    """What every client of confluent-kafka needs: brokers, log-in, TLS."""
    return {
        "bootstrap.servers": settings.bootstrap,
        "client.id": settings.instance_id or settings.app_id,
        "security.protocol": settings.security_protocol,
        **(_librdkafka_tls(settings) if uses_tls(settings) else {}),
        **(_librdkafka_sasl(settings) if uses_sasl(settings) else {}),
    }


def no_broker(settings: Settings, why: str) -> UserError:
    """What is said where the brokers cannot be reached."""
    return UserError(
        f"brokers = {settings.bootstrap}: no broker answers ({why});"
        " is Kafka up? Set TIERWATCH_BROKERS; `tierwatch doctor` says more"
    )


def producer_config(settings: Settings) -> LibrdkafkaConfig:
    """A producer that repeats and reorders nothing and partitions as Java clients do."""
    return {
        **librdkafka(settings),
        "enable.idempotence": True,
        "partitioner": "murmur2_random",
        "compression.type": "lz4",
        "linger.ms": settings.linger_milliseconds,
        "message.max.bytes": settings.record_bytes + BYTES_AROUND_A_RECORD,
    }


def consumer_config(settings: Settings, group: str) -> LibrdkafkaConfig:
    """A consumer that begins at the beginning and commits only what it is told to."""
    return {
        **librdkafka(settings),
        "group.id": group,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "max.partition.fetch.bytes": settings.fetch_bytes,
    }


def broker_url(settings: Settings) -> str:
    """The brokers as Faust wants them."""
    return ";".join(f"kafka://{broker}" for broker in settings.brokers)


def credentials(settings: Settings) -> Credentials | None:
    """Faust's `broker_credentials`, for its consumers, its producers and their admin calls; None for PLAINTEXT."""
    context = ssl_context(settings)
    if not uses_sasl(settings):
        return SSLCredentials(context) if context is not None else None
    if settings.sasl_mechanism == "OAUTHBEARER":
        return OAuthCredentials(oauth_cb=token_provider(settings), ssl_context=context)
    return SASLCredentials(
        username=settings.sasl_username,
        password=settings.sasl_password.get_secret_value(),
        ssl_context=context,
        mechanism=settings.sasl_mechanism,
    )


def aiokafka_options(settings: Settings) -> dict[str, Any]:
    """Keyword arguments of any client of aiokafka; Faust's own function makes the log-in, so the two cannot differ."""
    log_in = credentials_to_aiokafka_auth(credentials(settings))
    return {"bootstrap_servers": list(settings.brokers), "client_id": settings.instance_id or settings.app_id, **log_in}


def ssl_context(settings: Settings) -> ssl.SSLContext | None:
    """TLS as Python speaks it; None if it is not used. Raises: `ssl.SSLError` for a certificate without its key."""
    if not uses_tls(settings):
        return None
    context = ssl.create_default_context(cafile=settings.tls_ca_file)
    context.check_hostname = settings.tls_check_hostname
    if settings.tls_certificate_file is not None:
        password = settings.tls_key_password.get_secret_value()
        context.load_cert_chain(settings.tls_certificate_file, settings.tls_key_file, password)
    return context


def uses_tls(settings: Settings) -> bool:
    """Whether the brokers are spoken to through TLS."""
    return settings.security_protocol in ("SSL", "SASL_SSL")


def uses_sasl(settings: Settings) -> bool:
    """Whether we log in."""
    return settings.security_protocol.startswith("SASL_")


def _librdkafka_tls(settings: Settings) -> LibrdkafkaConfig:
    files = {
        "ssl.ca.location": settings.tls_ca_file,
        "ssl.certificate.location": settings.tls_certificate_file,
        "ssl.key.location": settings.tls_key_file,
        "ssl.key.password": settings.tls_key_password.get_secret_value(),
    }
    check = "https" if settings.tls_check_hostname else "none"
    return {"ssl.endpoint.identification.algorithm": check, **{name: str(said) for name, said in files.items() if said}}


def _librdkafka_sasl(settings: Settings) -> LibrdkafkaConfig:
    if settings.sasl_mechanism != "OAUTHBEARER":
        return {
            "sasl.mechanism": settings.sasl_mechanism,
            "sasl.username": settings.sasl_username,
            "sasl.password": settings.sasl_password.get_secret_value(),
        }
    optional = {"sasl.oauthbearer.scope": settings.oauth_scope, "https.ca.location": settings.oauth_ca_file}
    return {
        "sasl.mechanism": "OAUTHBEARER",
        "sasl.oauthbearer.method": "oidc",
        "sasl.oauthbearer.token.endpoint.url": settings.oauth_token_url,
        "sasl.oauthbearer.client.id": settings.oauth_client_id,
        "sasl.oauthbearer.client.secret": settings.oauth_client_secret.get_secret_value(),
        **{name: str(said) for name, said in optional.items() if said},
    }
