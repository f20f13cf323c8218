"""What goes into an agent and what comes out of it: records, outcomes, batches."""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

BY_KEY: Final = -1
"""Partition of an outcome that its key decides (Kafka's murmur2)."""
EVERY: Final = -2
"""Partition of an outcome that is written to each partition of its topic: a control record."""

Headers = Sequence[tuple[str, bytes]]


class Record(Protocol):
    """A record as Kafka hands it over (aiokafka's ConsumerRecord has this shape).

    Units: `timestamp` is milliseconds since the epoch; offsets and partitions count from 0.
    """

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...


class PlainRecord(NamedTuple):
    """A record made by hand: in file replay and in tests."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Outcome(NamedTuple):
    """Something to be published. `topic` is the logical name (`schemas.topics`), the shell knows the real one."""

    topic: str
    key: bytes | None
    value: bytes
    headers: Headers = ()
    partition: int = BY_KEY


class State(NamedTuple):
    """One entry of a table, as it goes to the changelog; `value` None deletes it."""

    key: bytes
    value: bytes | None


class Batch(NamedTuple):
    """What a run of records led to. `states` come in the order they must be written, the partition record last."""

    outcomes: list[Outcome]
    states: list[State]
    counts: dict[str, int]
    """What happened, by name, for the metrics: the core returns facts and the shell counts them."""


class Settle:
    """Asked for by an agent in the middle of its records: all it yielded so far must be durable before it goes on."""


SETTLE: Final = Settle()
