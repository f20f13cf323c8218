"""The audit: every decision derived anew from the log and compared, byte for byte, with what stands in its topics."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from time import monotonic, sleep
from typing import Final, NamedTuple

from agents.segmenter import Segmenter
from schemas import topics
from schemas.policy import Policy
from schemas.records import Batch, Headers, Outcome, PlainRecord
from streams.brokers.log_reading import LogReader, Span
from streams.settings import Settings
from streams.user_errors import UserError

DECISIONS: Final = (topics.TIER_CHANGES, topics.EARLY_WARNINGS)
CHUNK: Final = 2_000
"""Records of the log that are decided at a time."""
MOST_EXAMPLES: Final = 10
"""Ids of each finding that are named."""
POLL_SECONDS: Final = 0.25
MISSING: Final = "missing"
DIFFERENT: Final = "different"
EXTRA: Final = "extra"

Progress = Callable[[int], object]


class LogGone(UserError):
    """The beginning of the log is no longer there: nothing can be derived from what is left."""


class LogPlace(NamedTuple):
    """The record of the log that a decision was made by, as its id says."""

    partition: int
    offset: int


@dataclass
class Verdict:
    """What the log demands against what stands in the topics; each count is of decisions."""

    records: int = 0
    """Of the log."""
    gaps: int = 0
    """Offsets of the log that hold no record: transaction markers, or records that were taken out."""
    expected: int = 0
    found: int = 0
    missing: int = 0
    different: int = 0
    """Another body, key or CloudEvents header than the log gives; a repeat that differs from its first is one, too."""
    extra: int = 0
    repeated: int = 0
    """The same id and the same bytes again: what a restart leaves behind, and readers drop."""
    later: int = 0
    """Made by records that came to the log after the audit had begun; not judged."""
    examples: dict[str, list[str]] = field(default_factory=dict)
    """Ids of the first of each finding."""

    @property
    def holds(self) -> bool:
        """Whether nothing is missing, different or extra."""
        return not (self.missing or self.different or self.extra)

    def note(self, finding: str, decision_id: str) -> None:
        """Keeps the id if few are known yet."""
        ids = self.examples.setdefault(finding, [])
        if len(ids) < MOST_EXAMPLES:
            ids.append(decision_id)


class Comparison:
    """Pairs what is derived with what stands, by id. Keeps 16-byte digests of bodies, never bodies."""

    def __init__(self, ends: Sequence[int]) -> None:
        self.verdict = Verdict()
        self._ends = ends
        self._derived: dict[bytes, bytes] = {}
        self._met: set[bytes] = set()
        self._extra: dict[bytes, bytes] = {}

    def derive(self, outcome: Outcome) -> None:
        """A decision that follows from the log. Raises: RuntimeError for one id with two bodies, our bug."""
        name, digest = id_of(outcome.headers), fingerprint(outcome.key, outcome.value, outcome.headers)
        if self._derived.setdefault(name, digest) != digest:
            raise RuntimeError(f"two decisions have the id {name.decode(errors='replace')}")
        self.verdict.expected = len(self._derived)

    def meet(self, record: PlainRecord, log_ends: Sequence[int]) -> None:
        """A decision that stands in a topic. `log_ends`: of the log, taken after the decisions' own ends."""
        self.verdict.found += 1
        name, digest = id_of(record.headers), fingerprint(record.key, record.value or b"", record.headers)
        derived = self._derived.get(name)
        if derived is None:
            self._unexpected(name, digest, log_ends)
        elif derived != digest:
            self._met.add(name)
            self.verdict.different += 1
            self.verdict.note(DIFFERENT, name.decode(errors="replace"))
        elif name in self._met:
            self.verdict.repeated += 1
        else:
            self._met.add(name)

    def judge(self) -> Verdict:
        """The verdict, once everything was met."""
        missing = [name for name in self._derived if name not in self._met]
        self.verdict.missing = len(missing)
        for name in missing[:MOST_EXAMPLES]:
            self.verdict.note(MISSING, name.decode(errors="replace"))
        return self.verdict

    def _unexpected(self, name: bytes, digest: bytes, log_ends: Sequence[int]) -> None:
        if self._is_later(log_place(name), log_ends):
            self.verdict.later += 1
        elif self._extra.get(name) == digest:
            self.verdict.repeated += 1
        else:
            self._extra[name] = digest
            self.verdict.extra += 1
            self.verdict.note(EXTRA, name.decode(errors="replace") or "(a record without ce_id)")

    def _is_later(self, place: LogPlace | None, log_ends: Sequence[int]) -> bool:
        if place is None or place.partition >= len(self._ends):
            return False
        return self._ends[place.partition] <= place.offset < log_ends[place.partition]


def id_of(headers: Headers) -> bytes:
    """The `ce_id` of a decision; empty if it has none."""
    return next((value for name, value in headers if name == "ce_id"), b"")


def fingerprint(key: bytes | None, value: bytes, headers: Headers) -> bytes:
    """A digest of all that a reader of a decision may look at: key, body, CloudEvents headers and content type."""
    digest = blake2b(digest_size=16)
    said = sorted((name.encode(), text) for name, text in headers if name.startswith("ce_") or name == "content-type")
    for part in (key or b"", value, *(side for pair in said for side in pair)):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def log_place(decision_id: bytes) -> LogPlace | None:
    """Where in the log a decision was made, by its id (`tc/partition/offset/…`); None if it is no id of ours."""
    parts = decision_id.split(b"/", 3)
    if len(parts) < 4 or not (parts[1].isdigit() and parts[2].isdigit()):
        return None
    return LogPlace(int(parts[1]), int(parts[2]))


def derived(partition: int, records: Iterator[PlainRecord], policy: Policy, partitions: int) -> Iterator[Outcome]:
    """The decisions of one partition of the log, from its first record on."""
    segmenter = Segmenter(partition, {}, policy, partitions)
    while chunk := list(islice(records, CHUNK)):
        for batch in segmenter.run(chunk):
            if isinstance(batch, Batch):
                yield from (outcome for outcome in batch.outcomes if outcome.topic in DECISIONS)


def verify(settings: Settings, policy: Policy, wait_seconds: float = 0.0, progress: Progress | None = None) -> Verdict:
    """Derives the decisions of the whole log and compares. `policy`: decides until the log's first one.

    `wait_seconds`: how long the segmenter may take to reach the end of the log before it is compared; 0 compares now.
    `progress` hears how many more records of the log are done.

    Raises: UserError if a topic or the broker is missing; LogGone if the log's beginning is.
    """
    with LogReader(settings) as reader:
        spans = whole(reader.spans(topics.CLIENT_EVENTS), settings)
        if wait_seconds:
            wait_until_decided(settings, spans, wait_seconds)
        comparison = Comparison([span.end for span in spans])
        for span in spans:
            _derive(reader, span, policy, comparison, progress or (lambda _: None))
        standing = [span for topic in DECISIONS for span in reader.spans(topic)]
        log_ends = [span.end for span in reader.spans(topics.CLIENT_EVENTS)]
        for span in standing:
            for record in reader.read(span):
                comparison.meet(record, log_ends)
    return comparison.judge()


def whole(spans: list[Span], settings: Settings) -> list[Span]:
    """The spans of a log that is there from its first record on. Raises: LogGone."""
    gone = [span for span in spans if span.begin > 0]
    if gone:
        name = settings.topic_names.real(topics.CLIENT_EVENTS)
        where = ", ".join(f"partition {span.partition} begins at {span.begin}" for span in gone)
        raise LogGone(
            f"{name}: its beginning is gone ({where}): decisions follow from the log as a whole, so nothing can be derived"
            " from what is left; keep the log longer (retention.ms=-1) and export it in time: tierwatch log --out FILE"
        )
    return spans


def wait_until_decided(settings: Settings, spans: Iterable[Span], seconds: float) -> None:
    """Waits until the segmenter's group has committed past the spans. Raises: UserError if it does not in time."""
    deadline = monotonic() + seconds
    with LogReader(settings, settings.app_id) as group:
        while behind := _behind(spans, group.committed(topics.CLIENT_EVENTS)):
            if monotonic() > deadline:
                raise UserError(
                    f"after {seconds:g} s the worker has not decided all of the log ({'; '.join(behind)});"
                    " is a worker running? Wait longer, or leave --wait out to compare what there is"
                )
            sleep(POLL_SECONDS)


def _behind(spans: Iterable[Span], committed: dict[int, int]) -> list[str]:
    places = [(span, max(0, committed.get(span.partition, -1))) for span in spans]
    return [f"partition {span.partition}: {at} of {span.end}" for span, at in places if at < span.end]


def _derive(reader: LogReader, span: Span, policy: Policy, comparison: Comparison, progress: Progress) -> None:
    verdict, partitions = comparison.verdict, reader.partitions(topics.CLIENT_EVENTS)
    before = verdict.records

    def counted() -> Iterator[PlainRecord]:
        for record in reader.read(span):
            verdict.records += 1
            if verdict.records % CHUNK == 0:
                progress(CHUNK)
            yield record

    for outcome in derived(span.partition, counted(), policy, partitions):
        comparison.derive(outcome)
    verdict.gaps += span.end - span.begin - (verdict.records - before)
