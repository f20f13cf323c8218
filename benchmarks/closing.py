"""The close of a day over many clients: for how long at a time it keeps everybody else waiting.

A worker as in production restores many clients from the changelog; then two days close in all its partitions: the first of all,
with a look at everybody, and the end of a month. A task beside the lanes beats every few milliseconds: what it comes late is
what an event of another partition would have waited.

`python -m benchmarks.closing RESULT`: that worker's process, settings from the environment.
"""

import asyncio
import gc
import json
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from time import monotonic, perf_counter, sleep, thread_time
from typing import Any, Final, NamedTuple

from agents.intake import day_passed
from agents.segmenter import Segmenter
from benchmarks import step
from benchmarks.events import bank_events
from benchmarks.many_clients import COPIES, EVENTS_EACH, fill
from benchmarks.our_worker import LOOK_SECONDS, Watch
from benchmarks.place import PARTITIONS, SOURCES, Place, publish, python, settings, write
from schemas import log, topics
from schemas.policy import Policy
from schemas.records import Batch
from streams import garbage, worker
from streams import settings as settings_of
from streams.app import run_worker
from streams.brokers import topics as broker_topics
from streams.brokers.child import ChildFailed
from streams.policies.files import load_policy
from streams.policies.publishing import publish_policy_if_empty

BEAT_SECONDS: Final = 0.002
CLOSES: Final = (date(2024, 7, 30), date(2024, 7, 31))
"""After the last event; the second is the end of a month."""
LIMIT_SECONDS: Final = 900.0


class Closed(NamedTuple):
    """What was found. Units: seconds; `busy` is the processor time within the longest wait."""

    clients: int
    longest: float
    busy: float
    garbage: float
    """The longest that the collection of garbage took at a time."""
    first: float
    month_end: float
    """From the record of the day to the last position committed."""


def run(place: Place, policy: Policy, clients: int) -> Closed:
    """One worker, two closes."""
    told = place.environment("closing", SOURCE_PREFIX="closing-bank.")
    of = settings(told)
    known = max(1, clients // COPIES)
    publish(of, (), worker.changelogs(of))
    broker_topics.ensure(of, worker.changelogs(of))
    fill(of, step.run(bank_events(known * EVENTS_EACH, known), policy, PARTITIONS, 500).segmenters, clients)
    result = place.folder / f"{of.app_id}.json"
    child = place.child(python("-m", "benchmarks.closing", str(result)), told)
    child.start()
    try:
        watch, took = Watch(of, child), []
        _wait(lambda: result.exists(), watch)
        for number, day in enumerate(CLOSES, start=1):
            began = monotonic()
            passed = day_passed(log.Source("bench", 0, 0), day, {"bench": 1}).value
            log_topic = of.topic_names.real(topics.CLIENT_EVENTS)
            write(of, ((log_topic, None, passed, partition) for partition in range(PARTITIONS)))
            _wait(lambda closes=number: watch.done() >= closes * PARTITIONS, watch)
            took.append(monotonic() - began)
        sleep(LOOK_SECONDS)
    finally:
        child.stop()
    said = json.loads(result.read_text())
    return Closed(clients, said["longest"], said["busy"], said["garbage"], *took)


def _wait(over: Any, watch: Watch) -> None:
    deadline = monotonic() + LIMIT_SECONDS
    while not over():
        watch.done()  # raises if the worker has ended
        if monotonic() > deadline:
            raise ChildFailed(f"not done after {LIMIT_SECONDS:.0f} s")
        sleep(LOOK_SECONDS)


class Pulse:
    """Beats beside the lanes, and keeps the longest delay while a day closes."""

    def __init__(self, result: Path) -> None:
        self._result, self._closing, self._ready, self._began = result, 0, 0, 0.0
        self.said = {"longest": 0.0, "busy": 0.0, "garbage": 0.0}
        self._make, self._close = Segmenter.__init__, Segmenter._close_days
        gc.callbacks.append(self._collected)

    def ready(self, *arguments: Any) -> None:
        """In the place of `Segmenter.__init__`."""
        self._make(*arguments)
        self._ready += 1
        if self._ready == PARTITIONS:
            self._tell()

    def close(self, *arguments: Any) -> Iterator[Batch]:
        """In the place of `Segmenter._close_days`."""
        self._closing += 1
        yield from self._close(*arguments)
        self._closing -= 1
        self._tell()

    async def beat(self) -> None:
        """For ever."""
        while True:
            began, used = perf_counter(), thread_time()
            await asyncio.sleep(BEAT_SECONDS)
            late = perf_counter() - began - BEAT_SECONDS
            if self._closing and late > self.said["longest"]:
                self.said |= {"longest": late, "busy": thread_time() - used}
                self._tell()

    def _collected(self, phase: str, _: object) -> None:
        if phase == "start":
            self._began = perf_counter()
        elif self._closing:
            self.said["garbage"] = max(self.said["garbage"], perf_counter() - self._began)

    def _tell(self) -> None:
        self._result.write_text(json.dumps(self.said))


def main() -> None:
    """Runs until SIGTERM."""
    of, pulse = settings_of.load(None), Pulse(Path(sys.argv[1]))
    Segmenter.__init__ = lambda *arguments: pulse.ready(*arguments)  # type: ignore[method-assign]
    Segmenter._close_days = lambda *arguments: pulse.close(*arguments)  # type: ignore[method-assign]
    policy = load_policy(of)
    publish_policy_if_empty(of, policy)
    app = worker.build(of, policy, dict.fromkeys(SOURCES, of.partitions)).app
    app.task(pulse.beat)
    garbage.collect_seldom()
    run_worker(app, of.log_level)


if __name__ == "__main__":
    main()
