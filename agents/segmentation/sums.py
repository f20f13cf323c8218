"""Sums: what the clients of one partition add up to, by portfolio: histograms of the value, limits, tallies.

Never stored: moved by every step, built from the states when a partition begins.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from agents.segmentation.limits import Limits
from agents.segmentation.liquidity import Flows
from online_models.tallies import Tallies
from schemas.history import read_history
from schemas.learning import TalliesTold, ValueHistogram
from schemas.packed import is_packed
from schemas.state import ClientState, Glance, Granted, glance, is_client, read_client, write_client


class Close(NamedTuple):
    """The close of a day (`as_of`) in a partition, by the record of its log at `offset`; `partitions` is how many it has."""

    as_of: date
    partition: int
    partitions: int
    offset: int


class Sums:
    """Of one partition: to the last unit the same in whatever order its clients came."""

    def __init__(self) -> None:
        self.histograms: defaultdict[str, Counter[int]] = defaultdict(Counter)
        """How many clients have a value, by its bin."""
        self.limits = Limits()
        self.tallies: defaultdict[str, Tallies] = defaultdict(Tallies)
        self.lends = False
        """Whether any client here has a facility: else there is no liquidity to look for."""

    def add(self, seen: Glance) -> None:
        """A client that added nothing before."""
        if seen.value_bin is not None:
            self.histograms[seen.portfolio][seen.value_bin] += 1
        if seen.granted is not None:
            self.limits.add(seen.portfolio, seen.granted)
        if seen.history is not None:
            self.tallies[seen.portfolio].add(seen.history)
        self.lends = self.lends or seen.lends is not False

    def move(self, client: ClientState, was_bin: int | None, was_granted: Granted | None, was_history: bytes) -> None:
        """A client added something else before a step."""
        if client.value_bin != was_bin:
            histogram = self.histograms[client.portfolio]
            if was_bin is not None:
                histogram[was_bin] -= 1
            if client.value_bin is not None:
                histogram[client.value_bin] += 1
        if client.granted is not was_granted:
            self.limits.move(client.portfolio, was_granted, client.granted)
        if client.facilities:
            self.lends = True
        if client.history is not was_history:
            self.tally(client.portfolio, was_history, client.history)

    def tally(self, portfolio: str, was: bytes, now: bytes) -> None:
        """A client's history was another before."""
        tallies = self.tallies[portfolio]
        if was:
            tallies.replace(read_history(was), read_history(now))
        elif now:
            tallies.add(read_history(now))

    def portfolios(self, named: Iterable[str]) -> list[str]:
        """Those with clients here, and those that the policy names: of no clients as well, as the learner waits for all."""
        held = {portfolio for portfolio, histogram in self.histograms.items() if any(histogram.values())}
        return sorted(held.union(named))

    def histogram_told(self, portfolio: str, close: Close) -> ValueHistogram:
        """What the learner draws the population's cut-offs from, and the limits beside it."""
        bins = tuple(sorted((b, n) for b, n in self.histograms.get(portfolio, {}).items() if n))
        return ValueHistogram(portfolio=portfolio, bins=bins, limits=self.limits.of(portfolio), **close._asdict())

    def tallies_told(self, portfolio: str, close: Close, flows: Mapping[str, Flows]) -> TalliesTold:
        """What the clients here add to the ledger, the transitions and the liquidity."""
        liquidity = dict(sorted(flows.get(portfolio, {}).items()))
        tallies = self.tallies.get(portfolio, Tallies())
        return TalliesTold(portfolio=portfolio, liquidity=liquidity, **close._asdict(), **tallies.dump())


def summed(states: dict[bytes, bytes]) -> Sums:
    """The sums over the client states; a state as an earlier release kept it is packed on the way."""
    sums = Sums()
    for key, value in states.items():
        if not is_client(key):
            continue
        if not is_packed(value):
            value = states[key] = write_client(read_client(value))
        sums.add(glance(value))
    return sums
