"""Groups over several partitions, whatever runs when and dies: in the end each member knows of the worst of the others."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from agents.segmenter import Segmenter
from schemas import topics
from schemas.records import EVERY, Batch, Outcome, PlainRecord
from schemas.state import ClientState, is_client, read_client
from streams.replaying.pipeline import partition_of
from tests.driver import run_all, write
from tests.laws.crashes import Crash, identity, survived
from tests.laws.histories import POLICY, Op, ops, told

PARTITIONS = 3
DECISIONS = (topics.TIER_CHANGES, topics.EARLY_WARNINGS)
fractions = st.floats(0, 1)
turns = st.lists(
    st.tuples(st.integers(0, PARTITIONS), st.integers(1, 20), st.none() | st.builds(Crash, fractions, fractions, fractions)),
    max_size=40,
)
"""Who works next (0: the bank publishes), on how many records, and whether it dies of it."""


class Cluster:
    """Segmenters of all partitions over one log that they write to themselves; each may die and go on from its table."""

    def __init__(self) -> None:
        self.log: list[list[PlainRecord]] = [[] for _ in range(PARTITIONS)]
        self.tables: list[dict[bytes, bytes]] = [{} for _ in range(PARTITIONS)]
        self.agents = [Segmenter(p, {}, POLICY, PARTITIONS) for p in range(PARTITIONS)]
        self.published: list[Outcome] = []

    def publish(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.topic != topics.CLIENT_EVENTS:
                self.published.append(outcome)
                continue
            every = outcome.partition == EVERY
            for p in range(PARTITIONS) if every else (partition_of(outcome.key or b"", PARTITIONS),):
                record = PlainRecord(topics.CLIENT_EVENTS, p, len(self.log[p]), 0, outcome.key, outcome.value)
                self.log[p].append(record)

    def work(self, p: int, most: int, crash: Crash | None) -> None:
        agent = self.agents[p]
        begin = agent.position + 1
        yielded = list(agent.run(self.log[p][begin : begin + most]))
        if crash is None:
            self.publish(o for batch in yielded if isinstance(batch, Batch) for o in batch.outcomes)
            for batch in yielded:
                if isinstance(batch, Batch):
                    write(self.tables[p], batch)
            return
        outcomes, states = survived(yielded, crash)
        self.publish(outcomes)
        write(self.tables[p], Batch([], states, {}))
        self.agents[p] = Segmenter(p, dict(self.tables[p]), POLICY, PARTITIONS)

    def finish(self) -> None:
        while any(agent.position + 1 < len(self.log[p]) for p, agent in enumerate(self.agents)):
            for p in range(PARTITIONS):
                self.work(p, 1000, None)

    def clients(self) -> dict[str, ClientState]:
        return {k.decode(): read_client(v) for table in self.tables for k, v in table.items() if is_client(k)}


def ran(operations: list[Op], schedule: list[tuple[int, int, Crash | None]]) -> Cluster:
    cluster, waiting = Cluster(), told(operations)[0]
    for who, much, crash in schedule:
        if who == 0:
            for outcomes in waiting[:much]:
                cluster.publish(outcomes)
            del waiting[:much]
        else:
            cluster.work(who - 1, much, crash)
    for outcomes in waiting:
        cluster.publish(outcomes)
    cluster.finish()
    return cluster


@given(ops, turns)
def test_in_the_end_each_member_has_heard_of_the_worst_of_the_others(
    operations: list[Op], schedule: list[tuple[int, int, Crash | None]]
) -> None:
    clients = ran(operations, schedule).clients()
    for name, client in clients.items():
        others = [
            (-other.segment.stage, who)
            for who, other in clients.items()
            if who != name and other.segment is not None and client.group_id and other.group_id == client.group_id
        ]
        stage, who = min(others, default=(-1, ""))
        wanted = (-stage, who) if stage < -1 else (1, "")
        ties = client.ties
        assert ((ties.worst, ties.member) if ties is not None else (1, "")) == wanted, name
        referred = [who for who, other in clients.items() if other.referred_by == name and who != name]
        assert client.referrals == len(referred), name


@given(ops, turns)
def test_the_log_alone_decides_what_was_published_and_tells_what_was_told(
    operations: list[Op], schedule: list[tuple[int, int, Crash | None]]
) -> None:
    cluster = ran(operations, schedule)
    derived: list[Outcome] = []
    for p in range(PARTITIONS):
        outcomes, states = run_all(Segmenter(p, {}, POLICY, PARTITIONS), cluster.log[p])
        derived += outcomes
        assert states == cluster.tables[p]
    decided, wanted = ({identity(o) for o in said if o.topic in DECISIONS} for said in (cluster.published, derived))
    assert decided == wanted
    stands = {(record.key, record.value) for records in cluster.log for record in records}
    assert {(o.key, o.value) for o in derived if o.topic == topics.CLIENT_EVENTS} <= stands


def test_the_schedules_are_worth_it() -> None:
    """A fixed one has contagion between partitions, and records that were written twice because a segmenter has died."""
    crash = Crash(0.9, 0.9, 0.1)
    operations: list[Op] = [("profile", i, 0) for i in range(5)] + [("outcome", 0, 0), ("profile", 1, 1), ("outcome", 2, 0)]
    schedule = [(0, 3, None), (1, 5, crash), (2, 5, crash), (3, 5, crash), (0, 9, None), (1, 9, crash), (2, 9, crash)]
    cluster = ran(operations, [*schedule, *schedule])
    values = [record.value for records in cluster.log for record in records]
    assert len(values) > len(set(values))
    assert {client.ties.worst for client in cluster.clients().values() if client.ties is not None} == {3}
    assert sum(bool(records) for records in cluster.log) > 1
