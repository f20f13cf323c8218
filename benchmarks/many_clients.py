"""A changelog of many clients, and a worker that restores it and goes on: states per second, and memory per client."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from time import monotonic, sleep
from typing import Final, NamedTuple

from agents.segmenter import Segmenter
from benchmarks import step
from benchmarks.events import bank_events
from benchmarks.our_worker import LOOK_SECONDS, Watch, resident
from benchmarks.place import PARTITIONS, Place, publish, python, settings, write
from schemas.policy import Policy
from schemas.state import is_client, read_client, write_client
from streams import worker
from streams.brokers import topics as broker_topics
from streams.brokers.child import ChildFailed
from streams.replaying.pipeline import partition_of
from streams.settings import Settings
from streams.table import owner_header

EVENTS_EACH: Final = 6
COPIES: Final = 10
"""Clients that are given one client's state: the states are real, and there are many in little time."""
GOING_ON: Final = 0.02
"""Of the clients, how many have an event after the restore."""
LIMIT_SECONDS: Final = 300.0


class Many(NamedTuple):
    """What was found. Units: seconds, bytes."""

    clients: int
    state_bytes: float
    restore_rate: float
    ready_rate: float
    """With the rebuilding of histograms, limits and tallies."""
    empty: int
    restored: int
    working: int
    """Memory of the process without clients, restored, and after more events."""

    @property
    def per_client(self) -> float:
        return self.working / self.clients

    @property
    def more_per_client(self) -> float:
        return (self.working - self.empty) / self.clients


def run(place: Place, policy: Policy, clients: int) -> Many:
    """Two workers, one after the other: on a changelog of few clients, and on one of so many."""
    _, empty = _worked(place, policy, COPIES)
    said, working = _worked(place, policy, clients)
    restored, timed = said["states"], said["timed_states"]
    whole = said["restore_seconds"] * restored / timed + said["rebuild_seconds"]
    rates = (timed / said["restore_seconds"], restored / whole)
    return Many(int(restored), said["state_bytes"], *rates, empty, int(said["rss_restored"]), working)


def _worked(place: Place, policy: Policy, clients: int) -> tuple[dict[str, float], int]:
    """What a worker told of its restore, and its memory when it had gone on."""
    told = place.environment("restore", SOURCE_PREFIX=f"bank-of-{clients}.")
    of = settings(told)
    known, more = max(1, clients // COPIES), max(100, int(clients * GOING_ON))
    bank = bank_events(known * EVENTS_EACH + more, known)
    broker_topics.ensure(of, worker.changelogs(of))
    size = fill(of, step.run(islice(bank, known * EVENTS_EACH), policy, PARTITIONS, 500).segmenters, clients)
    publish(of, bank, {})
    result = place.folder / f"{of.app_id}.json"
    child = place.child(python("-m", "benchmarks.restoring", str(result)), told)
    child.start()
    try:
        watch = Watch(of, child)
        deadline = monotonic() + LIMIT_SECONDS
        while watch.done() < more:
            if monotonic() > deadline:
                raise ChildFailed(f"not done after {LIMIT_SECONDS:.0f} s; the end of {child.log}:\n{child.tail()}")
            sleep(LOOK_SECONDS)
        working = resident(child.pid)
    finally:
        child.stop()
    return {**json.loads(result.read_text()), "state_bytes": size}, working


def fill(of: Settings, segmenters: Iterable[Segmenter], clients: int) -> float:
    """Writes the changelog; the size of a state."""
    states = [(key, state) for each in segmenters for key, state in each.states.items() if is_client(key)]
    copies = max(1, clients // len(states))
    write(of, _changelog(of, states, copies), owner_header((1, 1)))
    return sum(len(state) for _, state in states) / len(states)


def _changelog(of: Settings, states: Sequence[tuple[bytes, bytes]], copies: int) -> Iterator[tuple[str, bytes, bytes, int]]:
    """Each state as of a client of whom this log has told nothing yet; copies beside it, where the log would have them."""
    changelog = next(iter(worker.changelogs(of)))
    for key, state in states:
        client = read_client(state)
        client.seen = -1
        value = write_client(client)
        for copy in range(copies):
            name = key if copy == 0 else b"%b-%d" % (key, copy)
            yield changelog, name, value, partition_of(name, PARTITIONS)
