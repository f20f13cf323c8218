"""A small bank of real events, the whole worker in processes to be killed, and what must have come of it."""

import contextlib
import os
import random
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient

from agents.learner import Learner
from agents.segmenter import Segmenter
from schemas import log, topics
from schemas.policy import Policy
from schemas.records import Batch, Outcome, PlainRecord
from streams import worker
from streams.auditing.audit import Verdict, verify
from streams.brokers.child import free_port
from streams.brokers.kafka import librdkafka, producer_config
from streams.brokers.log_reading import LogReader
from streams.brokers.offsets import BrokerOffsets
from streams.brokers.publishing import Event, Target, events_in, publish, target
from streams.brokers.topics import ensure
from streams.demo.bank import published
from streams.policies.files import load_policy
from streams.positions import Partition
from streams.replaying.event_files import opened
from streams.settings import Settings
from streams.settings_sources import PREFIX
from tests.system.decision_topics import CHANGES, WARNINGS, DecisionTopics, Expected
from tests.system.rig import REPO, Worker

EXAMPLES = REPO / "examples"
ONE_IN = 30
"""Clients of the examples that this bank has."""
SINCE, UNTIL = "2004-03", "2006-09"
AHEAD = 300
"""Records that may be left to do when the next month is published."""
ANSWER_SECONDS = 5.0
DECISIONS = (topics.TIER_CHANGES, topics.EARLY_WARNINGS)
LEARNED = (b'{"record":"model-published"', b'{"record":"cutoffs-published"')
SOURCES = (topics.REPAYMENTS, topics.DRAWDOWNS, topics.STATEMENTS, topics.OUTCOMES)


def slice_of_examples(folder: Path) -> list[Path]:
    """Every event that one in thirty clients of both examples had in thirty months, in files of the same form."""
    folder.mkdir(exist_ok=True)
    paths = []
    for name in ("statements_us_1999_2012", "cards_tw_15000"):
        kept = [msgspec.json.encode(event) for event in events_in(EXAMPLES / f"{name}.jsonl.gz") if _is_ours(event)]
        paths.append(folder / f"{name}.jsonl")
        paths[-1].write_bytes(b"\n".join(kept) + b"\n")
    return paths


def _month(event: Event) -> str:
    return str(event.get("occurred_at") or event["day"])[:7]


def _is_ours(event: Event) -> bool:
    return crc32(str(event["client_id"]).encode()) % ONE_IN == 0 and SINCE <= str(event["occurred_at"]) < UNTIL


def quick_policy(folder: Path) -> Path:
    """The shipped policy, but models and cut-offs come sooner: there are few clients."""
    tree = load_policy().model_dump(mode="json")
    tree["name"] = "quick"
    tree["defaults"]["learning"] |= {"warm_up": 300, "publish_every": 100}
    tree["defaults"]["value"] |= {"cutoffs_every_days": 7, "cutoffs_min_clients": 20}
    tree["portfolios"]["tw-cards"]["value"] |= {"cutoffs_every_days": 7}
    path = folder / "policy.yaml"
    path.write_bytes(msgspec.yaml.encode(tree))
    return path


@dataclass
class Bank:
    """One run: its own topics and group."""

    brokers: str
    folder: Path
    given: Mapping[str, Any] = field(default_factory=dict)
    """Settings beside those of every run."""
    run: str = field(default_factory=lambda: f"bank-{uuid.uuid4().hex[:8]}")
    workers: list[Worker] = field(default_factory=list)
    _ended: bool = False

    @cached_property
    def arguments(self) -> dict[str, Any]:
        """Settings by name, as every worker of the run has them."""
        return {
            "brokers": self.brokers,
            "app_id": self.run,
            "own_prefix": f"{self.run}.",
            "source_prefix": f"{self.run}.core.",
            "sources": ",".join(SOURCES),
            "partitions": 2,
            "commit_interval_seconds": 0.2,
            "end_of_day": "records",
            "policy_file": str(quick_policy(self.folder)),
            **self.given,
        }

    @cached_property
    def settings(self) -> Settings:
        """The same, for those who look on."""
        return Settings(**self.arguments)

    @cached_property
    def policy(self) -> Policy:
        """Of the run."""
        return load_policy(self.settings)

    def create_topics(self) -> None:
        """Those of the run, changelogs too."""
        ensure(self.settings, worker.changelogs(self.settings))

    # workers

    def start(self, **own: object) -> Worker:
        """A worker with settings of its own; its output goes to a file of the run's folder."""
        inherited = {name: said for name, said in os.environ.items() if not name.startswith(PREFIX)}
        given = {**self.arguments, "metrics_port": free_port(), **own}
        with self.log_of(len(self.workers)).open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "streams.cli", "worker"],
                cwd=REPO,
                env={**inherited, **{PREFIX + name.upper(): str(said) for name, said in given.items()}},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self.workers.append(Worker(process))
        return self.workers[-1]

    def log_of(self, number: int) -> Path:
        """The output of the worker that was started as the so-many-th, counted from 0."""
        return self.folder / f"worker-{number}.log"

    def end_all(self) -> None:
        """Ends every worker of the run, and its stream of events."""
        self._ended = True
        for each in self.workers:
            if each.running:
                each.end()

    # events

    @cached_property
    def target(self) -> Target:
        """The source topics."""
        names = {name: self.settings.topic_names.real(name) for name in self.settings.sources}
        return target(Producer(producer_config(self.settings)), names)

    def stream(self, paths: list[Path]) -> threading.Thread:
        """Publishes month by month, in the background and not far ahead of the workers; returns the thread, to join."""

        def play() -> None:
            for _, events in groupby(published(paths), key=_month):
                publish(events, self.target)
                while self.left() > AHEAD and not self._ended:
                    time.sleep(0.1)

        thread = threading.Thread(target=play, name="events")
        thread.start()
        return thread

    # progress

    @cached_property
    def _offsets(self) -> BrokerOffsets:
        return BrokerOffsets(self.settings)

    def _places(self, logical: Iterable[str]) -> list[Partition]:
        names = [self.settings.topic_names.real(name) for name in logical]
        return [place for name in names for place in self._offsets.partitions(name)]

    @cached_property
    def _decided_from(self) -> list[Partition]:
        return self._places((*SOURCES, topics.CLIENT_EVENTS, topics.LEARNING))

    @cached_property
    def _viewed(self) -> list[Partition]:
        return self._places(DECISIONS) if self.settings.redis_url.get_secret_value() else []

    def done(self) -> int:
        """Records that are decided or learned from."""
        committed = self._offsets.committed(self.run, self._decided_from)
        return sum(committed.get(place, 0) for place in self._decided_from)

    def left(self, views: bool = False) -> int:
        """Records that are not done; 0 only if nothing more can come, since what is done is looked at before what there is."""
        places = [*self._decided_from, *(self._viewed if views else ())]
        committed = self._offsets.committed(self.run, places)
        return sum(end - committed.get(place, 0) for place, end in self._offsets.ends(places).items())

    def wait_for_progress(self, records: int, seconds: float, ended: threading.Thread) -> None:
        """Waits until so many more records are done, or until there are no more to come."""
        until, deadline = self.done() + records, time.monotonic() + seconds
        while self.done() < until and (ended.is_alive() or self.left()):
            self._must_go_on(deadline)
            time.sleep(0.1)

    def wait_until_still(self, seconds: float) -> None:
        """Waits until everything is done."""
        deadline = time.monotonic() + seconds
        while left := self.left(views=True):
            self._must_go_on(deadline, f"{left} records are not done")
            time.sleep(0.1)

    def _must_go_on(self, deadline: float, what: str = "no progress") -> None:
        if not any(each.running for each in self.workers):
            raise AssertionError(f"no worker runs; the last one said:\n{self.said()}")
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}; the last worker said:\n{self.said()}")

    def said(self, lines: int = 30) -> str:
        """The end of the last worker's output."""
        return "\n".join(self.log_of(len(self.workers) - 1).read_text(errors="replace").splitlines()[-lines:])

    # what came of it

    def holes(self) -> list[str]:
        """What a worker took for a gap of a topic: the topics of a bank have none."""
        said = (self.log_of(number).read_text(errors="replace") for number in range(len(self.workers)))
        return [line for text in said for line in text.splitlines() if "offsets_not_in_log" in line]

    def held(self, topic: str) -> list[list[PlainRecord]]:
        """What a topic holds, by partition."""
        with LogReader(self.settings) as reader:
            return [list(reader.read(span)) for span in reader.spans(topic)]

    def lost(self, paths: Iterable[Path]) -> set[object]:
        """Ids of published events that are not in the log."""
        facts = (log.read_fact(record.value or b"") for part in self._log for record in part if record.key is not None)
        there = {fact.event_id for fact in facts}
        return {event["event_id"] for path in paths for event in events_in(path)} - there

    def controls(self) -> list[list[bytes]]:
        """The models and cut-offs that stand in each partition of the log, each once, in order."""
        return [list(dict.fromkeys(value for r in part if (value := r.value or b"").startswith(LEARNED))) for part in self._log]

    def learned_anew(self) -> list[bytes]:
        """The control records that follow from the topic `learning`, in order."""
        (lessons,) = self.held(topics.LEARNING)
        outcomes = _outcomes(Learner(0, {}, self.policy).run(lessons))
        return [outcome.value for outcome in outcomes if outcome.topic == topics.CLIENT_EVENTS]

    def taught_anew(self) -> set[bytes]:
        """The lessons that follow from the log."""
        lessons: set[bytes] = set()
        for number, records in enumerate(self._log):
            outcomes = _outcomes(Segmenter(number, {}, self.policy, len(self._log)).run(records))
            lessons |= {outcome.value for outcome in outcomes if outcome.topic == topics.LEARNING}
        return lessons

    def decided(self, topic: str) -> dict[bytes, list[bytes]]:
        """The decisions of a topic by client, each once, in order."""
        by_client: dict[bytes, list[bytes]] = {}
        seen: set[bytes] = set()
        for record in (record for part in self.held(topic) for record in part):
            name = dict(record.headers)["ce_id"]
            if name not in seen:
                seen.add(name)
                by_client.setdefault(record.key or b"", []).append(record.value or b"")
        return by_client

    def expected_view(self) -> Expected:
        """What Redis must say after all decisions."""
        names = {CHANGES: topics.TIER_CHANGES, WARNINGS: topics.EARLY_WARNINGS}
        held = {Partition(name, n): part for name, topic in names.items() for n, part in enumerate(self.held(topic))}
        return Expected.of(DecisionTopics(held))

    @cached_property
    def _log(self) -> list[list[PlainRecord]]:
        return self.held(topics.CLIENT_EVENTS)

    def must_hold(self, paths: Iterable[Path], least: int = 1_000) -> Verdict:
        """Asserts, of a run that is over, that nothing is lost, that every decision is the log's, and what is learned too."""
        verdict = verify(self.settings, self.policy)
        print(verdict)
        assert self.holes() == [], verdict
        assert (verdict.missing, verdict.different, verdict.extra) == (0, 0, 0), verdict
        assert verdict.found > least
        assert self.lost(paths) == set()
        (taught,) = self.held(topics.LEARNING)
        assert {record.value for record in taught} == self.taught_anew()
        controls, anew = self.controls(), self.learned_anew()
        assert controls == [anew] * len(controls)
        models = [value for value in anew if value.startswith(LEARNED[0])]
        assert models
        assert len(models) < len(anew)
        print(f"{len(models)} models, {len(anew) - len(models)} cut-offs published")
        return verdict

    def repeats_in_log(self) -> Counter[object]:
        """Events that stand in the log more than once, by id."""
        facts = (log.read_fact(record.value or b"") for part in self._log for record in part if record.key is not None)
        return Counter({name: count for name, count in Counter(fact.event_id for fact in facts).items() if count > 1})

    def members(self) -> int:
        """Workers that have been given partitions; 0 as long as a Kafka that has just started does not tell."""
        admin = AdminClient(librdkafka(self.settings))
        with contextlib.suppress(KafkaException):
            group = admin.describe_consumer_groups([self.run], request_timeout=ANSWER_SECONDS)[self.run].result()
            return sum(bool(member.assignment.topic_partitions) for member in group.members if member.assignment is not None)
        return 0


def _outcomes(batches: Iterable[object]) -> Iterator[Outcome]:
    return (outcome for batch in batches if isinstance(batch, Batch) for outcome in batch.outcomes)


def lines_by_client(path: Path) -> dict[bytes, list[bytes]]:
    """The decisions in a file of a replay by client, in order."""
    by_client: dict[bytes, list[bytes]] = {}
    with opened(path) as stream:
        for line in stream:
            client = str(msgspec.json.decode(line)["client_id"]).encode()
            by_client.setdefault(client, []).append(line.rstrip(b"\n"))
    return by_client


def some(chance: random.Random) -> int:
    """Records after which something happens."""
    return chance.randrange(300, 4_000)
