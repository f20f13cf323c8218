"""The same step for engines that hand over one event at a time and keep the states themselves."""

import json
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from agents.segmenter import Segmenter
from schemas.policy import Policy
from schemas.records import Batch, Outcome, Record
from schemas.state import is_client

Read = Callable[[bytes], bytes | None]
Write = Callable[[bytes, bytes], None]


class Elsewhere(dict[bytes, bytes]):
    """States that another engine holds; what belongs to the partition stays here, as these engines keep positions themselves."""

    def __init__(self, read: Read, write: Write) -> None:
        super().__init__()
        self._read, self._write = read, write

    def get(self, key: bytes, default: bytes | None = None) -> bytes | None:  # type: ignore[override]
        """A client's state from the engine."""
        return self._read(key) if is_client(key) else super().get(key, default)

    def __setitem__(self, key: bytes, value: bytes) -> None:
        if is_client(key):
            self._write(key, value)
        else:
            super().__setitem__(key, value)


class OneByOne:
    """The segmenters of an engine's partitions, and what time they have seen."""

    def __init__(self, policy: Policy, partitions: int, events: int, result: Path, read: Read, write: Write) -> None:
        self._segmenters = [Segmenter(number, Elsewhere(read, write), policy, partitions) for number in range(partitions)]
        self._left = self._events = events
        self._result = result
        self._began = perf_counter()
        self._first = 0.0

    def begun(self) -> None:
        """An event has come in at the intake; the first one starts the clock."""
        self._first = self._first or perf_counter()

    def decided(self, record: Record) -> list[Outcome]:
        """The outcomes of one record of the log; its state has been written by then."""
        outcomes = [o for b in self._segmenters[record.partition].run((record,)) if isinstance(b, Batch) for o in b.outcomes]
        self._left -= 1
        if self._left == 0:
            self._tell()
        return outcomes

    @property
    def done(self) -> bool:
        return self._left <= 0

    def _tell(self) -> None:
        seconds = perf_counter() - self._first
        self._result.write_text(json.dumps({"seconds": seconds, "start_up": self._first - self._began, "events": self._events}))
