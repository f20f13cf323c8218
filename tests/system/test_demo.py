"""The demo: its workers share the partitions, everything published is decided, and everything it started has ended."""

import gzip
import os
import re
import subprocess
import sys
from itertools import islice
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
EVENTS = 3_000


def test_the_demo_decides_every_event_of_a_file_and_ends_what_it_started(brokers: str, tmp_path: Path) -> None:
    with gzip.open(EXAMPLES / "cards_tw_15000.jsonl.gz", "rb") as whole:
        (tmp_path / "some.jsonl").write_bytes(b"".join(islice(whole, EVENTS)))
    command = [sys.executable, "-m", "streams.cli", "demo", "some.jsonl"]
    ended = subprocess.run(command, cwd=tmp_path, env=_environment(), capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert re.search(rf"{EVENTS:,} events from topic to decision", ended.stdout), ended.stdout
    logs = sorted((tmp_path / "var" / "demo").glob("worker-*.log"))
    assert len(logs) == min(2, os.cpu_count() or 1)
    assert all("Stopping..." in log.read_text() for log in logs)


def _environment() -> dict[str, str]:
    """A demo of its own: on the Kafka of the tests only if that is a real one."""
    root = str(EXAMPLES.parent)
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))}
