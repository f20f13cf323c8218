"""Replay: the same agents over event files or over a log, without a broker; every outcome into files of a folder."""

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from agents.as_scored import unlabelled
from agents.dead_letters import PREFIX
from agents.intake import Intake, day_passed
from agents.segmentation.in_force import InForce
from online_models.evaluation import Evaluation, Scored
from schemas import log, topics
from schemas.policy import Policy
from schemas.records import EVERY, Outcome, PlainRecord
from schemas.state import ClientState, is_client, read_client
from streams.policies.publishing import policy_record
from streams.replaying.event_files import Line, lines, opened
from streams.replaying.occurring import Occurred
from streams.replaying.pipeline import Pipeline
from streams.replaying.plots import draw
from streams.replaying.reporting import spread, tallied

CHUNK: Final = 2000
"""Records of the log after which the learner has its turn; control records stand at such places."""
BUFFER: Final = 1 << 20
"""Bytes of a file that are written at once."""
FILE_SOURCE: Final = "file"
ONE_SOURCE: Final = {FILE_SOURCE: 1}
"""All files together are one source: they are merged by time."""
FILES: Final = {
    topics.CLIENT_EVENTS: "client-events.jsonl",
    topics.TIER_CHANGES: "tier-changes.jsonl",
    topics.EARLY_WARNINGS: "early-warnings.jsonl",
    topics.MODELS: "models.jsonl",
    topics.MODEL_WARNINGS: "model-warnings.jsonl",
    topics.LEDGER: "ledgers.jsonl",
    topics.PORTFOLIOS: "portfolios.jsonl",
    topics.DEAD_LETTERS: "dead-letters.jsonl",
}
SCORES: Final = "scores.jsonl"
REPORT: Final = "report.json"

Progress = Callable[[int], None]


class LogLine(msgspec.Struct):
    """One record of a log in a file."""

    partition: int
    offset: int
    key: str | None
    value: msgspec.Raw


read_log_line: Final = msgspec.json.Decoder(LogLine).decode


def log_line(record: PlainRecord) -> bytes:
    """A record of the log as a line of `client-events.jsonl`; its value stays as it is to the byte."""
    key = b"null" if record.key is None else msgspec.json.encode(record.key.decode())
    return b'{"partition":%d,"offset":%d,"key":%b,"value":%b}\n' % (record.partition, record.offset, key, record.value or b"null")


class Replay:
    """One run into a folder. The same input gives the same bytes in every file."""

    def __init__(self, out: Path, policy: Policy, partitions: int, names: Sequence[str], learning: bool = True) -> None:
        self.names = names
        self.counts: Counter[str] = Counter()
        self._stack = ExitStack()
        out.mkdir(parents=True, exist_ok=True)
        self._out = out
        self._files: dict[str, BinaryIO] = {
            name: self._stack.enter_context((out / name).open("wb", BUFFER)) for name in (*FILES.values(), SCORES)
        }
        self._scores: list[bytes] = []
        self.pipeline = Pipeline(policy, partitions, self._publish, self._written, self._score, learning)
        self._intakes = {topic: Intake(topic, ONE_SOURCE) for topic in topics.SOURCE_NAMES}
        self._occurred = Occurred()
        self._waiting: list[Outcome] = []
        self._day: date | None = None
        if learning:
            self._waiting.append(Outcome(topics.CLIENT_EVENTS, None, policy_record(policy), (), EVERY))

    def from_files(self, source: Iterable[Line], progress: Progress) -> None:
        """Events of files: through intake into the log; a day has passed when an event of a later one comes."""
        for count, line in enumerate(source, start=1):
            self.counts["events"] += 1
            self._take(line)
            if len(self._waiting) >= CHUNK:
                self._flush()
                progress(count)
        if self._day is not None:
            self._pass(self._day)
        self._flush()

    def from_log(self, records: Iterator[PlainRecord], progress: Progress) -> None:
        """A log as it is: nothing is added, and the segmenters decide as they did."""
        done = 0
        for chunk in _chunks(records, CHUNK):
            for partition, run in groupby(chunk, key=lambda record: record.partition):
                batch = list(run)
                for record in batch:
                    self._written(record)
                self.pipeline.decide(partition, batch)
            done += len(chunk)
            progress(done)
            self._write_scores()

    def close(self) -> dict[str, Any]:
        """Ends the files; the report, which is written as well."""
        self._write_scores()
        self._stack.close()
        report = self.report()
        (self._out / REPORT).write_text(json.dumps(report, indent=2, sort_keys=True) + "\n")
        return report

    def report(self) -> dict[str, Any]:
        """What went in, what came out, where the clients stand, and how well they were scored."""
        learner = self.pipeline.learner
        learning = learner.report() if learner is not None else {}
        for name, ended in self.evaluations().items():
            learning[name]["by_the_end"] = ended.report()
        return {
            "counts": dict(sorted(self.counts.items())),
            "portfolios": self._portfolios(),
            "learning": learning,
            **tallied(self.pipeline.segmenters),
            "alarms": {name: told["alarms"] for name, told in learning.items()},
            "occurred": self._occurred.report(),
            **spread(self.pipeline.segmenters),
        }

    def evaluations(self) -> dict[str, Evaluation]:
        """How well each portfolio was scored, if all horizons were over at the end of the files."""
        learner = self.pipeline.learner
        if learner is None:
            return {}
        waiting: dict[str, list[Scored]] = {}
        for name, scored in unlabelled(self._clients()):
            waiting.setdefault(name, []).append(scored)
        return {name: told.by_the_end(waiting.get(name, ())) for name, told in sorted(learner.evaluations.items())}

    def _take(self, line: Line) -> None:
        if line.end_of_day is not None:
            self._pass(line.end_of_day)
            return
        if not line.topic:
            self._refuse(line, "unreadable" if line.problem.startswith("line") else "invalid", line.problem)
            return
        if self._day is not None and line.day > self._day:
            self._pass(line.day - timedelta(days=1))
        self._day = line.day
        record = PlainRecord(line.topic, line.file, line.number, 0, None, line.raw)
        for outcome in self._intakes[line.topic].run([record]).outcomes:
            if outcome.topic == topics.DEAD_LETTERS:
                headers = {name[len(PREFIX) :]: text.decode() for name, text in outcome.headers if name.startswith(PREFIX)}
                self._refuse(line, headers["cause"], headers["reason"], headers["field"])
            else:
                self.counts[f"events/{line.topic}"] += 1
                self._waiting.append(outcome)

    def _pass(self, day: date) -> None:
        self._waiting.append(day_passed(log.Source(FILE_SOURCE, 0, 0), day, ONE_SOURCE))
        self._flush()  # what the day's labels teach is there on the next

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        self.pipeline.append(waiting)
        self._write_scores()

    def _refuse(self, line: Line, cause: str, reason: str, field: str | None = None) -> None:
        try:
            raw = {"raw": line.raw.decode()}
        except UnicodeDecodeError:
            raw = {"raw_base64": base64.b64encode(line.raw).decode()}
        field = reason.split(":")[0] if field is None else field
        letter = {"file": self.names[line.file], "line": line.number, "cause": cause, "field": field, "reason": reason, **raw}
        self._files[FILES[topics.DEAD_LETTERS]].write(msgspec.json.encode(letter) + b"\n")
        self.counts["dead-letters"] += 1

    def _publish(self, outcome: Outcome) -> None:
        self.counts[outcome.topic] += 1
        self._occurred.take(outcome)
        if outcome.topic == topics.DEAD_LETTERS:
            letter = {name[len(PREFIX) :]: text.decode() for name, text in outcome.headers if name.startswith(PREFIX)}
            self._files[FILES[outcome.topic]].write(msgspec.json.encode({**letter, "raw": outcome.value.decode()}) + b"\n")
            self.counts["dead-letters"] += 1
            return
        self._files[FILES[outcome.topic]].write(outcome.value + b"\n")

    def _written(self, record: PlainRecord) -> None:
        self._files[FILES[topics.CLIENT_EVENTS]].write(log_line(record))

    def _score(self, fact: log.Fact, client: ClientState, now: InForce) -> None:
        segment = client.segment
        assert segment is not None
        self._scores.append(
            b'{"event_id":%b,"client_id":%b,"as_of":"%b","pd":%b,"value":%b,"grade":"%b","tier":"%b","model_version":"%b"}\n'
            % (
                msgspec.json.encode(fact.event_id),
                msgspec.json.encode(fact.client_id),
                fact.occurred_at.date().isoformat().encode(),
                msgspec.json.encode(client.pd),
                msgspec.json.encode(round(client.value, 2)),
                segment.risk_grade.encode(),
                segment.value_tier.encode(),
                now.card.version.encode(),
            )
        )

    def _write_scores(self) -> None:
        self._files[SCORES].write(b"".join(self._scores))
        self._scores.clear()

    def _portfolios(self) -> dict[str, dict[str, int]]:
        """Clients of each portfolio by tier and grade, as they stand now."""
        cells: dict[str, Counter[str]] = {}
        for client in self._clients():
            if client.segment is not None:
                cell = f"{client.segment.value_tier}/{client.segment.risk_grade}"
                cells.setdefault(client.portfolio, Counter())[cell] += 1
        return {name: dict(sorted(counts.items())) for name, counts in sorted(cells.items())}

    def _clients(self) -> Iterator[ClientState]:
        for segmenter in self.pipeline.segmenters:
            yield from (read_client(value) for key, value in segmenter.states.items() if is_client(key))


def replay_events(
    paths: Sequence[Path], out: Path, policy: Policy, partitions: int, progress: Progress, plots: Path | None = None
) -> dict[str, Any]:
    """Event files, all the way; `plots` is a folder for them. Raises: OSError for a file that cannot be read."""
    replay = Replay(out, policy, partitions, [path.name for path in paths])
    replay.from_files(lines(paths), progress)
    report = replay.close()
    if plots is not None:
        draw(replay.evaluations(), plots)
    return report


def replay_log(path: Path, out: Path, policy: Policy, progress: Progress) -> dict[str, Any]:
    """A log, bit for bit. Raises: OSError; ValueError naming file and line for a line that is no record of a log."""
    partitions = 1 + max((record.partition for record in log_records(path)), default=0)
    replay = Replay(out, policy, partitions, [path.name], learning=False)
    replay.from_log(log_records(path), progress)
    return replay.close()


def log_records(path: Path) -> Iterator[PlainRecord]:
    """The records of a `client-events.jsonl`, in the file's order."""
    with opened(path) as stream:
        for number, text in enumerate(stream, start=1):
            try:
                line = read_log_line(text)
            except msgspec.DecodeError as error:
                raise ValueError(f"{path}, line {number}: {error}; expected partition, offset, key, value") from error
            key = None if line.key is None else line.key.encode()
            yield PlainRecord(topics.CLIENT_EVENTS, line.partition, line.offset, 0, key, bytes(line.value))


def _chunks(records: Iterator[PlainRecord], size: int) -> Iterator[list[PlainRecord]]:
    chunk: list[PlainRecord] = []
    for record in records:
        chunk.append(record)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
