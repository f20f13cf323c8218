"""Event files: one JSON object a line with its `topic`, `.jsonl` or `.jsonl.gz`, merged by `occurred_at`."""

import gzip
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from heapq import merge
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import msgspec

from schemas import topics

EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


class Line(NamedTuple):
    """One line of a file. `problem` says why it cannot be given to an intake; `day` is the event's own date."""

    when: datetime
    file: int
    number: int
    """From 1."""
    topic: str
    raw: bytes
    end_of_day: date | None = None
    problem: str = ""

    @property
    def day(self) -> date:
        return self.when.date()


class _Head(msgspec.Struct):
    topic: str | None = None
    occurred_at: datetime | None = None
    kind: str | None = None
    day: date | None = None


_read_head: Final = msgspec.json.Decoder(_Head).decode


def lines(paths: Sequence[Path]) -> Iterator[Line]:
    """The lines of all files, merged by time; a file's own order is kept, and a line without time follows the one before.

    Raises: FileNotFoundError, PermissionError, gzip.BadGzipFile.
    """
    if len(paths) == 1:
        return _lines(0, paths[0])
    return merge(*(_lines(i, path) for i, path in enumerate(paths)), key=lambda line: line.when)


def opened(path: Path) -> BinaryIO:
    """The file's bytes, unpacked if it is a `.gz`."""
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _lines(file: int, path: Path) -> Iterator[Line]:
    when = EARLIEST
    with opened(path) as stream:
        for number, text in enumerate(stream, start=1):
            raw = text.strip()
            if not raw:
                continue
            line = _line(file, number, raw, when)
            when = line.when
            yield line


def _line(file: int, number: int, raw: bytes, before: datetime) -> Line:
    try:
        head = _read_head(raw)
    except msgspec.DecodeError as error:
        return Line(before, file, number, _topic_of(raw), raw, problem=f"line: {error}")
    if head.kind == "end-of-day" and head.day is not None:
        return Line(before, file, number, "", raw, end_of_day=head.day)
    if head.topic not in topics.SOURCE_NAMES:
        allowed = ", ".join(topics.SOURCE_NAMES)
        return Line(before, file, number, "", raw, problem=f"topic: {head.topic!r} is none of {allowed}")
    when = head.occurred_at
    if when is None or when.tzinfo is None:
        return Line(before, file, number, head.topic, raw)  # the contract will say what is wrong with it
    return Line(max(before, when), file, number, head.topic, raw)


def _topic_of(raw: bytes) -> str:
    """The topic of a line whose other fields do not parse, so that the contract can name what is wrong."""
    try:
        topic = msgspec.json.decode(raw).get("topic")
    except (msgspec.DecodeError, AttributeError):
        return ""
    return topic if topic in topics.SOURCE_NAMES else ""
