"""Facilities: term loans, revolving lines and project loans, their instalments and their drawings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from streams.simulation.dates import in_month, iso, month_of

if TYPE_CHECKING:
    from streams.simulation.bank import Bank
    from streams.simulation.clients import Client

Style = Literal["annuity", "linear", "bullet", "revolving", "construction"]
YEAR: Final = 360
"""Interest is counted by actual days over 360, as the European money market does (act/360)."""


@dataclass(slots=True, eq=False)
class Due:
    """An instalment that has fallen due. Units: minor units of the client's currency; `paid` of it so far."""

    day: int
    interest: int
    principal: int
    paid: int = 0

    @property
    def amount(self) -> int:
        """The whole instalment."""
        return self.interest + self.principal

    @property
    def owed(self) -> int:
        """What is still to be paid of it."""
        return self.interest + self.principal - self.paid

    @property
    def principal_owed(self) -> int:
        """The principal in that: interest is paid first."""
        return min(self.principal, self.interest + self.principal - self.paid)


@dataclass(slots=True, eq=False)
class Facility:
    """A loan or a line. `dues` are unpaid, oldest first; the next instalment is planned ahead so it can be announced.

    Units: minor units; `payment` is the annuity or the linear principal; `next_due` 0: nothing falls due any more.
    """

    client: Client
    id: str
    style: Style
    limit: int
    rate: float
    margin: float
    every: int
    day_of_month: int
    maturity: int
    remaining: int = 0
    balance: int = 0
    payment: int = 0
    month: int = 0
    last_due: int = 0
    next_due: int = 0
    next_interest: int = 0
    next_principal: int = 0
    open: bool = True
    dues: list[Due] = field(default_factory=list)

    @property
    def amortises(self) -> bool:
        """Is paid back by a schedule."""
        return self.style not in ("revolving", "construction")

    def start(self, today: int, wait_months: int) -> None:
        """Set up the schedule of what is drawn: the first instalment falls due after today."""
        rate = self.rate * self.every / 12
        if self.style == "annuity":
            self.payment = round(self.balance * rate / (1.0 - (1.0 + rate) ** -self.remaining))
        elif self.style == "linear":
            self.payment = -(-self.balance // self.remaining)
        self.month = month_of(today) + wait_months
        if in_month(self.month, self.day_of_month) <= today + 1:
            self.month += 1
        self._plan(today)

    def plan_next(self) -> None:
        """Plan the instalment after the one that has just fallen due."""
        self.last_due = self.next_due
        if self.amortises and self.remaining == 0:
            self.next_due = self.next_interest = self.next_principal = 0
            return
        self.month += self.every
        self._plan(self.next_due)

    def _plan(self, since: int) -> None:
        scheduled = self.balance
        for due in self.dues:
            scheduled -= due.principal_owed
        self.next_due = in_month(self.month, self.day_of_month)
        self.next_interest = self.accrual(scheduled, since)
        self.next_principal = self._principal(scheduled)

    def _principal(self, scheduled: int) -> int:
        if not self.amortises:
            return 0
        if self.remaining == 1:
            return scheduled
        if self.style == "bullet":
            return 0
        part = self.payment - self.next_interest if self.style == "annuity" else self.payment
        return max(min(part, scheduled), 0)

    def accrual(self, amount: int, since: int) -> int:
        """Interest on an amount from a day until the next due day."""
        return int(amount * self.rate * (self.next_due - since) / YEAR + 0.5)

    def announce(self, body: dict[str, object], position: int = 0) -> None:
        """Tell in an event which instalment is next: an unpaid due from `position` on, else the planned one."""
        if position < len(self.dues):
            due = self.dues[position]
            body["next_due_date"] = iso(due.day)
            body["next_amount_due"] = self.client.wire(due.amount)
        elif self.next_interest + self.next_principal:
            body["next_due_date"] = iso(self.next_due)
            body["next_amount_due"] = self.client.wire(self.next_interest + self.next_principal)


def draw(bank: Bank, facility: Facility, amount: int, purpose: str) -> None:
    """The client draws: the balance rises, and so does the interest of the next instalment."""
    facility.balance += amount
    if facility.next_due > bank.today:
        facility.next_interest += facility.accrual(amount, bank.today)
    publish_drawing(bank, facility, amount, purpose)


def publish_drawing(bank: Bank, facility: Facility, amount: int, purpose: str) -> None:
    """The drawdown event: what was drawn, under which terms, and what falls due next."""
    client = facility.client
    body: dict[str, object] = {
        "facility_id": facility.id,
        "amount": client.wire(amount),
        "limit": client.wire(facility.limit),
        "balance_after": client.wire(facility.balance),
        "currency": client.currency,
        "interest_rate": facility.rate,
        "margin": facility.margin,
        "maturity_date": iso(facility.maturity),
        "purpose": purpose,
    }
    facility.announce(body)
    bank.book(client, "drawdowns", body)
