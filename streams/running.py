"""What runs, at the moment of asking: how far each lane is behind, what is assigned, which versions are in force.

Asked from the thread that serves the metrics, so it only reads.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, Generic, NamedTuple, TypeVar
from weakref import WeakValueDictionary

from faust.exceptions import ConsumerNotStarted
from faust.types import TP

from agents.segmenter import Segmenter
from online_models.tallies import Tallies
from streams.app import TierwatchApp
from streams.hosting import Lane
from streams.positions import Partition
from streams.transport import Consumer

OTHER: Final = "other"
Made = TypeVar("Made")


class Lag(NamedTuple):
    """Records of a partition that have arrived on the broker and are not processed."""

    place: Partition
    records: int


class Running(NamedTuple):
    """The lanes that have begun, and all partitions of this worker, changelogs and standbys too."""

    lags: list[Lag]
    assigned: frozenset[Partition]


class Versions(NamedTuple):
    """What is in force in the partitions of this worker. `models`: by portfolio, the oldest; 0 is the expert scorecard."""

    policies: frozenset[str]
    models: Mapping[str, int]
    closed: Mapping[int, date]
    """The last closed day of each partition of the log that has closed one."""


def running(app: TierwatchApp) -> Running:
    """What runs in the app; nothing before it has started."""
    assigned = _assigned(app)
    lanes = [lane for lane in app.engine.lanes.copy().values() if isinstance(lane, Lane) and lane.place in assigned]
    return Running([Lag(lane.place, behind) for lane in lanes if (behind := _behind(lane)) is not None], assigned)


def is_ready(app: TierwatchApp) -> bool:
    """Whether the worker has its partitions and their states, and works on them."""
    consumer = app._consumer
    return isinstance(consumer, Consumer) and bool(_assigned(app)) and not app.rebalancing and consumer.flow_active


def _assigned(app: TierwatchApp) -> frozenset[Partition]:
    consumer = app._consumer  # `app.consumer` would make one, in the wrong thread
    try:
        assigned = consumer.assignment() if consumer is not None else ()
    except ConsumerNotStarted:
        assigned = ()
    return frozenset(Partition(tp.topic, tp.partition) for tp in assigned)


def _behind(lane: Lane) -> int | None:
    positions = lane.engine.positions
    if not positions.started(lane.place):
        return None
    end: int | None = lane.consumer.highwater(TP(*lane.place))
    return None if end is None else max(0, end - positions.expected(lane.place))


class Making(Generic[Made]):
    """Makes agents (a `MakeAgent`) and knows those that still live."""

    def __init__(self, make: Callable[[int, dict[bytes, bytes]], Made]) -> None:
        self._make = make
        self._made: WeakValueDictionary[int, Made] = WeakValueDictionary()

    def __call__(self, partition: int, states: dict[bytes, bytes]) -> Made:
        """One more."""
        self._made[partition] = made = self._make(partition, states)
        return made

    def living(self) -> list[Made]:
        """Those that their lanes still hold."""
        return list(self._made.values())


class Segmenters(Making[Segmenter]):
    """Tells what is in force in the segmenters."""

    def tallies(self) -> dict[str, list[tuple[Tallies, int]]]:
        """By portfolio, tallies and last closed day of each partition; portfolios that the policy does not name are one."""
        told: dict[str, list[tuple[Tallies, int]]] = {}
        for one in self.living():
            for portfolio, tallies in one.sums.tallies.copy().items():
                name = portfolio if portfolio in one.resolver.policy.portfolios else OTHER
                told.setdefault(name, []).append((tallies.copy(), one.partition.closed_day))
        return told

    def versions(self) -> Versions:
        """What is in force now."""
        segmenters = self.living()
        models = [{name: model.number for name, model in one.resolver.models.copy().items()} for one in segmenters]
        portfolios = {name for numbers in models for name in numbers}
        oldest = {name: min(numbers.get(name, 0) for numbers in models) for name in portfolios}
        closed = {one.number: date.fromordinal(day) for one in segmenters if (day := one.partition.closed_day)}
        return Versions(frozenset(one.resolver.policy.version for one in segmenters), oldest, closed)
