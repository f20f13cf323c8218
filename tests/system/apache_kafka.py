"""A real Apache Kafka (KRaft, one node) from Maven artifacts, as a child of the tests.

`python -m tests.system.apache_kafka` starts one in the foreground and prints its address; with a command behind it, it
runs that command against one: `python -m tests.system.apache_kafka pytest tests/system`.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Final, Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.brokers.child import Child, free_port
from tests.system.kafka_security import USERS, Certificates, security_properties

REPO: Final = Path(__file__).resolve().parents[2]
POM: Final = REPO / "ops" / "kafka" / "pom.xml"
LOG_CONFIG: Final = REPO / "ops" / "kafka" / "log4j2.properties"
KAFKA: Final = REPO / ".kafka"
READY_SECONDS: Final = 90.0

SINGLE_NODE: Final = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
}


class MissingTool(RuntimeError):
    """Java or Maven is not there; the message says what to install."""


def cluster_id(drawn: bytes) -> str:
    """A cluster's id of sixteen bytes. It begins with A: one that began with a hyphen would be taken for an option."""
    return urlsafe_b64encode(b"\0" + drawn[1:]).decode().rstrip("=")


class ApacheKafka:
    """One node on free ports of 127.0.0.1, its records in a temporary folder that `stop` leaves and `close` removes.

    With `secured`, it also listens with SASL over TLS (`sasl_bootstrap`; users in `kafka_security.USERS`) and with TLS
    alone (`tls_bootstrap`), under `certificates` made for it.
    """

    def __init__(self, secured: bool = False) -> None:
        _java()
        self.folder = Path(tempfile.mkdtemp(prefix="tierwatch-kafka-"))
        self.ports = {name: free_port() for name in _listeners(secured)}
        self.certificates = Certificates.made_in(self.folder / "tls") if secured else None
        self.log = self.folder / "kafka.log"
        self._child = Child(_java("kafka.Kafka", str(self.folder / "server.properties")), self.log)

    @property
    def bootstrap(self) -> str:
        """Address without any security."""
        return f"127.0.0.1:{self.ports['PLAINTEXT']}"

    @property
    def sasl_bootstrap(self) -> str:
        """Address for SASL (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER) over TLS."""
        return f"localhost:{self.ports['SASL_SSL']}"

    @property
    def tls_bootstrap(self) -> str:
        """Address for TLS, the client shown by its certificate."""
        return f"localhost:{self.ports['SSL']}"

    @property
    def pid(self) -> int | None:
        return self._child.pid

    def start(self) -> None:
        """Formats the folder the first time, starts and waits until clients are answered."""
        libraries()
        if not (self.folder / "server.properties").exists():
            self._format()
        self._child.start()
        self._child.wait_until(self._answers, READY_SECONDS)

    def stop(self) -> None:
        """Ends it in order."""
        self._child.stop()

    def kill(self) -> None:
        """Ends it as a crash would (SIGKILL)."""
        self._child.kill()

    def restart(self) -> None:
        """Stops it if it runs and starts it again on the same ports and records."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Ends it and removes its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answers(self) -> bool:
        quiet: dict[str, str | int | float | bool] = {"bootstrap.servers": self.bootstrap, "log_level": 0}
        with contextlib.suppress(KafkaException):
            return bool(AdminClient(quiet).list_topics(timeout=2).brokers)
        return False

    def _format(self) -> None:
        config = self.folder / "server.properties"
        config.write_text("".join(f"{name}={value}\n" for name, value in self._properties().items()))
        cluster = cluster_id(uuid.uuid4().bytes)
        command = _java("kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(config), "--standalone")
        tried = subprocess.run([*command, *self._scram_users()], capture_output=True, text=True, check=False)
        if tried.returncode != 0:
            config.unlink()
            raise RuntimeError(f"Kafka's StorageTool could not format {self.folder}:\n{tried.stdout}{tried.stderr}")

    def _scram_users(self) -> list[str]:
        if self.certificates is None:
            return []
        mechanisms = ("SCRAM-SHA-256", "SCRAM-SHA-512")
        users = [f"{kind}=[name={name},password={word}]" for kind in mechanisms for name, word in USERS.items()]
        return [option for user in users for option in ("--add-scram", user)]

    def _properties(self) -> dict[str, str]:
        addresses = {name: f"{name}://127.0.0.1:{port}" for name, port in self.ports.items()}
        told = {name: _told(name, port) for name, port in self.ports.items() if name != "CONTROLLER"}
        protocols = {name: "PLAINTEXT" if name == "CONTROLLER" else name for name in self.ports}
        return {
            **SINGLE_NODE,
            "listeners": ",".join(addresses.values()),
            "advertised.listeners": ",".join(told.values()),
            "listener.security.protocol.map": ",".join(f"{name}:{kind}" for name, kind in protocols.items()),
            "controller.quorum.bootstrap.servers": f"127.0.0.1:{self.ports['CONTROLLER']}",
            "log.dirs": str(self.folder / "records"),
            **(security_properties(self.certificates) if self.certificates else {}),
        }


def libraries() -> Path:
    """The folder of Kafka's jars; fetched by Maven the first time and whenever the pom has changed."""
    KAFKA.mkdir(exist_ok=True)
    with (KAFKA / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        fetched_by = KAFKA / "pom.xml"
        if not fetched_by.exists() or fetched_by.read_bytes() != POM.read_bytes():
            _fetch()
            shutil.copyfile(POM, fetched_by)
    return KAFKA / "lib"


def _fetch() -> None:
    shutil.rmtree(KAFKA / "lib", ignore_errors=True)
    command = [_tool("mvn", "maven"), "-q", "-B", "-f", str(POM), "dependency:copy-dependencies"]
    tried = subprocess.run(command, capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        raise RuntimeError(f"Maven could not fetch Apache Kafka ({' '.join(command)}):\n{tried.stdout}{tried.stderr}")


def _listeners(secured: bool) -> tuple[str, ...]:
    return ("PLAINTEXT", "CONTROLLER", "SASL_SSL", "SSL") if secured else ("PLAINTEXT", "CONTROLLER")


def _told(name: str, port: int) -> str:
    """The address that clients are told: by name where a certificate is to be checked against it."""
    return f"{name}://{'127.0.0.1' if name == 'PLAINTEXT' else 'localhost'}:{port}"


def _java(*arguments: str) -> list[str]:
    heap = ["-Xms128m", "-Xmx512m", f"-Dlog4j2.configurationFile={LOG_CONFIG}"]
    return [_tool("java", "openjdk-17-jre-headless"), *heap, "-cp", f"{KAFKA / 'lib'}/*", *arguments]


def _tool(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise MissingTool(
            f"{name} is not on the PATH: install it (Debian: apt-get install {package}),"
            " or name a Kafka of yours in TIERWATCH_BROKERS"
        )
    return found


def main(command: list[str]) -> int:
    """Runs a command against one, named in TIERWATCH_BROKERS; without a command runs until Ctrl-C or SIGTERM."""
    with ApacheKafka() as kafka:
        print(f"Apache Kafka at {kafka.bootstrap}, log in {kafka.log}", flush=True)
        if command:
            return subprocess.run(command, env={**os.environ, "TIERWATCH_BROKERS": kafka.bootstrap}, check=False).returncode
        _wait_for_the_end()
        return 0


def _wait_for_the_end() -> None:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
