"""A tiny agent, and the worker that runs it: counts and sums per key, an outcome at every tenth event of a key."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from schemas.records import BY_KEY, EVERY, SETTLE, Batch, Outcome, Record, Settle, State
from streams.app import EngineOptions, host_sink, host_stateful, host_stateless, make_app, run_worker
from streams.hosting import SinkUnavailable

PARTITION_RECORD = b"\x00partition"
SETTLE_EVERY = 1009


class Counting:
    """Keeps (count, sum, last offset seen) by key; the partition record is the offset."""

    def __init__(self, partition: int, states: Mapping[bytes, bytes]) -> None:
        self._partition = partition
        self.position = int(states.get(PARTITION_RECORD, b"-1"))
        self._clients = {key: json.loads(value) for key, value in states.items() if key != PARTITION_RECORD}

    def run(self, records: Sequence[Record]) -> Iterator[Batch | Settle]:
        """Folds; settles now and then in the middle of a batch."""
        start = 0
        for stop, record in enumerate(records, 1):
            if record.offset % SETTLE_EVERY == 0:
                yield self.fold(records[start:stop])
                yield SETTLE
                start = stop
        if start < len(records):
            yield self.fold(records[start:])

    def fold(self, records: Sequence[Record]) -> Batch:
        """What the records lead to."""
        outcomes: list[Outcome] = []
        touched: dict[bytes, None] = {}
        for record in records:
            if record.offset <= self.position:
                continue
            if record.offset != self.position + 1:
                raise AssertionError(f"partition {self._partition}: {record.offset} after {self.position}")
            self.position = record.offset
            key, value = record.key or b"", record.value or b"0"
            if value == b"bug":
                raise ValueError("a bug in the agent")
            client = self._clients.setdefault(key, [0, 0, -1])
            if record.offset <= client[2]:
                continue
            client[:] = client[0] + 1, client[1] + int(value), record.offset
            touched[key] = None
            if client[0] % 10 == 0:
                text = json.dumps({"id": f"{record.partition}-{record.offset}", "count": client[0], "sum": client[1]})
                outcomes.append(Outcome("outcomes", key, text.encode(), (("ce_id", b"x"),)))
        states = [State(key, json.dumps(self._clients[key]).encode()) for key in touched]
        states.append(State(PARTITION_RECORD, b"%d" % self.position))
        return Batch(outcomes, states, {"seen": len(records)})


class Forwarding:
    """An agent without state: a record with a key goes to the events, one without goes to every partition of them."""

    def run(self, records: Sequence[Record]) -> Batch:
        """Each record, unchanged."""
        outcomes = [
            Outcome("events", record.key or b"everyone", record.value or b"", partition=BY_KEY if record.key else EVERY)
            for record in records
        ]
        return Batch(outcomes, [], {"forwarded": len(records)})


class FileSink:
    """A sink that is away as long as the file `down` exists in its folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def __call__(self, records: Sequence[Record]) -> None:
        """Appends the values to the file `sunk`."""
        if (self._folder / "down").exists():
            raise SinkUnavailable("down")
        with (self._folder / "sunk").open("ab") as sunk:
            sunk.writelines((record.value or b"") + b"\n" for record in records)


def main() -> None:
    """Arguments: bootstrap, name of the run, partitions, group instance id ("" for none), session time-out, standbys."""
    bootstrap, run, partitions, instance, session, standbys = sys.argv[1:7]
    options = EngineOptions(
        group=run,
        broker=f"kafka://{bootstrap}",
        topics={name: f"{run}-{name}" for name in ("outcomes", "events")},
        group_instance_id=instance or None,
        session_timeout=float(session),
        heartbeat_interval=float(session) / 6,
        commit_interval=0.3,
        settle_seconds=5.0,
        standby_replicas=int(standbys),
        max_batch=int(os.environ.get("MAX_BATCH", "5000")),
    )
    app = make_app(options)
    host_stateful(app, f"{run}-events", "clients", Counting, int(partitions))
    if folder := os.environ.get("SINK_FOLDER"):
        host_stateless(app, f"{run}-raw", "forwarding", Forwarding())
        host_sink(app, f"{run}-outcomes", "files", FileSink(Path(folder)), backoff=0.5)
    run_worker(app, loglevel=os.environ.get("LOGLEVEL", "WARN"))


if __name__ == "__main__":
    main()
