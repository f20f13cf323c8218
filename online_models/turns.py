"""The order of learning: a default waits for the place at which its client would have been told as a survivor.

A default is known at once, those that survived beside it only at the end of the month in which the horizon passes. Learned
as they come, all defaults of a cohort would stand before all survivors, and the model's level would swing with the season.
So an example's turn depends on day and client alone, never on what came of it.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from heapq import heappop, heappush
from typing import Any, Final

from online_models.evaluation import month_of
from online_models.features import NAN, packed, unpacked
from schemas.learning import LabelledExample
from schemas.order import place_of

MOST: Final = 512
"""Defaults that wait in one portfolio; where there are more they come steadily, and the first to have its turn has it now."""

Turn = tuple[int, str, int, bytes]
"""Month in which the horizon ends, place of the client in its partition's order, day, and the features."""
Lesson = tuple[Sequence[float | None], bool]


class Turns:
    """The defaults of one portfolio that wait, by partition of the log: each tells its clients in its own order."""

    def __init__(self) -> None:
        self.waiting: dict[int, list[Turn]] = {}

    def take(self, example: LabelledExample, horizon_days: int) -> Iterator[Lesson]:
        """The examples whose turn it is with this one."""
        month = month_of(date.fromordinal(example.as_of.toordinal() + horizon_days))
        place, queue = place_of(example.client_id), self.waiting.setdefault(example.partition, [])
        if example.y:
            x = packed([NAN if value is None else value for value in example.x])
            heappush(queue, (month, place, example.as_of.toordinal(), x))
            if sum(map(len, self.waiting.values())) > MOST:
                yield _default(heappop(queue))
            return
        while queue and queue[0][:2] <= (month, place):
            yield _default(heappop(queue))
        yield example.x, False

    def dump(self) -> dict[int, Any]:
        """All of it."""
        return {partition: list(queue) for partition, queue in sorted(self.waiting.items()) if queue}

    @classmethod
    def load(cls, dumped: dict[int, Any]) -> "Turns":
        """The order that `dump` described."""
        turns = cls()
        turns.waiting = {partition: [tuple(turn) for turn in queue] for partition, queue in dumped.items()}
        return turns


def _default(turn: Turn) -> Lesson:
    return [None if value != value else value for value in unpacked(turn[3])], True
