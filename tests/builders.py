"""Things to test with. Each builder makes a complete, valid one; a test names only what it is about."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from agents.segmentation.in_force import InForce, Standing, in_force
from online_models.expert import expert
from online_models.features import NAMES
from schemas import log, topics
from schemas.learning import FeaturePoints, LabelledExample, ModelSnapshot, ValueHistogram
from schemas.policy import Policy, read_policy
from schemas.records import Headers, PlainRecord

SHIPPED = Path(__file__).parent.parent / "schemas" / "policy.yaml"
DAY = date(2024, 1, 10)
N = len(NAMES)

_COMMON: dict[str, Any] = {"event_id": "e1", "client_id": "C1", "occurred_at": "2024-01-10T09:00:00+01:00"}
_FIELDS: dict[str, dict[str, Any]] = {
    topics.REPAYMENTS: {
        "facility_id": "L1", "due_date": "2024-01-10", "amount_due": "100.00", "amount_paid": "100.00", "currency": "EUR",
    },
    topics.DRAWDOWNS: {"facility_id": "L1", "amount": "1000", "limit": "10000", "balance_after": "5000", "currency": "EUR"},
    topics.STATEMENTS: {"period_end": "2023-12-31", "total_assets": "1000000", "currency": "EUR"},
    topics.PROFILES: {"industry": "C28"},
    topics.RATINGS: {"agency": "S&P", "grade": "BB+"},
    topics.COLLATERAL: {"collateral_id": "K1", "value": "2000", "currency": "EUR"},
    topics.MACRO: {"indicator": "gdp-growth", "value": 0.01, "as_of": "2023-12-31"},
    topics.OUTCOMES: {"outcome": "defaulted"},
    topics.MILESTONES: {"project_id": "P1", "milestone": "foundation", "planned": 0.5, "actual": 0.4},
    topics.FEEDBACK: {"warning_id": "C1/DPD/1", "verdict": "confirmed"},
}  # fmt: skip


def event(topic: str, **fields: Any) -> dict[str, Any]:
    """A source event, valid unless `fields` say otherwise; a field given as None is left out."""
    whole = {**_COMMON, **_FIELDS[topic], **fields}
    if topic == topics.MACRO:
        whole.pop("client_id")
    return {name: value for name, value in whole.items() if value is not None}


def at(day: date, hour: int = 9) -> str:
    """A moment of a day, as the wire has it."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC).isoformat()


def source_record(topic: str, value: bytes | None, offset: int = 0, partition: int = 0, headers: Headers = ()) -> PlainRecord:
    """A record of a source topic."""
    return PlainRecord(topic, partition, offset, 1_700_000_000_000, b"key", value, headers)


def published(topic: str, offset: int = 0, partition: int = 0, **fields: Any) -> PlainRecord:
    """A source event as a record of its topic."""
    return source_record(topic, msgspec.json.encode(event(topic, **fields)), offset, partition)


def statement(**fields: Any) -> log.StatementPublished:
    """A statement as the log holds it; amounts in minor units."""
    whole: dict[str, Any] = {
        "source": log.Source(topics.STATEMENTS, 0, 0),
        "event_id": "s1",
        "client_id": "C1",
        "occurred_at": datetime(2024, 3, 31, tzinfo=UTC),
        "period_end": date(2023, 12, 31),
        "currency": "EUR",
        "total_assets": 1_000_00,
    }
    return log.StatementPublished(**{**whole, **fields})


@cache
def shipped() -> Policy:
    """The policy as it is shipped."""
    return read_policy(SHIPPED.read_bytes())


def policy(**overrides: Any) -> Policy:
    """The shipped policy with its defaults overridden, key by key."""
    document = msgspec.yaml.decode(SHIPPED.read_bytes())
    document["defaults"] = _over(document["defaults"], overrides)
    return Policy.model_validate(document)


def rules_in_force(policy: Policy | None = None, cutoffs: tuple[float, float, float] | None = None) -> InForce:
    """What decides a corporate client, by the expert's scorecard."""
    policy = policy or shipped()
    card = expert(policy.of("corporate").prior_pd)
    return in_force(Standing("corporate"), policy, card, None if cutoffs is None else (1, cutoffs))


def model(number: int = 1, portfolio: str = "corporate", credibility: float = 0.5, shift: float = 0.3) -> ModelSnapshot:
    """A model that adds `shift` to the logit of whoever has drawn more than half of the limit."""
    points = FeaturePoints("utilisation", (0.5,), (0.0, shift), 0.0)
    return ModelSnapshot(
        portfolio=portfolio,
        number=number,
        examples=1000,
        defaults=20,
        credibility=credibility,
        intercept=-3.0,
        features=(points,),
    )


def example(offset: int = 0, **fields: Any) -> LabelledExample:
    """A labelled example, from record `offset` of the log."""
    whole: dict[str, Any] = {
        "portfolio": "corporate", "client_id": "C1", "as_of": date(2023, 1, 31), "labelled_on": date(2024, 1, 31),
        "x": (None,) * N, "y": False, "pd": 0.02, "model_version": "expert-1", "partition": 0, "offset": offset, "ordinal": 0,
    }  # fmt: skip
    return LabelledExample(**{**whole, **fields})


def histogram(bins: Mapping[int, int], partition: int = 0, partitions: int = 1, **fields: Any) -> ValueHistogram:
    """How the corporate clients of a partition are spread over value."""
    whole: dict[str, Any] = {"portfolio": "corporate", "as_of": DAY, "offset": 0}
    spread = tuple(sorted(bins.items()))
    return ValueHistogram(**{**whole, "partition": partition, "partitions": partitions, "bins": spread, **fields})


def _over(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        merged[key] = _over(merged[key], value) if isinstance(value, Mapping) and key in merged else value
    return merged
