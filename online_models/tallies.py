"""Tallies of many clients: sparse counts that add up, over clients and over partitions, and days that run on by themselves.

A client adds what is over (`History.closed`), what its open episodes stand at, and spans that still run. A running span
counts its days at any day asked for, so that nobody has to be looked at for time to pass: of all spans of a key only their
number and the sum of their first days are kept.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from schemas.history import History, Passage

# Keys. They stand in every changelog: their places are fixed.
WATCHED: Final = 0
"""Days in which a client could default."""
GRADE_DAYS: Final = 1
TIER_DAYS: Final = 11
DEFAULTS: Final = 20
CAUGHT: Final = 21
"""Defaults warned of; + 1: at amber or worse."""
GRADE_MOVES: Final = 100
TIER_MOVES: Final = 200
GRADE_PAIRS: Final = 300
TIER_PAIRS: Final = 400
"""Days on which a client was in one class and twelve months before in another (or the same): + 10 x then + now."""
EPISODES: Final = 1_000
"""+ 12 x indicator + 4 x (severity - 1) + verdict."""
CAUGHT_BY: Final = 3_000
"""Defaults that an indicator warned of: + 2 x indicator; + 1: at amber or worse."""
LEADS: Final = 10_000
"""Days from warning to default: + (2 x indicator, + 1 at amber or worse) x LEAD_SPAN + days."""
LEAD_SPAN: Final = 4_000


def episode_key(code: int, severity: int, verdict: int) -> int:
    """Where an episode is counted."""
    return EPISODES + 12 * code + 4 * (severity - 1) + verdict


def lead_key(code: int, amber: bool, days: int) -> int:
    """Where the lead of a warned default is counted."""
    return LEADS + (2 * code + amber) * LEAD_SPAN + min(LEAD_SPAN - 1, days)


class Tallies:
    """The sum over clients."""

    def __init__(self) -> None:
        self.closed: Counter[int] = Counter()
        self.spans: dict[int, list[int]] = {}
        """Key to the number of running spans and the sum of their first days."""

    def add(self, history: History) -> None:
        """A client's part."""
        closed = self.closed
        for key, count in history.closed.items():
            closed[key] += count
        self._episodes(history, 1)
        self._watched(history, 1)
        self._passage(history.grades, GRADE_DAYS, GRADE_PAIRS, 1)
        self._passage(history.tiers, TIER_DAYS, TIER_PAIRS, 1)

    def replace(self, was: History, now: History) -> None:
        """A client's part is another: only what differs is counted. What is closed only grows."""
        closed, before = self.closed, was.closed
        for key, count in now.closed.items():
            if count != (past := before.get(key, 0)):
                closed[key] += count - past
        if was.episodes != now.episodes:
            self._episodes(was, -1)
            self._episodes(now, 1)
        if was.watched_since != now.watched_since:
            self._watched(was, -1)
            self._watched(now, 1)
        if was.grades != now.grades:
            self._passage(was.grades, GRADE_DAYS, GRADE_PAIRS, -1)
            self._passage(now.grades, GRADE_DAYS, GRADE_PAIRS, 1)
        if was.tiers != now.tiers:
            self._passage(was.tiers, TIER_DAYS, TIER_PAIRS, -1)
            self._passage(now.tiers, TIER_DAYS, TIER_PAIRS, 1)

    def merge(self, other: "Tallies") -> None:
        """The clients of another partition."""
        self.closed.update(other.closed)
        for key, (count, since) in other.spans.items():
            self._span(key, since, 1, count)

    def copy(self) -> "Tallies":
        """As they are now, also for a thread beside the one that counts."""
        copied = Tallies()
        copied.closed = self.closed.copy()
        copied.spans = {key: list(span) for key, span in self.spans.copy().items()}
        return copied

    def days(self, key: int, as_of: int) -> int:
        """Days of a key up to the close of a day."""
        count, since = self.spans.get(key, (0, 0))
        return self.closed[key] + count * as_of - since

    def dump(self) -> dict[str, Any]:
        """All of it as JSON, what is zero left out."""
        return {
            "closed": sorted([key, count] for key, count in self.closed.items() if count),
            "spans": sorted([key, *span] for key, span in self.spans.items() if span[0]),
        }

    @classmethod
    def load(cls, closed: Iterable[tuple[int, int]], spans: Iterable[tuple[int, int, int]]) -> "Tallies":
        """The tallies that `dump` described."""
        tallies = cls()
        tallies.closed.update(dict(closed))
        tallies.spans = {key: [count, since] for key, count, since in spans}
        return tallies

    def _episodes(self, history: History, sign: int) -> None:
        for episode in history.episodes:
            self.closed[episode_key(episode.code, episode.severity, episode.verdict)] += sign

    def _watched(self, history: History, sign: int) -> None:
        if history.watched_since:
            self._span(WATCHED, history.watched_since, sign)

    def _passage(self, passage: Passage, days: int, pairs: int, sign: int) -> None:
        if passage.now < 0:
            return
        self._span(days + passage.now, passage.since, sign)
        if passage.origin >= 0:
            self._span(pairs + 10 * passage.origin + passage.now, passage.pair_since, sign)

    def _span(self, key: int, since: int, sign: int, count: int = 1) -> None:
        span = self.spans.get(key)
        if span is None:
            span = self.spans[key] = [0, 0]
        span[0] += sign * count
        span[1] += sign * since
