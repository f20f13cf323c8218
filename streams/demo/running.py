"""The demo from beginning to end: everything it starts it also ends."""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from time import perf_counter, sleep
from typing import Final

from confluent_kafka import Producer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from schemas.topics import SOURCE_NAMES
from streams import settings as settings_of
from streams import worker
from streams.brokers import topics
from streams.brokers.child import Child, free_port
from streams.brokers.embedded import EmbeddedBroker
from streams.brokers.kafka import producer_config
from streams.brokers.publishing import publish, target
from streams.demo import bank, summary
from streams.demo.waiting import Standing, Work
from streams.settings import Settings
from streams.settings_sources import PREFIX

SAY_SECONDS: Final = 10.0
AHEAD: Final = 30_000
"""Records that may be published and not yet done."""
PARTITIONS: Final = 2
"""Of every topic: two workers share them."""
FOLDER: Final = Path("var") / "demo"
"""Where broker and workers keep their files and logs, from one demo to the next."""


def run(paths: Sequence[Path], stay: bool, console: Console) -> None:
    """Broker, topics, workers, events, summary. Raises: ChildFailed, PublishingError, UserError."""
    with ExitStack() as stack:
        folder, events = _emptied(FOLDER), bank.counted(paths)
        environment = _environment(sorted(events.keys() & set(SOURCE_NAMES)), folder, stack, console)
        settings = _settings(environment)
        topics.ensure(settings, worker.changelogs(settings))
        workers = _workers(settings, environment, folder, console)
        for child in workers:
            child.start()
            stack.callback(child.stop)
        work = stack.enter_context(closing(Work(settings, workers)))
        work.until_shared()
        started = perf_counter()
        _play(paths, events.total(), settings, work, console)
        seconds = perf_counter() - started
        console.print("reading what was decided …")
        summary.show(summary.decisions(settings), seconds, console)
        if stay:
            _stay(settings, console)


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _environment(sources: Sequence[str], folder: Path, stack: ExitStack, console: Console) -> dict[str, str]:
    """What every worker is told; a broker of our own unless the user names one."""
    given = {
        "PARTITIONS": str(PARTITIONS),
        "SOURCES": ",".join(sources),
        "APP_ID": f"tierwatch-demo-{os.getpid()}",
        "OWN_PREFIX": f"demo-{os.getpid()}.tierwatch.",
        "SOURCE_PREFIX": f"demo-{os.getpid()}.corebank.",
        "STANDBYS": "0",
        "COMMIT_INTERVAL_SECONDS": "0.5",
        "END_OF_DAY": "records",
        "LOG_LEVEL": "info",
    }
    if PREFIX + "BROKERS" not in os.environ:
        broker = stack.enter_context(EmbeddedBroker(folder / "broker", keeps=False))
        console.print(f"embedded broker: Kafka on {broker.bootstrap}, Redis on {broker.redis_url}", highlight=False)
        given |= {"BROKERS": broker.bootstrap, "REDIS_URL": broker.redis_url}
    return {PREFIX + name: value for name, value in given.items()}


def _settings(environment: dict[str, str]) -> Settings:
    given = {name.removeprefix(PREFIX).lower(): value for name, value in environment.items()}
    return settings_of.load(None, **given)


def _workers(settings: Settings, environment: Mapping[str, str], folder: Path, console: Console) -> list[Child]:
    """As many as there are cores, while each has a partition to work on; each with a name and a metrics port of its own."""
    found = []
    for number in range(1, min(PARTITIONS, os.cpu_count() or 1) + 1):
        port = free_port()
        own = {PREFIX + "INSTANCE_ID": f"demo-{number}", PREFIX + "METRICS_PORT": str(port)}
        command = [sys.executable, "-m", "streams.cli", "worker"]
        found.append(Child(command, folder / f"worker-{number}.log", {**os.environ, **environment, **own}))
        console.print(f"worker {number}: metrics on http://{settings.metrics_host}:{port}/metrics", highlight=False)
    return found


def _play(paths: Sequence[Path], events: int, settings: Settings, work: Work, console: Console) -> None:
    """Publishes no faster than is decided and learned: years pass in seconds here, and a model must be in the log in time.

    `events`: how many the files have.
    """
    names = {name: settings.topic_names.real(name) for name in settings.sources}
    to = target(Producer(producer_config(settings)), names)
    columns = (TextColumn("{task.description:<28}"), BarColumn(), TextColumn("{task.fields[said]}"), TimeElapsedColumn())
    with Progress(*columns, console=console, refresh_per_second=4) as bar:
        task = bar.add_task("publishing, deciding", total=events, said="")

        said = perf_counter()

        def told(now: Standing) -> None:
            nonlocal said
            text = f"{now.done:,} of {now.known:,} records done"
            bar.update(task, said=text)
            if not console.is_terminal and perf_counter() - said > SAY_SECONDS:  # a log shows no bar that moves
                said = perf_counter()
                console.print(f"… {bar.tasks[task].completed:,.0f} events published, {text}")

        def published(more: int) -> None:
            bar.advance(task, more)
            work.until(AHEAD, told)

        publish(bank.published(paths), to, progress=published)
        bar.update(task, description="deciding, learning the rest")
        work.until_still(told)


def _stay(settings: Settings, console: Console) -> None:
    console.print(f"\nstays until Ctrl-C: brokers {settings.bootstrap}, topics {settings.own_prefix}…", highlight=False)
    try:
        while True:
            sleep(1)
    except KeyboardInterrupt:
        console.print("ends")
