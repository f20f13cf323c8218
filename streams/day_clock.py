"""The bank's calendar as the end of the day: at the cut-off each source partition passes it, once it has caught up.

What stood in a partition at the cut-off is told by the broker's own timestamps, so it does not matter when this worker
looks, nor whether it was running then. Passing a day twice is the same as once.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime
from typing import Final, Protocol

import structlog

from agents.intake import day_passed
from schemas.log import Source
from streams.app import TierwatchApp
from streams.calendar import BankCalendar
from streams.positions import Partition

LOOK_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


class Offsets(Protocol):
    """What the broker is asked."""

    def at(self, partitions: Collection[Partition], moment: datetime) -> Mapping[Partition, int]:
        """Of each partition the offset of the first record since `moment`, else its end."""


class DayClock:
    """Lets the source partitions of one worker pass the days. `topics`: real name of a source topic to its logical one."""

    def __init__(
        self,
        app: TierwatchApp,
        calendar: BankCalendar,
        offsets: Offsets,
        topics: Mapping[str, str],
        sources: Mapping[str, int],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._app = app
        self._calendar = calendar
        self._offsets = offsets
        self._topics = topics
        self._sources = sources
        self._now = now
        self._passed: dict[Partition, date] = {}

    async def run(self) -> None:
        """Looks every second until the worker stops."""
        while not self._app.should_stop:
            await asyncio.sleep(LOOK_SECONDS)
            if self._app.engine.lease.held():
                await self.look()

    async def look(self) -> None:
        """Passes the last closed day in those partitions that have caught up with its cut-off."""
        day = self._calendar.last_closed_day(self._now())
        mine = {place for place in self._assigned() if place.topic in self._topics}
        self._passed = {place: last for place, last in self._passed.items() if place in mine}  # who gets one back begins anew
        waiting = {place for place in mine if self._passed.get(place, date.min) < day}
        if not waiting:
            return
        cut_off = self._calendar.cut_off(day)
        ends = await asyncio.to_thread(self._offsets.at, waiting, cut_off)
        reached = await self._app.consumer.reached(waiting)  # type: ignore[attr-defined]
        for place in sorted(waiting & self._assigned()):
            if reached[place] >= ends[place]:
                source = Source(self._topics[place.topic], place.partition, ends[place])
                await self._app.engine.writer.write(place, [day_passed(source, day, self._sources)])
                self._passed[place] = day
                log.info("day_passed", topic=place.topic, partition=place.partition, day=str(day))

    def _assigned(self) -> set[Partition]:
        return {Partition(tp.topic, tp.partition) for tp in self._app.consumer.assignment()}
