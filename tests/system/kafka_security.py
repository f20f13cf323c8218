"""Certificates, users and listener settings of a secured test broker."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

USERS: Final = {"tierwatch": "correct-horse"}
"""The users of the SASL listener, with their passwords."""
STORE_PASSWORD: Final = "changeit"
SUBJECT_NAMES: Final = "subjectAltName=DNS:localhost"


@dataclass(frozen=True)
class Certificates:
    """A certificate authority of its own, a broker certificate for `localhost` and a client certificate."""

    ca: Path
    broker_store: Path
    client: Path
    client_key: Path
    other_ca: Path
    """An authority that has signed nothing here: a client that trusts only this one must refuse the broker."""

    @classmethod
    def made_in(cls, folder: Path) -> Self:
        """Makes them all anew with openssl."""
        folder.mkdir(parents=True)
        _authority(folder, "ca")
        _authority(folder, "other-ca")
        _signed(folder, "broker", SUBJECT_NAMES)
        _signed(folder, "client", "subjectAltName=DNS:tierwatch")
        pem = "".join((folder / name).read_text() for name in ("broker.key", "broker.pem", "ca.pem"))
        (folder / "broker-store.pem").write_text(pem)
        paths = (folder / name for name in ("ca.pem", "broker-store.pem", "client.pem", "client.key", "other-ca.pem"))
        return cls(*paths)


def security_properties(certificates: Certificates) -> dict[str, str]:
    """What the broker must know for its listeners SASL_SSL and SSL."""
    plain = "org.apache.kafka.common.security.plain.PlainLoginModule"
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule"
    oauth = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule"
    users = " ".join(f'user_{name}="{word}"' for name, word in USERS.items())
    prefix = "listener.name.sasl_ssl"
    return {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(certificates.broker_store),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(certificates.ca),
        "listener.name.ssl.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
        f"{prefix}.plain.sasl.jaas.config": f"{plain} required {users};",
        f"{prefix}.scram-sha-256.sasl.jaas.config": f"{scram} required;",
        f"{prefix}.scram-sha-512.sasl.jaas.config": f"{scram} required;",
        # Unsigned tokens are taken: the broker's default handler for OAUTHBEARER is made for tests.
        f"{prefix}.oauthbearer.sasl.jaas.config": f'{oauth} required unsecuredLoginStringClaim_sub="broker";',
    }


def _authority(folder: Path, name: str) -> None:
    request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN=tierwatch tests {name}"]
    _openssl(folder, *request, "-keyout", f"{name}.key", "-out", f"{name}.pem")


def _signed(folder: Path, name: str, extension: str) -> None:
    _openssl(
        folder,
        "req",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        f"/CN={name}",
        "-keyout",
        f"{name}.key",
        "-out",
        f"{name}.csr",
    )
    (folder / f"{name}.ext").write_text(extension)
    signing = [
        "x509",
        "-req",
        "-in",
        f"{name}.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-days",
        "2",
    ]
    _openssl(folder, *signing, "-extfile", f"{name}.ext", "-out", f"{name}.pem")


def _openssl(folder: Path, *arguments: str) -> None:
    if shutil.which("openssl") is None:
        raise RuntimeError("openssl is not on the PATH: install it (Debian: apt-get install openssl)")
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
