"""The log of Kafka as a file that `tierwatch replay --log` decides bit for bit."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import msgspec

from schemas import topics
from schemas.records import PlainRecord
from streams.auditing.audit import Progress, whole
from streams.brokers.log_reading import LogReader
from streams.replaying.replay import log_line
from streams.settings import Settings
from streams.user_errors import UserError

STEP = 2_000
"""Records between two reports of progress."""


class Exported(NamedTuple):
    """What was written, and what could not stand in a file of JSON lines."""

    records: int
    left_out: int
    """Records that are no JSON: they decide nothing, there or here, but a dead letter."""


def export_log(settings: Settings, path: Path, progress: Progress = lambda _: None) -> Exported:
    """Writes the log, partition by partition, as it stands now. Raises: UserError; OSError for a path that cannot be written."""
    written = left_out = 0
    with LogReader(settings) as reader, _created(path) as file:
        for span in whole(reader.spans(topics.CLIENT_EVENTS), settings):
            for record in reader.read(span):
                line = file_line(record)
                if line is None:
                    left_out += 1
                    continue
                file.write(line)
                written += 1
                if written % STEP == 0:
                    progress(STEP)
    return Exported(written, left_out)


def file_line(record: PlainRecord) -> bytes | None:
    """A record as a line of `client-events.jsonl`; None if it is no JSON. Raises: UserError for a key that is no text."""
    try:
        msgspec.json.decode(record.value or b"", type=msgspec.Raw)
        value = msgspec.json.format(record.value or b"", indent=-1) if b"\n" in (record.value or b"") else record.value
    except msgspec.DecodeError:
        return None
    try:
        return log_line(record._replace(value=value))
    except UnicodeDecodeError:
        where = f"partition {record.partition}, offset {record.offset}"
        raise UserError(f"client-events, {where}: key = {record.key!r} is no text, so it cannot stand in a file") from None


@contextmanager
def _created(path: Path) -> Iterator[BinaryIO]:
    """The file, packed if it is a `.gz`: without time and name, so the same log gives the same bytes."""
    with path.open("wb") as file:
        if path.suffix != ".gz":
            yield file
            return
        with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0) as packed:
            yield cast(BinaryIO, packed)
