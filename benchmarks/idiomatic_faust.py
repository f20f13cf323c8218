"""Faust as its documentation shows it, with our step: an intake agent, a segmenter agent, a table written per event.

`python -m benchmarks.idiomatic_faust EVENTS RESULT`, settings from the environment. Memory store, Faust's own producer and
transport, nothing of `streams/transport.py`.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import faust

from agents.intake import Intake
from benchmarks.one_by_one import OneByOne
from schemas import topics
from schemas.records import PlainRecord
from streams import settings as settings_of
from streams.brokers.kafka import broker_url
from streams.policies.files import load_policy
from streams.settings import Settings

SETTLE_SECONDS = 1.0
LINGER_SECONDS = 0.005
"""As long as ours; with Faust's own 0 no difference was seen."""


def build(of: Settings, events: int, result: Path) -> tuple[faust.App, asyncio.Event]:
    """The app, and what is set when the last event is decided."""
    app = faust.App(
        of.app_id,
        broker=broker_url(of),
        store="memory://",
        topic_partitions=of.partitions,
        topic_disable_leader=True,
        reply_create_topic=False,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=of.instance_id,
        producer_linger=LINGER_SECONDS,
        web_enabled=False,
        autodiscover=False,
    )
    raw: dict[str, Any] = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
    clients = app.Table("clients", partitions=of.partitions, key_type=bytes, value_type=bytes)
    published = {name: app.topic(of.topic_names.real(name), **raw) for name in topics.TOPICS}
    step = OneByOne(load_policy(of), of.partitions, events, result, clients.get, clients.__setitem__)
    done = asyncio.Event()

    def intake(name: str) -> None:
        agent = Intake(name, {name: of.partitions})

        async def take(stream: Any) -> None:
            async for event in stream.events():
                step.begun()
                outcome = agent.normalised(_record(name, event.message))
                await published[outcome.topic].send(key=outcome.key, value=outcome.value)

        app.agent(published[name], name=f"intake-{name}")(take)

    for name in of.sources:
        intake(name)

    async def segment(stream: Any) -> None:
        async for event in stream.events():
            for outcome in step.decided(_record(topics.CLIENT_EVENTS, event.message)):
                await published[outcome.topic].send(key=outcome.key, value=outcome.value, headers=dict(outcome.headers))
            if step.done:
                done.set()

    app.agent(published[topics.CLIENT_EVENTS], name="segmenter")(segment)
    return app, done


def _record(topic: str, message: Any) -> PlainRecord:
    return PlainRecord(topic, message.partition, message.offset, 0, message.key, message.value)


def main() -> None:
    """Ends by itself when all is decided."""
    app, done = build(settings_of.load(None), int(sys.argv[1]), Path(sys.argv[2]))
    worker = faust.Worker(app, loglevel="WARN", redirect_stdouts=False, quiet=True)

    @app.task  # type: ignore[untyped-decorator]
    async def ends() -> None:
        await done.wait()
        await asyncio.sleep(SETTLE_SECONDS)
        worker._on_sigterm()

    worker.execute_from_commandline()


if __name__ == "__main__":
    main()
