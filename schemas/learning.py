"""What the segmenter and the learner tell each other: labelled examples, value histograms, model snapshots."""

import hashlib
from datetime import date
from typing import Any, Final, TypeAlias

import msgspec


class FeaturePoints(msgspec.Struct, frozen=True, array_like=True):
    """What one feature adds to the logit: bin `i` holds values from `edges[i-1]` up to `edges[i]`; missing has its own."""

    name: str
    edges: tuple[float, ...]
    points: tuple[float, ...]
    """Shape: len(edges) + 1, in logits."""
    missing: float
    knots: tuple[float, ...] = ()
    """To the steps a curve is added, straight between these knots and level beyond them."""
    levels: tuple[float, ...] = ()
    """Shape: as `knots`, in logits."""
    median: float | None = None
    """Of the portfolio's clients, when the bins were drawn."""


class ModelSnapshot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A scorecard that was learned: logit = intercept + what each feature adds, mixed with the expert's, + level.

    Units: logits. `credibility` is the weight of what was learned, 1 - `credibility` that of the expert scorecard.
    """

    portfolio: str
    number: int
    """Counts a portfolio's models from 1."""
    examples: int
    defaults: int
    credibility: float
    intercept: float
    features: tuple[FeaturePoints, ...]
    alarm_pd: float | None = None
    """From this PD on a client is warned of; None: by no PD (see `online_models.alarms`)."""
    level: float = 0.0
    """Added to the mix by models of earlier releases."""
    members: tuple[str, ...] = ()
    """Whose mean it is."""
    was_members: tuple[str, ...] = ()
    """Those of the champion that this model's members have replaced by it; none: it has replaced nobody."""
    log_e_value: float = 0.0
    """Of a model that has replaced a champion: natural logarithm of the e-value by which (`online_models.evidence`)."""

    @property
    def version(self) -> str:
        """Name and content: the same weights have the same version wherever they were learned."""
        digest = hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:12]
        return f"{self.portfolio}-{self.number}-{digest}"


def number_of(version: str) -> int:
    """The number in a model's version; 0 for the expert's."""
    parts = version.rsplit("-", 2)
    return int(parts[1]) if len(parts) == 3 and parts[1].isdigit() else 0


class LabelledExample(msgspec.Struct, frozen=True, tag_field="record", tag="labelled-example", kw_only=True):
    """Features of one client as they were scored at `as_of`, and what came of it within the horizon."""

    portfolio: str
    client_id: str
    as_of: date
    labelled_on: date
    x: tuple[float | None, ...]
    """In the order of `online_models.features.NAMES`; None is missing."""
    y: bool
    pd: float
    """As scored at `as_of`, before anything was learned from this example."""
    model_version: str
    partition: int
    """Of the log: with `offset` and `ordinal` it tells whether the learner has seen this example."""
    offset: int
    ordinal: int
    period: date | None = None
    """End of the statement's period, if it was scored at one; None at a month's end."""
    since_days: int = 0
    """Since the client's snapshot before this one; 0 for the first."""
    was_pd: float = 0.0
    """At the client's snapshot before this one; 0 for the first."""
    alarmed: bool = False
    """A warning of the PD was raised since then, and stands."""


class SegmentLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of the clients of one segment. They add up, over partitions too. Units: whole ones of the reporting currency."""

    segment: str
    clients: int
    drawn: int
    limit: int
    headroom: int
    """Granted and not drawn."""
    over_granted: int
    """Limits above what the treatment of a frozen, reduced or cancelled limit would grant today: at risk of being drawn."""
    room: int
    """What the treatment would grant on top where limits are to be raised: headroom for good risk."""
    expected_loss: int
    """A year."""


class ValueHistogram(msgspec.Struct, frozen=True, tag_field="record", tag="value-histogram", kw_only=True):
    """How the clients of one portfolio in one partition of the log are spread over value, at the close of `as_of`."""

    portfolio: str
    as_of: date
    partition: int
    partitions: int
    """How many there are: cut-offs are published when all have spoken."""
    offset: int
    bins: tuple[tuple[int, int], ...]
    """(bin of `online_models.cutoffs.bin_of`, clients), ascending."""
    limits: tuple[SegmentLimits, ...] = ()
    """Of the same clients, by segment."""


class TalliesTold(msgspec.Struct, frozen=True, tag_field="record", tag="tallies-told", kw_only=True):
    """What the clients of one portfolio in one partition of the log add to ledger, transitions and liquidity at a month's end."""

    portfolio: str
    as_of: date
    partition: int
    partitions: int
    """How many there are: the ledger is published when all have spoken."""
    offset: int
    closed: tuple[tuple[int, int], ...]
    """(key of `online_models.tallies`, count), ascending."""
    spans: tuple[tuple[int, int, int], ...]
    """(key, running spans, sum of their first days), ascending."""
    liquidity: dict[str, list[int]]
    """By currency, minor units (`agents.segmentation.liquidity.Flows`)."""


class LedgerPublished(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a portfolio at the end of a month, of all partitions together."""

    portfolio: str
    as_of: date
    ledger: dict[str, Any]
    transitions: dict[str, Any]
    liquidity: dict[str, dict[str, float]]
    """By currency, in major units."""


Lesson: TypeAlias = LabelledExample | ValueHistogram | TalliesTold

read_ledger: Final = msgspec.json.Decoder(LedgerPublished).decode
"""Raises: msgspec.DecodeError, msgspec.ValidationError."""

read_lesson: Final = msgspec.json.Decoder(Lesson).decode
"""Raises: msgspec.DecodeError, msgspec.ValidationError."""
