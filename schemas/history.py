"""What became of a client's warnings, and how it went through grades and tiers: small tallies that its state keeps.

Kept encoded in `ClientState.history`, so that a payment, which changes none of it, need not read it. Encoded as MessagePack
arrays: new fields go to the end and have defaults. Days are ordinals, 0 for none.
"""

from typing import Final

import msgspec

CODES: Final = (
    "", "DPD", "MISSED", "UTIL", "EXCESS", "LEVERAGE", "LOSS", "TURNOVER", "MARGIN", "ICR", "DEBT", "LIQUIDITY", "ALTMAN",
    "PD-RISE", "MATERIAL", "PARTIAL", "EVERGREEN", "UNDRAWN", "DSCR", "LATE-STATEMENT", "COVERAGE", "RATING", "PD-PEER", "DRIFT",
    "PROJECT", "GROUP", "MACRO", "PD", "MANUAL",
)  # fmt: skip
"""Indicators by their number in stored tallies; 0 is any. New ones go to the end: their places are in every changelog."""
NUMBERS: Final = {code: number for number, code in enumerate(CODES)}

OPEN: Final = 0
"""Nobody knows yet what the episode told of."""
FALSE: Final = 1
"""Rejected by a person, cleared, or too old: no default followed in time. A default within the look-back takes it back."""
HIT: Final = 2
"""A default followed within the look-back."""
CONFIRMED: Final = 3
"""A person has confirmed it."""
VERDICTS: Final = ("open", "false", "hit", "confirmed")


class Episode(msgspec.Struct, array_like=True, gc=False):
    """One warning from raised to judged. `number` is the last part of its `warning_id`."""

    number: int
    code: int
    raised_day: int
    severity: int
    """The worst it came to."""
    amber_day: int = 0
    """When it came to amber or worse."""
    verdict: int = OPEN


class Passage(msgspec.Struct, array_like=True):
    """A client's way through the classes of one scale (grades or tiers), as far as it is not tallied yet."""

    now: int = -1
    """Its class; -1 while it is not observed."""
    since: int = 0
    origin: int = -1
    """Its class twelve months ago; -1 if it was not observed then."""
    pair_since: int = 0
    """Since when `origin` and `now` have been what they are."""
    recent: list[int] = []
    """Changes of the last twelve months, oldest first: day and class that began, in turn."""


class History(msgspec.Struct, array_like=True):
    """All tallies of one client."""

    watched_since: int = 0
    """Since when it could default and be warned of it; 0 while it is in default or gone."""
    defaulted: bool = False
    grades: Passage = msgspec.field(default_factory=Passage)
    tiers: Passage = msgspec.field(default_factory=Passage)
    episodes: list[Episode] = []
    """Oldest first: those that a default can still prove right."""
    closed: dict[int, int] = {}
    """What is over, by the keys of `online_models.tallies`."""


encode: Final = msgspec.msgpack.Encoder().encode
read_history: Final = msgspec.msgpack.Decoder(History).decode
