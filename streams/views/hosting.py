"""The view in a worker: decisions, ledgers and portfolios into Redis, beside the agents that decide."""

from typing import Final

from streams.app import TierwatchApp, host_sink
from streams.settings import Settings
from streams.views.redis_view import AGENT, KINDS, RedisView, open_view

BACKOFF_SECONDS: Final = 2.0
"""Between two attempts while Redis is away."""


def host_view(app: TierwatchApp, settings: Settings) -> RedisView | None:
    """Hosts the view, if the settings name a Redis; what Redis has forgotten is brought back even while nothing comes."""
    if not settings.redis_url.get_secret_value():
        return None
    view = open_view(settings, app.engine.telemetry)
    for topic in KINDS:
        host_sink(app, settings.topic_names.real(topic), f"{AGENT}-{topic}", view.apply, BACKOFF_SECONDS)

    async def tend() -> None:
        try:
            await view.tend()
        finally:
            await view.close()

    app.task(tend)
    return view


def view_topics(settings: Settings) -> frozenset[str]:
    """The real names of what the view projects."""
    return frozenset(settings.topic_names.real(topic) for topic in KINDS)
