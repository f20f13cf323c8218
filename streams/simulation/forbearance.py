"""Forbearance: a bank eases the terms of a borrower in difficulty, which buys it time and sometimes saves it.

Source of what counts: EBA ITS on supervisory reporting, Annex V, 240-268 (a concession to a debtor in financial difficulty).
"""

from typing import Final

from streams.simulation.bank import Bank
from streams.simulation.clients import Client

STRAINED: Final = 0.45
"""Strain from which a borrower is seen to be in difficulty."""
GRANTED: Final = 0.035
"""Chance a month that its loans are then stretched; a third to half of those that come near default (assumption)."""
STRETCH: Final = 1.5
"""The instalments that were left become so many times as many, and smaller by as much."""
AFTER_DEFAULT: Final = 0.5
"""Share of cures that a restructuring comes before (assumption)."""


def perhaps_forbear(bank: Bank, client: Client) -> None:
    """A month in difficulty: perhaps the bank stretches the loans, once in a time of distress."""
    episode = client.episode
    if episode is None or episode.forborne or client.strain < STRAINED:
        return
    if bank.random() < GRANTED:
        episode.forborne = stretch(bank, client)


def perhaps_restructure(bank: Bank, client: Client) -> None:
    """Before a default is cured, often its loans are stretched."""
    if bank.random() < AFTER_DEFAULT:
        stretch(bank, client)


def stretch(bank: Bank, client: Client) -> bool:
    """The loans that are paid back by a schedule, over a longer time; whether there were any."""
    loans = [loan for loan in client.facilities if loan.amortises and loan.open and loan.remaining > 1]
    for loan in loans:
        loan.remaining = int(loan.remaining * STRETCH) + 1
        loan.payment = max(1, int(loan.payment / STRETCH))
        bank.book(client, "outcomes", {"outcome": "forborne", "facility_id": loan.id})
    return bool(loans)
