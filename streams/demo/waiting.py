"""How far the work has come: what is published against what is done, by the group's committed positions."""

from collections.abc import Callable, Sequence
from time import monotonic, sleep
from typing import Final, NamedTuple

from schemas import topics
from streams.brokers.child import Child, ChildFailed
from streams.brokers.offsets import BrokerOffsets
from streams.settings import Settings

LOOK_SECONDS: Final = 0.2
STILL: Final = 8
"""Looks in a row that must find everything done: what is learned goes back into the log."""
STALL_SECONDS: Final = 120.0


class Standing(NamedTuple):
    """Records of all topics that workers read."""

    done: int
    known: int

    @property
    def left(self) -> int:
        return self.known - self.done


class Work:
    """What workers have done of what is published."""

    def __init__(self, settings: Settings, workers: Sequence[Child]) -> None:
        self._group = settings.app_id
        self._workers = workers
        self._offsets = BrokerOffsets(settings)
        names = [settings.topic_names.real(name) for name in (*settings.sources, topics.CLIENT_EVENTS, topics.LEARNING)]
        self._places = [place for name in names for place in self._offsets.partitions(name)]
        self._last = Standing(-1, -1)
        self._moved = monotonic()

    def until_shared(self) -> None:
        """Waits until every worker has its share of the partitions: what one has taken before, another might take again.

        Raises: ChildFailed if a worker has ended, or if they do not come together.
        """
        deadline = monotonic() + STALL_SECONDS
        while not self._is_shared():
            self._must_run()
            if monotonic() > deadline:
                raise ChildFailed(f"the workers do not share group {self._group}; see {self._logs}")
            sleep(LOOK_SECONDS)

    def standing(self) -> Standing:
        """As it is now. Raises: ChildFailed if a worker has ended, or if nothing has moved for two minutes."""
        ends = self._offsets.ends(self._places)
        committed = self._offsets.committed(self._group, self._places)
        done = sum(min(committed.get(place, 0), end) for place, end in ends.items())
        now = Standing(done, sum(ends.values()))
        self._must_run()
        if now != self._last:
            self._last, self._moved = now, monotonic()
        if monotonic() - self._moved > STALL_SECONDS:
            raise ChildFailed(f"nothing moved for {STALL_SECONDS:.0f} s, {now.left} records to do; see {self._logs}")
        return now

    def until(self, left: int, progress: Callable[[Standing], object]) -> None:
        """Waits until no more than so many records are left to do."""
        while (now := self.standing()).left > left:
            progress(now)
            sleep(LOOK_SECONDS)
        progress(now)

    def until_still(self, progress: Callable[[Standing], object]) -> None:
        """Waits until all is done and nothing follows from it."""
        still = 0
        while still < STILL:
            now = self.standing()
            progress(now)
            still = still + 1 if now.left == 0 else 0
            sleep(LOOK_SECONDS)

    def close(self) -> None:
        """Lets go of the broker, so that it may end before we do."""
        self._offsets.close()

    def _is_shared(self) -> bool:
        return self._offsets.shared_by(self._group) == len(self._workers)

    def _must_run(self) -> None:
        for worker in self._workers:
            if not worker.running:
                raise ChildFailed(f"a worker ended; the end of {worker.log}:\n{worker.tail()}")

    @property
    def _logs(self) -> str:
        return ", ".join(str(worker.log) for worker in self._workers)
