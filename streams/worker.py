"""The worker: every agent of tierwatch on Faust, as the settings say."""

from collections.abc import Mapping
from typing import Final

from agents.intake import Intake
from agents.learner import Learner
from agents.segmenter import Segmenter
from schemas import topics
from schemas.policy import Policy
from streams import kafka
from streams.app import EngineOptions, TierwatchApp, host_stateful, host_stateless, make_app
from streams.settings import Settings
from streams.telemetry import Telemetry

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


def build(settings: Settings, policy: Policy, sources: Mapping[str, int], telemetry: Telemetry | None = None) -> TierwatchApp:
    """The app, not yet connected. `sources`: partitions of each source topic, by logical name."""
    app = make_app(options(settings), telemetry)
    names = settings.topic_names
    count = sum(sources.values())
    for topic in settings.sources:
        host_stateless(app, names.real(topic), f"intake-{topic}", Intake(topic, count))

    def segmenter(partition: int, states: dict[bytes, bytes]) -> Segmenter:
        return Segmenter(partition, states, policy, settings.partitions)

    def learner(partition: int, states: dict[bytes, bytes]) -> Learner:
        return Learner(partition, states, policy)

    host_stateful(app, names.real(topics.CLIENT_EVENTS), CLIENTS, segmenter, settings.partitions)
    host_stateful(app, names.real(topics.LEARNING), LEARNER, learner, 1)
    return app
