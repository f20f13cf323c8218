"""Lending: which facilities a client gets, at which price, and the loans that follow when one is paid back."""

from functools import partial
from typing import Final, NamedTuple

from streams.simulation.bank import Bank
from streams.simulation.chance import Choice, between, days_between
from streams.simulation.clients import Client
from streams.simulation.credit_file import secure
from streams.simulation.dates import business_day, first_of, in_month, month_of
from streams.simulation.facilities import Facility, Style, draw, publish_drawing
from streams.simulation.instalments import fall_due
from streams.simulation.market import CORPORATE, PROJECT_FINANCE
from streams.simulation.projects import MILESTONES, start_project

BASE_RATE: Final = 0.02
"""What a margin is added to (assumption: about the three-month Euribor at the end of 2022)."""
STYLES: Final = Choice[Style]([("annuity", 5), ("linear", 4), ("bullet", 1)])
TERM_MONTHS: Final = {"sme": (24, 84), "corporate": (36, 96), "project-finance": (120, 216)}
MAX_LOANS: Final = {"sme": 2, "corporate": 3, "project-finance": 1}
LINES: Final = {"sme": 0.55, "corporate": 0.8, "project-finance": 0.0}
"""Terms of loans, loans and the share of clients with a line, by portfolio (assumptions)."""
PURPOSES: Final = Choice[str]([("investment", 5), ("equipment", 3), ("acquisition", 1), ("refinancing", 1)])
OPENING: Final = "opening-balance"
"""Purpose of the record that hands over a facility older than the run: `amount` is the balance, not a new drawing."""
BUILDING_SHARE: Final = 0.5
"""Share of project clients that are still building when the run begins."""


class Terms(NamedTuple):
    """What is agreed on a new facility. Units: `amount` in minor units, `months` from today to maturity."""

    style: Style
    amount: int
    months: int


def sign(bank: Bank, client: Client, number: int, terms: Terms) -> Facility:
    """Open a facility; its margin follows what the bank can see of the risk."""
    margin = client.portfolio.margin * between(bank.rng, 0.7, 1.4) - 0.003 * client.mean
    month = month_of(bank.today) + terms.months
    facility = Facility(
        client=client,
        id=f"F{client.id[1:]}-{number}",
        style=terms.style,
        limit=terms.amount,
        rate=round(BASE_RATE + max(margin, 0.004), 4),
        margin=round(max(margin, 0.004), 4),
        every=1 if client.portfolio.name == "sme" or bank.random() < 0.3 else 3,
        day_of_month=client.cycle + 5 + number % 3,
        maturity=in_month(month, min(client.cycle + 5, 28)),
    )
    if facility.amortises:
        facility.remaining = max(terms.months // facility.every, 1)
    client.facilities.append(facility)
    client.borrowed = True
    return facility


def begin_schedule(bank: Bank, facility: Facility, wait: int) -> None:
    """Start the schedule of a facility and put its first due day on the agenda."""
    facility.start(bank.today, wait)
    bank.at(facility.next_due, partial(fall_due, bank, facility))


def hand_over_facilities(bank: Bank, client: Client) -> None:
    """Facilities of an old client, somewhere in the middle of their life, each with its opening record."""
    rng = bank.rng
    if client.portfolio is PROJECT_FINANCE and bank.random() < BUILDING_SHARE:
        finance_project(bank, client, days_between(rng, 1, 20))
        return
    for number, amount in enumerate(shares(bank, client), 1):
        term = days_between(rng, *TERM_MONTHS[client.portfolio.name])
        left = max(int(term * rng.random()), 3)
        facility = sign(bank, client, number, Terms(STYLES(rng), amount, left))
        facility.balance = amount if facility.style == "bullet" else max(amount * left // term, 1)
        open_with_record(bank, facility)
    if bank.random() < LINES[client.portfolio.name]:
        line = sign(bank, client, len(client.facilities) + 1, line_terms(bank, client))
        used = min(max(0.45 + 0.4 * client.strain + between(rng, -0.3, 0.3), 0.05), 0.98)
        line.balance = int(line.limit * used)
        open_with_record(bank, line)


def open_with_record(bank: Bank, facility: Facility) -> None:
    """Take a drawn facility into the books of the run."""
    begin_schedule(bank, facility, int(bank.random() * facility.every))
    publish_drawing(bank, facility, facility.balance, OPENING)
    if facility.style != "revolving":
        secure(bank, facility)


def finance_project(bank: Bank, client: Client, done_months: int) -> None:
    """A project loan at the beginning or in the middle of the works."""
    terms = Terms(
        "construction", client.minor(client.exposure), 24 + days_between(bank.rng, *TERM_MONTHS["project-finance"])
    )
    loan = sign(bank, client, 1, terms)
    start_project(bank, client, loan, done_months)
    project = client.project
    if project and done_months:
        loan.balance = int(loan.limit * min(project.actual, 1.0))
        open_with_record(bank, loan)
    else:
        loan.balance = 0
        begin_schedule(bank, loan, loan.every)
        draw(bank, loan, loan.limit // (2 * len(MILESTONES)), "construction")
        secure(bank, loan)


def lend(bank: Bank, client: Client, number: int) -> None:
    """A new term loan, drawn in full on the day."""
    if not client.performing:
        return
    months = days_between(bank.rng, *TERM_MONTHS[client.portfolio.name])
    amount = max(client.minor(client.exposure * between(bank.rng, 0.3, 0.8)), 100)
    loan = sign(bank, client, number, Terms(STYLES(bank.rng), amount, months))
    loan.balance = amount
    begin_schedule(bank, loan, loan.every)
    publish_drawing(bank, loan, amount, PURPOSES(bank.rng))
    secure(bank, loan)


def open_line(bank: Bank, client: Client, number: int) -> None:
    """A new revolving line with its first drawing."""
    if not client.performing:
        return
    line = sign(bank, client, number, line_terms(bank, client))
    begin_schedule(bank, line, line.every)
    draw(bank, line, max(int(line.limit * between(bank.rng, 0.05, 0.4)), 1), "working-capital")


def shares(bank: Bank, client: Client) -> list[int]:
    """The original amounts of an old client's term loans."""
    count = 1 + int(bank.random() * MAX_LOANS[client.portfolio.name])
    parts = [0.4 + bank.random() for _ in range(count)]
    return [max(client.minor(client.exposure * part / sum(parts)), 1000) for part in parts]


def line_terms(bank: Bank, client: Client) -> Terms:
    """A line of a tenth to a half of the exposure, larger for corporates."""
    share = between(bank.rng, 0.1, 0.4) + (0.1 if client.portfolio is CORPORATE else 0.0)
    return Terms("revolving", max(client.minor(client.exposure * share), 1000), 12 + int(bank.random() * 36))


def prolong(bank: Bank, line: Facility) -> None:
    """Lines are prolonged rather than paid back: the next drawing tells the new maturity."""
    if line.style == "revolving" and line.maturity - bank.today < 60:
        line.maturity = business_day(first_of(month_of(line.maturity) + 24) + 14)
