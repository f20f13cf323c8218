"""A small bank made by hand, and the log and the decisions that follow from its events."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from agents.intake import Intake, day_passed
from schemas import log, topics
from schemas.policy import Policy
from schemas.records import EVERY, Outcome, PlainRecord
from streams.policies.files import load_policy
from streams.policies.publishing import policy_record
from streams.replaying.pipeline import Pipeline


@dataclass
class Scene:
    """Events go in; `log` and `decisions` come out."""

    partitions: int = 2
    policy: Policy = field(default_factory=load_policy)
    log: list[PlainRecord] = field(default_factory=list)
    decisions: list[Outcome] = field(default_factory=list)
    taken: int = 0

    def __post_init__(self) -> None:
        self._pipeline = Pipeline(self.policy, self.partitions, self._publish, self.log.append)
        self._intakes = {topic: Intake(topic, {"repayments": 1}) for topic in topics.SOURCE_NAMES}
        self._pipeline.append([Outcome(topics.CLIENT_EVENTS, None, policy_record(self.policy), (), EVERY)])

    def tell(self, topic: str, client_id: str, day: str, **fields: Any) -> None:
        """An event of a client."""
        event = {"event_id": f"e{self.taken}", "client_id": client_id, "occurred_at": f"{day}T10:00:00+01:00", **fields}
        record = PlainRecord(topic, 0, self.taken, 0, None, json.dumps(event).encode())
        self.taken += 1
        self._pipeline.append(self._intakes[topic].run([record]).outcomes)

    def close(self, day: str) -> None:
        """All days up to this one have passed."""
        self._pipeline.append([day_passed(log.Source(topics.REPAYMENTS, 0, 0), date.fromisoformat(day), {"repayments": 1})])

    def _publish(self, outcome: Outcome) -> None:
        if outcome.topic in (topics.TIER_CHANGES, topics.EARLY_WARNINGS):
            self.decisions.append(outcome)


def small_bank(partitions: int = 2) -> Scene:
    """Six clients: a line each, drawn to different degrees; every other one stops paying."""
    scene = Scene(partitions)
    terms = {"currency": "EUR", "next_amount_due": "50000.00", "limit": 1_000_000}
    for number, client_id in enumerate(clients()):
        drawn = str(300_000 + 130_000 * number)
        draw = {"facility_id": f"L{number}", "amount": drawn, "balance_after": drawn, "next_due_date": "2024-02-01"}
        scene.tell(topics.DRAWDOWNS, client_id, "2024-01-02", **terms, **draw)
    scene.close("2024-01-31")
    for number, client_id in enumerate(clients()):
        due = {"facility_id": f"L{number}", "due_date": "2024-02-01", "amount_due": "50000.00", "currency": "EUR"}
        if number % 2 == 0:
            scene.tell(topics.REPAYMENTS, client_id, "2024-02-01", amount_paid="50000.00", **due)
    scene.tell(
        topics.STATEMENTS, "c0/north", "2024-03-01", period_end="2023-12-31", currency="EUR", total_assets=900_000, equity=20_000,
        revenue=500_000, net_income=-30_000, current_assets=90_000, current_liabilities=120_000, total_liabilities=880_000,
    )  # fmt: skip
    scene.close("2024-06-30")
    return scene


def clients() -> Iterator[str]:
    """The bank's clients; one has a slash in its name."""
    yield "c0/north"
    yield from (f"c{number}" for number in range(1, 6))
