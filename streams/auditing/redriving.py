"""Redriving: dead letters go back to the source topics they came from, once what was wrong is mended.

A letter of the log (an amount without a rate, a step that raised) goes back as the bank's own record, fetched from its source
topic: the log's marks would drop the canonical one as written twice.

What was redriven is remembered in the consumer group `<app_id>-redrive`: its offset, and beside it, as the commit's metadata,
which letters before it were left by a choice of cause, topic or time. Written after the records are acknowledged: if redriving
is killed in between, they go out again.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from confluent_kafka import KafkaError, Producer, TopicPartition

from agents.dead_letters import CE_ID, PREFIX
from schemas import log, topics
from schemas.records import Headers, PlainRecord
from streams.brokers.kafka import producer_config
from streams.brokers.log_reading import LogReader, Span
from streams.settings import Settings
from streams.user_errors import UserError

MOST_METADATA: Final = 4_000
"""Characters; a broker takes 4096 by default (offset.metadata.max.bytes)."""
TIMEOUT_SECONDS: Final = 30.0
NO_SOURCE: Final = "no record of the bank's"
SOURCE_GONE: Final = "its source record is gone"

Cell = str
"""Topic and cause of a letter, `repayments/invalid`."""


class Choice(NamedTuple):
    """Which letters to redrive; None is any. `since` is of when they died."""

    cause: str | None = None
    topic: str | None = None
    since: datetime | None = None

    def takes(self, letter: "Letter") -> bool:
        """Whether a letter is chosen."""
        since_ms = 0 if self.since is None else int(self.since.timestamp() * 1000)
        return self.cause in (None, letter.cause) and self.topic in (None, letter.topic) and letter.died_ms >= since_ms


class Letter(NamedTuple):
    """A dead letter. `topic` (logical), `partition` and `offset` are where the record had stood."""

    topic: str
    partition: int
    offset: int
    cause: str
    died_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    @property
    def cell(self) -> Cell:
        return f"{self.topic}/{self.cause}"


class Memory(NamedTuple):
    """What was dealt with in one partition of the dead letters: all before `offset` but the ranges (both ends in) of `left`."""

    offset: int
    left: Mapping[Cell, tuple[tuple[int, int], ...]]

    def leaves(self, offset: int, cell: Cell) -> bool:
        """Whether a letter is still to be redriven."""
        return offset >= self.offset or any(first <= offset <= last for first, last in self.left.get(cell, ()))

    @property
    def begin(self) -> int:
        """Where to read from."""
        return min((first for ranges in self.left.values() for first, _ in ranges), default=self.offset)

    def written(self) -> str:
        """As metadata of a commit. Raises: UserError if it is too long to be kept."""
        text = ";".join(f"{cell}:{','.join(f'{a}-{b}' for a, b in ranges)}" for cell, ranges in sorted(self.left.items()))
        if len(text) > MOST_METADATA:
            raise UserError("too many choices of letters were left between others; redrive once without --since")
        return text

    @classmethod
    def read(cls, offset: int, text: str | None) -> "Memory":
        """What a commit says; a group that has committed nothing begins at the beginning."""
        cells = (part.rpartition(":") for part in (text or "").split(";") if part)
        left = {cell: tuple(_range(one) for one in ranges.split(",")) for cell, _, ranges in cells}
        return cls(max(0, offset), left)


class Remaining:
    """Gathers what stays behind, as ranges of offsets; letters come in the order of their offsets."""

    def __init__(self) -> None:
        self._ranges: dict[Cell, list[tuple[int, int]]] = {}
        self._open: set[Cell] = set()

    def leave(self, offset: int, cell: Cell) -> None:
        """A letter stays."""
        ranges = self._ranges.setdefault(cell, [])
        if cell in self._open:
            ranges[-1] = (ranges[-1][0], offset)
        else:
            ranges.append((offset, offset))
            self._open.add(cell)

    def close(self, cell: Cell) -> None:
        """A letter of the cell is dealt with: a range must not reach over it."""
        self._open.discard(cell)

    def memory(self, end: int) -> Memory:
        """All of it, where everything before `end` was looked at."""
        return Memory(end, {cell: tuple(ranges) for cell, ranges in self._ranges.items()})


@dataclass
class Redriven:
    """What came of it."""

    sent: Counter[str] = field(default_factory=Counter)
    """By source topic."""
    left: int = 0
    """Letters that were not chosen."""
    hopeless: Counter[str] = field(default_factory=Counter)
    """Letters that cannot go back, by why; they are not asked about again."""


def letter_of(record: PlainRecord) -> Letter | None:
    """A record of the dead letters, taken apart; None if it is none of ours."""
    ours = {name[len(PREFIX) :]: text.decode(errors="replace") for name, text in record.headers if name.startswith(PREFIX)}
    if "topic" not in ours or not ours.get("partition", "").isdigit() or not ours.get("offset", "").isdigit():
        return None
    place = (ours["topic"], int(ours["partition"]), int(ours["offset"]))
    return Letter(*place, ours.get("cause", ""), record.timestamp, record.key, record.value, record.headers)


def original_headers(headers: Headers) -> list[tuple[str, bytes]]:
    """The bank's headers, without ours; its own `ce_id` where it had one."""
    kept = PREFIX + CE_ID
    return [
        (CE_ID if name == kept else name, value)
        for name, value in headers
        if name == kept or (name != CE_ID and not name.startswith(PREFIX))
    ]


def redrive(settings: Settings, choice: Choice, dry_run: bool = False) -> Redriven:
    """Sends the chosen letters back; with `dry_run` it only counts. Raises: UserError."""
    done = Redriven()
    with LogReader(settings, f"{settings.app_id}-redrive") as reader, LogReader(settings) as sources:
        sending = Sending(settings, sources, done, dry_run)
        places = {place.partition: place for place in reader.committed_places(topics.DEAD_LETTERS)}
        remembered: list[TopicPartition] = []
        for span in reader.spans(topics.DEAD_LETTERS):
            place = places[span.partition]
            memory = _partition(reader, span, Memory.read(place.offset, place.metadata), choice, sending)
            remembered.append(TopicPartition(place.topic, place.partition, memory.offset, metadata=memory.written()))
        sending.finish()
        if not dry_run:
            reader.commit(remembered)
    return done


def _partition(reader: LogReader, span: Span, was: Memory, choice: Choice, sending: "Sending") -> Memory:
    remaining = Remaining()
    for record in reader.read(span._replace(begin=max(span.begin, min(was.begin, was.offset)))):
        letter = letter_of(record)
        if letter is None or not was.leaves(record.offset, letter.cell):
            if letter is not None:
                remaining.close(letter.cell)
            continue
        if choice.takes(letter):
            sending.send(letter)
            remaining.close(letter.cell)
        else:
            sending.done.left += 1
            remaining.leave(record.offset, letter.cell)
    return remaining.memory(max(span.end, was.offset))


class Sending:
    """Sends letters back as the records they were, into the partition they had stood in."""

    def __init__(self, settings: Settings, sources: LogReader, done: Redriven, dry_run: bool) -> None:
        self.done = done
        self._settings = settings
        self._sources = sources
        self._dry_run = dry_run
        self._producer = None if dry_run else Producer({**producer_config(settings), "log_level": 0})
        self._refused: list[KafkaError] = []
        self._spans: dict[str, list[Span]] = {}

    def send(self, letter: Letter) -> None:
        """One letter, or why it cannot go back."""
        record = self._record(letter)
        if isinstance(record, str):
            self.done.hopeless[record] += 1
            return
        self.done.sent[record.topic] += 1
        if self._producer is None:
            return
        name = self._settings.topic_names.real(record.topic)
        while True:
            try:
                self._producer.produce(
                    name, record.value, record.key, record.partition, headers=list(record.headers), on_delivery=self._delivered
                )
                return
            except BufferError:
                self._producer.poll(0.1)

    def finish(self) -> None:
        """Waits for the broker's answers. Raises: UserError if a record was not taken; nothing is remembered then."""
        if self._producer is None:
            return
        left = self._producer.flush(TIMEOUT_SECONDS)
        if self._refused or left:
            why = self._refused[0].str() if self._refused else f"no answer within {TIMEOUT_SECONDS:.0f} s"
            raise UserError(f"{len(self._refused) + left} records were not taken ({why}); mend it and redrive again")

    def _record(self, letter: Letter) -> PlainRecord | str:
        if letter.topic in topics.SOURCE_NAMES:
            place = (letter.topic, letter.partition, letter.offset, 0)
            return PlainRecord(*place, letter.key, letter.value, tuple(original_headers(letter.headers)))
        if letter.topic != topics.CLIENT_EVENTS or letter.key is None:
            return NO_SOURCE
        try:
            source = log.read_fact(letter.value or b"").source
        except msgspec.MsgspecError:
            return NO_SOURCE
        return self._fetched(source) or SOURCE_GONE

    def _fetched(self, source: log.Source) -> PlainRecord | None:
        if source.topic not in topics.SOURCE_NAMES:
            return None
        if source.topic not in self._spans:
            self._spans[source.topic] = self._sources.spans(source.topic)
        spans = self._spans[source.topic]
        if source.partition >= len(spans) or not spans[source.partition].begin <= source.offset < spans[source.partition].end:
            return None
        one = spans[source.partition]._replace(begin=source.offset, end=source.offset + 1)
        return next(self._sources.read(one), None)

    def _delivered(self, error: KafkaError | None, _: object) -> None:
        if error is not None:
            self._refused.append(error)


def _range(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    return int(first), int(last)


def in_words(done: Redriven, dry_run: bool) -> Iterator[str]:
    """How many, line by line."""
    verb = "would be redriven" if dry_run else "redriven"
    yield f"{sum(done.sent.values()):,} dead letters {verb}"
    for topic, count in sorted(done.sent.items()):
        yield f"  {count:,} to {topic}"
    for why, count in sorted(done.hopeless.items()):
        yield f"{count:,} cannot go back: {why}"
    if done.left:
        yield f"{done.left:,} were not chosen and stay"
