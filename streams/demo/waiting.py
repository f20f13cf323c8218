"""How far the work has come: what is published against what is done, by the group's committed positions."""

from collections.abc import Callable
from time import monotonic, sleep
from typing import Final

from schemas import topics
from streams.child import Child, ChildFailed
from streams.log_reading import LogReader
from streams.settings import Settings

LOOK_SECONDS: Final = 0.5
STILL: Final = 3
"""Looks in a row that must find everything done: what is learned goes back into the log."""
STALL_SECONDS: Final = 120.0


def until_done(settings: Settings, worker: Child, progress: Callable[[int, int], object]) -> None:
    """Waits until the worker has done all that is published; `progress` hears done and known records.

    Raises: ChildFailed if the worker ends or nothing moves for two minutes.
    """
    watched = (*settings.sources, topics.CLIENT_EVENTS, topics.LEARNING)
    still, last, moved = 0, (-1, -1), monotonic()
    with LogReader(settings, group=settings.app_id) as reader:
        while still < STILL:
            sleep(LOOK_SECONDS)
            known = {topic: {span.partition: span.end for span in reader.spans(topic)} for topic in watched}
            done = {topic: reader.committed(topic) for topic in watched}
            left = sum(end - max(0, done[topic].get(p, 0)) for topic, ends in known.items() for p, end in ends.items())
            total = sum(sum(ends.values()) for ends in known.values())
            still = still + 1 if left == 0 else 0
            progress(total - left, total)
            if (left, total) != last:
                last, moved = (left, total), monotonic()
            if not worker.running:
                raise ChildFailed(f"the worker ended; the end of {worker.log}:\n{worker.tail()}")
            if monotonic() - moved > STALL_SECONDS:
                raise ChildFailed(f"nothing moved for {STALL_SECONDS:.0f} s, {left} records to do; see {worker.log}")
