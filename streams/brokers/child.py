"""A server that runs as a child of this program and ends with it."""

import atexit
import contextlib
import ctypes
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

PR_SET_PDEATHSIG: Final = 1
"""Source: prctl(2), PR_SET_PDEATHSIG."""


class ChildFailed(RuntimeError):
    """A child ended, or was not ready in time; the message carries the end of its log."""


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Child:
    """One process, known by its id. It is ended with `stop` or `kill`, else with this program, even if that is killed.

    Start it from the main thread: Linux ends the child when the thread that started it ends.
    """

    def __init__(self, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        self.command, self.log, self.env = list(command), log, env
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return self._running is not None and self._running.poll() is None

    @property
    def pid(self) -> int | None:
        return self._running.pid if self._running is not None else None

    def start(self) -> None:
        """Starts the process, its output appended to the log."""
        if self.running:
            return
        with self.log.open("ab") as out:
            self._running = subprocess.Popen(
                self.command,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                preexec_fn=_die_with_parent(),
            )
        atexit.register(self.kill)

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Raises: `ChildFailed` if the process ends, or is not ready after so many seconds (it is killed then)."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running:
                raise ChildFailed(self._said("ended before it was ready"))
            if time.monotonic() > deadline:
                self.kill()
                raise ChildFailed(self._said(f"was not ready after {seconds:.0f} s"))
            time.sleep(0.05)

    def stop(self, seconds: float = 20.0) -> None:
        """SIGTERM, and SIGKILL if it still runs after so many seconds."""
        if self._running is None:
            return
        self._running.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._running.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """SIGKILL, as in a crash. Does nothing if the process has ended."""
        if self._running is None:
            return
        self._running.kill()
        self._running.wait()
        self._running = None
        atexit.unregister(self.kill)

    def tail(self, lines: int = 20) -> str:
        """The end of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _said(self, what: str) -> str:
        return f"{self.command[0]} {what}; the end of {self.log}:\n{self.tail()}"


def _die_with_parent() -> Callable[[], None] | None:
    """What the child does before it becomes the server: asks Linux to be killed when its parent is gone."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    return ask
