"""Quix Streams with our step: one application, two intake dataframes into the log, a stateful dataframe on the log.

`python -m benchmarks.quix EVENTS RESULT`, settings from the environment; in a virtual environment of its own
(`.venv-bench`), since Quix Streams wants older versions of what we use. RocksDB, changelog and checkpoints as they come.
"""

import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from quixstreams import Application, State, message_context
from quixstreams.models import Serializer

from agents.intake import Intake
from benchmarks.one_by_one import OneByOne
from schemas import topics
from schemas.records import Outcome, PlainRecord
from streams import settings as settings_of
from streams.policies.files import load_policy
from streams.settings import Settings

STATE = "client"


class ValueOf(Serializer):  # type: ignore[misc]
    """An outcome's bytes are what is published."""

    def __call__(self, value: Outcome, ctx: Any) -> bytes:
        return value.value


class Current:
    """The state of the key that is being worked on."""

    def __init__(self) -> None:
        self.state: Any = None

    def read(self, key: bytes) -> bytes | None:
        """From RocksDB."""
        found: bytes | None = self.state.get_bytes(STATE)
        return found

    def write(self, key: bytes, value: bytes) -> None:
        """To RocksDB and the changelog, at the next checkpoint."""
        self.state.set_bytes(STATE, value)


def build(of: Settings, events: int, result: Path) -> tuple[Application, OneByOne]:
    """The application, not yet running."""
    app = Application(
        of.bootstrap,
        consumer_group=of.app_id,
        auto_offset_reset="earliest",
        state_dir=result.with_suffix(".state"),
        loglevel="WARNING",
        broker_availability_timeout=0,
    )
    raw: dict[str, Any] = {"value_deserializer": "bytes", "key_deserializer": "bytes", "value_serializer": ValueOf()}
    published = {name: app.topic(of.topic_names.real(name), **raw) for name in topics.TOPICS}
    current = Current()
    step = OneByOne(load_policy(of), of.partitions, events, result, current.read, current.write)

    def intake(name: str) -> None:
        agent = Intake(name, {name: of.partitions})

        def take(value: bytes, key: bytes, timestamp: int, headers: Any) -> Outcome:
            step.begun()
            return agent.normalised(_record(name, key, value))

        app.dataframe(published[name]).apply(take, metadata=True).to_topic(
            published[topics.CLIENT_EVENTS], key=lambda outcome: outcome.key
        )

    def segment(value: bytes, key: bytes, timestamp: int, headers: Any, state: State) -> list[Outcome]:
        current.state = state
        return step.decided(_record(topics.CLIENT_EVENTS, key, value))

    for name in of.sources:
        intake(name)
    decisions = app.dataframe(published[topics.CLIENT_EVENTS]).apply(segment, metadata=True, stateful=True, expand=True)
    decisions.set_headers(lambda value, key, timestamp, headers: list(value.headers)).to_topic(
        lambda value, key, timestamp, headers: published[value.topic]
    )
    return app, step


def _record(topic: str, key: bytes, value: bytes) -> PlainRecord:
    context = message_context()
    return PlainRecord(topic, context.partition, context.offset, 0, key, value)


def main() -> None:
    """Ends by itself when all is decided."""
    app, step = build(settings_of.load(None), int(sys.argv[1]), Path(sys.argv[2]))
    ended = threading.Event()

    def ends() -> None:
        while not step.done and not ended.wait(0.1):
            pass
        app.stop()

    threading.Thread(target=ends, daemon=True).start()
    with suppress(KeyboardInterrupt):
        app.run()
    ended.set()


if __name__ == "__main__":
    main()
