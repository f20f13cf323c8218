"""Limits: how much of what is granted is at risk of over-granting, and how much room there is for good risk, by segment.

A partition sums over its clients: each keeps what it adds, in whole units, so that sums are exact in any order.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from agents.segmentation.in_force import InForce
from agents.segmentation.treatment import target_limit
from agents.segmentation.valuation import Contribution, Exposure
from schemas.learning import SegmentLimits
from schemas.state import ClientState, Granted
from schemas.treatment_rules import SEGMENTS

SUMMED: Final = ("clients", "drawn", "limit", "headroom", "over_granted", "room", "expected_loss")
NUMBER: Final = {name: number for number, name in enumerate(SEGMENTS)}
HELD_BACK: Final = ("freeze", "reduce", "cancel undrawn")
"""Actions on limits that are at risk of over-granting."""


def granted(client: ClientState, held: Exposure, parts: Contribution, now: InForce) -> Granted | None:
    """What the client adds, by the treatment of its segment; nothing once it has left."""
    stands = client.segment
    if client.left_day or stands is None:
        return None
    segment = stands.segment
    treatment = now.treatments[segment]
    action, factor = treatment["limit_action"], treatment["limit_factor"]
    over = room = 0.0
    if action in HELD_BACK:
        over = max(0.0, held.limit - max(held.drawn, factor * held.drawn))
    elif action == "raise":
        room = target_limit(held, action, factor) - held.limit
    return Granted(
        NUMBER[segment],
        round(held.drawn),
        round(held.limit),
        round(held.undrawn),
        round(over),
        round(room),
        round(parts.expected_loss),
    )


class Limits:
    """The sums of one partition, by portfolio and segment."""

    def __init__(self) -> None:
        self._cells: dict[str, list[list[int]]] = {}

    def add(self, portfolio: str, now: Granted) -> None:
        """A client that added nothing before."""
        cells = self._cells.get(portfolio)
        if cells is None:
            cells = self._cells[portfolio] = [[0] * 7 for _ in SEGMENTS]
        cell = cells[now.segment]
        cell[0] += 1
        cell[1] += now.drawn
        cell[2] += now.limit
        cell[3] += now.headroom
        cell[4] += now.over_granted
        cell[5] += now.room
        cell[6] += now.expected_loss

    def move(self, portfolio: str, was: Granted | None, now: Granted | None) -> None:
        """A client added something else before."""
        if was is now:
            return
        cells = self._cells.get(portfolio)
        if cells is None:
            cells = self._cells[portfolio] = [[0] * 7 for _ in SEGMENTS]
        if was is not None:
            _add(cells[was.segment], was, -1)
        if now is not None:
            _add(cells[now.segment], now, 1)

    @property
    def portfolios(self) -> list[str]:
        """Those with clients."""
        return sorted(name for name, cells in self._cells.items() if any(cell[0] for cell in cells))

    def of(self, portfolio: str) -> tuple[SegmentLimits, ...]:
        """Segments with clients, in the order of `SEGMENTS`."""
        cells = self._cells.get(portfolio, ())
        return tuple(_told(SEGMENTS[number], cell) for number, cell in enumerate(cells) if cell[0])


def merged(parts: Iterable[Sequence[SegmentLimits]]) -> tuple[SegmentLimits, ...]:
    """The sums over partitions."""
    cells: dict[str, list[int]] = {}
    for part in parts:
        for told in part:
            figures = [getattr(told, name) for name in SUMMED]
            cells[told.segment] = [a + b for a, b in zip(cells.get(told.segment, [0] * 7), figures, strict=True)]
    return tuple(_told(name, cells[name]) for name in SEGMENTS if name in cells)


def _add(cell: list[int], held: Granted, sign: int) -> None:
    cell[0] += sign
    cell[1] += sign * held.drawn
    cell[2] += sign * held.limit
    cell[3] += sign * held.headroom
    cell[4] += sign * held.over_granted
    cell[5] += sign * held.room
    cell[6] += sign * held.expected_loss


def _told(segment: str, cell: list[int]) -> SegmentLimits:
    return SegmentLimits(segment=segment, **dict(zip(SUMMED, cell, strict=True)))
