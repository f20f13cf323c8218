"""The segmenter: folds every fact into what is known of its client, scores, decides, and tells what has changed.

One instance for one partition of the log. Its state is a pure function of the partition's records so far.
"""

import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Final

import msgspec

from agents.dead_letters import INVALID, TOO_LATE, UNHANDLED, UNREADABLE, dead_letter
from agents.segmentation import groups, history, liquidity
from agents.segmentation.agenda import Agenda, in_slices, month_end, next_look
from agents.segmentation.deciding import Decided, decide, rescore
from agents.segmentation.folding import Unusable, fold, is_repeat
from agents.segmentation.in_force import InForce, Standing, in_force
from agents.segmentation.limits import Limits
from agents.segmentation.place import Place
from agents.segmentation.regime import observe, regime_of, signal_of, turn
from online_models.features import whole
from online_models.mixing import scorecard
from online_models.scorecard import Scorecard
from online_models.tallies import Tallies
from schemas import decisions, log, topics
from schemas.history import read_history
from schemas.industries import section_of
from schemas.learning import LabelledExample, ModelSnapshot, TalliesTold, ValueHistogram
from schemas.packed import TURN, due_by, is_packed
from schemas.policy import Policy
from schemas.records import SETTLE, Batch, Outcome, Record, Settle, State
from schemas.state import (
    MODEL_PREFIX,
    PARTITION_KEY,
    POLICY_PREFIX,
    ClientState,
    Group,
    Partition,
    Snapshot,
    encode,
    glance,
    is_client,
    lends,
    read_borrower,
    read_client,
    read_group,
    read_partition,
    write_client,
)

DEFAULT_PORTFOLIO: Final = "corporate"
MOST_LIVE: Final = 1024
"""Clients kept decoded between batches, at up to ten kilobytes each; the others are bytes."""
READ_AT_ONCE: Final = 1000
"""States that are only read, before others may work."""
MOST_STANDINGS: Final = 8192
"""Clients' portfolio, industry, country and segment for which is kept what is in force."""
MOST_LIVE_GROUPS: Final = 256


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
        in_log = self.partition.policy_version
        self.policy = Policy.model_validate_json(states[POLICY_PREFIX + in_log.encode()]) if in_log else policy
        self.models: dict[str, ModelSnapshot] = {
            portfolio: msgspec.json.decode(states[MODEL_PREFIX + version.encode()], type=ModelSnapshot)
            for portfolio, version in self.partition.models.items()
        }
        self._obsolete = [key for key in states if key.startswith((MODEL_PREFIX, POLICY_PREFIX)) and not self._refers_to(key)]
        self.agenda = Agenda(states)
        self.limits = Limits()
        self.tallies: dict[str, Tallies] = {}
        """By portfolio, the sum over the clients here."""
        self._lending = False
        """Whether any client here has a facility: else there is no liquidity to look for."""
        self.histograms: dict[str, Counter[int]] = {}
        self._replaced: list[bytes] = []
        self._cards: dict[str, Scorecard] = {}
        self._in_force: dict[Standing, InForce] = {}
        self._by_client: dict[tuple[str, str, str, str], InForce] = {}
        self._live: dict[str, ClientState] = {}
        self._live_groups: dict[bytes, Group] = {}
        self._begin()
        self._rebuild()

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
                self.partition.offset = record.offset
                continue
            control = self._control(record)
            if control is None or not self._turns(control):
                if control is not None:
                    self._take(control)
                self.partition.offset = record.offset
                continue
            if self._begun:
                yield self._batch()
            if self._reads_many(control):
                yield SETTLE
            yield from self._turn(control, record)
            self.partition.offset = record.offset
            yield self._batch()
        if self._begun or self.partition.offset != self._told:
            yield self._batch()

    def client(self, client_id: str) -> ClientState:
        """What is known of a client; complete even if nothing is."""
        state = self._live.get(client_id)
        if state is None:
            stored = self.states.get(client_id.encode())
            state = self._live[client_id] = read_client(stored) if stored is not None else ClientState()
        return state

    def group(self, key: bytes) -> Group:
        """What is known of a group that is kept here."""
        group = self._live_groups.get(key)
        if group is None:
            stored = self.states.get(key)
            group = self._live_groups[key] = read_group(stored) if stored is not None else Group()
        return group

    def in_force(self, portfolio: str) -> InForce:
        """What decides a portfolio's clients at this place of the log, where no overlay changes it."""
        return self._resolved(Standing(portfolio))

    def in_force_for(self, client: ClientState, stood: str | None = None) -> InForce:
        """What decides this client: with the overlays of its industry, of the macro regime there, and of its segment.

        `stood` is the segment it stood in, if that is not where it stands.
        """
        if stood is None:
            stood = "" if client.segment is None else client.segment.segment
        key = (client.portfolio, client.industry, client.country, stood)
        now = self._by_client.get(key)
        if now is None:
            if len(self._by_client) >= MOST_STANDINGS:
                self._by_client.clear()
            now = self._by_client[key] = self._resolved(self._standing(*key))
        return now

    def _standing(self, portfolio: str, industry: str, country: str, segment: str) -> Standing:
        base, section = self.policy.of(portfolio), section_of(industry)
        regime, cell = regime_of(self.partition, country, section, self.policy.macro)
        overlaid = segment if segment in base.by_segment else ""
        signal = signal_of(self.partition, cell, self.policy.macro)
        return Standing(portfolio, section if section in base.industries else "", regime, cell, overlaid, signal)

    def _resolved(self, standing: Standing) -> InForce:
        now = self._in_force.get(standing)
        if now is None:
            portfolio = standing.portfolio
            card, model = self._cards.get(portfolio), self.models.get(portfolio)
            if card is None:
                card = self._cards[portfolio] = scorecard(model, self.policy.of(portfolio))
            alarm_pd = None if model is None else model.alarm_pd
            now = in_force(standing, self.policy, card, self.partition.cutoffs.get(portfolio), alarm_pd)
            self._in_force[standing] = now
        return now

    def _forget_in_force(self) -> None:
        """Something in force has changed: whoever is decided next is resolved anew."""
        self._in_force.clear()
        self._by_client.clear()

    # one client record

    def _client_record(self, record: Record) -> None:
        try:
            fact = log.read_fact(record.value or b"")
        except msgspec.MsgspecError as error:
            self._die(record, UNREADABLE, str(error))
            self._dead.add(record.offset)
            return
        if fact.source.topic == topics.CLIENT_EVENTS:  # what segmenters tell one another has numbers of its own
            self._told_by_another(record, fact)
            return
        if self._is_repeated(fact.source):
            self._dead.add(record.offset)
            return
        client = self.client(fact.client_id)
        if record.offset <= client.seen:
            return
        self._step(record, fact.client_id, fact)

    def _is_repeated(self, source: log.Source) -> bool:
        """Whether a source partition's record was here before; if not, it is marked and counts from now on."""
        topic, partition, offset = source
        marks = self.partition.marks.setdefault(topic, {})
        if offset <= marks.get(partition, -1):
            self._counts["repeated"] += 1
            return True
        marks[partition] = offset
        return False

    def _told_by_another(self, record: Record, fact: log.Fact) -> None:
        if isinstance(fact, log.MemberStanding) or record.offset > self.client(fact.client_id).seen:
            self._step(record, fact.client_id, fact)

    def _step(self, record: Record, client_id: str, fact: log.Fact | None) -> None:
        """One step at one client. If it raises, the client is as it was and the record is a dead letter."""
        if fact is None and client_id in self._touched:  # on an earlier day that this record closed
            self.states[client_id.encode()] = write_client(self._live[client_id])
        try:
            if isinstance(fact, log.MemberStanding):
                self._count_member(record, fact)
            else:
                self._fold_and_decide(record, client_id, fact, tell=True)
        except Unusable as refused:
            self._undo(record, client_id)
            self._die(record, refused.cause, str(refused))
        except Exception:  # noqa: BLE001 - the one place: our bug must not stop the stream
            self._undo(record, client_id)
            self._die(record, UNHANDLED, traceback.format_exc(), client_id)

    def _fold_and_decide(self, record: Record, client_id: str, fact: log.Fact | None, tell: bool) -> None:
        client = self.client(client_id)
        looked, derived = client.look_day, False
        was_bin, was_granted, was_history = client.value_bin, client.granted, client.history
        if fact is None:
            day, event_id = self.partition.closed_day, f"day-closed/{date.fromordinal(self.partition.closed_day)}"
        else:
            derived = type(fact) in log.DERIVED
            if not groups.heard(client, fact) or client.segment is None if derived else is_repeat(client, fact.event_id):
                self._counts["repeated" if derived else "duplicate"] += tell
                client.seen = record.offset
                self._touched.add(client_id)
                return
            day, event_id = fact.occurred_at.toordinal(), fact.event_id
            client.portfolio = client.portfolio or fact.portfolio or DEFAULT_PORTFOLIO
        now = self.in_force_for(client)
        rescore(client, now)
        if fact is not None and not derived:
            fold(client, fact, day, now)
            if type(fact) is log.ProfileUpdated:
                now = self.in_force_for(client)
        closed_day = self.partition.closed_day
        place = Place(client_id, event_id, topics.CLIENT_EVENTS, self.number, record.offset, day, closed_day)
        decided = decide(client, fact, place, now)
        if decided.change is not None:
            now = self.in_force_for(client)
        client.look_day = next_look(client, closed_day, now)
        client.seen = record.offset
        tidings = groups.tidings(client, client.ties, place) if client.ties is not None else ()
        if not tell:
            return
        if self._watch is not None and fact is not None and not derived:
            self._watch(fact, client, now)
        self.agenda.move(client_id, looked, client.look_day)
        self._count_value(client.portfolio, was_bin, client.value_bin)
        self.limits.move(client.portfolio, was_granted, client.granted)
        if client.facilities:
            self._lending = True
        if client.history is not was_history:
            self._tally(client.portfolio, was_history, client.history)
        self._touched.add(client_id)
        if tidings:
            self._pass_on(tidings)
        self._tell(client_id, client.portfolio, decided, record)

    def _tell(self, client_id: str, portfolio: str, decided: Decided, record: Record) -> None:
        if decided.counted:
            self._counts[decided.counted] += 1
        if not (decided.warnings or decided.change or decided.labelled):
            return
        key = client_id.encode()
        for warning in decided.warnings:
            self._outcomes.append(_published(topics.EARLY_WARNINGS, key, warning))
            self._counts[f"warning/{warning.indicator}/{warning.status}"] += 1
        if decided.change is not None:
            self._outcomes.append(_published(topics.TIER_CHANGES, key, decided.change))
            self._counts[f"tier-change/{decided.change.direction}"] += 1
        for ordinal, (snapshot, defaulted) in enumerate(decided.labelled):
            self._outcomes.append(self._lesson(client_id, portfolio, snapshot, defaulted, record, ordinal))
            self._counts["example"] += 1

    def _count_member(self, record: Record, fact: log.MemberStanding) -> None:
        """Into its group, which is kept here; the members hear of it through the log."""
        key = groups.group_key(fact.group_id)
        group = self.group(key)
        if record.offset <= group.seen:
            return
        self._pass_on(groups.count(group, fact, self.number, record.offset))
        group.seen = record.offset
        self._touched_groups.add(key)

    def _pass_on(self, tidings: Sequence[groups.Tiding]) -> None:
        for key, fact in tidings:
            self._outcomes.append(Outcome(topics.CLIENT_EVENTS, key, log.write(fact)))

    def _lesson(self, client_id: str, portfolio: str, taken: Snapshot, defaulted: bool, record: Record, ordinal: int) -> Outcome:
        example = LabelledExample(
            portfolio=portfolio,
            client_id=client_id,
            as_of=date.fromordinal(taken.day),
            labelled_on=date.fromordinal(max(1, self.partition.closed_day)),
            x=tuple(None if v != v else v for v in whole(taken.x)),
            y=defaulted,
            pd=taken.pd,
            model_version=taken.model_version,
            partition=self.number,
            offset=record.offset,
            ordinal=ordinal,
            period=date.fromordinal(taken.period_day) if taken.period_day else None,
            since_days=taken.since_days,
            was_pd=taken.was_pd,
            alarmed=taken.alarmed,
        )
        return Outcome(topics.LEARNING, None, msgspec.json.encode(example), (), 0)

    def _undo(self, record: Record, client_id: str) -> None:
        """The client as it was before the record: from its bytes, with the batch's earlier records folded again."""
        self._live.pop(client_id, None)
        client = self.client(client_id)
        for earlier in self._records:
            if earlier.key == client_id.encode() and client.seen < earlier.offset and earlier.offset not in self._dead:
                self._fold_and_decide(earlier, client_id, log.read_fact(earlier.value or b""), tell=False)
        self._dead.add(record.offset)

    def _die(self, record: Record, cause: str, reason: str, client_id: str = "") -> None:
        field = reason.split(":")[0] if cause in (INVALID, TOO_LATE) else ""
        self._outcomes.append(dead_letter(record, topics.CLIENT_EVENTS, cause, field, reason, client_id))
        self._counts["dead-letter/" + cause] += 1

    # control records

    def _control(self, record: Record) -> log.Control | None:
        try:
            return log.read_control(record.value or b"")
        except msgspec.MsgspecError as error:
            self._die(record, UNREADABLE, str(error))
            return None

    def _turns(self, control: log.Control) -> bool:
        """Whether it changes what decides: the policy, a model, cut-offs, a macro figure, the last closed day."""
        if isinstance(control, log.DayPassed):
            return self._closing(control) > self.partition.closed_day
        if isinstance(control, log.ModelPublished):
            known = self.models.get(control.snapshot.portfolio)
            return known is None or known.number < control.snapshot.number
        if isinstance(control, log.CutoffsPublished):
            return self.partition.cutoffs.get(control.portfolio, (0,))[0] < control.number
        if isinstance(control, log.PolicyPublished):  # even the same policy: from here on the log holds it, not a file
            return control.version != self.partition.policy_version
        return isinstance(control, log.MacroObserved)

    def _reads_many(self, control: log.Control) -> bool:
        if not isinstance(control, log.DayPassed):
            return False
        last = self._closing(control)
        if any(day == month_end(day) for day in self._closes(last)):
            return True
        return any(self._draws(portfolio, day) for day in self._closes(last) for portfolio in self._drawn_portfolios())

    def _take(self, control: log.Control) -> None:
        """A control record that only moves the partition record."""
        if isinstance(control, log.DayPassed):
            self._pass(control)

    def _turn(self, control: log.Control, record: Record) -> Iterator[Batch]:
        if isinstance(control, log.DayPassed):
            yield from self._close_days(control, record)
        elif isinstance(control, log.ModelPublished):
            snapshot = control.snapshot
            self.models[snapshot.portfolio] = snapshot
            was, now = self.partition.models.get(snapshot.portfolio, ""), snapshot.version
            self.partition.models[snapshot.portfolio] = now
            self._enter(MODEL_PREFIX, was, now, msgspec.json.encode(snapshot))
            self._cards.pop(snapshot.portfolio, None)
            self._forget_in_force()
        elif isinstance(control, log.CutoffsPublished):
            self.partition.cutoffs[control.portfolio] = (control.number, control.cutoffs)
            self._forget_in_force()
        elif isinstance(control, log.PolicyPublished):
            self.policy = control.parsed()
            was, self.partition.policy_version = self.partition.policy_version, control.version
            self._enter(POLICY_PREFIX, was, control.version, self.policy.model_dump_json().encode())
            self._cards.clear()
            turn(self.partition, self.policy.macro)
            self._forget_in_force()
        elif isinstance(control, log.MacroObserved):
            self._observe(control)

    def _enter(self, prefix: bytes, was: str, now: str, content: bytes) -> None:
        """An entry of its own for each version, so that a rerun finds the one that the partition record names."""
        key = prefix + now.encode()
        self._entries.append(State(key, content))
        self._obsolete = [other for other in self._obsolete if other != key]  # it was left by a run that died
        if was and was != now:
            self._replaced.append(prefix + was.encode())

    def _refers_to(self, key: bytes) -> bool:
        versions = {MODEL_PREFIX + version.encode() for version in self.partition.models.values()}
        return key in versions or key == POLICY_PREFIX + self.partition.policy_version.encode()

    def _observe(self, control: log.MacroObserved) -> None:
        """A macro figure. Clients meet a regime that turned by it at their next event or look: nobody is looked for."""
        if not self._is_repeated(control.source) and observe(self.partition, control, self.policy.macro):
            self._forget_in_force()

    def _pass(self, control: log.DayPassed) -> None:
        days = self.partition.passed.setdefault(control.source.topic, {})
        days[control.source.partition] = max(days.get(control.source.partition, 0), control.day.toordinal())

    def _closing(self, control: log.DayPassed) -> int:
        """The last day that every source partition has passed, with this record; 0 while one has passed none.

        What counts are the sources there are now: one that was taken away holds up nobody.
        """
        source, day = control.source, control.day.toordinal()
        closing = day
        for topic, count in control.of.items():
            passed = self.partition.passed.get(topic, {})
            for number in range(count):
                last = passed.get(number, 0)
                if topic == source.topic and number == source.partition:
                    last = max(last, day)
                if last < closing:
                    closing = last
        return closing

    def _close_days(self, control: log.DayPassed, record: Record) -> Iterator[Batch]:
        """Every day that closes, in order; the clients that have something to find on it, in batches."""
        days = self._closes(self._closing(control))
        begun = self.partition.closed_day
        self._pass(control)
        for day in days:
            self.partition.closed_day = day
            due = self.agenda.due(day) if begun else self.agenda.due_by(day)
            for slice_of_clients in due:  # a client is looked at once in a batch: what a failing look undoes is that look alone
                for client_id in slice_of_clients:
                    self._step(record, client_id, None)
                yield self._batch(done=False)
            month_ends = day == month_end(day)
            if month_ends or not begun:
                yield from self._pass_time(day)
            if month_ends:
                yield from self._tell_tallies(day, record.offset)
            drawn = [portfolio for portfolio in self._drawn_portfolios() if self._draws(portfolio, day)]
            for portfolio in drawn:
                self._tell_histogram(portfolio, day, record.offset)
            if (drawn or month_ends) and day != days[-1]:  # else a rerun would tell it of clients as a later day has left them
                yield self._batch()

    def _pass_time(self, day: int) -> Iterator[Batch]:
        """The tallies that time alone has changed, as a month ends. Nothing is decided."""
        turned = [key.decode() for key in due_by(self.states, TURN, day)]
        for slice_of_clients in in_slices(turned):
            for client_id in slice_of_clients:
                client = self.client(client_id)
                was = client.history
                history.pass_time(client, day, self.in_force_for(client).rules.ledger.look_back_days)
                self._tally(client.portfolio, was, client.history)
                self._touched.add(client_id)
            yield self._batch(done=False)

    def _tell_tallies(self, day: int, offset: int) -> Iterator[Batch]:
        """What the clients here add to the ledger, the transitions and the liquidity, as a month ends."""
        flows: dict[str, liquidity.Flows] = {}
        for looked, key in enumerate(list(self.states) if self._lending else (), start=1):
            if is_client(key) and lends(self.states[key]):
                borrower = read_borrower(self.states[key])
                liquidity.add(flows.setdefault(borrower.portfolio, {}), borrower, day, self.policy.per_minor)
            if looked % READ_AT_ONCE == 0:
                yield self._batch(done=False)
        for portfolio in self._drawn_portfolios():
            tallies = self.tallies.get(portfolio, Tallies())
            told = TalliesTold(
                portfolio=portfolio,
                as_of=date.fromordinal(day),
                partition=self.number,
                partitions=self.partitions,
                offset=offset,
                liquidity=dict(sorted(flows.get(portfolio, {}).items())),
                **tallies.dump(),
            )
            self._outcomes.append(Outcome(topics.LEARNING, None, msgspec.json.encode(told), (), 0))

    def _closes(self, last: int) -> range:
        """The days that close with `last`: the first close of a partition is one look back at all before it."""
        closed = self.partition.closed_day
        return range(closed + 1 if closed else last, last + 1)

    def _drawn_portfolios(self) -> list[str]:
        """Portfolios with clients here, and those of the policy: of no clients as well, as the learner waits for all."""
        held = {portfolio for portfolio, histogram in self.histograms.items() if any(histogram.values())}
        return sorted(held.union(self.policy.portfolios))

    def _draws(self, portfolio: str, day: int) -> bool:
        return day % self.policy.of(portfolio).value.cutoffs_every_days == 0

    def _tell_histogram(self, portfolio: str, day: int, offset: int) -> None:
        spread = ValueHistogram(
            portfolio=portfolio,
            as_of=date.fromordinal(day),
            partition=self.number,
            partitions=self.partitions,
            offset=offset,
            bins=tuple(sorted((b, n) for b, n in self.histograms.get(portfolio, {}).items() if n)),
            limits=self.limits.of(portfolio),
        )
        self._outcomes.append(Outcome(topics.LEARNING, None, msgspec.json.encode(spread), (), 0))

    # batches

    def _begin(self) -> None:
        self._records: list[Record] = []
        self._outcomes: list[Outcome] = []
        self._entries: list[State] = []
        self._touched: set[str] = set()
        self._touched_groups: set[bytes] = set()
        self._dead: set[int] = set()
        self._counts: Counter[str] = Counter()
        self._told = self.partition.offset

    @property
    def _begun(self) -> bool:
        return bool(self._records or self._outcomes or self._entries or self._touched)

    def _batch(self, done: bool = True) -> Batch:
        """What the records since the last batch led to; the partition record last, once they are all done."""
        entries = self._entries
        for client_id in sorted(self._touched):
            entries.append(State(client_id.encode(), write_client(self._live[client_id])))
        for key in sorted(self._touched_groups):
            entries.append(State(key, encode(self._live_groups[key])))
        entries += [State(key, None) for key in self._obsolete]
        self._obsolete = []
        if done:  # what this record no longer names may go with the next batch, when nothing can come back to it
            entries.append(State(PARTITION_KEY, encode(self.partition)))
            self._obsolete, self._replaced = self._replaced, []
        batch = Batch(self._outcomes, entries, self._counts)
        for key, value in entries:
            if value is None:
                self.states.pop(key, None)
            else:
                self.states[key] = value
        if len(self._live) > MOST_LIVE or not done:  # whom a close has looked at it does not look at again
            self._live.clear()
        if len(self._live_groups) > MOST_LIVE_GROUPS:
            self._live_groups.clear()
        self._begin()
        return batch

    def _count_value(self, portfolio: str, was: int | None, now: int | None) -> None:
        if was == now:
            return
        histogram = self.histograms.get(portfolio)
        if histogram is None:
            histogram = self.histograms[portfolio] = Counter()
        if was is not None:
            histogram[was] -= 1
        if now is not None:
            histogram[now] += 1

    def _tally(self, portfolio: str, was: bytes, now: bytes) -> None:
        tallies = self._tallies_of(portfolio)
        if was:
            tallies.replace(read_history(was), read_history(now))
        elif now:
            tallies.add(read_history(now))

    def _tallies_of(self, portfolio: str) -> Tallies:
        tallies = self.tallies.get(portfolio)
        if tallies is None:
            tallies = self.tallies[portfolio] = Tallies()
        return tallies

    def _rebuild(self) -> None:
        """The histograms, the limits and the tallies, from the client states."""
        for key, value in self.states.items():
            if not is_client(key):
                continue
            if not is_packed(value):  # as an earlier release kept it
                value = self.states[key] = write_client(read_client(value))
            seen = glance(value)
            portfolio = seen.portfolio
            self._count_value(portfolio, None, seen.value_bin)
            if seen.granted is not None:
                self.limits.add(portfolio, seen.granted)
            if seen.history is not None:
                self._tallies_of(portfolio).add(seen.history)
            self._lending = self._lending or seen.lends


def _published(topic: str, key: bytes, decision: decisions.TierChange | decisions.EarlyWarning) -> Outcome:
    """With CloudEvents 1.0.2 binary-mode headers: readers that drop repeated `ce_id`s see each decision once."""
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", decision.decision_id.encode()),
        ("ce_source", b"/tierwatch/segmenter"),
        ("ce_type", _TYPES[topic]),
        ("ce_time", f"{decision.as_of}T00:00:00Z".encode()),
        ("ce_subject", key),
        ("content-type", b"application/json"),
    ]
    return Outcome(topic, key, decisions.write(decision), headers)


_TYPES: Final = {topics.TIER_CHANGES: b"tierwatch.tier-change.v1", topics.EARLY_WARNINGS: b"tierwatch.early-warning.v1"}
