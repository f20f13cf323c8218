"""Liquidity: what borrowers are expected to pay and to draw within the next 30 and 90 days, by currency.

Scheduled are the dues that the bank has announced; it announces one instalment ahead, so later ones are projected at the
facility's own rhythm, up to its balance and maturity. What is expected of both is the share that the client has paid of its
dues lately. Arrears are told apart and not expected. Drawings go on as they did lately, up to what is undrawn. Of a client in
default nothing is expected.
"""

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Final, Protocol

from agents.segmentation.folding import month_number
from schemas.money import EXPONENTS
from schemas.state import Facility, Month

HORIZONS: Final = (30, 90)
"""Days."""
KINDS: Final = ("scheduled", "projected", "expected", "drawdowns")
WIDTH: Final = len(KINDS)
TRAILING_MONTHS: Final = 6
"""Drawings are those of so many calendar months up to the day; what was paid is that of so many months with events."""
TRAILING_DAYS: Final = 183
"""The same in days."""
SHORTEST_RHYTHM: Final = 7
MONTH_DAYS: Final = 30
BY_DAY: Final = attrgetter("day")

Onward = tuple[int, int, int, int]
"""Of instalments yet to be announced: what is left to pay, the amount and the day of the last known, and the days between two."""
NOTHING: Final[Onward] = (0, 0, 0, 0)

Flows = dict[str, list[int]]
"""Currency to minor units: each of KINDS for each of HORIZONS, then the arrears."""
Rest = dict[str, int]
"""Currency to arrears in minor units, of a client of whom nothing else is expected whatever the day, until something happens."""


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
    held = _held(client)
    paid = 0.0 if client.defaulted_day else payment_ratio(client.months[-TRAILING_MONTHS:])
    drawing = 0.0 if client.defaulted_day else _drawn_daily(client, day)
    undrawn = sum(_free(f) * per_minor.get(f.currency, 0.0) for f in held) if drawing else 0.0
    for facility in held:
        entry = _entry(flows, facility.currency)
        onward = _onward(facility)
        for i, horizon in enumerate(HORIZONS):
            scheduled, projected = _scheduled(facility, day, day + horizon), _projected(facility, onward, day, day + horizon)
            entry[WIDTH * i] += scheduled
            entry[WIDTH * i + 1] += projected
            entry[WIDTH * i + 2] += round((scheduled + projected) * paid)
            if undrawn > 0:
                entry[WIDTH * i + 3] += round(_free(facility) * min(1.0, drawing * horizon / undrawn))
        entry[-1] += _scheduled(facility, 0, day)


def rest_of(client: Borrower, day: int) -> Rest | None:
    """What `add` adds of the client after this day and each later one, if that is the same; None while time still moves it."""
    held = _held(client)
    if held and not client.defaulted_day and any(month.drawn for month in _trailing(client.months, day)):
        return None
    rest: Rest = {}
    for facility in held:
        if any(due.day > day for due in facility.dues) or _goes_on(facility, day):
            return None
        rest[facility.currency] = rest.get(facility.currency, 0) + _scheduled(facility, 0, day)
    return rest


def add_rest(flows: Flows, rest: Rest) -> None:
    """A client's, into those of its portfolio: what `add` would, without reading it."""
    for currency, arrears in rest.items():
        _entry(flows, currency)[-1] += arrears


def _held(client: Borrower) -> list[Facility]:
    """The facilities that anything is expected of."""
    return [] if client.left_day else [facility for facility in client.facilities if not facility.closed]


def _entry(flows: Flows, currency: str) -> list[int]:
    entry = flows.get(currency)
    if entry is None:
        entry = flows[currency] = [0] * (WIDTH * len(HORIZONS) + 1)
    return entry


def coming(facility: Facility, day: int, horizon: int) -> tuple[int, int]:
    """Minor units that fall due after a day and within the horizon: announced, and projected."""
    until = day + horizon
    return _scheduled(facility, day, until), _projected(facility, _onward(facility), day, until)


def _scheduled(facility: Facility, after: int, until: int) -> int:
    """What is still to be paid of the dues between two days."""
    owed = 0
    for due in facility.dues:
        if after < due.day <= until:
            owed += due.amount - due.paid
    return owed


def _onward(facility: Facility) -> Onward:
    """How the instalments go on beyond those that were announced: at the distance of the last two."""
    left = facility.balance
    for due in facility.dues:
        left -= due.amount - due.paid
    if left <= 0 or len(facility.settled) + len(facility.dues) < 2:
        return NOTHING
    *_, before, last = sorted((*facility.settled, *facility.dues), key=BY_DAY)
    rhythm = last.day - before.day
    return (left, last.amount, last.day, rhythm) if rhythm >= SHORTEST_RHYTHM else NOTHING


def _projected(facility: Facility, onward: Onward, day: int, until: int) -> int:
    """Instalments at their rhythm from the last known one, as far as there is something left to pay."""
    left, amount, at, rhythm = onward
    if not left:
        return 0
    until = min(until, facility.maturity_day or until)
    before = max(0, (day - at) // rhythm)
    coming = (until - at) // rhythm - before
    return max(0, min(amount * coming, left - amount * before))


def _goes_on(facility: Facility, day: int) -> bool:
    """Whether after a day, however much later, anything is projected: neither its balance nor its maturity is reached."""
    left, amount, at, rhythm = _onward(facility)
    if not left or amount <= 0:
        return False
    done = max(0, (day - at) // rhythm)
    over = facility.maturity_day and (facility.maturity_day - at) // rhythm <= done
    return not over and amount * done < left


def _free(facility: Facility) -> int:
    return max(0, facility.limit - max(0, facility.balance))


def payment_ratio(months: Sequence[Month]) -> float:
    """The share that was paid of what fell due in these months, at most 1; 1 where nothing fell due."""
    due = paid = 0
    for month in months:
        due += month.due
        paid += month.paid
    return min(1.0, max(0.0, paid / due)) if due > 0 else 1.0


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
    """Units of the reporting currency drawn in a day, over the trailing months."""
    days = max(MONTH_DAYS, min(TRAILING_DAYS, day - client.first_day + 1))
    return max(0, sum(month.drawn for month in _trailing(client.months, day))) / 100 / days


def _trailing(months: Sequence[Month], day: int) -> Iterator[Month]:
    """Those of the last calendar months up to the one of a day."""
    since = month_number(day) - TRAILING_MONTHS
    return (month for month in months if month.number > since)
