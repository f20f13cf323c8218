"""What the view tells its readers: one client, the counts of a portfolio, the last warnings."""

from collections.abc import Awaitable, Mapping
from datetime import date
from typing import Any, NamedTuple, cast

import msgspec
from redis.asyncio import Redis

from schemas.decisions import EarlyWarning, Segment, read_early_warning
from schemas.learning import LedgerPublished, SegmentLimits
from streams.settings import Settings
from streams.views.folding import OpenWarning, read_warned
from streams.views.keys import WARNINGS_FIELD, ViewKeys, keys_of
from streams.views.store import connect


class Standing(NamedTuple):
    """A client's last tier change; reasons and evidence stand in the topic. Units as in `TierChange`."""

    sequence: int
    decision_id: str
    as_of: date
    segment: Segment
    direction: str
    pd: float
    value: float
    treatment: dict[str, Any]


class ClientView(NamedTuple):
    """All that the view holds of a client. `standing` is None until its first tier change is in the view."""

    client_id: str
    portfolio: str
    standing: Standing | None
    watchlist: str
    """normal, watch, amber, red: the worst that is open."""
    open_warnings: dict[str, OpenWarning]
    """By indicator."""
    recent_warnings: list[EarlyWarning]
    """The newest first."""


class PortfolioCounts(NamedTuple):
    """How many of a portfolio's clients, and of its open warnings, are where; what is not there is 0."""

    clients: int
    segments: dict[str, int]
    tiers: dict[str, int]
    grades: dict[str, int]
    stages: dict[str, int]
    lifecycles: dict[str, int]
    matrix: dict[tuple[str, str], int]
    """By value tier and risk grade."""
    open_warnings: dict[tuple[str, str], int]
    """By indicator and severity."""
    watchlist: dict[str, int]
    """Clients by their worst open warning; those without any are left out."""


class PortfolioView(NamedTuple):
    """A portfolio as a whole, as of the last day on which cut-offs were drawn."""

    as_of: date
    clients: int
    value_curve: list[tuple[float, float]]
    """Share of the clients, the best-valued first, and the share of all value that they bring."""
    limits: list[SegmentLimits]
    """By segment."""


class ViewReader:
    """Reads one prefix. Raises: `redis.exceptions.RedisError`, `OSError`."""

    def __init__(self, redis: Redis, keys: ViewKeys) -> None:
        self._redis = redis
        self._keys = keys

    async def client(self, client_id: str) -> ClientView | None:
        """What is known of a client, at one moment; None if no decision was made about it."""
        async with self._redis.pipeline(transaction=True) as step:
            step.hgetall(self._keys.client(client_id))
            step.lrange(self._keys.warnings(client_id), 0, -1)
            held, wires = await step.execute()
        if not held:
            return None
        fields = {name.decode(): text.decode() for name, text in held.items()}
        open_now = read_warned(fields[WARNINGS_FIELD]).open if WARNINGS_FIELD in fields else {}
        recent = [read_early_warning(wire) for wire in wires]
        watchlist = fields.get("watchlist", "normal")
        return ClientView(client_id, fields["portfolio"], _standing(fields), watchlist, open_now, recent)

    async def portfolios(self) -> list[str]:
        """Those that have clients, by name."""
        names = await cast(Awaitable[set[bytes]], self._redis.smembers(self._keys.portfolios))
        return sorted(name.decode() for name in names)

    async def counts(self, portfolio: str) -> PortfolioCounts:
        """The counts of a portfolio, at one moment."""
        held = await cast(Awaitable[dict[bytes, bytes]], self._redis.hgetall(self._keys.counts(portfolio)))
        fields = {name.decode(): int(count) for name, count in held.items() if int(count)}
        return PortfolioCounts(
            fields.get("clients", 0),
            _by_one(fields, "segment"),
            _by_one(fields, "tier"),
            _by_one(fields, "grade"),
            _by_one(fields, "stage"),
            _by_one(fields, "lifecycle"),
            _by_two(fields, "matrix"),
            _by_two(fields, "open"),
            _by_one(fields, "watchlist"),
        )

    async def ledger(self, portfolio: str) -> LedgerPublished | None:
        """Ledger, transitions and liquidity of a portfolio at the last month's end; None before the first."""
        held = await cast(Awaitable[dict[bytes, bytes]], self._redis.hgetall(self._keys.ledger(portfolio)))
        if not held:
            return None
        fields = {name.decode(): text for name, text in held.items()}
        parts = {name: msgspec.json.decode(fields[name]) for name in ("ledger", "transitions", "liquidity")}
        return LedgerPublished(portfolio=portfolio, as_of=date.fromisoformat(fields["as_of"].decode()), **parts)

    async def portfolio(self, portfolio: str) -> PortfolioView | None:
        """A portfolio as a whole; None before it was told of."""
        held = await cast(Awaitable[dict[bytes, bytes]], self._redis.hgetall(self._keys.portfolio(portfolio)))
        if not held:
            return None
        return PortfolioView(
            date.fromisoformat(held[b"as_of"].decode()),
            int(held[b"clients"]),
            msgspec.json.decode(held[b"value_curve"], type=list[tuple[float, float]]),
            msgspec.json.decode(held[b"limits"], type=list[SegmentLimits]),
        )

    async def matrix(self, portfolio: str) -> dict[tuple[str, str], int]:
        """Clients by value tier and risk grade."""
        return (await self.counts(portfolio)).matrix

    async def recent_warnings(self, most: int) -> list[EarlyWarning]:
        """The last of all clients by business day, the newest first."""
        if most < 1:
            return []
        wires = await cast(Awaitable[list[bytes]], self._redis.zrange(self._keys.recent, 0, most - 1, desc=True))
        return [read_early_warning(wire) for wire in wires]

    async def close(self) -> None:
        """Closes the connections."""
        await self._redis.aclose()


def open_reader(settings: Settings) -> ViewReader:
    """A reader of the view of the settings; it connects when it is first asked. Close it at the end."""
    return ViewReader(connect(settings), keys_of(settings))


def _standing(fields: Mapping[str, str]) -> Standing | None:
    if "sequence" not in fields:
        return None
    segment = Segment(fields["value_tier"], fields["risk_grade"], int(fields["stage"]), fields["lifecycle"], fields["segment"])
    return Standing(
        int(fields["sequence"]),
        fields["decision_id"],
        date.fromisoformat(fields["as_of"]),
        segment,
        fields["direction"],
        float(fields["pd"]),
        float(fields["value"]),
        msgspec.json.decode(fields["treatment"], type=dict[str, Any]),
    )


def _by_one(fields: Mapping[str, int], family: str) -> dict[str, int]:
    return {name.removeprefix(family + "/"): n for name, n in sorted(fields.items()) if name.startswith(family + "/")}


def _by_two(fields: Mapping[str, int], family: str) -> dict[tuple[str, str], int]:
    parted = ((name.partition("/"), n) for name, n in _by_one(fields, family).items())
    return {(first, second): n for (first, _, second), n in parted}
