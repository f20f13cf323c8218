"""What the view in Redis must say: what was decided, and itself."""

from collections import Counter

from redis.asyncio import Redis

from streams.views.folding import MOST_PER_CLIENT, score
from streams.views.keys import ViewKeys
from streams.views.reading import ViewReader
from tests.system.decision_topics import Expected

KEYS = ViewKeys("test")


async def must_agree_with_itself(redis: Redis, keys: ViewKeys = KEYS) -> None:
    """The counts are what one finds by looking at every client."""
    reader = ViewReader(redis, keys)
    every = keys.client("")
    clients = [name.decode().removeprefix(every) async for name in redis.scan_iter(match=every + "*")]
    views = [view for client in clients if (view := await reader.client(client))]
    for portfolio in await reader.portfolios():
        ours = [view for view in views if view.portfolio == portfolio]
        standings = [view.standing for view in ours if view.standing]
        counts = await reader.counts(portfolio)
        assert counts.clients == len(standings)
        assert counts.matrix == Counter((s.segment.value_tier, s.segment.risk_grade) for s in standings)
        assert counts.tiers == Counter(s.segment.value_tier for s in standings)
        assert counts.grades == Counter(s.segment.risk_grade for s in standings)
        assert counts.segments == Counter(s.segment.segment for s in standings)
        assert counts.stages == Counter(str(s.segment.stage) for s in standings)
        assert counts.lifecycles == Counter(s.segment.lifecycle for s in standings)
        assert counts.open_warnings == Counter((i, w.severity) for view in ours for i, w in view.open_warnings.items())
        assert counts.watchlist == Counter(view.watchlist for view in ours if view.open_warnings)


async def must_be(redis: Redis, expected: Expected, keys: ViewKeys = KEYS) -> None:
    """What the view tells is what was decided."""
    reader = ViewReader(redis, keys)
    for client, portfolio in expected.portfolio.items():
        view = await reader.client(client)
        assert view is not None
        assert view.portfolio == portfolio
        last = expected.changes.get(client)
        assert (view.standing is None) == (last is None)
        if last is not None and view.standing is not None:
            said = view.standing
            assert (said.sequence, said.decision_id, said.as_of) == (last.sequence, last.decision_id, last.as_of)
            assert (said.segment, said.pd, said.value, said.treatment) == (last.now, last.pd, last.value, last.treatment)
        severities = {indicator: w.severity for indicator, w in expected.open.get(client, {}).items()}
        assert {indicator: w.severity for indicator, w in view.open_warnings.items()} == severities
        assert view.recent_warnings == expected.warnings.get(client, [])[::-1][:MOST_PER_CLIENT]
    told = [w for warnings in expected.warnings.values() for w in warnings]
    recent = await reader.recent_warnings(50)
    assert [score(w) for w in recent] == sorted((score(w) for w in told), reverse=True)[:50]
    await must_agree_with_itself(redis, keys)
