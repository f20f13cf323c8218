"""The view in Redis: looked at and written by two scripts, each of them one atomic step."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, cast
from uuid import uuid4

import msgspec
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from streams.positions import Partition
from streams.settings import Settings
from streams.views.folding import MOST_PER_CLIENT, MOST_RECENT, Writes
from streams.views.keys import ViewKeys

CONNECT_SECONDS: Final = 2.0
ANSWER_SECONDS: Final = 10.0
REBUILD_MS: Final = 60_000
"""After a rebuild that was killed before it had deleted anything, the view is written again."""
SCAN_KEYS: Final = 1000

LOOK: Final = """
local seen = {redis.call('EXISTS', KEYS[2]), redis.call('GET', KEYS[1]) or '', {}}
local wanted = cmsgpack.unpack(ARGV[2])
for i, key in ipairs(wanted) do seen[3][i] = redis.call('HGET', key, ARGV[1]) or '' end
return cmsgpack.pack(seen)
"""
"""KEYS position, rebuilding; ARGV field, clients' keys."""

WRITE: Final = """
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
local new = cmsgpack.unpack(ARGV[3])
for _, hash in ipairs(new[1]) do redis.call('HSET', unpack(hash)) end
for _, list in ipairs(new[2]) do
  local held = redis.call('LPUSH', unpack(list))
  if held > tonumber(ARGV[4]) then redis.call('LTRIM', list[1], 0, tonumber(ARGV[4]) - 1) end
end
for _, count in ipairs(new[3]) do redis.call('HINCRBY', unpack(count)) end
for _, portfolio in ipairs(new[4]) do redis.call('SADD', KEYS[4], portfolio) end
for _, warning in ipairs(new[5]) do redis.call('ZADD', KEYS[3], unpack(warning)) end
if #new[5] > 0 then redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -1 - tonumber(ARGV[5])) end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""
"""KEYS position, rebuilding, recent, portfolios; ARGV position as looked at, new position, writes, two bounds."""


class Look(NamedTuple):
    """A partition's position and some clients, at one moment. `fields` has only those that are there."""

    rebuilding: bool
    position: str
    fields: Mapping[str, str]


class ViewStore:
    """One prefix in one Redis. Raises: `redis.exceptions.RedisError`, `OSError`."""

    def __init__(self, redis: Redis, keys: ViewKeys) -> None:
        self._redis = redis
        self._keys = keys
        self._look = cast(Callable[..., Awaitable[Any]], redis.register_script(LOOK))
        self._write = cast(Callable[..., Awaitable[Any]], redis.register_script(WRITE))

    async def look(self, place: Partition, field: str, clients: Sequence[str]) -> Look:
        """The position and one field of each client."""
        keys = [self._keys.position(place), self._keys.rebuilding]
        wanted = msgspec.msgpack.encode([self._keys.client(client_id) for client_id in clients])
        seen = msgspec.msgpack.decode(await self._look(keys=keys, args=[field, wanted]))
        held = seen[2] or []  # Lua does not tell an empty list from an empty map
        return Look(bool(seen[0]), seen[1], {c: text for c, text in zip(clients, held, strict=True) if text})

    async def write(self, place: Partition, was: str, now: str, writes: Writes) -> bool:
        """Writes all of it and moves the position, or nothing (False) if the position is no longer what it was."""
        keys = [self._keys.position(place), self._keys.rebuilding, self._keys.recent, self._keys.portfolios]
        args = [was, now, self._packed(writes), MOST_PER_CLIENT, MOST_RECENT]
        return bool(await self._write(keys=keys, args=args))

    async def write_learning(self, reports: Mapping[str, object]) -> None:
        """What the learner reports, by portfolio."""
        if reports:
            await self._redis.mset({self._keys.learning(p): msgspec.json.encode(report) for p, report in reports.items()})

    async def delete_all(self) -> int:
        """Deletes the view in one step, during which and before which nobody writes to it; how many keys it had."""
        token = uuid4().hex
        await self._redis.set(self._keys.rebuilding, token, px=REBUILD_MS)
        ours = []
        async for key in self._redis.scan_iter(match=_escaped(self._keys.prefix) + ":*", count=SCAN_KEYS):
            if self._keys.is_ours(name := key.decode()):
                ours.append(name)
        async with self._redis.pipeline(transaction=True) as step:
            await step.watch(self._keys.rebuilding)
            if await cast(Awaitable[bytes | None], step.get(self._keys.rebuilding)) != token.encode():
                raise TimeoutError("the view was being deleted for too long, or by another as well: try again")
            step.multi()  # type: ignore[no-untyped-call]
            for start in range(0, len(ours), SCAN_KEYS):
                step.unlink(*ours[start : start + SCAN_KEYS])
            step.delete(self._keys.rebuilding)
            await step.execute()
        return len(ours)

    async def close(self) -> None:
        """Closes the connections."""
        await self._redis.aclose()

    def _packed(self, writes: Writes) -> bytes:
        keys = self._keys
        named: list[tuple[str, Mapping[str, str]]] = [(keys.client(c), hash_) for c, hash_ in writes.clients.items()]
        named += [(keys.portfolio(p), hash_) for p, hash_ in writes.portfolios.items()]
        named += [(keys.ledger(p), told) for p, told in writes.ledgers.items()]
        hashes = [[key, *(part for pair in hash_.items() for part in pair)] for key, hash_ in named]
        lists = [[keys.warnings(c), *(_text(wire) for wire in wires)] for c, wires in writes.warnings.items()]
        counts = [[keys.counts(portfolio), field, str(by)] for (portfolio, field), by in writes.counts.items() if by]
        portfolios = sorted({portfolio for portfolio, _ in writes.counts})
        recent = [[str(score), _text(wire)] for score, wire in writes.recent]
        return msgspec.msgpack.encode([hashes, lists, counts, portfolios, recent])


def connect(settings: Settings) -> Redis:
    """A client of the Redis in the settings; it connects when it is first asked something."""
    url = settings.redis_url.get_secret_value()
    if not url:
        raise ValueError("no Redis is set: set TIERWATCH_REDIS_URL, e.g. redis://127.0.0.1:6379/0")
    tls: dict[str, Any] = {"ssl_ca_certs": str(settings.redis_ca_file)} if settings.redis_ca_file else {}
    return Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 1),  # a connection from before a restart fails once
        **tls,
    )


def _text(wire: bytes) -> str:
    return wire.decode(errors="replace")


def _escaped(prefix: str) -> str:
    return "".join(f"\\{letter}" if letter in "*?[]\\" else letter for letter in prefix)
