"""The worker: every agent of tierwatch on Faust, as the settings say."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from agents.hosting import PartitionAgent
from agents.intake import Intake
from agents.segmenter import Segmenter
from schemas import topics
from schemas.policy import Policy
from streams.app import EngineOptions, TierwatchApp, host_stateful, host_stateless, make_app
from streams.brokers import kafka
from streams.brokers.offsets import BrokerOffsets
from streams.calendar import bank_calendar
from streams.day_clock import DayClock
from streams.ledger_metrics import LedgerMetrics
from streams.metrics import Metrics
from streams.quality import Learners, tell
from streams.running import Segmenters, running
from streams.settings import Settings
from streams.telemetry import Telemetry
from streams.views.hosting import host_view, view_topics
from streams.views.redis_view import RedisView

CLIENTS: Final = "clients"
LEARNER: Final = "learner"


def changelogs(settings: Settings) -> dict[str, int]:
    """The changelog topics of the tables, and how many partitions each must have."""
    return {
        f"{settings.app_id}-{CLIENTS}-changelog": settings.partitions,
        f"{settings.app_id}-{LEARNER}-changelog": 1,
    }


def options(settings: Settings) -> EngineOptions:
    """What the engine is told of the settings."""
    return EngineOptions(
        group=settings.app_id,
        broker=kafka.broker_url(settings),
        topics=settings.topic_names.by_logical(),
        librdkafka_config=kafka.producer_config(settings),
        faust_options={
            "broker_credentials": kafka.credentials(settings),
            "consumer_max_fetch_size": settings.fetch_bytes,
        },
        group_instance_id=settings.instance_id or None,
        max_batch=settings.batch_records,
        session_timeout=settings.session_timeout_seconds,
        commit_interval=settings.commit_interval_seconds,
        standby_replicas=settings.standbys,
    )


class Assembled(NamedTuple):
    """A worker, not yet connected, and what it can be asked."""

    app: TierwatchApp
    segmenters: Segmenters
    learners: Learners
    view: RedisView | None


def build(settings: Settings, policy: Policy, sources: Mapping[str, int], telemetry: Telemetry | None = None) -> Assembled:
    """The agents on Faust. `sources`: partitions of each source topic, by logical name."""
    app = make_app(options(settings), telemetry)
    names = settings.topic_names
    for topic in settings.sources:
        host_stateless(app, names.real(topic), f"intake-{topic}", Intake(topic, sources))

    def segmenter(partition: int, states: dict[bytes, bytes]) -> Segmenter:
        return Segmenter(partition, states, policy, settings.partitions)

    def learner(partition: int, states: dict[bytes, bytes]) -> PartitionAgent:
        from agents.learner import Learner  # River and SciPy are 80 MB that only the worker with this partition needs

        return Learner(partition, states, policy)

    segmenters, learners = Segmenters(segmenter), Learners(learner)
    host_stateful(app, names.real(topics.CLIENT_EVENTS), CLIENTS, segmenters, settings.partitions)
    host_stateful(app, names.real(topics.LEARNING), LEARNER, learners, 1)
    return Assembled(app, segmenters, learners, host_view(app, settings))


def assemble(settings: Settings, policy: Policy) -> tuple[TierwatchApp, Metrics]:
    """The whole worker: agents, view, metrics, and the day clock if the calendar closes the days.

    Asks the brokers how many source partitions there are. Raises: LookupError if a topic is missing.
    """
    offsets = BrokerOffsets(settings)
    names = {topic: settings.topic_names.real(topic) for topic in settings.sources}
    sources = {topic: len(offsets.partitions(real)) for topic, real in names.items()}
    metrics = Metrics(view_topics(settings))
    app, segmenters, learners, view = build(settings, policy, sources, metrics)
    metrics.registry.register(LedgerMetrics(segmenters.tallies))
    metrics.ask(running=lambda: running(app), versions=segmenters.versions)
    keep = None if view is None else view.keep_learning

    async def tell_quality() -> None:
        await tell(learners, metrics.quality, keep)

    app.task(tell_quality)
    if settings.end_of_day == "calendar":
        logical = {real: topic for topic, real in names.items()}
        clock = DayClock(app, bank_calendar(settings), offsets, logical, sources)
        app.task(clock.run)
    return app, metrics
