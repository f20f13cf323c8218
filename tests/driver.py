"""Drivers of the topology without a broker: a table is a dict, a topic a list (our TopologyTestDriver)."""

import itertools
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

from agents.hosting import PartitionAgent
from agents.intake import Intake, day_passed
from agents.segmenter import Segmenter
from schemas import decisions, log, topics
from schemas.decisions import EarlyWarning, TierChange
from schemas.learning import LabelledExample, ValueHistogram, read_lesson
from schemas.policy import Policy
from schemas.records import Batch, Outcome, PlainRecord, Settle
from schemas.state import ClientState, read_client
from streams.replaying.pipeline import Pipeline
from tests.builders import DAY, at, event, shipped, source_record

FACTS = tuple(topic for topic in topics.SOURCE_NAMES if topic != topics.MACRO)


class Bank:
    """A core bank that publishes through intake: what it says becomes outcomes for the log, offsets counted by topic."""

    def __init__(self) -> None:
        self._offsets: dict[str, int] = {}
        self._events = 0

    def says(self, topic: str, **fields: Any) -> list[Outcome]:
        """One event, with an id of its own unless it is given."""
        self._events += 1
        whole = event(topic, **{"event_id": f"e{self._events}", **fields})
        return self.publishes(topic, msgspec.json.encode(whole))

    def publishes(self, topic: str, value: bytes) -> list[Outcome]:
        """Whatever bytes."""
        offset = self._offsets[topic] = self._offsets.get(topic, -1) + 1
        return Intake(topic, {"file": 1}).run([source_record(topic, value, offset)]).outcomes


class Driver:
    """Events in, decisions out, through the whole pipeline; one source passes the days."""

    def __init__(self, policy: Policy | None = None, partitions: int = 1) -> None:
        self.outcomes: list[Outcome] = []
        self.log: list[PlainRecord] = []
        self.bank = Bank()
        self.day = DAY
        self.pipeline = Pipeline(policy or shipped(), partitions, self.outcomes.append, self.log.append)

    def send(self, topic: str, day: date | None = None, **fields: Any) -> "list[TierChange | EarlyWarning]":
        """An event of a day (the last one used, unless given); what it led to."""
        self.day = day or self.day
        return self.append(self.bank.says(topic, **{"occurred_at": at(self.day), **fields}))

    def close(self, last: date) -> "list[TierChange | EarlyWarning]":
        """The days up to `last` close; what that led to."""
        return self.append([day_passed(log.Source("file", 0, 0), last, {"file": 1})])

    def append(self, outcomes: Iterable[Outcome]) -> "list[TierChange | EarlyWarning]":
        """Outcomes of an intake, as the log takes them; the decisions they led to."""
        before = len(self.outcomes)
        accepted = []
        for outcome in outcomes:
            (accepted if outcome.topic == topics.CLIENT_EVENTS else self.outcomes).append(outcome)
        self.pipeline.append(accepted)
        return decided(self.outcomes[before:])

    @property
    def changes(self) -> list[TierChange]:
        """All tier changes so far."""
        return [d for d in decided(self.outcomes) if isinstance(d, TierChange)]

    @property
    def warnings(self) -> list[EarlyWarning]:
        """All early warnings so far."""
        return [d for d in decided(self.outcomes) if isinstance(d, EarlyWarning)]

    @property
    def dead_letters(self) -> list[dict[str, str]]:
        """Their headers."""
        return [headers(outcome) for outcome in self.outcomes if outcome.topic == topics.DEAD_LETTERS]

    def told(self, indicator: str) -> list[tuple[str, str]]:
        """Status and severity of all warnings of one indicator."""
        return [(w.status, w.severity) for w in self.warnings if w.indicator == indicator]

    def client(self, client_id: str = "C1") -> ClientState:
        """What is known of a client."""
        for segmenter in self.pipeline.segmenters:
            stored = segmenter.states.get(client_id.encode())
            if stored is not None:
                return read_client(stored)
        return ClientState()

    def graded(self, client_id: str = "C1") -> str:
        """The client's risk grade."""
        segment = self.client(client_id).segment
        assert segment is not None
        return segment.risk_grade


def decided(outcomes: Iterable[Outcome]) -> "list[TierChange | EarlyWarning]":
    """The decisions among them."""
    read = {topics.TIER_CHANGES: decisions.read_tier_change, topics.EARLY_WARNINGS: decisions.read_early_warning}
    return [read[outcome.topic](outcome.value) for outcome in outcomes if outcome.topic in read]


def lessons(outcomes: Iterable[Outcome]) -> "list[LabelledExample | ValueHistogram]":
    """What they teach."""
    return [read_lesson(outcome.value) for outcome in outcomes if outcome.topic == topics.LEARNING]


def examples(outcomes: Iterable[Outcome]) -> list[LabelledExample]:
    """The labelled examples among them."""
    return [lesson for lesson in lessons(outcomes) if isinstance(lesson, LabelledExample)]


def headers(outcome: Outcome) -> dict[str, str]:
    """An outcome's headers, as text."""
    return {name: text.decode() for name, text in outcome.headers}


def log_of(outcomes: Iterable[Outcome]) -> list[PlainRecord]:
    """Outcomes for the log, as its only partition would hold them."""
    return [PlainRecord(topics.CLIENT_EVENTS, 0, offset, 0, o.key, o.value) for offset, o in enumerate(outcomes)]


def learning_log(values: Iterable[LabelledExample | ValueHistogram]) -> list[PlainRecord]:
    """Lessons, as the learning topic would hold them."""
    return [PlainRecord(topics.LEARNING, 0, i, 0, None, msgspec.json.encode(value)) for i, value in enumerate(values)]


class Alone:
    """One segmenter over one log, beside the pipeline: for what it teaches."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.bank = Bank()
        self.segmenter = Segmenter(0, {}, policy or shipped(), 1)
        self._end = 0

    def send(self, topic: str, day: date, **fields: Any) -> list[Outcome]:
        """An event of a day; all it led to."""
        return self.append(self.bank.says(topic, **{"occurred_at": at(day), **fields}))

    def close(self, last: date) -> list[Outcome]:
        """The days up to `last` close; all it led to."""
        return self.append([day_passed(log.Source("file", 0, 0), last, {"file": 1})])

    def append(self, outcomes: Iterable[Outcome]) -> list[Outcome]:
        """Outcomes for the log; all they led to."""
        records = [r._replace(offset=self._end + r.offset) for r in log_of(outcomes)]
        self._end += len(records)
        return run_all(self.segmenter, records)[0]

    @property
    def client(self) -> ClientState:
        """What is known of the only client."""
        return self.segmenter.live.client("C1")


def batches(agent: PartitionAgent, records: Sequence[PlainRecord]) -> "list[Batch | Settle]":
    """What an agent makes of records that come at once."""
    return list(agent.run(records))


def run_all(
    agent: PartitionAgent, records: Sequence[PlainRecord], cuts: Iterable[int] = ()
) -> tuple[list[Outcome], dict[bytes, bytes]]:
    """Outcomes and final states of records that come in batches, cut at these places."""
    outcomes: list[Outcome] = []
    states: dict[bytes, bytes] = {}
    places = [0, *sorted(cuts), len(records)]
    for first, last in itertools.pairwise(places):
        for batch in agent.run(records[first:last]):
            if isinstance(batch, Batch):
                outcomes += batch.outcomes
                write(states, batch)
    return outcomes, states


def write(states: dict[bytes, bytes], batch: Batch) -> None:
    """A batch's states into a table."""
    for key, value in batch.states:
        if value is None:
            states.pop(key, None)
        else:
            states[key] = value


def days(first: date, count: int) -> list[date]:
    """`count` days from `first`."""
    return [first + timedelta(days=i) for i in range(count)]
