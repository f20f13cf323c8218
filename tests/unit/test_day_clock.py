"""The bank's calendar as the end of the day: who passes it when, and how often."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schemas import topics
from schemas.records import EVERY, Outcome
from streams.calendar import BankCalendar
from streams.day_clock import DayClock
from streams.positions import Partition

REAL = "bank.repayments"
FIRST, SECOND = Partition(REAL, 0), Partition(REAL, 1)
OTHER = Partition("tierwatch.client-events", 0)
CUT_OFF = time(22, 0)
SOURCES = {topics.REPAYMENTS: 2, topics.DRAWDOWNS: 5}


class FakeOffsets:
    """Where each partition stood at each moment."""

    def __init__(self) -> None:
        self.stood: dict[Partition, int] = {}
        self.asked: list[tuple[set[Partition], datetime]] = []

    def at(self, partitions: Collection[Partition], moment: datetime) -> Mapping[Partition, int]:
        self.asked.append((set(partitions), moment))
        return {place: self.stood.get(place, 0) for place in partitions}


class FakeWriter:
    """Keeps what is written, and for whom."""

    def __init__(self) -> None:
        self.written: list[tuple[Partition, Outcome]] = []

    async def write(self, place: Partition, outcomes: Sequence[Outcome]) -> None:
        self.written += [(place, outcome) for outcome in outcomes]


class FakeConsumer:
    """The assignment, and up to where nothing is left to process."""

    def __init__(self) -> None:
        self.assigned: set[Partition] = {FIRST, SECOND, OTHER}
        self.done: dict[Partition, int] = {}
        self.lost_meanwhile: set[Partition] = set()

    def assignment(self) -> set[Partition]:
        return self.assigned

    async def reached(self, places: Collection[Partition]) -> dict[Partition, int]:
        self.assigned = self.assigned - self.lost_meanwhile
        return {place: self.done.get(place, 0) for place in places}


class FakeApp:
    """As much of the app as the clock looks at."""

    def __init__(self) -> None:
        self.consumer, self.writer = FakeConsumer(), FakeWriter()

    @property
    def engine(self) -> "FakeApp":
        return self


class Evening:
    """A clock at a moment that the test sets, and what it has written."""

    def __init__(self) -> None:
        self.app, self.offsets = FakeApp(), FakeOffsets()
        self.now = datetime(2024, 3, 4, 22, 0, tzinfo=UTC)
        calendar = BankCalendar(ZoneInfo("UTC"), CUT_OFF)
        app: Any = self.app
        self.clock = DayClock(app, calendar, self.offsets, {REAL: topics.REPAYMENTS}, SOURCES, lambda: self.now)

    async def look(self) -> list[tuple[int, str]]:
        """Source partition and day of what this look lets pass."""
        before = len(self.app.writer.written)
        await self.clock.look()
        new = [json.loads(outcome.value) for _, outcome in self.app.writer.written[before:]]
        return [(record["source"][1], record["day"]) for record in new]


@pytest.fixture
def evening() -> Evening:
    return Evening()


async def test_an_idle_partition_passes_the_day_at_its_cut_off(evening: Evening) -> None:
    evening.now = datetime(2024, 3, 4, 21, 59, 59, tzinfo=UTC)
    assert await evening.look() == [(0, "2024-03-01"), (1, "2024-03-01")]
    evening.now = datetime(2024, 3, 4, 22, 0, tzinfo=UTC)
    assert await evening.look() == [(0, "2024-03-04"), (1, "2024-03-04")]


async def test_what_is_written_is_for_every_partition_of_the_log_and_says_of_how_many_sources(evening: Evening) -> None:
    evening.offsets.stood[SECOND] = evening.app.consumer.done[SECOND] = 5
    await evening.look()
    place, outcome = evening.app.writer.written[-1]
    assert (place, outcome.topic, outcome.key, outcome.partition) == (SECOND, topics.CLIENT_EVENTS, None, EVERY)
    said = json.loads(outcome.value)
    assert (said["source"], said["of"]) == ([topics.REPAYMENTS, 1, 5], SOURCES)


async def test_a_partition_that_lags_passes_only_once_it_has_caught_up_with_the_cut_off(evening: Evening) -> None:
    evening.offsets.stood[SECOND] = 40
    evening.app.consumer.done[SECOND] = 10
    assert await evening.look() == [(0, "2024-03-04")]
    evening.app.consumer.done[SECOND] = 39
    assert await evening.look() == []
    evening.app.consumer.done[SECOND] = 40
    assert await evening.look() == [(1, "2024-03-04")]


async def test_what_came_after_the_cut_off_is_not_waited_for(evening: Evening) -> None:
    evening.offsets.stood = {FIRST: 40, SECOND: 0}
    evening.app.consumer.done[FIRST] = 40
    evening.now = datetime(2024, 3, 5, 3, 0, tzinfo=UTC)
    assert await evening.look() == [(0, "2024-03-04"), (1, "2024-03-04")]
    ((places, moment),) = evening.offsets.asked
    assert places == {FIRST, SECOND}
    assert moment == datetime(2024, 3, 4, 22, 0, tzinfo=UTC)


async def test_a_partition_that_is_lost_while_the_broker_answers_is_somebody_elses(evening: Evening) -> None:
    evening.app.consumer.lost_meanwhile = {SECOND}
    assert await evening.look() == [(0, "2024-03-04")]


async def test_each_day_is_passed_once_and_the_broker_is_asked_no_more(evening: Evening) -> None:
    assert len(await evening.look()) == 2
    assert await evening.look() == []
    assert len(evening.offsets.asked) == 1
    evening.now = datetime(2024, 3, 5, 22, 0, tzinfo=UTC)
    assert await evening.look() == [(0, "2024-03-05"), (1, "2024-03-05")]
    assert await evening.look() == []


async def test_days_that_nobody_was_there_for_are_passed_with_the_last_one(evening: Evening) -> None:
    await evening.look()
    evening.now = datetime(2024, 3, 11, 9, 0, tzinfo=UTC)
    assert await evening.look() == [(0, "2024-03-08"), (1, "2024-03-08")]


async def test_a_partition_that_comes_back_begins_anew(evening: Evening) -> None:
    await evening.look()
    evening.app.consumer.assigned = {FIRST, OTHER}
    assert await evening.look() == []
    evening.app.consumer.assigned = {FIRST, SECOND, OTHER}
    assert await evening.look() == [(1, "2024-03-04")]
