"""Clients: who they are, how large, and the credit quality that nobody sees."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Final

from schemas.money import EXPONENTS
from streams.simulation.chance import Choice, bell, between, skewed
from streams.simulation.market import (
    COMPANY_SECTOR,
    HOME,
    LEGAL_FORMS,
    PORTFOLIO,
    PROJECT_FINANCE,
    PROJECT_SECTOR,
    Home,
    Portfolio,
    Sector,
)

if TYPE_CHECKING:
    from streams.simulation.books import Books
    from streams.simulation.credit_file import Collateral
    from streams.simulation.distress import Episode
    from streams.simulation.facilities import Facility
    from streams.simulation.projects import Project

FISCAL_YEAR_END: Final = Choice[int]([(11, 80), (5, 8), (2, 7), (8, 5)])
"""Month of the year, from 0: mostly December (assumption)."""
GROUPED: Final = 0.10
"""Share of clients in a group of connected clients (assumption)."""
GROUP_SIZES: Final = Choice[int]([(2, 5), (3, 3), (4, 2), (8, 1)])
REFERRED: Final = 0.15


@dataclass(slots=True, eq=False)
class Group:
    """Connected clients: what befalls one weighs on the others."""

    id: str
    size: int
    members: list[Client] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Client:
    """A client with what is hidden of it. Units: days are ordinals; `quality` is about standard normal, high is good."""

    id: str
    portfolio: Portfolio
    sector: Sector
    home: Home
    currency: str
    exponent: int
    cents: str
    exposure: float
    cycle: int
    mean: float
    noise: float
    group: Group | None
    referred_by: str | None
    legal_form: str
    fiscal_end: int
    period_months: int
    employees: int = 0
    quality: float = 0.0
    strain: float = 0.0
    pressure: float = 0.0
    stopped: bool = False
    defaulted: bool = False
    closed: bool = False
    borrowed: bool = False
    grade: int = -1
    signed: int = 9
    booked_on: int = 0
    booked_at: int = 0
    episode: Episode | None = None
    books: Books | None = None
    project: Project | None = None
    facilities: list[Facility] = field(default_factory=list)
    collateral: list[Collateral] = field(default_factory=list)

    @property
    def performing(self) -> bool:
        """Pays, or may pay: the bank goes on doing business with it."""
        return not (self.stopped or self.defaulted or self.closed)

    def wire(self, minor: int) -> str:
        """An amount in minor units, not negative, as the decimal string of the client's currency."""
        digits = self.exponent
        if not digits:
            return str(minor)
        text = str(minor) if minor > 999 else str(minor).zfill(digits + 1)
        return f"{text[:-digits]}.{text[-digits:]}"

    def wire_major(self, major: float) -> str:
        """An amount in whole units as the decimal string of the client's currency."""
        return f"{round(major)}{self.cents}"

    def minor(self, euro: float) -> int:
        """An amount in euro as minor units of the client's currency, rounded to three digits or so."""
        whole = round(euro * self.home.per_euro)
        step = 10 ** max(len(str(whole)) - 3, 0)
        minor: int = max(whole // step, 1) * step * 10**self.exponent
        return minor


class Registry:
    """Draws clients one after the other; groups are of clients with neighbouring numbers, referrals go back in time."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._number = 0
        self._groups = 0
        self._group: Group | None = None

    def new(self) -> Client:
        """The next client. Source of all shares: assumptions, see the market."""
        rng = self._rng
        self._number += 1
        portfolio = PORTFOLIO(rng)
        home = HOME(rng)
        exponent = EXPONENTS[home.currency]
        client = Client(
            id=f"C{self._number:07d}",
            portfolio=portfolio,
            sector=PROJECT_SECTOR(rng) if portfolio is PROJECT_FINANCE else COMPANY_SECTOR(rng),
            home=home,
            currency=home.currency,
            exponent=exponent,
            cents="." + "0" * exponent if exponent else "",
            exposure=max(skewed(rng, portfolio.exposure, portfolio.spread), 10_000.0),
            cycle=1 + int(rng.random() * 20),
            mean=0.8 * bell(rng),
            noise=0.5 * bell(rng),
            group=self._group_of_next(),
            referred_by=f"C{1 + int(rng.random() * (self._number - 1)):07d}"
            if self._number > 1 and rng.random() < REFERRED
            else None,
            legal_form=LEGAL_FORMS(rng),
            fiscal_end=FISCAL_YEAR_END(rng),
            period_months=3 if rng.random() < portfolio.quarterly else 12,
        )
        client.employees = 3 + int(client.exposure / between(rng, 15_000, 90_000))
        if client.group:
            client.group.members.append(client)
        return client

    def _group_of_next(self) -> Group | None:
        if self._group and len(self._group.members) < self._group.size:
            return self._group
        self._group = None
        size = GROUP_SIZES(self._rng)
        if self._rng.random() < GROUPED / 3:  # a started group takes about three clients
            self._groups += 1
            self._group = Group(f"G{self._groups:06d}", size)
        return self._group
