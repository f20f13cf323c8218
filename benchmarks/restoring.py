"""Restore and memory: a worker's process that starts on a changelog of many clients, told in JSON.

`python -m benchmarks.restoring RESULT`, settings from the environment. The worker as it is in production (agents, tables,
writer, transport), with a clock at three places: the changelog's batches, the building of a segmenter, the start.
"""

import json
import os
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from agents.segmenter import Segmenter
from benchmarks.our_worker import resident
from benchmarks.place import SOURCES
from streams import garbage, worker
from streams import settings as settings_of
from streams.app import run_worker
from streams.policies.files import load_policy
from streams.policies.publishing import publish_policy_if_empty
from streams.settings import Settings
from streams.telemetry import Silent


class Clock(Silent):
    """When the first batch of states was applied, when the last; the first batch's own time is not known, nor counted."""

    def __init__(self, changelog: str) -> None:
        self._changelog = changelog
        self._states: dict[int, int] = {}
        self.first = self.last = 0.0
        self.first_states = 0

    def restoring(self, topic: str, partition: int, states: int, remaining: int) -> None:
        """A batch of the changelog is in the table."""
        if topic != self._changelog:
            return
        self.last = perf_counter()
        self._states[partition] = states
        if not self.first:
            self.first, self.first_states = self.last, states

    @property
    def states(self) -> int:
        return sum(self._states.values())


class Builder:
    """Takes the time that segmenters take to rebuild histograms, limits and tallies, and tells it when all are there."""

    def __init__(self, of: Settings, clock: Clock, result: Path) -> None:
        self._partitions, self._clock, self._result = of.partitions, clock, result
        self._seconds, self._built = 0.0, 0
        self._make = Segmenter.__init__

    def timed(self, *arguments: Any) -> None:
        """In the place of `Segmenter.__init__`."""
        began = perf_counter()
        self._make(*arguments)
        self._seconds += perf_counter() - began
        self._built += 1
        if self._built == self._partitions:
            self._tell()

    def _tell(self) -> None:
        clock = self._clock
        said = {
            "states": clock.states,
            "timed_states": clock.states - clock.first_states,
            "restore_seconds": clock.last - clock.first,
            "rebuild_seconds": self._seconds,
            "rss_restored": resident(os.getpid()),
        }
        self._result.write_text(json.dumps(said))


def main() -> None:
    """Runs until SIGTERM."""
    of = settings_of.load(None)
    clock = Clock(next(iter(worker.changelogs(of))))
    builder = Builder(of, clock, Path(sys.argv[1]))
    Segmenter.__init__ = lambda *arguments: builder.timed(*arguments)  # type: ignore[method-assign]
    policy = load_policy(of)
    publish_policy_if_empty(of, policy)
    app = worker.build(of, policy, dict.fromkeys(SOURCES, of.partitions), clock).app
    garbage.collect_seldom()
    run_worker(app, of.log_level)


if __name__ == "__main__":
    main()
