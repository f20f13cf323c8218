"""File replay, every output written, against the same agents on the same events with nothing read and nothing written."""

import gc
import shutil
from collections.abc import Iterable
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import msgspec

from agents.segmentation.in_force import InForce
from benchmarks.events import SourceRecord
from benchmarks.place import PARTITIONS
from schemas import log
from schemas.policy import Policy
from schemas.records import Outcome, PlainRecord
from schemas.state import ClientState
from streams.replaying.event_files import lines
from streams.replaying.replay import Replay, replay_events


class Unwritten(Replay):
    """The same agents in the same order, days closed and models learned as in any replay; nothing is written."""

    def _publish(self, outcome: Outcome) -> None: ...

    def _written(self, record: PlainRecord) -> None: ...

    def _score(self, fact: log.Fact, client: ClientState, now: InForce) -> None: ...


class Replayed(NamedTuple):
    """Seconds with files, and seconds of the agents alone."""

    files: float
    agents: float


def write_file(path: Path, events: Iterable[SourceRecord]) -> None:
    """The events as a file for a replay: a line each, with its topic."""
    with path.open("wb") as out:
        for event in events:
            body = msgspec.json.decode(event.value)
            out.write(msgspec.json.encode({"topic": event.topic, **body}) + b"\n")


def run(path: Path, policy: Policy) -> Replayed:
    """The whole of it, and then the agents on lines that were read before."""
    out = path.with_suffix(".replayed")
    began = perf_counter()
    replay_events([path], out, policy, PARTITIONS, lambda _: None)
    files = perf_counter() - began
    read = list(lines([path]))
    gc.collect()
    gc.freeze()
    began = perf_counter()
    Unwritten(out, policy, PARTITIONS, [path.name]).from_files(read, lambda _: None)
    agents = perf_counter() - began
    gc.unfreeze()
    shutil.rmtree(out)
    return Replayed(files, agents)
