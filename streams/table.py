"""A Faust table that keeps states as bytes, by partition, until the partition's agent takes them over.

Restored in batches and straight from the changelog; writes nothing itself (the writer does). Each changelog record
names the owner that wrote it in the header `owner`: a counter, one higher than any that the owner found in the changelog, and
the group generation. Records of an earlier owner behind those of a later one come from a worker that did not know yet
that it had lost the partition: they are ignored, and the states they cover are written anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol, cast

import faust
from faust.stores.memory import Store
from faust.types import TP

from schemas.records import Record, State

OWNER_HEADER: Final = "owner"

Owner = tuple[int, int]
NOBODY: Final[Owner] = (0, 0)


def owner_header(owner: Owner) -> list[tuple[str, bytes]]:
    """The headers of a changelog record written by this owner."""
    return [(OWNER_HEADER, b"%d.%d" % owner)]


def _owner_of(header: bytes) -> Owner:
    count, _, generation = header.partition(b".")
    return int(count), int(generation)


class StateLost(Exception):
    """A client's right state is gone from the changelog: delete the topic, it is rebuilt from the log."""


class Restored:
    """The states of one changelog partition, as far as they have been read."""

    def __init__(self) -> None:
        self.states: dict[bytes, bytes] = {}
        self.offset = -1
        self.owner = NOBODY
        self.disowned: set[bytes] = set()
        self._deleted: set[bytes] = set()
        self._header = b""

    def apply(self, records: Sequence[Record]) -> int:
        """Applies changelog records in order, each once; says how many were disowned."""
        states, disowned = self.states, 0
        for record in records:
            if record.offset <= self.offset or record.key is None:
                continue
            header = record.headers[0][1] if record.headers else b""
            if header != self._header and not self._now_owned_by(header):
                self.disowned.add(record.key)
                disowned += 1
                continue
            if record.value is None:
                states.pop(record.key, None)
                self._deleted.add(record.key)
            else:
                states[record.key] = record.value
            if self.disowned:
                self.disowned.discard(record.key)
        self.offset = max(self.offset, records[-1].offset)
        return disowned

    def _now_owned_by(self, header: bytes) -> bool:
        owner = _owner_of(header) if header else NOBODY
        if owner < self.owner:
            return False
        self.owner, self._header = owner, header
        return True

    def repairs(self) -> list[State]:
        """States to write anew because a record that does not count stands behind the right one.

        Raises: StateLost if compaction has removed the right one.
        """
        lost = [key for key in self.disowned if key not in self.states and key not in self._deleted]
        if lost:
            raise StateLost(f"{len(lost)} states, the first one {lost[0]!r}")
        return [State(key, self.states.get(key)) for key in sorted(self.disowned)]


class Recovery(Protocol):
    """What is used of Faust's recovery: the counters that say where it goes on reading."""

    in_recovery: bool
    active_offsets: Any
    standby_offsets: Any
    active_highwaters: Any


class PartitionStates:
    """Restored states by partition; those of a partition whose agent lives are with the agent."""

    def __init__(self) -> None:
        self._restored: dict[int, Restored] = {}
        self._live: set[int] = set()

    def apply(self, partition: int, records: Sequence[Record]) -> tuple[int, int]:
        """Applies changelog records, unless an agent owns the states; the number of states, and of disowned ones."""
        if partition in self._live:
            return 0, 0
        restored = self._restored.setdefault(partition, Restored())
        disowned = restored.apply(records)
        return len(restored.states), disowned

    def expected(self, partition: int) -> int:
        """The changelog offset to apply next."""
        restored = self._restored.get(partition)
        return restored.offset + 1 if restored is not None else 0

    def hand_over(self, partition: int) -> Restored:
        """The partition's states, to the agent that owns them from now on."""
        self._live.add(partition)
        return self._restored.pop(partition, None) or Restored()

    def drop(self, partitions: Iterable[int]) -> list[int]:
        """Forgets partitions, and all whose agent has lived: they are restored from the start. Says which."""
        dropped = sorted(self._live | set(partitions))
        for partition in dropped:
            self._restored.pop(partition, None)
        self._live.clear()
        return dropped

    def offset(self, partition: int) -> int | None:
        """Last changelog offset applied, if any."""
        restored = self._restored.get(partition)
        return restored.offset if restored is not None and restored.offset >= 0 else None


class _Store(Store[bytes, bytes]):
    """What Faust asks of a table's storage; the states came in by another door."""

    def apply_changelog_batch(self, batch: Any, to_key: Any, to_value: Any) -> None:
        """Applied already (see `StateTable.restore`)."""

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Nothing to sort out: states are kept by partition."""

    def persisted_offset(self, tp: TP) -> int | None:
        """Where Faust's recovery goes on reading."""
        table = self.table
        assert isinstance(table, StateTable)
        return table.partition_states.offset(tp.partition)


class StateTable(faust.Table[bytes, bytes]):
    """The table of an agent that keeps state."""

    partition_states: PartitionStates

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"key_type": bytes, "value_type": bytes, **kwargs})
        self.partition_states = PartitionStates()

    def _new_store(self) -> Any:
        return _Store("memory://", self.app, self, table_name=self.name, loop=self.loop)

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Drops what may have changed elsewhere, so that recovery reads it from the changelog."""
        changelog = self.changelog_topic_name
        recovery: Recovery = cast(Any, self.app.tables).recovery
        for partition in self.partition_states.drop(tp.partition for tp in revoked if tp.topic == changelog):
            recovery.active_offsets.pop(TP(changelog, partition), None)
            recovery.standby_offsets.pop(TP(changelog, partition), None)
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)

    def states_of(self, partition: int) -> Mapping[bytes, bytes]:
        """The restored states of a partition that no agent owns yet (a standby's)."""
        restored = self.partition_states._restored.get(partition)
        return restored.states if restored is not None else {}
