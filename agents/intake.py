"""Intake: validates what core banking publishes, normalises it and keys it by client; refuses what breaks the contract."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

import msgspec
from pydantic import ValidationError

from agents.dead_letters import INVALID, UNREADABLE, dead_letter
from schemas import log, topics
from schemas.money import to_minor
from schemas.records import EVERY, Batch, Outcome, Record
from schemas.source_events import BY_TOPIC, EndOfDay, SourceEvent

CANONICAL: Final[dict[str, type[log.Canonical]]] = {
    topics.REPAYMENTS: log.RepaymentReceived,
    topics.DRAWDOWNS: log.DrawdownMade,
    topics.STATEMENTS: log.StatementPublished,
    topics.PROFILES: log.ProfileUpdated,
    topics.RATINGS: log.RatingAssigned,
    topics.COLLATERAL: log.CollateralValued,
    topics.MACRO: log.MacroObserved,
    topics.OUTCOMES: log.OutcomeReported,
    topics.MILESTONES: log.MilestoneReported,
    topics.FEEDBACK: log.FeedbackGiven,
}


class Refused(Exception):
    """A record that breaks the contract: which field, and why."""

    def __init__(self, cause: str, field: str, reason: str) -> None:
        super().__init__(reason)
        self.cause, self.field, self.reason = cause, field, reason


class Intake:
    """The agent of one source topic. It keeps no state: a rerun writes the same records, which the segmenter forgives.

    `sources`: partitions of each source topic; a day closes when all of them have passed it.
    """

    def __init__(self, topic: str, sources: Mapping[str, int]) -> None:
        self.topic = topic
        self.sources = sources
        self._read = BY_TOPIC[topic].__pydantic_validator__.validate_json

    def run(self, records: Sequence[Record]) -> Batch:
        """The records as outcomes for the log and for the dead letters, in order: one for each record."""
        outcomes: list[Outcome] = []
        counts: Counter[str] = Counter()
        for record in records:
            try:
                outcome = self.normalised(record)
                counts["accepted" if outcome.key is not None else "control"] += 1
            except Refused as refused:
                outcome = dead_letter(record, self.topic, refused.cause, refused.field, refused.reason)
                counts["dead-letter/" + refused.cause] += 1
            outcomes.append(outcome)
        return Batch(outcomes, [], counts)

    def normalised(self, record: Record) -> Outcome:
        """The canonical record. Raises: Refused."""
        value = record.value
        if not value:
            raise Refused(UNREADABLE, "", "the record is empty; publish the event as a JSON object")
        if record.headers or b'"specversion"' in value:
            value = _unwrapped(value, dict(record.headers))
        try:
            if b'"end-of-day"' in value and _is_end_of_day(value):
                day = EndOfDay.model_validate_json(value).day
                return day_passed(log.Source(self.topic, record.partition, record.offset), day, self.sources)
            event: SourceEvent = self._read(value)
        except ValidationError as error:
            raise _refusal(error) from None
        fact = canonical(self.topic, event, log.Source(self.topic, record.partition, record.offset))
        if isinstance(fact, log.ClientEvent):
            return Outcome(topics.CLIENT_EVENTS, fact.client_id.encode(), log.write(fact))
        return Outcome(topics.CLIENT_EVENTS, None, log.write(fact), (), EVERY)


def canonical(topic: str, event: SourceEvent, source: log.Source) -> log.Canonical:
    """The event as the log holds it: amounts in minor units. Raises: Refused if an amount is finer than its currency."""
    fields: dict[str, Any] = dict(event.__dict__)
    for name in event.money:
        amount = fields[name]
        if amount is not None:
            try:
                fields[name] = to_minor(amount, fields["currency"])
            except ValueError as error:
                raise Refused(INVALID, name, f"{name}: {error}") from None
    return CANONICAL[topic](source=source, **fields)


def day_passed(source: log.Source, day: date, sources: Mapping[str, int]) -> Outcome:
    """The control record, for every partition of the log, that a source partition has passed `day`."""
    passed = log.DayPassed(source=source, day=day, of=dict(sources))
    return Outcome(topics.CLIENT_EVENTS, None, log.write(passed), (), EVERY)


class _Kind(msgspec.Struct):
    kind: str | None = None


_read_kind: Final = msgspec.json.Decoder(_Kind).decode
_read_exactly: Final = msgspec.json.Decoder(float_hook=Decimal).decode
"""Numbers as they were written: no cent of an amount is lost."""


def _is_end_of_day(value: bytes) -> bool:
    try:
        return _read_kind(value).kind == "end-of-day"
    except msgspec.DecodeError:
        return False  # the contract says what is wrong with it


def _unwrapped(value: bytes, headers: Mapping[str, bytes]) -> bytes:
    """The event of a CloudEvent, its context attributes filled in where the event does not say them itself.

    Source: CloudEvents 1.0.2, Kafka protocol binding, sections 3.2 (binary) and 3.3 (structured).
    """
    try:
        body = _read_exactly(value)
    except msgspec.DecodeError:
        return value  # the contract's own parser says what is wrong with it
    if not isinstance(body, dict):
        return value
    if "specversion" in body and isinstance(body.get("data"), dict):
        attributes, body = body, body["data"]
    elif "ce_specversion" in headers:
        said = {name[3:]: text for name, text in headers.items() if name.startswith("ce_") and text}
        attributes = {name: text.decode(errors="replace") for name, text in said.items()}
    else:
        return value
    for field, attribute in (("event_id", "id"), ("occurred_at", "time"), ("client_id", "subject")):
        if field not in body and attribute in attributes:
            body[field] = attributes[attribute]
    return msgspec.json.encode(body)


def _refusal(error: ValidationError) -> Refused:
    """Every error of an event: the first one's field, all of them in the reason."""
    errors = error.errors(include_url=False)
    if errors[0]["type"] in ("json_invalid", "model_type"):
        return Refused(UNREADABLE, "", errors[0]["msg"])
    said = []
    for one in errors:
        field = ".".join(str(part) for part in one["loc"]) or "event"
        got = "" if one["type"] == "missing" else f" (got {str(one['input'])[:80]!r})"
        said.append(f"{field}: {one['msg']}{got}")
    return Refused(INVALID, said[0].split(":")[0], "; ".join(said))
