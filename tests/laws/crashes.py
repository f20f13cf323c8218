"""A host that dies: what it had published and stored by then, as the contract with an agent allows it."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from agents.hosting import PartitionAgent
from schemas.records import Batch, Outcome, PlainRecord, Settle, State
from tests.driver import write

Make = Callable[[dict[bytes, bytes]], PartitionAgent]


class Crash(NamedTuple):
    """When a run dies, in fractions: of its batches, of the last one's outcomes, of the states that may be lost."""

    batch: float
    outcomes: float
    states: float


class Ran(NamedTuple):
    """What a run left behind."""

    outcomes: list[Outcome]
    states: dict[bytes, bytes]


def run(agent: PartitionAgent, records: Sequence[PlainRecord], cuts: Sequence[int]) -> "list[Batch | Settle]":
    """All that an agent yields, for records that come in batches."""
    places = [0, *(cut for cut in sorted(cuts) if cut < len(records)), len(records)]
    return [batch for i in range(len(places) - 1) for batch in agent.run(records[places[i] : places[i + 1]])]


def survived(yielded: "list[Batch | Settle]", crash: Crash) -> tuple[list[Outcome], list[State]]:
    """Outcomes that were published and states that were stored when the host died.

    Outcomes of a batch are acknowledged before its states; states are stored in order, so a prefix of them survives; what
    stands before a `Settle` is durable when anything after it exists.
    """
    batch_count = sum(isinstance(item, Batch) for item in yielded)
    whole = int(crash.batch * batch_count)  # batches whose outcomes are all there; of the next one only some
    outcomes: list[Outcome] = []
    states: list[State] = []
    durable = 0
    for item in yielded:
        if isinstance(item, Settle):
            durable = len(states)
            continue
        if whole == 0:
            outcomes += item.outcomes[: int(crash.outcomes * (len(item.outcomes) + 1))]
            break
        outcomes += item.outcomes
        states += item.states
        whole -= 1
    kept = durable + int(crash.states * (len(states) - durable + 1))
    return outcomes, states[:kept]


def crashing(make: Make, records: Sequence[PlainRecord], cuts: Sequence[int], crashes: Iterable[Crash]) -> Ran:
    """Runs that die one after the other, each going on from what the last one left, and a last one that does not."""
    outcomes: list[Outcome] = []
    table: dict[bytes, bytes] = {}
    for crash in crashes:
        agent = make(dict(table))
        rest = [record for record in records if record.offset > agent.position]
        done, stored = survived(run(agent, rest, cuts), crash)
        outcomes += done
        write(table, Batch([], stored, {}))
    agent = make(dict(table))
    for item in run(agent, [record for record in records if record.offset > agent.position], cuts):
        if isinstance(item, Batch):
            outcomes += item.outcomes
            write(table, item)
    return Ran(outcomes, table)


def uncrashed(make: Make, records: Sequence[PlainRecord], cuts: Sequence[int] = ()) -> Ran:
    """One run that does not die."""
    return crashing(make, records, cuts, ())


def identity(outcome: Outcome) -> tuple[object, ...]:
    """All that a reader sees of it."""
    return outcome.topic, outcome.key, outcome.value, tuple(outcome.headers), outcome.partition
