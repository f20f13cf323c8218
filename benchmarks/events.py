"""The events of the benchmark: a bank's monthly instalments and drawings, the same for every engine.

A client pays or draws, never both: its events then stand in one partition of one source topic, so that every engine meets
them in the same order and must come to the same decisions, whichever topic it reads first.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Final, NamedTuple

import msgspec

from schemas import topics

SEED: Final = 7
FIRST_DAY: Final = date(2024, 1, 2)
DAYS_APART: Final = 30
DRAWING: Final = 33
"""One client in so many draws on a line of credit; the others repay a loan."""
SHORT: Final = 0.1
"""Payments below what was due."""


class SourceRecord(NamedTuple):
    """An event as the bank publishes it. `topic` is the logical name."""

    topic: str
    key: bytes
    value: bytes


def bank_events(count: int, clients: int) -> Iterator[SourceRecord]:
    """Events in the order of their time: every client once in 30 days, on its own day, in no order of their names."""
    chance = Random(SEED)
    order, owed = list(range(clients)), [0.0] * clients
    chance.shuffle(order)
    for number in range(count):
        period, place = divmod(number, clients)
        day = FIRST_DAY + timedelta(days=period * DAYS_APART + place * (DAYS_APART - 2) // clients)
        client = order[place]
        if client % DRAWING == 0:
            yield _drawing(number, client, day, chance)
        else:
            yield _instalment(number, client, period, day, chance, owed)


def _instalment(number: int, client: int, period: int, day: date, chance: Random, owed: list[float]) -> SourceRecord:
    """What was paid short is paid with the next instalment."""
    due = 5_000 + client % 97 * 250
    paid = round(due * chance.uniform(0.2, 0.9) if chance.random() < SHORT else due + owed[client], 2)
    owed[client] = max(0.0, owed[client] + due - paid)
    event = {
        **_common(number, client, day),
        "due_date": str(day),
        "amount_due": f"{due}.00",
        "amount_paid": f"{paid:.2f}",
        "balance_after": f"{due * max(0, 48 - period)}.00",
        "next_due_date": str(day + timedelta(days=DAYS_APART)),
        "next_amount_due": f"{due}.00",
    }
    return SourceRecord(topics.REPAYMENTS, str(event["facility_id"]).encode(), msgspec.json.encode(event))


def _drawing(number: int, client: int, day: date, chance: Random) -> SourceRecord:
    limit = 200_000 + client % 89 * 10_000
    event = {
        **_common(number, client, day),
        "amount": f"{limit * 0.05:.2f}",
        "limit": f"{limit}.00",
        "balance_after": f"{limit * chance.uniform(0.3, 1.02):.2f}",
        "margin": 0.021,
    }
    return SourceRecord(topics.DRAWDOWNS, str(event["facility_id"]).encode(), msgspec.json.encode(event))


def _common(number: int, client: int, day: date) -> dict[str, object]:
    return {
        "event_id": f"bank-{number:09d}",
        "client_id": f"client-{client:06d}",
        "facility_id": f"loan-{client:06d}",
        "occurred_at": f"{day}T{number % 24:02d}:{number % 60:02d}:00+01:00",
        "portfolio": "corporate",
        "currency": "EUR",
    }
