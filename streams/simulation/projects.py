"""Projects under construction: progress against plan, cost against budget, drawings that follow the works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from streams.simulation.chance import bell, days_between
from streams.simulation.facilities import Facility, draw

if TYPE_CHECKING:
    from streams.simulation.bank import Bank
    from streams.simulation.clients import Client

MILESTONES: Final = ("permits", "foundations", "structure", "installation", "commissioning", "handover")
BUILDING: Final = (18, 36)
"""Months that building takes by plan (assumption)."""
BORROWED: Final = 0.7
"""Share of the cost that the bank lends (assumption)."""
OPERATING_YEARS: Final = (10, 18)


@dataclass(slots=True, eq=False)
class Project:
    """A project and its loan. `planned` and `actual` are fractions done, `overrun` is cost above plan as a fraction."""

    id: str
    loan: Facility
    months: int
    cost: float
    month: int = 0
    actual: float = 0.0
    overrun: float = 0.0

    @property
    def planned(self) -> float:
        """The fraction that should be done by now."""
        return min(self.month / self.months, 1.0)


def start_project(bank: Bank, client: Client, loan: Facility, done_months: int = 0) -> None:
    """Begin a project, or take one over in the middle of its works."""
    months = days_between(bank.rng, *BUILDING)
    cost = loan.limit / 10**client.exponent / BORROWED
    project = client.project = Project(f"P{client.id[1:]}", loan, months, cost)
    project.month = min(done_months, months - 2)
    project.actual = project.planned * (0.97 + 0.03 * bell(bank.rng) - 0.1 * client.strain)


def build(bank: Bank, client: Client) -> None:
    """A month of works: report, draw what they cost, and hand over at the end."""
    project = client.project
    if project is None:
        return
    rng, strain = bank.rng, client.strain
    project.month += 1
    pace = (1.0 + 0.15 * bell(rng) - 0.7 * strain) / project.months
    project.actual = min(project.actual + max(pace, 0.0), 1.0)
    project.overrun = max(project.overrun + 0.004 * bell(rng) + 0.03 * strain, -0.03)
    report(bank, client, project)
    if client.performing:
        draw_for_works(bank, project)
        if project.actual >= 1.0:
            hand_over(bank, client, project)


def report(bank: Bank, client: Client, project: Project) -> None:
    """The milestone event."""
    planned, actual = project.planned, project.actual
    stage = min(int(planned * len(MILESTONES)), len(MILESTONES) - 1)
    body: dict[str, object] = {
        "project_id": project.id,
        "milestone": MILESTONES[stage],
        "planned": round(planned, 4),
        "actual": round(actual, 4),
        "cost_planned": round(project.cost * planned),
        "cost_actual": round(project.cost * actual * (1.0 + project.overrun)),
    }
    bank.book(client, "milestones", body)


def draw_for_works(bank: Bank, project: Project) -> None:
    """The loan pays its share of what has been built, within its limit."""
    loan = project.loan
    wanted = min(int(loan.limit * project.actual * (1.0 + project.overrun)), loan.limit)
    if loan.open and wanted - loan.balance > loan.limit // 200:
        draw(bank, loan, wanted - loan.balance, "construction")


def hand_over(bank: Bank, client: Client, project: Project) -> None:
    """The works are done: from the next due day on the loan is paid back by schedule."""
    loan = project.loan
    client.project = None
    years = days_between(bank.rng, *OPERATING_YEARS)
    loan.style, loan.remaining = "linear", years * 12 // loan.every
    loan.payment = -(-loan.balance // loan.remaining)
