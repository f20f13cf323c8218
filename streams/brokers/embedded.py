"""The embedded broker: the Kafka and the Redis protocol from one small process, for the demo and the tests.

`noida-db` 0.2.3 (extra `demo`). Tried with confluent-kafka 2.16.1, aiokafka 0.14.0 and redis-py 8.1.0.

Kafka, works: idempotent producers, lz4, headers, tombstones, transactions, topic configs (create, describe, alter),
adding partitions, deleting topics, committed offsets, listing and describing groups, offsets by timestamp
(`Consumer.offsets_for_times`: the first record at or after it, -1 if there is none), groups whose members leave in
order.
Kafka, does not: a topic that was not created is made by a mere look at its metadata, with one partition, so create
topics first; a record above 1 MB is refused; the internal topics `__consumer_offsets` and `__transaction_state` are
listed like any other; after a group's leader is killed nobody replaces it, so workers that share a group need group
instance ids, and none may be killed.

Redis, works (RESP2 and RESP3, sync and asyncio, reports version 7.2.5): strings with EX and NX, hashes, sorted sets
with GT, sets, lists, streams (XADD MAXLEN, XREAD, XREVRANGE), expiry, SCAN, publish/subscribe, pipelines, MULTI/EXEC,
WATCH (a conflict raises `WatchError`), Lua (EVAL, EVALSHA), databases other than 0. Redis, does not: JSON.*, WAIT.

Both live in memory and are written to `data_dir` about once a second: `stop` keeps everything, `kill` loses what came
last (85 of 2,374 acknowledged records when tried), so nothing about crash safety may be concluded from it. It writes all
it holds anew each time, most of its processor time once that is much; `keeps=False` spares it (`_keep_nothing`). On Debian
12 its first line in the log is a harmless warning about GLIBC_2.39.
"""

import importlib.util
import os
import socket
from importlib.resources import files
from pathlib import Path
from typing import Final, Self

from streams.brokers.child import Child, ChildFailed, free_port

READY_SECONDS = 30.0
WRITTEN_FIRST: Final = "kafka.tmp"
"""What the broker writes of Kafka before it takes the place of the last copy."""


class NotInstalled(RuntimeError):
    """The extra `demo` is missing."""


class EmbeddedBroker:
    """A broker on 127.0.0.1 whose topics and keys live in `data_dir`; its output goes to `embedded.log` there.

    With `keeps=False` they live in memory alone and are gone when it ends.
    """

    def __init__(
        self, data_dir: Path, kafka_port: int | None = None, redis_port: int | None = None, keeps: bool = True
    ) -> None:
        self.data_dir = Path(data_dir)
        self.keeps = keeps
        self.kafka_port, self.redis_port = kafka_port or free_port(), redis_port or free_port()
        self.log = self.data_dir / "embedded.log"
        self._child = Child([str(_binary()), *self._options()], self.log)

    @property
    def bootstrap(self) -> str:
        """Address for Kafka clients."""
        return f"127.0.0.1:{self.kafka_port}"

    @property
    def redis_url(self) -> str:
        """Address for Redis clients."""
        return f"redis://127.0.0.1:{self.redis_port}/0"

    @property
    def pid(self) -> int | None:
        return self._child.pid

    def start(self) -> None:
        """Starts it and waits until both ports answer. Does nothing if it runs.

        Raises: `ChildFailed` with the end of the log, or with the port that is taken.
        """
        if self._child.running:
            return
        for port in (self.kafka_port, self.redis_port):
            if _listening(port):  # else somebody else's answer would be taken for ours
                raise ChildFailed(f"port {port} of 127.0.0.1 is taken: end who listens there, or name another one")
        self.data_dir.mkdir(parents=True, exist_ok=True)
        if not self.keeps:
            _keep_nothing(self.data_dir)
        self._child.start()
        self._child.wait_until(self._answers, READY_SECONDS)

    def stop(self) -> None:
        """Ends it in order: what was published is on disk and there again at the next start, if it keeps anything."""
        if self.keeps:
            self._child.stop()
        else:
            self._child.kill()
            for written in self.data_dir.glob("redis*.json"):
                written.unlink()

    def kill(self) -> None:
        """Ends it as a crash would: what was published in the last second may be lost."""
        self._child.kill()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _options(self) -> list[str]:
        ports = ["--kafka-port", str(self.kafka_port), "--redis-port", str(self.redis_port)]
        return ["start", "--data-dir", str(self.data_dir), "--host", "127.0.0.1", "--only", "kafka,redis", *ports]

    def _answers(self) -> bool:
        return all(_listening(port) for port in (self.kafka_port, self.redis_port))


def _keep_nothing(data_dir: Path) -> None:
    """A pipe that nobody reads stands where it would write Kafka: its one thread that writes waits there, and nobody else.

    None for Redis: it is locked while it is written, and would stand still for good. Until there is something of Kafka to be
    written Redis is, which is little by then.
    """
    (data_dir / WRITTEN_FIRST).unlink(missing_ok=True)
    os.mkfifo(data_dir / WRITTEN_FIRST)


def _binary() -> Path:
    """The server itself: its Python command would stand between us and its process id."""
    if importlib.util.find_spec("noida_db") is None:
        raise NotInstalled(
            "the embedded broker is not installed: pip install 'tierwatch[demo]', or name a Kafka of yours in TIERWATCH_BROKERS"
        )
    binary = Path(str(files("noida_db").joinpath("noida-db")))
    binary.chmod(0o755)
    return binary


def _listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0
