"""What the learner keeps: one entry per portfolio, one per example that waits for bins, and the partition record."""

from typing import Any, Final, TypeAlias

import msgspec

from schemas.learning import SegmentLimits


class Taught(msgspec.Struct, array_like=True):
    """A portfolio's model and how well its scores have told; `model` is `PdModel.dump()`."""

    seen: int
    """Offset in the learning topic of the last example that is in it."""
    model: dict[str, Any]
    evaluation: dict[str, Any]
    alarms: dict[str, Any] = {}
    """`Alarms.dump()`."""
    oversight: dict[str, Any] = {}
    """`Oversight.dump()`: contest and drift."""


class Spread(msgspec.Struct, array_like=True):
    """The value histograms of a portfolio that wait for those of the other partitions."""

    as_of: int
    of: int
    by_partition: dict[int, tuple[tuple[int, int], ...]] = msgspec.field(default_factory=dict)
    limits: dict[int, tuple[SegmentLimits, ...]] = msgspec.field(default_factory=dict)


class Part(msgspec.Struct, array_like=True):
    """The tallies of one partition (`schemas.learning.TalliesTold`)."""

    closed: tuple[tuple[int, int], ...]
    spans: tuple[tuple[int, int, int], ...]
    liquidity: dict[str, list[int]]


class Gathered(msgspec.Struct, array_like=True):
    """The tallies of a portfolio that wait for those of the other partitions."""

    as_of: int
    of: int
    by_partition: dict[int, Part] = msgspec.field(default_factory=dict)


Mark: TypeAlias = tuple[int, int, str, int]
"""Offset, closed day, client (`order.place_of`) and ordinal of an example: ascending as a partition tells them."""


class LearnerPartition(msgspec.Struct, array_like=True):
    """How far the learning topic is done. Written last."""

    offset: int = -1
    marks: dict[int, Mark] = msgspec.field(default_factory=dict)
    """The last example of each partition of the log: none is learned twice."""
    spreads: dict[str, Spread] = msgspec.field(default_factory=dict)
    """As an earlier release kept what waits: one day of each portfolio. Empty since."""
    cutoffs: dict[str, tuple[int, int]] = msgspec.field(default_factory=dict)
    """Number and day of the last cut-offs of each portfolio."""
    tallies: dict[str, Gathered] = msgspec.field(default_factory=dict)
    """As `spreads`."""
    ledgers: dict[str, int] = msgspec.field(default_factory=dict)
    """The day of the last ledger of each portfolio."""
    spreads_by_day: dict[str, dict[int, Spread]] = msgspec.field(default_factory=dict)
    """By portfolio and day, those that wait for other partitions: one may be days ahead of another."""
    tallies_by_day: dict[str, dict[int, Gathered]] = msgspec.field(default_factory=dict)
    """Of months' ends, likewise."""


PARTITION_KEY: Final = b"\x00partition"
MODEL_PREFIX: Final = b"model/"
WAITING_PREFIX: Final = b"waiting/"
FROZEN_PREFIX: Final = b"frozen/"
"""Published models as champion and challenger stood then, each in an entry of its own that never changes."""

encode: Final = msgspec.msgpack.Encoder().encode
read_taught: Final = msgspec.msgpack.Decoder(Taught).decode
read_learner: Final = msgspec.msgpack.Decoder(LearnerPartition).decode


def by_day(partition: LearnerPartition) -> LearnerPartition:
    """The record, with what an earlier release kept waiting where it stands now."""
    for name, spread in partition.spreads.items():
        partition.spreads_by_day.setdefault(name, {})[spread.as_of] = spread
    for name, gathered in partition.tallies.items():
        partition.tallies_by_day.setdefault(name, {})[gathered.as_of] = gathered
    partition.spreads, partition.tallies = {}, {}
    return partition
