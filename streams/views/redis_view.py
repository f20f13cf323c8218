"""The view: decisions projected into Redis, each exactly once, however often they are repeated or Redis goes away.

The position of each partition stands in Redis and moves in the same atomic step as what its records changed: what
lies before it is done, and what Redis has forgotten is fetched from the topics again. A decision that was published
twice is known by its client's `sequence`. No decision reads the view.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple
from zlib import crc32

import msgspec
import structlog
from redis.exceptions import RedisError

from schemas import topics
from schemas.learning import LedgerPublished, read_ledger
from schemas.portfolios import PortfolioTold, read_portfolio
from schemas.records import Record
from streams.hosting import SinkUnavailable
from streams.positions import Partition
from streams.settings import Settings
from streams.telemetry import Silent, Telemetry
from streams.views import folding as folding
from streams.views.folding import Placed, Published, Told, Writes
from streams.views.keys import TIER_FIELD, WARNINGS_FIELD, keys_of
from streams.views.log import DecisionLog, KafkaLog
from streams.views.store import ViewStore, connect

AGENT: Final = "views"
MOST_RECORDS: Final = 2000
"""Records of one step: Redis does nothing else in the meantime (20 to 40 ms on a Redis 7)."""
MOST_ATTEMPTS: Final = 20
TEND_SECONDS: Final = 30.0

log = structlog.get_logger(__name__)


class Position(NamedTuple):
    """How far a partition is projected: the next offset, and offset and checksum of the last record."""

    next: int = 0
    last: int = -1
    check: int = 0

    @classmethod
    def parse(cls, text: str) -> "Position":
        return cls(*(int(part) for part in text.split(":"))) if text else cls()

    def __str__(self) -> str:
        return ":".join(str(part) for part in self)


class Span(NamedTuple):
    """Records of one partition. The log holds nothing else from `since` on and before `until`."""

    place: Partition
    since: int
    records: Sequence[Record]
    until: int


class Kind(NamedTuple):
    """What a topic holds, and how it is folded into the field of a client that remembers it; no field: it is of no client."""

    field: str
    decode: Callable[[bytes], Any]
    fold: Callable[[Sequence[Published[Any]], Mapping[str, str]], Writes]


class RedisView:
    """A sink of the decision topics, of the ledger and of portfolios. `names` tells which real topic holds what."""

    def __init__(
        self, store: ViewStore, decision_log: DecisionLog, names: topics.TopicNames, telemetry: Telemetry | None = None
    ) -> None:
        self._store = store
        self._log = decision_log
        self._telemetry = telemetry or Silent()
        self._ends: dict[Partition, int] = {}
        self._kinds = {names.real(topic): kind for topic, kind in KINDS.items()}

    async def apply(self, records: Sequence[Record]) -> None:
        """Projects records of one partition, in order; first what Redis lacks of the time before them.

        Raises: SinkUnavailable if Redis or the topics cannot be reached, or if the view is of another log.
        """
        with _unavailable():
            for part in _parts(records):
                place = Partition(part[0].topic, part[0].partition)
                await self._advance(Span(place, part[0].offset, part, part[-1].offset + 1))

    async def catch_up(self, place: Partition, until: int) -> None:
        """Projects what the topics hold before `until` and Redis lacks. Raises: SinkUnavailable."""
        with _unavailable():
            await self._advance(Span(place, until, (), until))

    async def catch_up_all(self) -> dict[Partition, int]:
        """The same for all that has been published; the end of each partition. Raises: SinkUnavailable."""
        ends = await self._all_ends()
        for place, end in ends.items():
            await self.catch_up(place, end)
        return ends

    async def keep_learning(self, reports: Mapping[str, object]) -> None:
        """What the learner reports, by portfolio, as it is now. Raises: SinkUnavailable."""
        with _unavailable():
            await self._store.write_learning(reports)

    async def tend(self, seconds: float = TEND_SECONDS) -> None:
        """Never ends: looks whether Redis has forgotten what it had, even while no decision comes, and catches up."""
        seen: dict[Partition, int] = {}
        while True:
            try:
                await self._look_after(seen)
            except SinkUnavailable as unavailable:
                log.warning("view_unavailable", reason=str(unavailable))
            await asyncio.sleep(seconds)

    async def delete(self) -> int:
        """Deletes the view; how many keys it had. Raises: SinkUnavailable."""
        with _unavailable():
            return await self._store.delete_all()

    async def position(self, place: Partition) -> Position:
        """How far a partition is projected. Raises: SinkUnavailable."""
        with _unavailable():
            return Position.parse((await self._store.look(place, TIER_FIELD, ())).position)

    async def close(self) -> None:
        """Closes the connections."""
        await self._store.close()

    async def _look_after(self, seen: dict[Partition, int]) -> None:
        """`seen` is how far each partition was at the last look; at first everything is caught up with."""
        for place, end in (await self._all_ends()).items():
            done = (await self.position(place)).next
            if done < min(seen.get(place, end), end):
                await self.catch_up(place, end)
                done = end
            seen[place] = done

    async def _all_ends(self) -> dict[Partition, int]:
        ends = {topic: await self._log.ends(topic) for topic in self._kinds}
        return {Partition(topic, number): end for topic, numbers in ends.items() for number, end in numbers.items()}

    async def _advance(self, span: Span, catching_up: bool = False) -> None:
        kind = self._kinds[span.place.topic]
        decisions = list(self._decoded(span, kind))
        clients = list(dict.fromkeys(decision.client_id for decision, _ in decisions)) if kind.field else []
        for _ in range(MOST_ATTEMPTS):
            look = await self._store.look(span.place, kind.field, clients)
            if look.rebuilding:
                raise SinkUnavailable("the view is being deleted, to be rebuilt")
            done = Position.parse(look.position)
            await self._verify(span, done)
            if done.next >= span.until:
                return
            if done.next < span.since:
                if catching_up:
                    raise SinkUnavailable("Redis was emptied while the view caught up")
                await self._catch_up(span.place, done, span.since)
                continue
            writes = kind.fold(decisions, look.fields)
            if await self._store.write(span.place, look.position, str(_after(span, done)), writes):
                return
        raise SinkUnavailable(f"{span.place.topic}/{span.place.partition}: others write to the view all the time")

    async def _catch_up(self, place: Partition, done: Position, until: int) -> None:
        log.info("view_catches_up", topic=place.topic, partition=place.partition, since=done.next, until=until)
        since = done.next
        async for records in self._log.read(place, max(done.last, 0), until):
            for part in _parts(records):
                await self._advance(Span(place, since, part, part[-1].offset + 1), catching_up=True)
                since = max(since, part[-1].offset + 1)
        await self._advance(Span(place, since, (), until), catching_up=True)

    async def _verify(self, span: Span, done: Position) -> None:
        """Raises: SinkUnavailable if Redis holds a view of other topics than these: made anew, or of another cluster."""
        records = span.records
        if records and records[0].offset <= done.last <= records[-1].offset:
            if any(record.offset == done.last and _check(record) != done.check for record in records):
                raise _foreign(span.place)
        elif done.next > span.until and self._ends.get(span.place, 0) < done.next:
            self._ends[span.place] = (await self._log.ends(span.place.topic)).get(span.place.partition, 0)
            if self._ends[span.place] < done.next:
                raise _foreign(span.place)

    def _decoded(self, span: Span, kind: Kind) -> Iterator[Published[Any]]:
        for record in span.records:
            try:
                yield Published(kind.decode(record.value or b""), record.value or b"")
            except msgspec.MsgspecError as error:
                log.warning(
                    "decision_unreadable", topic=record.topic, partition=record.partition, offset=record.offset, reason=str(error)
                )
                self._telemetry.counted(AGENT, {"unreadable": 1})


class Rebuilt(NamedTuple):
    """What a rebuild did."""

    deleted_keys: int
    records: int


def open_view(settings: Settings, telemetry: Telemetry | None = None) -> RedisView:
    """The view of the settings; it connects when it is first given something. Close it at the end."""
    store = ViewStore(connect(settings), keys_of(settings))
    return RedisView(store, KafkaLog(settings), settings.topic_names, telemetry)


async def rebuild(settings: Settings) -> Rebuilt:
    """Deletes the view and projects all decisions that the topics hold; workers may go on meanwhile.

    Raises: SinkUnavailable if Redis or the topics cannot be reached.
    """
    view = open_view(settings)
    try:
        deleted = await view.delete()
        return Rebuilt(deleted, sum((await view.catch_up_all()).values()))
    finally:
        await view.close()


def _after(span: Span, done: Position) -> Position:
    if not span.records:
        return done._replace(next=span.until)
    return Position(span.until, span.records[-1].offset, _check(span.records[-1]))


def _check(record: Record) -> int:
    return crc32(record.value or b"")


def _foreign(place: Partition) -> SinkUnavailable:
    return SinkUnavailable(
        f"Redis holds a view of another {place.topic}/{place.partition} than the one on the brokers:"
        " tierwatch views rebuild, or set another Redis or database in TIERWATCH_REDIS_URL"
    )


def _parts(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    return (records[start : start + MOST_RECORDS] for start in range(0, len(records), MOST_RECORDS))


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise SinkUnavailable(f"Redis cannot be used: {type(error).__name__}: {error}") from error


def _fold_tier_changes(published: Iterable[Published[Placed]], fields: Mapping[str, str]) -> Writes:
    were = {client_id: folding.read_counted(text) for client_id, text in fields.items()}
    return folding.fold_tier_changes((change for change, _ in published), were)


def _fold_warnings(published: Iterable[Published[Told]], fields: Mapping[str, str]) -> Writes:
    return folding.fold_warnings(published, {client_id: folding.read_warned(text) for client_id, text in fields.items()})


def _fold_ledgers(published: Iterable[Published[LedgerPublished]], fields: Mapping[str, str]) -> Writes:
    return folding.fold_ledgers(ledger for ledger, _ in published)


def _fold_portfolios(published: Iterable[Published[PortfolioTold]], fields: Mapping[str, str]) -> Writes:
    return folding.fold_portfolios(told for told, _ in published)


KINDS: Final[Mapping[str, Kind]] = {
    topics.TIER_CHANGES: Kind(TIER_FIELD, folding.read_placed, _fold_tier_changes),
    topics.EARLY_WARNINGS: Kind(WARNINGS_FIELD, folding.read_told, _fold_warnings),
    topics.LEDGER: Kind("", read_ledger, _fold_ledgers),
    topics.PORTFOLIOS: Kind("", read_portfolio, _fold_portfolios),
}
