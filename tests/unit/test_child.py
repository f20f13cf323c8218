"""Servers that run as children and end with us."""

import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from streams.brokers.child import Child, ChildFailed, free_port

SLEEP = [sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(600)"]
PARENT = """
import sys, time
from pathlib import Path
from streams.brokers.child import Child
child = Child(sys.argv[2:], Path(sys.argv[1]))
child.start()
child.wait_until(lambda: "ready" in child.tail(), 60)
print(child.pid, flush=True)
time.sleep(600)
"""


def ready(child: Child) -> bool:
    """Whether it has said so."""
    return "ready" in child.tail()


def test_a_child_runs_until_it_is_stopped(tmp_path: Path) -> None:
    child = Child(SLEEP, tmp_path / "log")
    child.start()
    child.wait_until(lambda: ready(child), 60)
    assert child.running
    child.stop()
    assert not child.running


def test_a_child_that_does_not_hear_is_killed(tmp_path: Path) -> None:
    deaf = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP[-1]}"
    child = Child([sys.executable, "-c", deaf], tmp_path / "log")
    child.start()
    child.wait_until(lambda: ready(child), 60)
    child.stop(seconds=0.2)
    assert not child.running


def test_a_child_that_ends_at_once_shows_what_it_said(tmp_path: Path) -> None:
    child = Child([sys.executable, "-c", "print('no such port')"], tmp_path / "log")
    child.start()
    with pytest.raises(ChildFailed, match=r"ended before it was ready; the end of .*log:\nno such port"):
        child.wait_until(lambda: False, 60)


def test_a_child_that_is_not_ready_in_time_is_killed(tmp_path: Path) -> None:
    child = Child(SLEEP, tmp_path / "log")
    child.start()
    with pytest.raises(ChildFailed, match="was not ready after 0 s"):
        child.wait_until(lambda: False, 0.1)
    assert not child.running


def test_a_child_can_be_started_again(tmp_path: Path) -> None:
    child = Child(SLEEP, tmp_path / "log")
    child.start()
    first = child.pid
    child.kill()
    child.start()
    assert child.running
    assert child.pid != first
    child.kill()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends a child whose parent was killed")
def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path / "log"), *SLEEP], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    watched = os.pidfd_open(int(parent.stdout.readline()))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    ended, _, _ = select.select([watched], [], [], 60)
    os.close(watched)
    assert ended == [watched]


def test_a_free_port_can_be_listened_on() -> None:
    with socket.create_server(("127.0.0.1", free_port())) as server:
        assert server.getsockname()[0] == "127.0.0.1"
