"""Other engines with the same step, each in a process of its own that ends by itself."""

import json
import os
from collections.abc import Sequence
from time import monotonic, sleep

from benchmarks.our_worker import Run, cpu_seconds, resident
from benchmarks.place import PARTITIONS, Place, came_to, python, settings
from streams.brokers import topics as broker_topics
from streams.brokers.child import Child, ChildFailed

QUIX_PYTHON = os.path.join(".venv-bench", "bin", "python")
LIMIT_SECONDS = 1800.0
LOOK_SECONDS = 0.2


def faust(place: Place, events: int) -> Run:
    """Idiomatic Faust."""
    return _run(place, "faust", python("-m", "benchmarks.idiomatic_faust"), events)


def quix(place: Place, events: int) -> Run:
    """Quix Streams."""
    return _run(place, "quix", [QUIX_PYTHON, "-m", "benchmarks.quix"], events)


def _run(place: Place, engine: str, command: Sequence[str], events: int) -> Run:
    told = place.environment(engine)
    of = settings(told)
    broker_topics.ensure(of, {f"{of.app_id}-clients-changelog": PARTITIONS} if engine == "faust" else {})
    result = place.folder / f"{of.app_id}.json"
    child = place.child([*command, str(events), str(result)], told)
    child.start()
    try:
        cpu, rss = _until_ended(child)
    finally:
        child.stop()
    if not result.exists():
        raise ChildFailed(f"{engine} ended without a result; the end of {child.log}:\n{child.tail()}")
    said = json.loads(result.read_text())
    return Run(events, said["seconds"], said["start_up"], cpu, rss, came_to(of))


def _until_ended(child: Child) -> tuple[float, int]:
    """Processor time and memory as they were last seen."""
    used, rss, deadline = 0.0, 0, monotonic() + LIMIT_SECONDS
    while child.running:
        if monotonic() > deadline:
            raise ChildFailed(f"not done after {LIMIT_SECONDS:.0f} s; the end of {child.log}:\n{child.tail()}")
        try:
            used, rss = cpu_seconds(child.pid), resident(child.pid)
        except (FileNotFoundError, StopIteration, ProcessLookupError):
            break
        sleep(LOOK_SECONDS)
    return used, rss
