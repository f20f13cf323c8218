"""Liquidity: what borrowers are expected to pay and to draw within the next 30 and 90 days, by currency.

Scheduled are the dues that the bank has announced; it announces one instalment ahead, so later ones are projected at the
facility's own rhythm, up to its balance and maturity. What is expected of both is the share that the client has paid of its
dues lately. Arrears are told apart and not expected. Drawings go on as they did, up to what is undrawn. Of a client in
default nothing is expected.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from schemas.money import EXPONENTS
from schemas.state import Due, Facility, Month

HORIZONS: Final = (30, 90)
"""Days."""
KINDS: Final = ("scheduled", "projected", "expected", "drawdowns")
WIDTH: Final = len(KINDS)
TRAILING_DAYS: Final = 183
"""Over which drawings are counted: the months that a state keeps."""
SHORTEST_RHYTHM: Final = 7
MONTH_DAYS: Final = 30

Flows = dict[str, list[int]]
"""Currency to minor units: each of KINDS for each of HORIZONS, then the arrears."""


class Borrower(Protocol):
    """The part of a client's state that liquidity follows from."""

    portfolio: str
    first_day: int
    facilities: list[Facility]
    months: list[Month]
    defaulted_day: int
    left_day: int


def add(flows: Flows, client: Borrower, day: int, per_minor: Mapping[str, float]) -> None:
    """A client's expected flows after the close of a day, into those of its portfolio. Whole numbers: any order adds up."""
    held = [facility for facility in client.facilities if not facility.closed]
    if not held or client.left_day:
        return
    paid = 0.0 if client.defaulted_day else payment_ratio(client.months)
    drawing = 0.0 if client.defaulted_day else _drawn_daily(client, day)
    undrawn = sum(max(0, f.limit - max(0, f.balance)) * per_minor.get(f.currency, 0.0) for f in held)
    for facility in held:
        entry = flows.setdefault(facility.currency, [0] * (WIDTH * len(HORIZONS) + 1))
        free = max(0, facility.limit - max(0, facility.balance))
        for i, horizon in enumerate(HORIZONS):
            scheduled, projected = coming(facility, day, horizon)
            share = min(1.0, drawing * horizon / undrawn) if undrawn > 0 else 0.0
            amounts = (scheduled, projected, round((scheduled + projected) * paid), round(free * share))
            for j, amount in enumerate(amounts):
                entry[WIDTH * i + j] += amount
        entry[-1] += sum(due.amount - due.paid for due in facility.dues if due.day <= day)


def coming(facility: Facility, day: int, horizon: int) -> tuple[int, int]:
    """Minor units that fall due after a day and within the horizon: announced, and projected."""
    until = day + horizon
    announced = [due for due in facility.dues if due.day > day]
    scheduled = sum(due.amount - due.paid for due in announced if due.day <= until)
    left = facility.balance - sum(due.amount - due.paid for due in facility.dues)
    known = sorted((*facility.settled, *facility.dues), key=_day)
    rhythm = known[-1].day - known[-2].day if len(known) > 1 else 0
    if rhythm < SHORTEST_RHYTHM:
        return scheduled, 0
    projected, amount, at = 0, known[-1].amount, known[-1].day + rhythm
    until = min(until, facility.maturity_day or until)
    while at <= until and left > 0:
        if at > day:
            projected += min(amount, left)
        left -= amount
        at += rhythm
    return scheduled, projected


def payment_ratio(months: Sequence[Month]) -> float:
    """The share that was paid of what fell due in the months kept, at most 1; 1 where nothing fell due."""
    due = sum(month.due for month in months)
    return min(1.0, max(0.0, sum(month.paid for month in months) / due)) if due > 0 else 1.0


def merged(parts: Sequence[Mapping[str, Sequence[int]]]) -> Flows:
    """The flows of all partitions."""
    whole: Flows = {}
    for part in parts:
        for currency, amounts in part.items():
            entry = whole.setdefault(currency, [0] * len(amounts))
            whole[currency] = [a + b for a, b in zip(entry, amounts, strict=True)]
    return whole


def figures(flows: Mapping[str, Sequence[int]]) -> dict[str, dict[str, float]]:
    """By currency, in its major units: `expected_30_days`, …, and `arrears`."""
    told: dict[str, dict[str, float]] = {}
    for currency, amounts in sorted(flows.items()):
        unit = 10 ** EXPONENTS[currency]
        names = [f"{kind}_{horizon}_days" for horizon in HORIZONS for kind in KINDS]
        told[currency] = {name: amount / unit for name, amount in zip((*names, "arrears"), amounts, strict=True)}
    return told


def _drawn_daily(client: Borrower, day: int) -> float:
    """Units of the reporting currency drawn in a day, over the months kept."""
    days = max(MONTH_DAYS, min(TRAILING_DAYS, day - client.first_day + 1))
    return max(0, sum(month.drawn for month in client.months)) / 100 / days


def _day(due: Due) -> int:
    return due.day
