"""A Redis of the tests' own, to be killed and started again."""

import contextlib
import shutil
from pathlib import Path
from typing import Protocol

import pytest
import redis
from redis.exceptions import RedisError

from streams.brokers.child import Child, free_port
from streams.brokers.embedded import EmbeddedBroker


class Server(Protocol):
    """A Redis that can be killed and started again with what it had kept."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...
    @property
    def redis_url(self) -> str: ...


class RealRedis:
    """`redis-server`, which writes what it holds to disk once a second."""

    def __init__(self, folder: Path) -> None:
        self._port = free_port()
        options = ["--port", str(self._port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", "--appendonly", "yes"]
        self._child = Child(["redis-server", *options], folder / "redis.log")

    @property
    def redis_url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        self._child.start()
        self._child.wait_until(self._answers, 20)

    def stop(self) -> None:
        self._child.stop()

    def kill(self) -> None:
        self._child.kill()

    def _answers(self) -> bool:
        with redis.Redis.from_url(self.redis_url) as client, contextlib.suppress(RedisError):
            return bool(client.ping())
        return False


def made(kind: str, folder: Path) -> Server:
    """A Redis that is not running yet."""
    if kind == "embedded":
        return EmbeddedBroker(folder)
    if not is_installed():
        pytest.skip("no redis-server on this machine: apt-get install redis-server")
    return RealRedis(folder)


def best(folder: Path) -> Server:
    """The real one where it is installed, else the embedded one; not running yet."""
    return made("redis-server" if is_installed() else "embedded", folder)


def is_installed() -> bool:
    """Whether this machine has a redis-server."""
    return shutil.which("redis-server") is not None
