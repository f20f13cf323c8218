"""The cases of the benchmark: each score that the running system had to give, what it knew then, and what became of it.

Made by `tierwatch replay` itself: features are folded from events, labels come when the log tells them.
"""

import gzip
import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from math import nan
from pathlib import Path
from typing import Any, NamedTuple

from agents.learner import Learner
from online_models.features import BEHAVIOUR, INDEX, STATEMENT, unpacked
from schemas.learning import LabelledExample, read_lesson
from schemas.policy import Policy
from schemas.records import Batch, Record, Settle
from schemas.state import is_client, read_client
from streams.replaying.event_files import lines
from streams.replaying.replay import Replay

MONTHS_SEEN = INDEX["months_seen"]
TOLD = tuple(feature.name for feature in STATEMENT + BEHAVIOUR)
"""Features that the data sets tell of: the first of the registry. Of standing (ratings, collateral, …) they tell nothing."""


Known = tuple[str, date, int, int, Sequence[float]]
"""Of a case, from its `client_id` to its `x`."""


class Case(NamedTuple):
    """One score to give. `event` is the bank's own, as published; None at a month's end, which is no event."""

    number: int
    """In the order in which they are to be scored."""
    client_id: str
    as_of: date
    fiscal_year: int
    """The year the statement's period ends in; 0 at a month's end."""
    months: int
    """Months of the client that are known, six at most."""
    x: Sequence[float]
    """In the order of `TOLD`; NaN is missing."""
    event: dict[str, Any] | None

    @property
    def features(self) -> dict[str, float]:
        """By name; what is missing is left out."""
        return {name: value for name, value in zip(TOLD, self.x, strict=True) if value == value}


class Truth(NamedTuple):
    """What is known of a case when the files end: no entrant sees it before `labelled_on`."""

    y: bool
    labelled_on: date | None
    """None: its horizon is still open then; no default known counts as none."""
    pd: float
    """What the running system scored."""


class Listened(Learner):
    """A learner whose lessons are heard."""

    def __init__(self, policy: Policy) -> None:
        super().__init__(0, {}, policy)
        self.heard: list[LabelledExample] = []

    def run(self, records: Sequence[Record]) -> "Iterator[Batch | Settle]":
        told = (read_lesson(record.value or b"") for record in records)
        self.heard += (lesson for lesson in told if isinstance(lesson, LabelledExample))
        return super().run(records)


class Stream(NamedTuple):
    """The cases of one data set in order, and the truth of each. `clients`: in the order of their first event."""

    name: str
    cases: list[Case]
    truths: list[Truth]
    clients: dict[str, int]


def replayed(name: str, path: Path, out: Path, policy: Policy) -> Stream:
    """The stream of one file of events, through the whole of tierwatch; its report is in `out`."""
    replay = Replay(out, policy, 1, [path.name])
    learner = replay.pipeline.learner = Listened(policy)
    replay.from_files(lines([path]), lambda done: None)
    replay.close()
    found = [*(_labelled(one, policy.of(one.portfolio).horizon_days) for one in learner.heard), *_open(replay)]
    events, clients = _published(path)
    found.sort(key=lambda one: (one[0][1], clients[one[0][0]]))  # by day, and by client as the file first names them
    cases = [Case(number, *key, events.get(key[:2])) for number, (key, _) in enumerate(found)]
    return Stream(name, cases, [truth for _, truth in found], clients)


def _labelled(example: LabelledExample, horizon_days: int) -> tuple[Known, Truth]:
    """A survivor is known on the day its horizon ends, though the running system tells of it at the end of that month."""
    x = [nan if value is None else value for value in example.x[: len(TOLD)]]
    year = example.period.year if example.period is not None else 0
    key = (example.client_id, example.as_of, year, int(example.x[MONTHS_SEEN] or 0), x)
    known = example.labelled_on if example.y else example.as_of + timedelta(days=horizon_days)
    return key, Truth(example.y, known, example.pd)


def _open(replay: Replay) -> Iterator[tuple[Known, Truth]]:
    for segmenter in replay.pipeline.segmenters:
        for key, value in segmenter.states.items():
            if is_client(key):
                for taken in read_client(value).snapshots:
                    x = list(unpacked(taken.x)[: len(TOLD)])
                    year = date.fromordinal(taken.period_day).year if taken.period_day else 0
                    months = int(x[MONTHS_SEEN]) if x[MONTHS_SEEN] == x[MONTHS_SEEN] else 0
                    yield (key.decode(), date.fromordinal(taken.day), year, months, x), Truth(False, None, taken.pd)


def _published(path: Path) -> tuple[dict[tuple[str, date], dict[str, Any]], dict[str, int]]:
    events: dict[tuple[str, date], dict[str, Any]] = {}
    clients: dict[str, int] = {}
    with gzip.open(path, "rb") as stream:
        for line in stream:
            event = json.loads(line)
            clients.setdefault(event["client_id"], len(clients))
            if event["topic"] == "statements":
                events[event["client_id"], date.fromisoformat(event["occurred_at"][:10])] = event
    return events, clients
