"""What decisions change in the view: pure, by client, forgiving repeats by the `sequence` that a client's decisions carry."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Generic, NamedTuple, TypeVar

import msgspec

from schemas.decisions import Segment, Severity
from schemas.learning import LedgerPublished
from schemas.portfolios import PortfolioTold

MOST_PER_CLIENT: Final = 20
"""Warnings kept of each client."""
MOST_RECENT: Final = 200
"""Warnings kept of all clients together."""
OFFSET_SPAN: Final = 2**32
"""Day numbers have 20 bits: with the offset in the other 32 a score is exact in the 53 bits of a double."""


WORST_FIRST: Final = tuple(severity.label for severity in sorted(Severity, reverse=True))


class Placed(msgspec.Struct, frozen=True):
    """What the view keeps of a tier change: where the client stands. Why, it need not read."""

    decision_id: str
    client_id: str
    portfolio: str
    sequence: int
    as_of: date
    now: Segment
    direction: str
    pd: float
    value: float
    treatment: msgspec.Raw
    """As it was published."""


class Told(msgspec.Struct, frozen=True):
    """What the view keeps of an early warning; the rest of it is in its bytes."""

    warning_id: str
    client_id: str
    portfolio: str
    sequence: int
    as_of: date
    status: str
    severity: str
    indicator: str
    value: float | None
    threshold: float | None
    text: str
    first_raised_at: date
    evidence: "AtOffset"


class AtOffset(msgspec.Struct, frozen=True):
    """Where in the log a decision was made."""

    offset: int


Decision = TypeVar("Decision", Placed, Told, LedgerPublished, PortfolioTold)


class Counted(msgspec.Struct, frozen=True, array_like=True):
    """A client's last tier change, as the counts hold it."""

    sequence: int
    portfolio: str
    now: Segment


class OpenWarning(msgspec.Struct, frozen=True):
    """An indicator that was raised and has not been cleared."""

    warning_id: str
    severity: str
    since: date
    as_of: date
    value: float | None
    threshold: float | None
    text: str


class Warned(msgspec.Struct, frozen=True):
    """A client's open warnings by indicator, and the last sequence seen."""

    sequence: int = 0
    portfolio: str = ""
    open: dict[str, OpenWarning] = {}

    @property
    def watchlist(self) -> str:
        """The worst severity that is open."""
        severities = {warning.severity for warning in self.open.values()}
        return next((label for label in WORST_FIRST if label in severities), Severity.NORMAL.label)


class Published(NamedTuple, Generic[Decision]):
    """A decision and its bytes on the wire."""

    decision: Decision
    wire: bytes


class Writes(NamedTuple):
    """What is written to Redis for some records. `counts` are changes, by portfolio and field."""

    clients: dict[str, dict[str, str]]
    warnings: dict[str, list[bytes]]
    counts: Counter[tuple[str, str]]
    recent: list[tuple[int, bytes]]
    ledgers: Mapping[str, Mapping[str, str]] = MappingProxyType({})
    """By portfolio."""
    portfolios: Mapping[str, dict[str, str]] = MappingProxyType({})


read_placed: Final = msgspec.json.Decoder(Placed).decode
read_told: Final = msgspec.json.Decoder(Told).decode
read_counted: Final = msgspec.json.Decoder(Counted).decode
read_warned: Final = msgspec.json.Decoder(Warned).decode


def fold_tier_changes(changes: Iterable[Placed], were: Mapping[str, Counted]) -> Writes:
    """Where clients stand after their tier changes; `were` are the clients that the view knows."""
    last: dict[str, Placed] = {}
    for change in changes:
        client_id = change.client_id
        known = last.get(client_id) or were.get(client_id)
        if known is None or change.sequence > known.sequence:
            last[client_id] = change
    counts: Counter[tuple[str, str]] = Counter()
    for client_id, change in last.items():
        if (was := were.get(client_id)) is not None:
            _count(counts, was.portfolio, tier_fields(was.now), -1)
        _count(counts, change.portfolio, tier_fields(change.now), 1)
    return Writes({client_id: _tier_hash(change) for client_id, change in last.items()}, {}, counts, [])


def fold_ledgers(ledgers: Iterable[LedgerPublished]) -> Writes:
    """The last ledger of each portfolio."""
    last: dict[str, dict[str, str]] = {}
    for published in ledgers:
        told = {name: _json(getattr(published, name)) for name in ("ledger", "transitions", "liquidity")}
        last[published.portfolio] = {"as_of": published.as_of.isoformat(), **told}
    return Writes({}, {}, Counter(), [], last)


def fold_warnings(published: Iterable[Published[Told]], were: Mapping[str, Warned]) -> Writes:
    """What is open after the warnings, and the warnings themselves."""
    now: dict[str, Warned] = {}
    fresh: dict[str, list[bytes]] = {}
    recent: list[tuple[int, bytes]] = []
    for warning, wire in published:
        client_id = warning.client_id
        known = now.get(client_id) or were.get(client_id) or Warned()
        if warning.sequence <= known.sequence:
            continue
        now[client_id] = _warned(known, warning)
        fresh.setdefault(client_id, []).append(wire)
        recent.append((score(warning), wire))
    counts: Counter[tuple[str, str]] = Counter()
    for client_id, warned in now.items():
        was = were.get(client_id, Warned())
        _count(counts, warned.portfolio, warning_fields(was), -1)
        _count(counts, warned.portfolio, warning_fields(warned), 1)
    hashes = {client_id: _warned_hash(warned) for client_id, warned in now.items()}
    kept = {client_id: wires[-MOST_PER_CLIENT:] for client_id, wires in fresh.items()}
    return Writes(hashes, kept, counts, sorted(recent)[-MOST_RECENT:])


def fold_portfolios(told: Iterable[PortfolioTold]) -> Writes:
    """What was last told of each portfolio; one that is repeated tells the same again."""
    hashes = {
        whole.portfolio: {
            "number": str(whole.number),
            "as_of": whole.as_of.isoformat(),
            "clients": str(whole.clients),
            "value_curve": _json(whole.value_curve),
            "limits": _json(whole.limits),
        }
        for whole in told
    }
    return Writes({}, {}, Counter(), [], portfolios=hashes)


def score(warning: Told) -> int:
    """Orders warnings by business day, then by their place in the log: the same however topics are interleaved."""
    return warning.as_of.toordinal() * OFFSET_SPAN + min(warning.evidence.offset, OFFSET_SPAN - 1)


@lru_cache(maxsize=4096)
def tier_fields(segment: Segment) -> Sequence[str]:
    """The counts that a client in this segment is part of."""
    return (
        "clients",
        f"segment/{segment.segment}",
        f"tier/{segment.value_tier}",
        f"grade/{segment.risk_grade}",
        f"stage/{segment.stage}",
        f"lifecycle/{segment.lifecycle}",
        f"matrix/{segment.value_tier}/{segment.risk_grade}",
    )


def warning_fields(warned: Warned) -> Sequence[str]:
    """The counts that a client with these open warnings is part of."""
    open_now = [f"open/{indicator}/{warning.severity}" for indicator, warning in warned.open.items()]
    return [*open_now, f"watchlist/{warned.watchlist}"] if open_now else ()


def _count(counts: Counter[tuple[str, str]], portfolio: str, fields: Iterable[str], by: int) -> None:
    for field in fields:
        counts[portfolio, field] += by


def _tier_hash(change: Placed) -> dict[str, str]:
    now = change.now
    return {
        "portfolio": change.portfolio,
        "value_tier": now.value_tier,
        "risk_grade": now.risk_grade,
        "stage": str(now.stage),
        "lifecycle": now.lifecycle,
        "segment": now.segment,
        "direction": change.direction,
        "pd": repr(change.pd),
        "value": repr(change.value),
        "as_of": change.as_of.isoformat(),
        "sequence": str(change.sequence),
        "decision_id": change.decision_id,
        "treatment": bytes(change.treatment).decode(),
        "counted": _json(Counted(change.sequence, change.portfolio, now)),
    }


def _warned(known: Warned, warning: Told) -> Warned:
    open_now = {indicator: held for indicator, held in known.open.items() if indicator != warning.indicator}
    if warning.status != "cleared":
        open_now[warning.indicator] = OpenWarning(
            warning.warning_id,
            warning.severity,
            warning.first_raised_at,
            warning.as_of,
            warning.value,
            warning.threshold,
            warning.text,
        )
    return Warned(warning.sequence, warning.portfolio, open_now)


def _warned_hash(warned: Warned) -> dict[str, str]:
    return {"portfolio": warned.portfolio, "watchlist": warned.watchlist, "warnings": _json(warned)}


def _json(said: object) -> str:
    return _encode(said).decode()


_encode: Final = msgspec.json.Encoder().encode
