"""The view in Redis, on the embedded one and on a real one: what it says is what was decided, whatever happens."""

import asyncio
import contextlib
import os
import random
import sys
import time
import urllib.request
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from redis.asyncio import Redis
from redis.exceptions import RedisError

from schemas.records import Record
from schemas.topics import TopicNames
from streams.brokers.child import Child, free_port
from streams.brokers.embedded import EmbeddedBroker
from streams.hosting import SinkUnavailable
from streams.positions import Partition
from streams.settings import Settings
from streams.views.keys import ViewKeys
from streams.views.reading import ViewReader
from streams.views.redis_view import RedisView, rebuild
from streams.views.store import ViewStore, connect
from tests.system.decision_topics import (
    CHANGES,
    NAMES,
    WARNINGS,
    WHOLES,
    DecisionTopics,
    Expected,
    change,
    random_topics,
    warning,
    whole,
)
from tests.system.redis_servers import Server, made
from tests.system.view_checks import KEYS, must_agree_with_itself, must_be

DECISIONS = 120
PARTITIONS = 2


@pytest.fixture(params=["embedded", "redis-server"], scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running Redis that many tests share."""
    server = made(request.param, tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["embedded", "redis-server"])
def mortal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A running Redis of one test, to be killed."""
    server = made(request.param, tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def redis(server: Server) -> AsyncIterator[Redis]:
    """A client of it, empty."""
    client = Redis.from_url(server.redis_url)
    await client.flushdb()
    yield client
    await client.aclose()


def view_of(redis: Redis, topics: DecisionTopics) -> RedisView:
    """The view of these topics."""
    return RedisView(ViewStore(redis, KEYS), topics, NAMES)


class Lanes:
    """Delivers as the engine does: each partition in order, again if the sink was unavailable."""

    def __init__(self, topics: DecisionTopics, chance: random.Random) -> None:
        self.topics, self.chance = topics, chance
        self.at: dict[Partition, int] = dict.fromkeys(topics.held, 0)

    @property
    def unfinished(self) -> list[Partition]:
        return [place for place, at in self.at.items() if at < len(self.topics.held[place])]

    async def deliver(self, view: RedisView) -> bool:
        """One batch of some partition; False if the sink could not take it."""
        place = self.chance.choice(self.unfinished)
        batch: Sequence[Record] = self.topics.held[place][self.at[place] : self.at[place] + self.chance.randrange(1, 40)]
        try:
            await view.apply(batch)
        except SinkUnavailable:
            return False
        self.at[place] += len(batch)
        return True

    def step_back(self) -> None:
        """As after a crash: what was not committed comes again."""
        place = self.chance.choice(list(self.at))
        self.at[place] = max(0, self.at[place] - self.chance.randrange(60))


async def everything(redis: Redis) -> dict[str, object]:
    """All that stands in Redis, in comparable form; counts of 0 left out."""
    held: dict[str, object] = {}
    async for name in redis.scan_iter(match="test:*"):
        key = name.decode()
        kind = (await redis.type(name)).decode()
        if kind == "hash":
            fields = {f.decode(): text.decode() for f, text in (await redis.hgetall(name)).items()}
            held[key] = {f: text for f, text in fields.items() if not (key.startswith("test:counts:") and text == "0")}
        elif kind == "list":
            held[key] = await redis.lrange(name, 0, -1)
        elif kind == "zset":
            held[key] = await redis.zrange(name, 0, -1, withscores=True)
        elif kind == "set":
            held[key] = await redis.smembers(name)
        else:
            held[key] = await redis.get(name)
    return held


async def test_what_a_client_is_told_as_stands_in_the_view(redis: Redis) -> None:
    topics = DecisionTopics()
    view = view_of(redis, topics)
    await view.apply(topics.publish(0, change("C1", 1, "gold", "4"), change("C2", 1, "gold", "4"), change("C1", 3, "basic", "D")))
    await view.apply(topics.publish(0, warning("C1", 2, severity="watch"), warning("C1", 4, "escalated", "red")))

    reader = ViewReader(redis, KEYS)
    client = await reader.client("C1")

    assert client is not None
    assert client.standing is not None
    assert (client.standing.segment.value_tier, client.standing.sequence, client.watchlist) == ("basic", 3, "red")
    assert [w.status for w in client.recent_warnings] == ["escalated", "raised"]
    assert await reader.matrix("corporate") == {("basic", "D"): 1, ("gold", "4"): 1}
    assert (await reader.counts("corporate")).open_warnings == {("DPD", "red"): 1}
    assert await reader.client("C9") is None


async def test_what_was_last_told_of_a_portfolio_stands_in_the_view_and_is_found_again(redis: Redis) -> None:
    topics = DecisionTopics()
    view = view_of(redis, topics)
    await view.apply(topics.tell(whole(1), whole(1, "sme"), whole(2)))
    await redis.flushdb()
    await view.apply(topics.tell(whole(3)))

    reader = ViewReader(redis, KEYS)
    told, other = await reader.portfolio("corporate"), await reader.portfolio("sme")

    assert told is not None
    assert other is not None
    assert (told.clients, told.value_curve, [one.drawn for one in told.limits]) == (3, [(0.2, 0.8), (1.0, 1.0)], [15])
    assert other.clients == 1
    assert await reader.portfolio("cards") is None
    assert await view.delete() == 3  # two portfolios and the position


async def test_repeats_are_forgiven_in_the_topic_and_in_its_delivery(redis: Redis) -> None:
    topics = DecisionTopics()
    view = view_of(redis, topics)
    once = topics.publish(0, change("C1", 1), change("C1", 2, "silver"))
    await view.apply(once)
    before = await everything(redis)

    await view.apply(once)
    await view.apply(topics.publish(0, change("C1", 1)))

    after = await everything(redis)
    position = f"test:position:{CHANGES}:0"
    assert before.pop(position) != after.pop(position)
    assert after == before


async def test_whatever_happens_the_view_is_what_was_decided_and_agrees_with_itself(redis: Redis, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(6):
        await redis.flushdb()
        topics = random_topics(chance, PARTITIONS, DECISIONS)
        lanes, view = Lanes(topics, chance), view_of(redis, topics)
        while lanes.unfinished:
            assert await lanes.deliver(view)
            happened = chance.random()
            if happened < 0.15:
                lanes.step_back()
            elif happened < 0.2:
                await redis.flushdb()
            elif happened < 0.3:
                view = view_of(redis, topics)
            await must_agree_with_itself(redis)
        await view.catch_up_all()
        await must_be(redis, Expected.of(topics))


async def test_the_order_in_which_partitions_and_topics_come_makes_no_difference(redis: Redis, seed: int) -> None:
    topics = random_topics(random.Random(seed), 3, DECISIONS)
    held = []
    for order in (1, 2):
        await redis.flushdb()
        lanes, view = Lanes(topics, random.Random(seed + order)), view_of(redis, topics)
        while lanes.unfinished:
            await lanes.deliver(view)
        held.append(await everything(redis))
    assert held[0] == held[1]


async def test_lanes_that_work_at_the_same_time_do_each_thing_once(redis: Redis, seed: int) -> None:
    chance = random.Random(seed)
    topics = random_topics(chance, PARTITIONS, DECISIONS)

    async def worker(number: int) -> None:
        lanes, view = Lanes(topics, random.Random(seed + number)), view_of(redis, topics)
        while lanes.unfinished:
            await lanes.deliver(view)

    await asyncio.gather(*(worker(number) for number in range(4)))

    await must_be(redis, Expected.of(topics))


async def test_a_redis_that_is_emptied_is_filled_again_though_no_decision_comes(redis: Redis, seed: int) -> None:
    topics = random_topics(random.Random(seed), PARTITIONS, DECISIONS)
    view = view_of(redis, topics)
    tending = asyncio.create_task(view.tend(0.02))
    for _ in range(2):
        await redis.flushdb()
        while any([(await view.position(place)).next < len(held) for place, held in topics.held.items()]):
            await asyncio.sleep(0.01)
    tending.cancel()
    await must_be(redis, Expected.of(topics))


async def test_what_retention_has_taken_from_the_topics_is_not_waited_for(redis: Redis) -> None:
    topics = DecisionTopics()
    records = topics.publish(0, *(change("C1", n) for n in range(1, 20)))
    topics.held[Partition(CHANGES, 0)] = []
    view = view_of(redis, topics)

    await view.apply(records[10:])
    reads = topics.reads
    await view.apply(records[15:])

    assert (await ViewReader(redis, KEYS).counts("corporate")).clients == 1
    assert topics.reads == reads


async def test_a_view_of_other_topics_is_told_and_not_mixed_with_ours(redis: Redis) -> None:
    other = DecisionTopics()
    await view_of(redis, other).apply(other.publish(0, *(change(f"X{n}", 1) for n in range(9))))
    shorter, longer = DecisionTopics(), DecisionTopics()
    shorter.publish(0, change("C1", 1))
    longer.publish(0, *(change(f"C{n}", 1) for n in range(20)))

    for topics in (shorter, longer):
        with pytest.raises(SinkUnavailable, match="views rebuild"):
            await view_of(redis, topics).apply(topics.held[Partition(CHANGES, 0)])

    view = view_of(redis, longer)
    await view.delete()
    await view.catch_up_all()
    await must_be(redis, Expected.of(longer))


async def test_what_the_learner_reports_stands_beside_and_goes_with_the_view(redis: Redis) -> None:
    view = view_of(redis, DecisionTopics())
    await view.keep_learning({"corporate": {"alarms": {"threshold_pd": 0.2}}})
    assert await redis.get(KEYS.learning("corporate")) == b'{"alarms":{"threshold_pd":0.2}}'
    await view.delete()
    assert await redis.get(KEYS.learning("corporate")) is None


async def test_a_record_that_is_no_decision_is_passed_over(redis: Redis) -> None:
    topics = DecisionTopics()
    records = topics.publish(0, change("C1", 1), change("C2", 1))
    records[0] = records[0]._replace(value=b"{}")

    await view_of(redis, topics).apply(records)

    assert (await ViewReader(redis, KEYS).counts("corporate")).clients == 1


async def test_nobody_writes_while_the_view_is_deleted_and_foreign_keys_stay(redis: Redis) -> None:
    topics = DecisionTopics()
    view = view_of(redis, topics)
    await view.apply(topics.publish(0, change("C1", 1), warning("C1", 2))[:1])
    await redis.set("test:theirs", "kept")
    await redis.set(KEYS.rebuilding, "somebody", px=60_000)
    with pytest.raises(SinkUnavailable, match="deleted"):
        await view.apply(topics.publish(0, change("C2", 1)))

    deleted = await view.delete()

    assert deleted == 4
    assert await everything(redis) == {"test:theirs": b"kept"}


async def test_a_redis_that_is_killed_and_comes_back_has_lost_nothing_in_the_end(mortal: Server, seed: int) -> None:
    chance = random.Random(seed)
    topics = random_topics(chance, PARTITIONS, DECISIONS * 4)
    redis = connect(Settings(redis_url=mortal.redis_url))
    lanes, view = Lanes(topics, chance), view_of(redis, topics)
    for _ in range(3):
        for _ in range(8):
            assert await lanes.deliver(view)
        mortal.kill()
        assert not await lanes.deliver(view)
        mortal.start()
    while lanes.unfinished:
        assert await lanes.deliver(view)
    await view.catch_up_all()

    await must_be(redis, Expected.of(topics))
    await redis.aclose()


async def test_rebuilt_from_the_brokers_the_view_is_what_it_was(tmp_path: Path, seed: int) -> None:
    topics = random_topics(random.Random(seed), PARTITIONS, DECISIONS)
    with EmbeddedBroker(tmp_path) as broker:
        _publish(broker.bootstrap, topics)
        names = {**REAL, "ledger": NAMES.real("ledger")}
        settings = Settings(brokers=broker.bootstrap, redis_url=broker.redis_url, own_prefix="test.", topic_overrides=names)
        redis = connect(settings)
        lanes, view = Lanes(topics, random.Random(seed)), view_of(redis, topics)
        while lanes.unfinished:
            await lanes.deliver(view)
        live = await everything(redis)

        rebuilt = await rebuild(settings)

        assert rebuilt.deleted_keys == len(live)
        assert rebuilt.records == sum(len(held) for held in topics.held.values())
        assert await everything(redis) == live
        await must_be(redis, Expected.of(topics))
        await redis.aclose()


async def test_a_worker_keeps_the_view_through_the_death_of_redis_and_tells_how_far_it_is_behind(
    brokers: str, mortal: Server, tmp_path: Path, seed: int
) -> None:
    topics = random_topics(random.Random(seed), PARTITIONS, DECISIONS)
    run = f"views-{uuid.uuid4().hex[:8]}"
    names = TopicNames(own_prefix=f"{run}.")
    _publish(brokers, topics, names)
    port = free_port()
    environment = {
        "TIERWATCH_BROKERS": brokers,
        "TIERWATCH_REDIS_URL": mortal.redis_url,
        "TIERWATCH_APP_ID": run,
        "TIERWATCH_INSTANCE_ID": "one",
        "TIERWATCH_OWN_PREFIX": names.own_prefix,
        "TIERWATCH_METRICS_PORT": str(port),
    }
    inherited = {name: said for name, said in os.environ.items() if not name.startswith("TIERWATCH_")}
    worker = Child([sys.executable, "-m", "tests.system.viewing"], tmp_path / "worker.log", {**inherited, **environment})
    worker.start()
    redis, keys = Redis.from_url(mortal.redis_url), ViewKeys(run)
    here = ViewReader(redis, keys)
    await _until(lambda: _clients(here, topics), worker)  # warnings may still be on their way
    await _until(lambda: _true(_metric(port, "tierwatch_view_behind_records") == 0), worker)

    mortal.kill()
    _publish(brokers, DecisionTopics({place: held[-7:] for place, held in topics.held.items()}), names)
    topics.publish(0, change("C0-late", 1))
    _publish(brokers, DecisionTopics({Partition(CHANGES, 0): topics.held[Partition(CHANGES, 0)][-1:]}), names)
    await _until(lambda: _true(_metric(port, "tierwatch_view_behind_records") > 0), worker)
    mortal.start()
    await _until(lambda: _clients(here, topics), worker)
    await _until(lambda: _true(_metric(port, "tierwatch_view_behind_records") == 0), worker)

    await must_be(redis, Expected.of(topics), keys)
    assert _metric(port, "tierwatch_sink_unavailable_total") > 0
    worker.stop()
    await redis.aclose()


async def _clients(reader: ViewReader, topics: DecisionTopics) -> bool:
    with contextlib.suppress(RedisError):
        decided = len(Expected.of(topics).changes)
        return sum([(await reader.counts(name)).clients for name in await reader.portfolios()]) == decided
    return False


async def _true(said: bool) -> bool:
    return said


async def _until(holds: Callable[[], Awaitable[bool]], worker: Child) -> None:
    deadline = time.monotonic() + 60
    while not await holds():
        assert worker.running, worker.tail(40)
        assert time.monotonic() < deadline, worker.tail(40)
        await asyncio.sleep(0.2)


def _metric(port: int, name: str) -> float:
    """The sum of all its samples; -1 while there are none."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as page:
        lines = page.read().decode().splitlines()
    values = [float(line.rpartition(" ")[2]) for line in lines if line.startswith(name)]
    return sum(values) if values else -1.0


REAL = {"tier-changes": CHANGES, "early-warnings": WARNINGS, "portfolios": WHOLES}


def _publish(bootstrap: str, topics: DecisionTopics, names: TopicNames = NAMES) -> None:
    real = {kind: names.real(logical) for logical, kind in REAL.items()}
    admin = AdminClient({"bootstrap.servers": bootstrap})
    there = admin.list_topics(timeout=10).topics
    wanted = {*real.values(), names.real("ledger")}
    if missing := [NewTopic(name, PARTITIONS, 1) for name in sorted(wanted) if name not in there]:
        for answer in admin.create_topics(missing).values():
            answer.result()
    producer = Producer({"bootstrap.servers": bootstrap})
    for place, records in topics.held.items():
        for record in records:
            producer.produce(real[place.topic], record.value, record.key, place.partition)
    assert producer.flush(20) == 0
