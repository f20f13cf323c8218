"""Distress: how a client slides towards default or recovers, hidden from everyone but the evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from random import Random
from typing import TYPE_CHECKING, Final

from streams.simulation.chance import bell, between, days_between

if TYPE_CHECKING:
    from streams.simulation.clients import Client

SHORTEST, LONGEST = 90, 450
"""Days from the first strain to the last payment. With 90 days past due that is 6-18 months ahead of the default."""
FATAL: Final = 0.5
"""Share of distress that ends in default in a neutral economy: false alarms are as many as hits (assumption)."""
SUDDEN: Final = 0.11
"""Failures without a run-up (fraud, a lost customer), as a share of the gradual ones: about one default in ten."""
ARREARS_DAYS: Final = 95
"""About what lies between the last payment and the default: 90 days past due. Source: CRR article 178."""
QUALITY_WEIGHT: Final = 0.8
_NORMAL: Final = exp(0.5 * QUALITY_WEIGHT**2 * (0.8**2 + 0.5**2))
"""Mean of exp(-weight x quality) over the clients, so that the mean hazard is the portfolio's."""
STRAIN_DEPTH: Final = 2.5
"""How far full strain pulls the quality down, in standard deviations of quality (assumption)."""


@dataclass(slots=True, eq=False)
class Episode:
    """One time of distress. Units: days are ordinals; `fatal` None until its turning point."""

    client_id: str
    portfolio: str
    began: int
    turns: int
    ends: int
    peak: float
    fatal: bool | None = None
    sudden: bool = False
    defaulted: int | None = None
    resolution: str | None = None
    forborne: bool = False

    def strain(self, day: int) -> float:
        """0 is none, 1 is the day of the last payment: rising to the turning point, then on to 1 or back to 0."""
        if self.sudden:
            return 1.0 if day >= self.ends else 0.0
        if day < self.turns:
            return self.peak * max(day - self.began, 0) / (self.turns - self.began)
        way = min((day - self.turns) / (self.ends - self.turns), 1.0)
        return self.peak + (1.0 - self.peak) * way if self.fatal else self.peak * (1.0 - way)

    def turn(self, rng: Random, pressure: float) -> None:
        """Decide what becomes of it: the worse the economy, the more often it is fatal (0.72 at the bottom)."""
        self.fatal = rng.random() < min(max(FATAL - 0.22 * pressure, 0.25), 0.75)


def hazard(client: Client) -> float:
    """Probability of falling into distress within a month; up by half in a downturn of a sector of average load."""
    quality = client.mean + client.noise
    return client.portfolio.hazard / 12 / _NORMAL * exp(-QUALITY_WEIGHT * quality - 0.42 * client.pressure)


def begin(client: Client, rng: Random, began: int) -> Episode:
    """Distress that began on a day, perhaps before the run."""
    length = days_between(rng, SHORTEST, LONGEST)
    turns = began + int(length * between(rng, 0.5, 0.75))
    episode = Episode(client.id, client.portfolio.name, began, turns, began + length, between(rng, 0.5, 0.85))
    client.episode = episode
    return episode


def begin_suddenly(client: Client, today: int) -> Episode:
    """A failure without a run-up: the last payment has been made."""
    client.episode = Episode(client.id, client.portfolio.name, today, today, today, 1.0, fatal=True, sudden=True)
    return client.episode


def drift(client: Client, rng: Random, pressure: float, today: int) -> None:
    """A month of the hidden quality: mean-reverting, moved by economy and industry, pulled down by distress.

    Stationary deviation of the noise: 0.22 / sqrt(1 - 0.9 x 0.9) = 0.5.
    """
    client.noise = 0.9 * client.noise + 0.22 * bell(rng)
    client.pressure = pressure
    client.strain = client.episode.strain(today) if client.episode else 0.0
    client.quality = client.mean + client.noise + 0.4 * pressure - STRAIN_DEPTH * client.strain


def past(client: Client, rng: Random, today: int) -> Episode | None:
    """The distress that an old client is already in when the run begins: as often as a long run would have it."""
    monthly = hazard(client)
    chance = rng.random()
    in_distress = monthly * (SHORTEST + LONGEST) / 60.9
    if chance < in_distress:
        episode = begin(client, rng, today)
        elapsed = int(rng.random() * (episode.ends - episode.began))
    elif chance < in_distress + monthly * (FATAL + SUDDEN * FATAL) * ARREARS_DAYS / 30.4:
        episode = begin(client, rng, today)
        elapsed = episode.ends - episode.began + int(rng.random() * ARREARS_DAYS)
        episode.fatal = True
    else:
        return None
    episode.began, episode.turns, episode.ends = (day - elapsed for day in (episode.began, episode.turns, episode.ends))
    if episode.fatal is None and today >= episode.turns:
        episode.turn(rng, client.pressure)
    return episode
