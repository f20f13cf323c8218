"""Creating the topics, and telling what is wrong with those that are there."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from time import monotonic, sleep
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from schemas.topics import OWN, TOPICS, Topic
from streams.brokers.kafka import librdkafka, no_broker
from streams.settings import Settings

TIMEOUT_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.1
CLEANUP: Final = "cleanup.policy"
NONE: Final[Mapping[str, int]] = MappingProxyType({})


class Wanted(NamedTuple):
    """A topic as it should be; `partitions` None if that is the bank's choice."""

    name: str
    partitions: int | None
    cleanup: str
    retention_ms: int | None = None


class Found(NamedTuple):
    """A topic as it is."""

    name: str
    partitions: int
    cleanup: str


class Difference(NamedTuple):
    """What is wrong with one topic, and what to do about it."""

    topic: str
    what: str
    fix: str


def wanted(settings: Settings, changelogs: Mapping[str, int] = NONE, sources: bool = True) -> list[Wanted]:
    """The topics we read (unless left out), write and keep states in, by their real names.

    `changelogs`: names of Faust's changelog topics with their partition counts.
    """
    read = [TOPICS[name] for name in settings.sources] if sources else []
    kept = [Wanted(name, count, "compact") for name, count in changelogs.items()]
    return [*(_wanted(topic, settings) for topic in (*read, *OWN)), *kept]


def ensure(settings: Settings, changelogs: Mapping[str, int] = NONE, sources: bool = True) -> list[str]:
    """Creates the topics that are missing and hands back their names; those that are there stay as they are.

    Raises: UserError if no broker answers, `KafkaException` if they refuse.
    """
    admin = _admin(settings)
    there = set(admin.list_topics(timeout=TIMEOUT_SECONDS).topics)
    missing = [topic for topic in wanted(settings, changelogs, sources) if topic.name not in there]
    if not missing:
        return []
    made = admin.create_topics([_new(topic, settings) for topic in missing], operation_timeout=TIMEOUT_SECONDS)
    new = [name for name, answer in made.items() if _was_made(answer)]
    _wait_until_known(admin, missing)
    return new


def check(settings: Settings, changelogs: Mapping[str, int] = NONE, sources: bool = True) -> list[Difference]:
    """What differs from what it should be; empty if all is well. Raises: UserError if no broker answers."""
    topics = wanted(settings, changelogs, sources)
    return list(differences(topics, found(settings, [topic.name for topic in topics])))


def found(settings: Settings, names: Iterable[str]) -> dict[str, Found]:
    """Those of the topics that are there."""
    admin = _admin(settings)
    there = admin.list_topics(timeout=TIMEOUT_SECONDS).topics
    asked = [ConfigResource(ResourceType.TOPIC, name) for name in names if name in there]
    answers = admin.describe_configs(asked, request_timeout=TIMEOUT_SECONDS) if asked else {}
    cleanup = {resource.name: str(answer.result()[CLEANUP].value) for resource, answer in answers.items()}
    return {name: Found(name, len(there[name].partitions), kept) for name, kept in cleanup.items()}


def differences(topics: Iterable[Wanted], there: dict[str, Found]) -> Iterator[Difference]:
    """What is wrong, topic by topic, with the remedy in words."""
    for topic in topics:
        if topic.name not in there:
            yield Difference(topic.name, "is missing", "create it: tierwatch topics create")
            continue
        is_now = there[topic.name]
        if topic.partitions not in (None, is_now.partitions):
            yield Difference(topic.name, f"has {is_now.partitions} partitions, not {topic.partitions}", _COUNT_FIX)
        if is_now.cleanup != topic.cleanup:
            yield Difference(topic.name, f"has {CLEANUP}={is_now.cleanup}, not {topic.cleanup}", _cleanup_fix(topic))


_COUNT_FIX: Final = (
    "a count is set once, since it decides which partition a client is in: set TIERWATCH_PARTITIONS to the count of"
    " client-events, or begin anew under another TIERWATCH_OWN_PREFIX and TIERWATCH_APP_ID"
)


def _cleanup_fix(topic: Wanted) -> str:
    command = f"kafka-configs.sh --alter --entity-type topics --entity-name {topic.name} --add-config"
    lost = " (records may have been lost to compaction already)" if topic.cleanup == "delete" else ""
    return f"set it: {command} {CLEANUP}={topic.cleanup}{lost}"


def _wanted(topic: Topic, settings: Settings) -> Wanted:
    counts = {"source": None, "log": settings.partitions, "one": 1}
    return Wanted(settings.topic_names.real(topic.name), counts[topic.kind], topic.cleanup, topic.retention_ms)


def _new(topic: Wanted, settings: Settings) -> NewTopic:
    config = {CLEANUP: topic.cleanup}
    if topic.retention_ms is not None:
        config["retention.ms"] = str(topic.retention_ms)
    count = topic.partitions or settings.partitions
    return NewTopic(topic.name, count, replication_factor=settings.replication_factor, config=config)


def _wait_until_known(admin: AdminClient, made: Iterable[Wanted]) -> None:
    """A broker hears a moment later of what its controller has made. Raises: `KafkaException` if it never does."""
    deadline = monotonic() + TIMEOUT_SECONDS
    names = {topic.name for topic in made}
    while unknown := names - _with_leaders(admin):
        if monotonic() > deadline:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"not known to the brokers yet: {', '.join(sorted(unknown))}"))
        sleep(POLL_SECONDS)


def _with_leaders(admin: AdminClient) -> set[str]:
    topics = admin.list_topics(timeout=TIMEOUT_SECONDS).topics
    return {name for name, told in topics.items() if told.partitions and all(p.leader >= 0 for p in told.partitions.values())}


def _was_made(answer: Future[None]) -> bool:
    """False if somebody else was faster."""
    try:
        answer.result()
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise
        return False
    return True


def _admin(settings: Settings) -> AdminClient:
    """A client that has reached a broker. Raises: UserError that says why none answers."""
    heard: list[str] = []
    config: dict[str, Any] = {**librdkafka(settings), "log_level": 0, "error_cb": lambda error: heard.append(error.str())}
    admin = AdminClient(config)
    try:
        admin.list_topics(timeout=TIMEOUT_SECONDS)
    except KafkaException as error:
        admin.poll(0)  # what went wrong on the way is told only to who asks
        raise no_broker(settings, heard[0] if heard else error.args[0].str()) from error
    return admin
