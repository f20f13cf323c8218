"""Our worker end to end: the command as it is run in production, on events that are there already."""

from pathlib import Path
from time import perf_counter, sleep
from typing import NamedTuple

from benchmarks.decided import Decided
from benchmarks.place import Place, came_to, python, settings
from schemas import topics
from streams import worker
from streams.brokers import topics as broker_topics
from streams.brokers.child import Child, ChildFailed
from streams.brokers.offsets import BrokerOffsets
from streams.positions import Partition
from streams.settings import Settings

LOOK_SECONDS = 0.1
LIMIT_SECONDS = 900.0


class Run(NamedTuple):
    """What one run took and came to.

    Units: seconds; `cpu` of the engine's process (of the others with start-up); `rss` in bytes.
    """

    events: int
    seconds: float
    start_up: float
    cpu: float
    rss: int
    came_to: Decided

    @property
    def rate(self) -> float:
        return self.events / self.seconds


def run(place: Place, events: int) -> Run:
    """From the first record in the log to the last committed position; what comes before is start-up."""
    told = place.environment("tierwatch")
    of = settings(told)
    broker_topics.ensure(of, worker.changelogs(of))
    child = place.child(python("-m", "streams.cli", "worker"), told)
    started = perf_counter()
    child.start()
    try:
        first, last, used = _watched(Watch(of, child), child, events)
        rss = resident(child.pid)
    finally:
        child.stop()
    return Run(events, last - first, first - started, used, rss, came_to(of))


class Watch:
    """What the log holds and what is done, asked of the broker."""

    def __init__(self, of: Settings, child: Child) -> None:
        self._group, self._child = of.app_id, child
        self._offsets = BrokerOffsets(of)
        self._log = self._offsets.partitions(of.topic_names.real(topics.CLIENT_EVENTS))

    def written(self) -> int:
        """Records in the log, without the policy that each partition begins with."""
        self._must_run()
        return sum(max(0, end - 1) for end in self._offsets.ends(self._log).values())

    def done(self) -> int:
        """Records of the log that are decided, their outcomes and states durable and the position committed."""
        self._must_run()
        committed = self._offsets.committed(self._group, self._log)
        return sum(max(0, committed.get(Partition(*place), 0) - 1) for place in self._log)

    def _must_run(self) -> None:
        if not self._child.running:
            raise ChildFailed(f"the worker ended; the end of {self._child.log}:\n{self._child.tail()}")


def _watched(watch: Watch, child: Child, events: int) -> tuple[float, float, float]:
    deadline = perf_counter() + LIMIT_SECONDS
    while not watch.written():
        _pause(watch, deadline, LOOK_SECONDS / 5)
    first, before = perf_counter(), cpu_seconds(child.pid)
    while watch.done() < events:
        _pause(watch, deadline, LOOK_SECONDS)
    return first, perf_counter(), cpu_seconds(child.pid) - before


def _pause(watch: Watch, deadline: float, seconds: float) -> None:
    if perf_counter() > deadline:
        raise ChildFailed(f"not done after {LIMIT_SECONDS:.0f} s: {watch.done()} of {watch.written()} records")
    sleep(seconds)


def cpu_seconds(pid: int | None) -> float:
    """Processor time that a process has used. Source: proc(5), stat, fields 14 and 15, in hundredths."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def resident(pid: int | None) -> int:
    """Memory of a process in bytes. Source: proc(5), status, VmRSS in kB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))
