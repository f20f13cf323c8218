"""The learner: evaluates each labelled example by the score it had, then learns it; publishes models and cut-offs.

One instance in the whole system: eight learning apart lose 0.043 of ROC-AUC (DOMAIN.md), and one is fast enough.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

import msgspec

from agents.as_scored import scored
from agents.dead_letters import UNREADABLE, dead_letter
from agents.model_warnings import Place, counted, model_warning
from agents.segmentation import limits, liquidity
from online_models import ledger, transitions
from online_models.alarms import Alarms
from online_models.cutoffs import merged, quantile_bounds, value_curve
from online_models.drift_watch import Finding
from online_models.evaluation import Evaluation
from online_models.oversight import Oversight
from online_models.pd_model import PdModel
from online_models.tallies import Tallies
from schemas import log, topics
from schemas.learner_state import (
    FROZEN_PREFIX,
    MODEL_PREFIX,
    PARTITION_KEY,
    WAITING_PREFIX,
    Gathered,
    LearnerPartition,
    Part,
    Spread,
    Taught,
    by_day,
    encode,
    read_learner,
    read_taught,
)
from schemas.learning import LabelledExample, LedgerPublished, TalliesTold, ValueHistogram, read_lesson
from schemas.order import place_of
from schemas.policy import Policy
from schemas.portfolios import PortfolioTold, write_portfolio
from schemas.records import EVERY, Batch, Outcome, Record, Settle, State

Waiting = TypeVar("Waiting", Spread, Gathered)
MOST_AWAITED: Final = 12
"""Days of a portfolio that wait for a partition which is behind; beyond it the oldest are given up."""


class Learner:
    """The agent of the `learning` topic (see `agents.hosting.PartitionAgent`); `policy` says how models are taught."""

    def __init__(self, partition: int, states: dict[bytes, bytes], policy: Policy) -> None:
        self.policy = policy
        self.partition = by_day(read_learner(states[PARTITION_KEY])) if PARTITION_KEY in states else LearnerPartition()
        self.models: dict[str, PdModel] = {}
        self.evaluations: dict[str, Evaluation] = {}
        self.alarms: dict[str, Alarms] = {}
        self.oversights: dict[str, Oversight] = {}
        self._seen: dict[str, int] = {}
        self._stored_waiting: dict[str, int] = {}
        self._stored_frozen: dict[str, set[int]] = {}
        for key, value in states.items():
            if key.startswith(MODEL_PREFIX):
                self._wake(key[len(MODEL_PREFIX) :].decode(), read_taught(value), states)
        states.clear()  # it is all in the models now

    @property
    def position(self) -> int:
        """Offset of the last lesson that is done."""
        return self.partition.offset

    def run(self, records: Sequence[Record]) -> Iterator[Batch | Settle]:
        """The lessons, in order; one batch."""
        outcomes: list[Outcome] = []
        counts: Counter[str] = Counter()
        touched: set[str] = set()
        for record in records:
            if record.offset <= self.partition.offset:
                continue
            self.partition.offset = record.offset
            try:
                lesson = read_lesson(record.value or b"")
            except msgspec.MsgspecError as error:
                outcomes.append(dead_letter(record, topics.LEARNING, UNREADABLE, "", str(error)))
                counts["dead-letter/" + UNREADABLE] += 1
                continue
            if isinstance(lesson, ValueHistogram):
                published = self._published_by(lesson, record)
                if published:
                    touched.add(lesson.portfolio)
                outcomes += published
                outcomes += self._spread(lesson, record)
                counts["histogram"] += 1
            elif isinstance(lesson, TalliesTold):
                outcomes += self._gather(lesson)
                counts["tallies"] += 1
            elif self._is_new(lesson):
                outcomes += self._learn(lesson, record, counts)
                touched.add(lesson.portfolio)
                counts["example"] += 1
            else:
                counts["repeated"] += 1
        yield Batch(outcomes, self._states(touched), counts)

    def report(self) -> dict[str, dict[str, object]]:
        """How well each portfolio's scores have told who would default, and what was learned from."""
        return {name: self._reported(name) for name in sorted(self.models)}

    def _reported(self, name: str) -> dict[str, object]:
        model = self.models[name]
        learned = {"examples_learned": model.examples, "models": model.number}
        told = {**self.evaluations[name].report(), "alarms": self.alarms[name].report()}
        return {**learned, **told, **self.oversights[name].report()}

    def _is_new(self, example: LabelledExample) -> bool:
        mark = (example.offset, example.labelled_on.toordinal(), place_of(example.client_id), example.ordinal)
        last = self.partition.marks.get(example.partition)
        if last is not None and mark <= last:
            return False
        self.partition.marks[example.partition] = mark
        return True

    def _learn(self, example: LabelledExample, record: Record, counts: Counter[str]) -> list[Outcome]:
        name = example.portfolio
        model = self.models.get(name)
        if model is None:
            model = self._begin(name)
        if record.offset <= self._seen.get(name, -1):
            return []
        self._seen[name] = record.offset
        today = example.labelled_on.toordinal()
        outcomes = self._published(model, record, today) if model.is_due(today) else []
        self.evaluations[name].add(scored(example), example.y, example.labelled_on)
        self.alarms[name].add(example)
        found = self.oversights[name].add(example)
        outcomes += self._warned(example, record, found)
        counts.update(counted(finding) for finding in found)
        waiting, was_drawn = model.waiting, model.is_drawn
        model.take(example, self.policy.of(name).horizon_days)
        if model.is_drawn and not was_drawn:
            self.oversights[name].drawn([x for x, _ in waiting], today)
        return [*outcomes, *self._published(model, record, today)] if model.is_full else outcomes

    def _begin(self, name: str) -> PdModel:
        """What is kept of a portfolio, at its first example."""
        rules = self.policy.of(name)
        model = self.models[name] = PdModel(name, rules.learning)
        self.evaluations[name] = Evaluation(rules.horizon_days)
        self.alarms[name] = self._alarms({}, name)
        self.oversights[name] = Oversight(model, rules)
        return model

    def _warned(self, example: LabelledExample, record: Record, found: Sequence[Finding]) -> list[Outcome]:
        """What the oversight has found, for whoever watches the models."""
        oversight = self.oversights[example.portfolio]
        versions = (oversight.version, self.policy.version)
        place = Place(example.portfolio, record.partition, record.offset, example.labelled_on, *versions)
        return [model_warning(place, ordinal, finding, oversight.drift) for ordinal, finding in enumerate(found)]

    def _alarms(self, dumped: dict[str, Any], name: str) -> Alarms:
        rules = self.policy.of(name)
        return Alarms.load(rules.alarms, rules.prior_pd, dumped)

    def _published_by(self, lesson: ValueHistogram, record: Record) -> list[Outcome]:
        """Log time goes on where nothing is labelled, too."""
        model = self.models.get(lesson.portfolio)
        if model is None or record.offset <= self._seen[lesson.portfolio]:
            return []
        today = lesson.as_of.toordinal()
        if not model.is_due(today):
            return []
        self._seen[lesson.portfolio] = record.offset  # only what changes the model is seen: only then is it written
        return self._published(model, record, today)

    def _published(self, model: PdModel, record: Record, today: int) -> list[Outcome]:
        """The model as it stands, into the log; a challenger that has been shown to be better goes first."""
        oversight = self.oversights[model.portfolio]
        promoted = oversight.promotes(today)
        snapshot = msgspec.structs.replace(model.snapshot(today), alarm_pd=self.alarms[model.portfolio].pd)
        if promoted is not None:
            snapshot = msgspec.structs.replace(snapshot, was_members=promoted.was_members, log_e_value=promoted.log_e)
        oversight.published(snapshot, today)
        control = log.ModelPublished(source=log.Source(topics.LEARNING, record.partition, record.offset), snapshot=snapshot)
        return [
            Outcome(topics.MODELS, snapshot.portfolio.encode(), msgspec.json.encode(snapshot), (), 0),
            Outcome(topics.CLIENT_EVENTS, None, log.write(control), (), EVERY),
        ]

    def _spread(self, lesson: ValueHistogram, record: Record) -> list[Outcome]:
        """Cut-offs, once all partitions of the log have told how their clients are spread at the close of a day."""
        number, last = self.partition.cutoffs.get(lesson.portfolio, (0, 0))
        spread = _joined(self.partition.spreads_by_day, lesson, last, Spread)
        if spread is None:
            return []
        spread.by_partition[lesson.partition] = lesson.bins
        spread.limits[lesson.partition] = lesson.limits
        if len(spread.by_partition) < spread.of:
            return []
        _forget(self.partition.spreads_by_day, lesson.portfolio, spread.as_of)
        return self._drawn(lesson, spread, number + 1, record)

    def _drawn(self, lesson: ValueHistogram, spread: Spread, number: int, record: Record) -> list[Outcome]:
        histogram = merged(spread.by_partition.values())
        clients = sum(histogram.values())
        if not clients:
            return []
        self.partition.cutoffs[lesson.portfolio] = (number, spread.as_of)
        curve = value_curve(histogram)
        whole = PortfolioTold(
            portfolio=lesson.portfolio,
            number=number,
            as_of=lesson.as_of,
            clients=clients,
            value_curve=curve,
            limits=limits.merged(spread.limits.values()),
        )
        told = [Outcome(topics.PORTFOLIOS, lesson.portfolio.encode(), write_portfolio(whole), (), 0)]
        rules = self.policy.of(lesson.portfolio).value
        if clients < rules.cutoffs_min_clients:
            return told
        diamond, gold, silver = quantile_bounds(histogram, rules.quantiles)
        control = log.CutoffsPublished(
            source=log.Source(topics.LEARNING, record.partition, record.offset),
            portfolio=lesson.portfolio,
            number=number,
            as_of=lesson.as_of,
            clients=clients,
            cutoffs=(diamond, gold, silver),
            curve=curve,
        )
        return [*told, Outcome(topics.CLIENT_EVENTS, None, log.write(control), (), EVERY)]

    def _gather(self, lesson: TalliesTold) -> list[Outcome]:
        """The ledger of a portfolio, once all partitions of the log have told their tallies at a month's end."""
        name, day = lesson.portfolio, lesson.as_of.toordinal()
        gathered = _joined(self.partition.tallies_by_day, lesson, self.partition.ledgers.get(name, 0), Gathered)
        if gathered is None:
            return []
        gathered.by_partition[lesson.partition] = Part(lesson.closed, lesson.spans, lesson.liquidity)
        if len(gathered.by_partition) < gathered.of:
            return []
        _forget(self.partition.tallies_by_day, name, day)
        self.partition.ledgers[name] = day
        parts = [gathered.by_partition[number] for number in sorted(gathered.by_partition)]
        whole = Tallies()
        for part in parts:
            whole.merge(Tallies.load(part.closed, part.spans))
        if not whole.spans and not whole.closed:
            return []
        published = LedgerPublished(
            portfolio=name,
            as_of=lesson.as_of,
            ledger=ledger.figures(whole, day),
            transitions=transitions.figures(whole, day),
            liquidity=liquidity.figures(liquidity.merged([part.liquidity for part in parts])),
        )
        return [Outcome(topics.LEDGER, name.encode(), msgspec.json.encode(published), (), 0)]

    def _states(self, touched: set[str]) -> list[State]:
        states: list[State] = []
        for name in sorted(touched):
            model = self.models[name]
            begun, drawn = self._waiting_states(name, model)
            dumped = model.dump()
            dumped["waiting"] = len(model.waiting)
            oversight = self.oversights[name].dump()
            frozen, thawed = self._frozen_states(name)
            taught = Taught(self._seen[name], dumped, self.evaluations[name].dump(), self.alarms[name].dump(), oversight)
            states += [*begun, *frozen, State(MODEL_PREFIX + name.encode(), encode(taught)), *drawn, *thawed]
        states.append(State(PARTITION_KEY, encode(self.partition)))
        return states

    def _waiting_states(self, name: str, model: PdModel) -> tuple[list[State], list[State]]:
        """Examples that wait for the bins have entries of their own, so that a batch writes only the new ones.

        Those to be written before the model's entry, which counts them, and those to be deleted after it.
        """
        stored, waiting = self._stored_waiting.get(name, 0), len(model.waiting)
        self._stored_waiting[name] = waiting
        if waiting < stored:
            return [], [State(_waiting_key(name, i), None) for i in range(stored)]
        return [State(_waiting_key(name, i), encode(model.waiting[i])) for i in range(stored, waiting)], []

    def _frozen_states(self, name: str) -> tuple[list[State], list[State]]:
        """Published models that are kept to score by: to be written before the model's entry, and to be deleted after it."""
        kept, stored = self.oversights[name].frozen, self._stored_frozen.get(name, set())
        self._stored_frozen[name] = set(kept)
        new = [State(_frozen_key(name, number), encode(kept[number])) for number in sorted(kept.keys() - stored)]
        return new, [State(_frozen_key(name, number), None) for number in sorted(stored - kept.keys())]

    def _wake(self, name: str, taught: Taught, states: dict[bytes, bytes]) -> None:
        waiting = int(taught.model["waiting"])
        taught.model["waiting"] = [
            msgspec.msgpack.decode(states[_waiting_key(name, i)], type=tuple[list[float | None], bool]) for i in range(waiting)
        ]
        self.models[name] = PdModel.load(name, self.policy.of(name).learning, taught.model)
        self.evaluations[name] = Evaluation.load(taught.evaluation)
        self.alarms[name] = self._alarms(taught.alarms, name)
        self._seen[name] = taught.seen
        self._stored_waiting[name] = waiting
        prefix = _frozen_key(name)
        frozen = {int(key[len(prefix) :]): msgspec.msgpack.decode(kept) for key, kept in states.items() if key.startswith(prefix)}
        self.oversights[name] = Oversight(self.models[name], self.policy.of(name))
        self.oversights[name].load(taught.oversight, frozen)
        self._stored_frozen[name] = set(frozen)


def _joined(
    waiting: dict[str, dict[int, Waiting]],
    lesson: ValueHistogram | TalliesTold,
    last: int,
    begin: Callable[[int, int], Waiting],
) -> Waiting | None:
    """What of a portfolio waits for all partitions to tell of the lesson's day; None: it is past, or too far behind."""
    day = lesson.as_of.toordinal()
    if day <= last:
        return None
    days = waiting.setdefault(lesson.portfolio, {})
    if day not in days:
        days[day] = begin(day, lesson.partitions)
        if len(days) > MOST_AWAITED:
            del days[min(days)]
    return days.get(day)


def _forget(waiting: dict[str, dict[int, Waiting]], portfolio: str, until: int) -> None:
    """What waited of the days until one that is complete: each partition tells of its days in order."""
    left = {day: one for day, one in waiting.pop(portfolio).items() if day > until}
    if left:
        waiting[portfolio] = left


def _waiting_key(name: str, i: int) -> bytes:
    return WAITING_PREFIX + f"{name}/{i:06}".encode()


def _frozen_key(name: str, number: int | None = None) -> bytes:
    return FROZEN_PREFIX + (f"{name}/" if number is None else f"{name}/{number:09}").encode()
