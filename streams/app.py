"""A Faust app for pure agents: transport, tables, writer and lanes; nothing connects until the worker starts."""

import asyncio
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import faust
import structlog
from confluent_kafka.admin import AdminClient
from faust.serializers.schemas import Schema

from agents.hosting import MakeAgent
from streams.engine import Engine
from streams.hosting import BatchAgent, Lane, Sink, Sinking, Stateful, Stateless, Work, dispatch
from streams.lease import Lease
from streams.positions import Chunk, Partition, Positions
from streams.producer import PartitionCounts, Writer, connector
from streams.table import StateTable
from streams.telemetry import Silent, Telemetry
from streams.transport import Consumer, Transport

EXIT_FAILED: Final = 1
LAST_RESORT_SECONDS: Final = 60.0

log = structlog.get_logger(__name__)

LibrdkafkaConfig = Mapping[str, str | int | float | bool]


class AsFetched(Schema[Any, Any]):
    """Keys and values as they come: a value may be a batch of records."""

    def loads_key(self, app: Any, message: Any, **_: Any) -> Any:
        """The key's bytes."""
        return message.key

    def loads_value(self, app: Any, message: Any, **_: Any) -> Any:
        """The value, untouched."""
        return message.value


@dataclass(frozen=True)
class EngineOptions:
    """How the engine runs.

    Units: seconds; `max_batch` in records. `session_timeout` must lie within what the brokers allow
    (Kafka: group.min.session.timeout.ms, 6 s by default).
    """

    group: str
    broker: str
    topics: Mapping[str, str] = field(default_factory=dict)
    """Logical topic name to the real one; a name that is not here is real."""
    librdkafka_config: LibrdkafkaConfig = field(default_factory=dict)
    faust_options: Mapping[str, Any] = field(default_factory=dict)
    group_instance_id: str | None = None
    max_batch: int = 5_000
    most_in_flight: int = 200_000
    session_timeout: float = 30.0
    heartbeat_interval: float = 3.0
    commit_interval: float = 1.0
    settle_seconds: float = 10.0
    standby_replicas: int = 0


class TierwatchApp(faust.App):
    """A Faust app whose transport hands over batches."""

    engine: Engine
    hosted: dict[str, str]

    def _new_transport(self) -> Any:
        return Transport(self.conf.broker_consumer, self)

    def _new_producer_transport(self) -> Any:
        return Transport(self.conf.broker_producer, self)

    def _create_directories(self) -> None:
        """None needed: states live in memory and in Kafka."""

    async def on_stop(self) -> None:
        """Stops taking, settles, then lets Faust commit and leave the group."""
        if self._consumer is not None:
            self._consumer.stop_flow()
        await self.engine.drain()
        await super().on_stop()


def make_app(options: EngineOptions, telemetry: Telemetry | None = None) -> TierwatchApp:
    """An app without agents; add them with `host_stateful`, `host_stateless` and `host_sink`."""
    app = TierwatchApp(options.group, broker=options.broker, **_faust_options(options))
    positions = Positions()
    lease = Lease(options.session_timeout - options.heartbeat_interval)
    heard = telemetry or Silent()
    config: LibrdkafkaConfig = {**_librdkafka_defaults(options), **options.librdkafka_config}
    crash = crasher(app)
    writer = Writer(
        connector(config, crash),
        PartitionCounts(lambda topic: _partition_count(config, topic)),
        options.topics,
        on_durable=positions.durable,
        on_fatal=crash,
        may_write=lease.held,
        telemetry=heard,
        most_in_flight=options.most_in_flight,
    )
    app.hosted = {}
    app.engine = Engine(writer, positions, lease, heard, options.max_batch, options.settle_seconds)
    return app


def _faust_options(options: EngineOptions) -> dict[str, Any]:
    ours = {
        "store": "memory://",
        "autodiscover": False,
        "web_enabled": False,
        "reply_create_topic": False,
        "topic_disable_leader": True,
        "stream_wait_empty": False,
        "stream_buffer_maxsize": 16,
        "stream_recovery_delay": 0.0,
        "consumer_auto_offset_reset": "earliest",
        "consumer_group_instance_id": options.group_instance_id,
        "broker_max_poll_records": options.max_batch,
        "broker_commit_interval": options.commit_interval,
        "broker_session_timeout": options.session_timeout,
        "broker_heartbeat_interval": options.heartbeat_interval,
        "table_standby_replicas": options.standby_replicas,
    }
    return {**ours, **options.faust_options}


def _librdkafka_defaults(options: EngineOptions) -> dict[str, str | int | float | bool]:
    servers = options.broker.split("://", 1)[-1].replace("kafka://", "").replace(";", ",")
    unsent = options.session_timeout - 2 * options.heartbeat_interval  # An older message may no longer be ours to send.
    return {"bootstrap.servers": servers, "message.timeout.ms": int(max(5.0, unsent) * 1000)}


def _partition_count(config: LibrdkafkaConfig, topic: str) -> int:
    found = AdminClient(dict(config)).list_topics(topic, timeout=10).topics[topic]
    if found.error is not None or not found.partitions:
        raise LookupError(f"topic {topic}: {found.error or 'no partitions'}; create it first")
    return len(found.partitions)


def crasher(app: TierwatchApp) -> Callable[[BaseException], None]:
    """A function that stops the worker loudly; if it does not stop by itself, the process ends all the same."""

    def crash(why: BaseException) -> None:
        log.error("worker_stops", reason=repr(why))
        last_resort = threading.Timer(LAST_RESORT_SECONDS, os._exit, (EXIT_FAILED,))
        last_resort.daemon = True
        last_resort.start()
        app.loop.call_soon_threadsafe(lambda: asyncio.ensure_future(app.crash(why)))

    return crash


def host_stateful(app: TierwatchApp, topic: str, name: str, make_agent: MakeAgent, partitions: int) -> StateTable:
    """Hosts an agent with state on a topic; `partitions` is the topic's partition count, and its changelog's.

    The table's changelog topic is `<group>-<name>-changelog`, compacted.
    """
    table = StateTable(app, name=name, partitions=partitions, beacon=app.tables.beacon)
    app.tables.add(table)

    def work(lane: Lane) -> Work:
        return Stateful(lane, make_agent, table, lambda: app.consumer_generation_id)

    _host(app, topic, name, work)
    return table


def host_stateless(app: TierwatchApp, topic: str, name: str, agent: BatchAgent) -> None:
    """Hosts an agent without state on a topic."""
    _host(app, topic, name, lambda lane: Stateless(lane, agent))


def host_sink(app: TierwatchApp, topic: str, name: str, sink: Sink, backoff: float = 5.0) -> None:
    """Hands the records of a topic to an async function that may raise SinkUnavailable."""
    _host(app, topic, name, lambda lane: Sinking(lane, sink), backoff)


def _host(app: TierwatchApp, topic: str, name: str, work: Callable[[Lane], Work], backoff: float = 5.0) -> None:
    if topic in app.hosted:
        raise ValueError(f"{name}: topic {topic} has an agent already ({app.hosted[topic]}); another group may read it too")
    app.hosted[topic] = name
    crash = crasher(app)

    def lane_of(place: Partition) -> Lane:
        lane = app.engine.lanes.get(place)
        if lane is None:
            consumer = app.consumer
            assert isinstance(consumer, Consumer)
            lane = app.engine.lanes[place] = Lane(name, place, app.engine, consumer, crash, backoff)
            lane.start(work(lane))
        assert isinstance(lane, Lane)
        return lane

    async def agent(stream: faust.types.StreamT[Chunk]) -> None:
        await dispatch(stream, lane_of)

    app.agent(app.topic(topic, schema=AsFetched()), name=name)(agent)


def run_worker(app: TierwatchApp, loglevel: str = "WARN") -> NoReturn:
    """Runs a worker until SIGTERM (exit code 0) or a failure (exit code 1)."""
    faust.Worker(app, loglevel=loglevel, redirect_stdouts=False).execute_from_commandline()
    raise SystemExit(EXIT_FAILED)  # Not reached: the line above ends with SystemExit.
