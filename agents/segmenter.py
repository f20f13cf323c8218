"""The segmenter: folds every fact into what is known of its client, scores, decides, and tells what has changed.

One instance for one partition of the log. Its state is a pure function of the partition's records so far. Here is the order:
of records, of a step at one client, of a day that closes, of batches; the rules are in `agents.segmentation`.
"""

import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Final

import msgspec

from agents.dead_letters import UNHANDLED, UNREADABLE
from agents.segmentation import groups, history, liquidity, watermark
from agents.segmentation.agenda import Agenda, month_end
from agents.segmentation.folding import Unusable
from agents.segmentation.in_force import InForce
from agents.segmentation.live import Live
from agents.segmentation.place import Place
from agents.segmentation.resolving import Resolver
from agents.segmentation.stepping import step
from agents.segmentation.sums import Close, summed
from agents.segmentation.telling import Telling
from agents.segmentation.versions import Versions, models_named, policy_named
from schemas import log, topics
from schemas.packed import TURN
from schemas.policy import Policy
from schemas.records import SETTLE, Batch, Record, Settle, State
from schemas.state import (
    PARTITION_KEY,
    ClientState,
    Partition,
    encode,
    is_client,
    lent,
    read_borrower,
    read_partition,
    resting,
)

READ_AT_ONCE: Final = 100
"""States that are only read, before others may work."""
GLANCING: Final = 1 / 16
"""What only its beginning takes of reading a state."""
TOLD_AT_ONCE: Final = 32
"""About as many decisions of a day's close are told before others may work: a look that tells costs many that do not."""


class Segmenter:
    """An agent of `client-events` (see `agents.hosting.PartitionAgent`).

    `states` is what the changelog held and is the agent's own from here on; `policy` decides until one is published in the
    log; `partitions` is how many the log has; `watch` is shown each client after each of its events (scores of a replay).
    """

    def __init__(
        self,
        partition: int,
        states: dict[bytes, bytes],
        policy: Policy,
        partitions: int,
        watch: Callable[[log.Fact, ClientState, InForce], None] | None = None,
    ) -> None:
        self.number = partition
        self._watch = watch
        self.partitions = partitions
        self.states = states
        self.partition = read_partition(states[PARTITION_KEY]) if PARTITION_KEY in states else Partition()
        self._versions = Versions(states, self.partition)
        in_log = policy_named(states, self.partition)
        models = models_named(states, self.partition)
        self.resolver = Resolver(self.partition, self._versions, policy if in_log is None else in_log, models)
        self.agenda = Agenda(states)
        self.live = Live(states)
        self.sums = summed(states)
        self._begin()

    @property
    def position(self) -> int:
        """Offset of the last record that is done."""
        return self.partition.offset

    def run(self, records: Sequence[Record]) -> Iterator[Batch | Settle]:
        """The records, folded and decided; a control record that turns what is in force is a batch of its own.

        Only what reads many clients at once, the histogram of a closing day, needs all before it to be durable: every other
        decision depends on its own client's state, which says what it has seen, and on the partition record.
        """
        for record in records:
            if record.offset <= self.partition.offset:
                continue
            if record.key is not None:
                self._client_record(record)
                self._records.append(record)
            elif (control := self._control(record)) is not None:
                yield from self._control_record(control, record)
            self.partition.offset = record.offset
        if self._begun or self.partition.offset != self._batched:
            yield self._batch()

    # one client record

    def _client_record(self, record: Record) -> None:
        try:
            fact = log.read_fact(record.value or b"")
        except msgspec.MsgspecError as error:
            self._telling.dead(record, UNREADABLE, str(error))
            self._dead.add(record.offset)
            return
        is_told_by_us = fact.source.topic == topics.CLIENT_EVENTS  # what segmenters tell one another has numbers of its own
        if not is_told_by_us and watermark.is_repeated(self.partition, fact.source):
            self._telling.counts["repeated"] += 1
            self._dead.add(record.offset)
            return
        self._step(record, fact.client_id, fact)

    def _step(self, record: Record, client_id: str, fact: log.Fact | None) -> None:
        """One step at one client. If it raises, the client is as it was and the record is a dead letter."""
        if fact is None and client_id in self.live.touched:  # on an earlier day that this record closed
            self.live.store(client_id)
        try:
            if isinstance(fact, log.MemberStanding):
                self._count_member(record, fact)
            else:
                self._decide_and_tell(record, client_id, fact)
        except Unusable as refused:
            self._undo(record, client_id)
            self._telling.dead(record, refused.cause, str(refused))
        except Exception:  # noqa: BLE001 - the one place: our bug must not stop the stream
            self._undo(record, client_id)
            self._telling.dead(record, UNHANDLED, traceback.format_exc(), client_id)

    def _decide_and_tell(self, record: Record, client_id: str, fact: log.Fact | None) -> None:
        client = self.live.client(client_id)
        if fact is not None and record.offset <= client.seen:
            return
        looked, was_bin, was_granted, was_history = client.look_day, client.value_bin, client.granted, client.history
        place = self._place(record, client_id, fact)
        stepped = step(client, fact, place, self.resolver)
        if stepped is None:
            self._telling.counts["repeated" if type(fact) in log.DERIVED else "duplicate"] += 1
            self.live.touched.add(client_id)
            return
        if self._watch is not None and fact is not None and type(fact) not in log.DERIVED:
            self._watch(fact, client, stepped.now)
        self.agenda.move(client_id, looked, client.look_day)
        self.sums.move(client, was_bin, was_granted, was_history)
        self.live.touched.add(client_id)
        if stepped.tidings:
            self._telling.tidings(stepped.tidings)
        self._telling.decided(stepped.decided, client.portfolio, place)

    def _place(self, record: Record, client_id: str, fact: log.Fact | None) -> Place:
        closed_day = self.partition.closed_day
        if fact is None:
            day, event_id = closed_day, f"day-closed/{date.fromordinal(closed_day)}"
        else:
            day, event_id = fact.occurred_at.toordinal(), fact.event_id
        return Place(client_id, event_id, topics.CLIENT_EVENTS, self.number, record.offset, day, closed_day)

    def _count_member(self, record: Record, fact: log.MemberStanding) -> None:
        """Into its group, which is kept here; the members hear of it through the log."""
        key = groups.group_key(fact.group_id)
        group = self.live.group(key)
        if record.offset <= group.seen:
            return
        self._telling.tidings(groups.count(group, fact, self.number, record.offset))
        group.seen = record.offset
        self.live.touched_groups.add(key)

    def _undo(self, record: Record, client_id: str) -> None:
        """The client as it was before the record: from its bytes, with the batch's earlier records folded again."""
        client = self.live.stored_anew(client_id)
        for earlier in self._records:
            if earlier.key == client_id.encode() and client.seen < earlier.offset and earlier.offset not in self._dead:
                fact = log.read_fact(earlier.value or b"")
                step(client, fact, self._place(earlier, client_id, fact), self.resolver)
        self._dead.add(record.offset)

    # control records

    def _control(self, record: Record) -> log.Control | None:
        try:
            return log.read_control(record.value or b"")
        except msgspec.MsgspecError as error:
            self._telling.dead(record, UNREADABLE, str(error))
            return None

    def _control_record(self, control: log.Control, record: Record) -> Iterator[Batch | Settle]:
        """One that turns what decides is a batch of its own; another only moves the partition record."""
        if not self._turns(control):
            if isinstance(control, log.DayPassed):
                watermark.enter(self.partition, control)
            return
        if self._begun:
            yield self._batch()
        if self._reads_many(control):
            yield SETTLE
        yield from self._turn(control, record)
        self.partition.offset = record.offset
        yield self._batch()

    def _turns(self, control: log.Control) -> bool:
        """Whether it changes what decides: the policy, a model, cut-offs, a macro figure, the last closed day."""
        if isinstance(control, log.DayPassed):
            return watermark.closing(self.partition, control) > self.partition.closed_day
        return self.resolver.is_changed_by(control)

    def _reads_many(self, control: log.Control) -> bool:
        if not isinstance(control, log.DayPassed):
            return False
        days = watermark.closes(self.partition, control)
        return any(day == month_end(day) for day in days) or any(self._drawn(day) for day in days)

    def _turn(self, control: log.Control, record: Record) -> Iterator[Batch]:
        if isinstance(control, log.DayPassed):
            yield from self._close_days(control, record)
        elif isinstance(control, log.MacroObserved) and watermark.is_repeated(self.partition, control.source):
            self._telling.counts["repeated"] += 1
        else:
            self.resolver.change(control)

    # days that close

    def _close_days(self, control: log.DayPassed, record: Record) -> Iterator[Batch]:
        """Every day that closes, in order; the clients that have something to find on it, in batches."""
        days = watermark.closes(self.partition, control)
        is_first = not self.partition.closed_day
        watermark.enter(self.partition, control)
        for day in days:
            self.partition.closed_day = day
            yield from self._look(record, self.agenda.due_by(day) if is_first else self.agenda.due(day))
            close = Close(date.fromordinal(day), self.number, self.partitions, record.offset)
            month_ends, drawn = day == month_end(day), self._drawn(day)
            if month_ends or is_first:
                yield from self._pass_time(day)
            if month_ends:
                yield from self._tell_tallies(day, close)
            for portfolio in drawn:
                self._telling.lesson(self.sums.histogram_told(portfolio, close))
            if (drawn or month_ends) and day != days[-1]:  # else a rerun would tell it of clients as a later day has left them
                yield self._batch()

    def _look(self, record: Record, due: Iterator[list[str]]) -> Iterator[Batch]:
        """At each client once in a batch: what a failing look undoes is that look alone."""
        for slice_of_clients in due:
            for client_id in slice_of_clients:
                self._step(record, client_id, None)
                if len(self._telling.outcomes) >= TOLD_AT_ONCE:
                    yield self._batch(done=False)
            yield self._batch(done=False)

    def _pass_time(self, day: int) -> Iterator[Batch]:
        """The tallies that time alone has changed, as a month ends. Nothing is decided."""
        for slice_of_clients in self.agenda.due_by(day, TURN):
            for client_id in slice_of_clients:
                client = self.live.client(client_id)
                was = client.history
                history.pass_time(client, day, self.resolver.in_force_for(client).rules.ledger.look_back_days)
                self.sums.tally(client.portfolio, was, client.history)
                self.live.touched.add(client_id)
            yield self._batch(done=False)

    def _tell_tallies(self, day: int, close: Close) -> Iterator[Batch]:
        """What the clients here add to the ledger, the transitions and the liquidity, as a month ends."""
        flows: defaultdict[str, liquidity.Flows] = defaultdict(dict)
        work = 0.0
        for key in list(self.states) if self.sums.lends else ():
            work += 1 if is_client(key) and self._add_flows(flows, key, day) else GLANCING
            if work >= READ_AT_ONCE:
                work = 0.0
                yield self._batch(done=False)
        for portfolio in self._portfolios():
            self._telling.lesson(self.sums.tallies_told(portfolio, close, flows))

    def _add_flows(self, flows: defaultdict[str, liquidity.Flows], key: bytes, day: int) -> bool:
        """What a client adds to the liquidity; whether its state had to be read."""
        value = self.states[key]
        seen = lent(value)
        if isinstance(seen.lends, dict):
            liquidity.add_rest(flows[seen.portfolio], seen.lends)
        elif seen.lends:
            borrower = read_borrower(value)
            liquidity.add(flows[seen.portfolio], borrower, day, self.resolver.policy.per_minor)
            rest = liquidity.rest_of(borrower, day)
            if rest is not None:
                self.states[key] = resting(value, rest)
            return True
        return False

    def _portfolios(self) -> list[str]:
        return self.sums.portfolios(self.resolver.policy.portfolios)

    def _drawn(self, day: int) -> list[str]:
        """Portfolios whose cut-offs are drawn anew as the day closes."""
        policy = self.resolver.policy
        return [name for name in self._portfolios() if day % policy.of(name).value.cutoffs_every_days == 0]

    # batches

    def _begin(self) -> None:
        self._telling = Telling()
        self._records: list[Record] = []
        self._dead: set[int] = set()
        """Offsets of the batch's records that have changed no client."""
        self._batched = self.partition.offset

    @property
    def _begun(self) -> bool:
        return bool(self._records or self._telling.outcomes or self._versions.has_entered or self.live.touched)

    def _batch(self, done: bool = True) -> Batch:
        """What the records since the last batch led to; the partition record last, once they are all done."""
        entries = self._versions.entered() + self.live.written() + self._versions.gone(done)
        if done:
            entries.append(State(PARTITION_KEY, encode(self.partition)))
        batch = Batch(self._telling.outcomes, entries, self._telling.counts)
        for key, value in entries:
            if value is None:
                self.states.pop(key, None)
            else:
                self.states[key] = value
        self.live.release(done)
        self._begin()
        return batch
