"""The protocol: who enters gives a score for each case, and is told of labels when the log tells them, never before."""

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import NamedTuple, Protocol

from benchmarks.ews.cases import Case, Stream


class Entrant(Protocol):
    """What takes part."""

    def score(self, case: Case) -> float:
        """The higher the riskier; a probability, if it wants its calibration judged."""

    def learn(self, case: Case, y: bool) -> None:
        """What became of a case that was scored before: a default within the horizon, or none."""


class Ran(NamedTuple):
    """What an entrant has given for each case, in order, and how long it took."""

    scores: list[float]
    learned: int
    seconds: float


def run(make: Callable[[], Entrant], stream: Stream) -> Ran:
    """One pass. At a day's scores the labels that were told up to the day before are known."""
    entrant = make()
    labels = sorted((t.labelled_on, n) for n, t in enumerate(stream.truths) if t.labelled_on is not None)
    scores: list[float] = []
    told = 0
    started = perf_counter()
    for case in stream.cases:
        while told < len(labels) and labels[told][0] < case.as_of:
            number = labels[told][1]
            entrant.learn(stream.cases[number], stream.truths[number].y)
            told += 1
        scores.append(float(entrant.score(case)))
    return Ran(scores, told, perf_counter() - started)


def outcomes(stream: Stream, cases: Sequence[Case]) -> list[bool]:
    """What became of them."""
    return [stream.truths[case.number].y for case in cases]
