"""Decision topics without a broker: random ones with what a segmenter's reruns leave in them, and what must come of them."""

import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from schemas import topics
from schemas.decisions import EarlyWarning, Evidence, Segment, TierChange, read_early_warning, read_tier_change, write
from schemas.learning import SegmentLimits
from schemas.portfolios import PortfolioTold, write_portfolio
from schemas.records import PlainRecord, Record
from schemas.topics import EARLY_WARNINGS, TIER_CHANGES, TopicNames
from streams.positions import Partition

NAMES = TopicNames()
CHANGES, WARNINGS, WHOLES = NAMES.real(TIER_CHANGES), NAMES.real(EARLY_WARNINGS), NAMES.real(topics.PORTFOLIOS)
PORTFOLIOS = ("corporate", "sme")
TIERS = ("diamond", "gold", "silver", "basic")
GRADES = ("1", "4", "7", "D")
INDICATORS = ("DPD", "MISSED", "UTIL", "ICR")
SEVERITIES = ("watch", "amber", "red")


def evidence(partition: int = 0, offset: int = 0) -> Evidence:
    """Of a decision at that place of the log."""
    return Evidence("e", "client-events", partition, offset, "expert", "shipped", "0")


def change(client_id: str, sequence: int, tier: str = "gold", grade: str = "4", portfolio: str = "corporate") -> TierChange:
    """A client's tier change."""
    return TierChange(
        decision_id=f"tc/0/{sequence}/{client_id}/0",
        client_id=client_id,
        portfolio=portfolio,
        sequence=sequence,
        as_of=date(2024, 1, 1) + timedelta(sequence),
        was=None,
        now=Segment(tier, grade, 3 if grade == "D" else 1, "growth", "core"),
        direction="first",
        pd=0.02,
        value=1234.5,
        reasons=[],
        counterfactual=None,
        treatment={"limit_action": "keep"},
        evidence=evidence(offset=sequence),
    )


def warning(
    client_id: str,
    sequence: int,
    status: str = "raised",
    severity: str = "watch",
    indicator: str = "DPD",
    portfolio: str = "corporate",
) -> EarlyWarning:
    """A client's early warning."""
    return EarlyWarning(
        decision_id=f"ew/0/{sequence}/{client_id}/0",
        warning_id=f"{client_id}/{indicator}/1",
        client_id=client_id,
        portfolio=portfolio,
        sequence=sequence,
        as_of=date(2024, 1, 1) + timedelta(sequence % 7),
        status=status,
        severity=severity,
        indicator=indicator,
        value=31.0,
        threshold=30.0,
        text="31 days past due – “über”",
        first_raised_at=date(2024, 1, 1),
        evidence=evidence(offset=sequence),
    )


@dataclass
class DecisionTopics:
    """What stands in both topics, by partition; a `DecisionLog`."""

    held: dict[Partition, list[PlainRecord]] = field(default_factory=dict)
    reads: int = 0
    """How often somebody read them anew."""

    def publish(self, partition: int, *decisions: TierChange | EarlyWarning) -> list[PlainRecord]:
        """Appends to the partition; the records."""
        made = []
        for decision in decisions:
            topic = CHANGES if isinstance(decision, TierChange) else WARNINGS
            records = self.held.setdefault(Partition(topic, partition), [])
            records.append(PlainRecord(topic, partition, len(records), 0, decision.client_id.encode(), write(decision)))
            made.append(records[-1])
        return made

    def tell(self, *wholes: PortfolioTold) -> list[PlainRecord]:
        """Appends what is told of portfolios as a whole; the records."""
        held = self.held.setdefault(Partition(WHOLES, 0), [])
        made = [PlainRecord(WHOLES, 0, len(held) + i, 0, w.portfolio.encode(), write_portfolio(w)) for i, w in enumerate(wholes)]
        held += made
        return made

    async def read(self, place: Partition, begin: int, until: int) -> AsyncIterator[Sequence[Record]]:
        """In batches of five."""
        self.reads += 1
        for start in range(begin, until, 5):
            yield self.held[place][start : min(start + 5, until)]

    async def ends(self, topic: str) -> dict[int, int]:
        """By partition."""
        return {place.partition: len(records) for place, records in self.held.items() if place.topic == topic}


def whole(number: int, portfolio: str = "corporate") -> PortfolioTold:
    """A portfolio as a whole."""
    figures = {"limit": 9 * number, "headroom": 4, "over_granted": 2, "room": 1, "expected_loss": 3}
    star = SegmentLimits(segment="star", clients=number, drawn=5 * number, **figures)
    curve = ((0.2, 0.8), (1.0, 1.0))
    day = date(2024, 1, 1) + timedelta(number)
    return PortfolioTold(portfolio=portfolio, number=number, as_of=day, clients=number, value_curve=curve, limits=(star,))


def random_topics(chance: random.Random, partitions: int, decisions: int) -> DecisionTopics:
    """Clients that move and are warned of; now and then a worker dies and publishes its last decisions again."""
    held = DecisionTopics()
    for partition in range(partitions):
        made = _decisions(chance, partition, decisions)
        at = 0
        while at < len(made):
            held.publish(partition, made[at])
            at += 1
            if chance.random() < 0.05:
                at = max(0, at - chance.randrange(12))
    return held


def _decisions(chance: random.Random, partition: int, number: int) -> list[TierChange | EarlyWarning]:
    sequences: Counter[str] = Counter()
    open_now: dict[tuple[str, str], str] = {}
    made: list[TierChange | EarlyWarning] = []
    for _ in range(number):
        client = f"C{partition}-{chance.randrange(8)}"
        portfolio = PORTFOLIOS[int(client[-1]) % 2]
        sequences[client] += 1
        if chance.random() < 0.4:
            made.append(change(client, sequences[client], chance.choice(TIERS), chance.choice(GRADES), portfolio))
            continue
        indicator = chance.choice(INDICATORS)
        was = open_now.pop((client, indicator), None)
        severity = chance.choice(SEVERITIES)
        status = "raised" if was is None else "cleared" if chance.random() < 0.5 else "escalated"
        if status != "cleared":
            open_now[client, indicator] = severity
        made.append(
            warning(client, sequences[client], status, was or severity if status == "cleared" else severity, indicator, portfolio)
        )
    return made


@dataclass
class Expected:
    """The view as it must be: plain dicts, from each decision's first appearance."""

    changes: dict[str, TierChange] = field(default_factory=dict)
    open: dict[str, dict[str, EarlyWarning]] = field(default_factory=dict)
    warnings: dict[str, list[EarlyWarning]] = field(default_factory=dict)
    portfolio: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, topics: DecisionTopics) -> "Expected":
        """After all that the topics hold."""
        expected, seen = cls(), set[str]()
        for place, records in topics.held.items():
            read = read_tier_change if place.topic == CHANGES else read_early_warning
            for record in records:
                decision = read(record.value or b"")
                if decision.decision_id not in seen:
                    seen.add(decision.decision_id)
                    expected._take(decision)
        return expected

    def _take(self, decision: TierChange | EarlyWarning) -> None:
        self.portfolio[decision.client_id] = decision.portfolio
        if isinstance(decision, TierChange):
            self.changes[decision.client_id] = decision
            return
        self.warnings.setdefault(decision.client_id, []).append(decision)
        open_now = self.open.setdefault(decision.client_id, {})
        if decision.status == "cleared":
            open_now.pop(decision.indicator, None)
        else:
            open_now[decision.indicator] = decision
