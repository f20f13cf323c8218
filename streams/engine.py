"""What the parts of a worker share: positions, lease, writer, and the lanes on which partitions are processed."""

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Protocol

from streams.lease import Lease
from streams.positions import Partition, Positions
from streams.producer import Writer
from streams.telemetry import Telemetry


class LaneLike(Protocol):
    """The work on one partition."""

    @property
    def idle(self) -> bool:
        """Whether it waits for a batch."""

    async def stop(self, seconds: float) -> None:
        """Takes no more, finishes what it is at, for a bounded time."""


class Engine:
    """Built by the app, used by transport and hosts.

    Units: `settle_seconds` is how long a revocation or a shutdown may wait for what was written.
    """

    def __init__(
        self,
        writer: Writer,
        positions: Positions,
        lease: Lease,
        telemetry: Telemetry,
        max_batch: int,
        settle_seconds: float,
    ) -> None:
        self.writer = writer
        self.positions = positions
        self.lease = lease
        self.telemetry = telemetry
        self.max_batch = max_batch
        self.settle_seconds = settle_seconds
        self.lanes: dict[Partition, LaneLike] = {}

    async def let_go(self, places: Iterable[Partition]) -> None:
        """Stops these partitions' lanes and lets what they wrote settle; what does not in time is forgotten."""
        lanes = {place: self.lanes.pop(place) for place in places if place in self.lanes}
        seconds = self.settle_seconds if self.lease.held() else 0.0
        await asyncio.gather(*(lane.stop(seconds) for lane in lanes.values()))
        await asyncio.gather(*(self._settle(place, seconds) for place in lanes))

    async def _settle(self, place: Partition, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.writer.settled(place), seconds)
        self.writer.forget(place)

    async def drain(self) -> None:
        """Lets go of everything: the worker stops."""
        await self.let_go(list(self.lanes))
