"""Where the log and the decisions of an explanation are read: Kafka, or the folder of a replay."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

from schemas import topics
from schemas.records import PlainRecord
from streams.auditing.audit import whole
from streams.brokers.log_reading import LogReader
from streams.replaying.event_files import opened
from streams.replaying.pipeline import partition_of
from streams.replaying.replay import FILES, log_records
from streams.settings import Settings
from streams.user_errors import UserError

NEEDED: Final = (topics.CLIENT_EVENTS, topics.TIER_CHANGES, topics.EARLY_WARNINGS)


class DecisionSource(Protocol):
    """A log and the decisions that stand beside it."""

    def log(self, partition: int) -> Iterator[PlainRecord]:
        """One partition of the log, from its first record on."""

    def standing(self, topic: str, client_id: str) -> Iterator[bytes]:
        """The decisions of a topic among which are all of the client's."""


class KafkaSource:
    """What stands in Kafka now. Raises: UserError."""

    def __init__(self, reader: LogReader, settings: Settings) -> None:
        self._reader = reader
        self._settings = settings

    def log(self, partition: int) -> Iterator[PlainRecord]:
        """One partition; none if there is no such partition. Raises: LogGone."""
        spans = self._reader.spans(topics.CLIENT_EVENTS)
        for span in whole([span for span in spans if span.partition == partition], self._settings):
            yield from self._reader.read(span)

    def standing(self, topic: str, client_id: str) -> Iterator[bytes]:
        """The partition of the client's key."""
        spans = self._reader.spans(topic)
        for record in self._reader.read(spans[partition_of(client_id.encode(), len(spans))]):
            yield record.value or b""


class FolderSource:
    """What a replay wrote. Raises: UserError for a folder without its files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        missing = [FILES[topic] for topic in NEEDED if not (folder / FILES[topic]).is_file()]
        if missing:
            raise UserError(f"{folder}: has no {', '.join(missing)}; name a folder that `tierwatch replay --out` has written")

    def log(self, partition: int) -> Iterator[PlainRecord]:
        """The partition's lines."""
        try:
            yield from (r for r in log_records(self._folder / FILES[topics.CLIENT_EVENTS]) if r.partition == partition)
        except ValueError as error:
            raise UserError(str(error)) from error

    def standing(self, topic: str, client_id: str) -> Iterator[bytes]:
        """All of the file."""
        with opened(self._folder / FILES[topic]) as file:
            for line in file:
                yield line.rstrip(b"\n")
