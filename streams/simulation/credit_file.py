"""The credit file of a client: its profile, its rating, its collateral, and how they change."""

from dataclasses import dataclass
from typing import Final

from streams.simulation.bank import Bank
from streams.simulation.chance import Choice, bell, between
from streams.simulation.clients import Client
from streams.simulation.dates import iso
from streams.simulation.facilities import Facility

GRADES: Final = (
    "AAA", "AA+", "AA", "AA-", "A+", "A", "A-", "BBB+", "BBB", "BBB-", "BB+", "BB", "BB-", "B+", "B", "B-", "CCC+",
    "CCC", "CCC-", "CC", "C",
)  # fmt: skip
"""The letter scale shared by the large agencies, best first."""
MIDDLE: Final = 9.5
PER_QUALITY: Final = 2.6
"""A client of mean quality is on the border of investment grade; notches per deviation of quality (assumptions)."""
REVIEWED: Final = 0.2
"""Chance a month that the agency looks; it moves once its view is two notches off, at most two at a time (assumption)."""
KINDS: Final = Choice[tuple[str, float]](
    [(("real-estate", 0.3), 5), (("equipment", 0.5), 3), (("receivables", 0.4), 2), (("securities", 0.2), 1)]
)
"""Kind of collateral and its haircut (assumption)."""
COVERED: Final = 0.6
RELOCATES: Final = 0.0005
EMPLOYEES_TOLD: Final = 0.06
"""Chances a month that a profile changes: the legal form or the country; the number of employees (assumptions)."""


@dataclass(slots=True, eq=False)
class Collateral:
    """What secures a facility. Units: `value` in minor units."""

    id: str
    facility_id: str
    kind: str
    haircut: float
    value: int


def introduce(bank: Bank, client: Client, since: int) -> None:
    """The first profile of a client."""
    body: dict[str, object] = {
        "industry": client.sector.code,
        "country": client.home.country,
        "relationship_since": iso(since),
        "legal_form": client.legal_form,
        "employees": client.employees,
    }
    if client.group:
        body["group_id"] = client.group.id
    if client.referred_by:
        body["referred_by"] = client.referred_by
    bank.book(client, "profiles", body)


def review_profile(bank: Bank, client: Client) -> None:
    """Now and then something about the client changes, the headcount with its fortunes."""
    chance = bank.random()
    if chance < EMPLOYEES_TOLD:
        client.employees = max(int(client.employees * (1.01 + 0.03 * client.quality)), 1)
        bank.book(client, "profiles", {"employees": client.employees})
    elif chance < EMPLOYEES_TOLD + RELOCATES:
        client.legal_form = "public-limited" if client.legal_form == "limited" else "limited"
        bank.book(client, "profiles", {"legal_form": client.legal_form})


def implied_grade(bank: Bank, client: Client) -> int:
    """Where an agency would see the client: the hidden quality, blurred."""
    seen = MIDDLE - PER_QUALITY * client.quality + 0.8 * bell(bank.rng)
    return min(max(int(seen), 0), len(GRADES) - 1)


def rate_first(bank: Bank, client: Client) -> None:
    """The first grade, for the share of clients that is rated."""
    if bank.random() < client.portfolio.rated:
        client.grade = implied_grade(bank, client)
        _publish_grade(bank, client, "stable")


def review_rating(bank: Bank, client: Client) -> None:
    """The agency follows the quality, late and in steps."""
    if client.grade < 0 or bank.random() >= REVIEWED:
        return
    gap = implied_grade(bank, client) - client.grade
    if abs(gap) >= 2:
        client.grade += min(max(gap, -2), 2)
        _publish_grade(bank, client, "negative" if gap > 3 else "stable" if gap > -3 else "positive")


def _publish_grade(bank: Bank, client: Client, outlook: str) -> None:
    agency = "internal" if client.portfolio.name == "sme" else "external"
    bank.book(client, "ratings", {"agency": agency, "grade": GRADES[client.grade], "outlook": outlook})


def secure(bank: Bank, facility: Facility) -> None:
    """Take collateral for a loan, where the bank asks for it."""
    if bank.random() < COVERED:
        kind, haircut = KINDS(bank.rng)
        value = int(max(facility.limit, facility.balance) * between(bank.rng, 0.7, 1.8))
        collateral = Collateral(f"{facility.id}-S", facility.id, kind, haircut, value)
        facility.client.collateral.append(collateral)
        _publish_collateral(bank, facility.client, collateral)


def revalue(bank: Bank, client: Client) -> None:
    """Valuations once a year, more often in distress; values follow the economy and the client's fortunes."""
    for collateral in client.collateral:
        if bank.random() < 1 / 12 + 0.1 * client.strain:
            change = 0.01 + 0.03 * client.pressure - 0.12 * client.strain + 0.04 * bell(bank.rng)
            collateral.value = int(collateral.value * (1.0 + change))
            _publish_collateral(bank, client, collateral)


def release(bank: Bank, client: Client, facility_id: str) -> None:
    """Collateral of a loan that has ended is given back or realised: its value is 0 from now on."""
    for collateral in [held for held in client.collateral if held.facility_id == facility_id]:
        client.collateral.remove(collateral)
        collateral.value = 0
        _publish_collateral(bank, client, collateral)


def _publish_collateral(bank: Bank, client: Client, collateral: Collateral) -> None:
    body: dict[str, object] = {
        "collateral_id": collateral.id,
        "value": client.wire(collateral.value),
        "currency": client.currency,
        "facility_id": collateral.facility_id,
        "kind": collateral.kind,
        "haircut": collateral.haircut,
    }
    bank.book(client, "collateral", body)
