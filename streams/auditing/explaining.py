"""Explaining: one decision derived again from its client's events, with the points of each feature and what was in force.

A client's decisions depend on its own events and on the control records of its partition alone, so nobody else's events are
folded again. Others only move the marks by which a record that intake has written twice is dropped: those are kept here.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final, NamedTuple

import msgspec

from agents.segmentation import arrears
from agents.segmentation.appraising import appraisal
from agents.segmentation.in_force import InForce
from agents.segmentation.ratings import worst_class
from agents.segmenter import Segmenter
from online_models import behaviour
from online_models.features import FEATURES, UNKNOWN_STATEMENT, whole
from online_models.scorecard import sigmoid
from schemas import decisions, log, topics
from schemas.policy import CODES, Policy
from schemas.records import Batch, PlainRecord
from schemas.state import ClientState
from streams.auditing.decision_sources import DecisionSource
from streams.replaying.retelling import kind, told
from streams.user_errors import UserError

TOPIC_OF: Final = {"tc": topics.TIER_CHANGES, "ew": topics.EARLY_WARNINGS}
SAME_PD: Final = 1e-9
"""Points are added here in another order than when the client was scored: so much may a sum differ."""


class DecisionId(NamedTuple):
    """What a decision's id says. Units: `day` is a proleptic ordinal."""

    kind: str
    partition: int
    offset: int
    client_id: str
    day: int
    ordinal: int

    @property
    def topic(self) -> str:
        return TOPIC_OF[self.kind]

    def __str__(self) -> str:
        return "/".join(map(str, self))


class Happened(msgspec.Struct, frozen=True):
    """One event behind a decision. `effect`: whether it was folded, or dropped as sent twice, or could not be."""

    offset: int
    on: date
    kind: str
    event_id: str
    what: str
    effect: str


class Feature(msgspec.Struct, frozen=True):
    """A figure as it was scored, and what it added to the logit; `value` None is not known."""

    name: str
    text: str
    unit: str
    value: float | None
    points: float


class Scored(msgspec.Struct, frozen=True):
    """The score: logit = intercept + the points of all features; PD = 1 / (1 + exp(-logit)), 1 in default."""

    intercept: float
    features: list[Feature]
    logit: float
    pd: float
    in_default_since: date | None


class Bound(msgspec.Struct, frozen=True):
    """A threshold that the decision was measured against, and where it comes from."""

    name: str
    value: Any
    source: str


class Explanation(msgspec.Struct, frozen=True):
    """One decision and all that it was made from."""

    decision_id: str
    topic: str
    standing: str
    """identical, different, or missing: what stands in the topic against what the log gives."""
    decision: msgspec.Raw
    events: list[Happened]
    scored: Scored
    regime: str
    """Of the macro regime, and whose figures tell it."""
    overlays: list[str]
    """Of the policy, those in force for this client, in their order."""
    bounds: list[Bound]
    model_version: str
    policy_version: str
    cutoffs_version: str


def explain(source: DecisionSource, policy: Policy, name: str) -> list[Explanation]:
    """The decision of that id, or each decision of the warning of that id, oldest first. Raises: UserError for an unknown id."""
    wanted = parsed(name)
    if wanted is not None:
        return [_explained(source, policy, wanted)]
    ids = _of_warning(source, name)
    return [_explained(source, policy, one) for one in ids]


def parsed(name: str) -> DecisionId | None:
    """A decision's id taken apart; None if it is none. Client ids may have slashes in them."""
    head, tail = name.split("/", 3), name.rsplit("/", 2)
    if len(head) < 4 or head[0] not in TOPIC_OF or len(head[3].split("/")) < 3:
        return None
    numbers = (head[1], head[2], tail[1], tail[2])
    if not all(part.isascii() and part.isdigit() for part in numbers):
        return None
    partition, offset, day, ordinal = map(int, numbers)
    return DecisionId(head[0], partition, offset, head[3].rsplit("/", 2)[0], day, ordinal)


def _of_warning(source: DecisionSource, name: str) -> list[DecisionId]:
    parts = name.rsplit("/", 2)
    if len(parts) < 3 or parts[1] not in CODES or not parts[2].isdigit():
        raise UserError(
            f"ID = {name!r}: is neither a decision_id (tc/0/1234/client/738900/0)"
            f" nor a warning_id (client/INDICATOR/1, of {', '.join(CODES)})"
        )
    found: dict[str, int] = {}
    for body in source.standing(topics.EARLY_WARNINGS, parts[0]):
        if name.encode() in body:
            warning = decisions.read_early_warning(body)
            if warning.warning_id == name:
                found[warning.decision_id] = warning.sequence
    if not found:
        raise UserError(f"ID = {name!r}: no early warning has this warning_id")
    ids = (parsed(one) for one in sorted(found, key=found.__getitem__))
    return [one for one in ids if one is not None]


def _explained(source: DecisionSource, policy: Policy, wanted: DecisionId) -> Explanation:
    stands = _standing(source, wanted)
    retold = Retelling(wanted, policy)
    for record in source.log(wanted.partition):
        if record.offset > wanted.offset:
            break
        retold.take(record)
    if retold.decision is None:
        raise UserError(_not_derived(wanted, stands is not None))
    standing = "missing" if stands is None else "identical" if stands == retold.decision else "different"
    return retold.explanation(standing)


def _standing(source: DecisionSource, wanted: DecisionId) -> bytes | None:
    name = msgspec.json.encode(str(wanted))
    for body in source.standing(wanted.topic, wanted.client_id):
        if name in body and msgspec.json.decode(body, type=_Named).decision_id == str(wanted):
            return body
    return None


class _Named(msgspec.Struct):
    decision_id: str


def _not_derived(wanted: DecisionId, stands: bool) -> str:
    if stands:
        return f"ID = {str(wanted)!r}: stands in its topic, and the log does not give it; run tierwatch verify"
    return f"ID = {str(wanted)!r}: there is no such decision"


class Retelling:
    """Folds the client's events and its partition's control records again, up to the decision."""

    def __init__(self, wanted: DecisionId, policy: Policy) -> None:
        self.decision: bytes | None = None
        self._wanted = wanted
        self._change = str(wanted._replace(kind="tc", ordinal=0)).encode()
        self._stood: str | None = None
        """The segment in which the client was decided, if it has left it by this very decision."""
        self._segmenter = Segmenter(wanted.partition, {}, policy, wanted.partition + 1)
        self._marks: dict[tuple[str, int], int] = {}
        self._events: list[Happened] = []

    def take(self, record: PlainRecord) -> None:
        """The next record of the partition."""
        if record.key is None:
            self._run(self._cut(record))
            if record.offset == self._wanted.offset and self.decision is not None:
                day = date.fromordinal(self._wanted.day)
                self._events.append(Happened(record.offset, day, "day-closed", "", f"the close of {day}", "folded"))
            return
        try:
            fact = log.read_fact(record.value or b"")
        except msgspec.MsgspecError:
            return  # a dead letter; it decides nothing
        is_new = type(fact) in log.DERIVED or self._is_new(fact.source)
        if fact.client_id != self._wanted.client_id or isinstance(fact, log.MemberStanding):
            return
        counts = self._run(record) if is_new else {"repeated": 1}
        self._events.append(
            Happened(record.offset, fact.occurred_at.date(), kind(fact), fact.event_id, told(fact), _effect(counts))
        )

    def explanation(self, standing: str) -> Explanation:
        """All of it. The decision must have come."""
        assert self.decision is not None
        client = self._segmenter.live.client(self._wanted.client_id)
        now = self._segmenter.resolver.in_force_for(client, self._stood)
        return Explanation(
            decision_id=str(self._wanted),
            topic=self._wanted.topic,
            standing=standing,
            decision=msgspec.Raw(self.decision),
            events=self._events,
            scored=scored(client, now, min(self._wanted.day, self._segmenter.partition.closed_day)),
            regime=f"{now.regime} ({now.regime_cell})",
            overlays=list(now.overlays),
            bounds=list(_bounds(self._wanted.topic, self.decision, now)),
            model_version=now.card.version,
            policy_version=now.policy_version,
            cutoffs_version=now.cutoffs_version,
        )

    def _is_new(self, source: log.Source) -> bool:
        """As the segmenter drops what intake has written twice: by the highest offset of each source partition."""
        place = (source.topic, source.partition)
        is_new = source.offset > self._marks.get(place, -1)
        if is_new:
            self._marks[place] = source.offset
        return is_new

    def _cut(self, record: PlainRecord) -> PlainRecord:
        """The record; if it closes days after the decision's, only up to that day, so that the state stands as it was then."""
        if record.offset < self._wanted.offset:
            return record
        try:
            control = log.read_control(record.value or b"")
        except msgspec.MsgspecError:
            return record
        if not isinstance(control, log.DayPassed) or control.day.toordinal() <= self._wanted.day:
            return record
        cut = msgspec.structs.replace(control, day=date.fromordinal(self._wanted.day))
        return record._replace(value=log.write(cut))

    def _run(self, record: PlainRecord) -> dict[str, int]:
        counts: dict[str, int] = {}
        for batch in self._segmenter.run([record]):
            if not isinstance(batch, Batch):
                continue
            counts.update(batch.counts)
            for outcome in batch.outcomes:
                if ("ce_id", str(self._wanted).encode()) in outcome.headers:
                    self.decision = outcome.value
                if ("ce_id", self._change) in outcome.headers:
                    was = decisions.read_tier_change(outcome.value).was
                    self._stood = "" if was is None else was.segment
        return counts


def _effect(counts: dict[str, int]) -> str:
    if "repeated" in counts or "duplicate" in counts:
        return "dropped: sent twice"
    return "refused: a dead letter" if any(name.startswith("dead-letter/") for name in counts) else "folded"


def scored(client: ClientState, now: InForce, as_of: int) -> Scored:
    """The features as they were scored, arrears as of the close of `as_of`. Raises: RuntimeError if they give another PD."""
    dpd = arrears.days_past_due(client.facilities, as_of)
    past_due = sum(arrears.overdue(f, as_of) * now.per_minor[f.currency] for f in client.facilities) if dpd else 0.0
    behaviour_x = behaviour.features(client.months, dpd, past_due * 100)
    x = whole((client.statement_x or UNKNOWN_STATEMENT) + behaviour_x + appraisal(client, now).standing)
    points = now.card.points(x)
    beside = _beside(client, now)
    logit = now.card.intercept + sum(points) + sum(one.points for one in beside)
    if not client.defaulted_day and abs(sigmoid(logit) - client.pd) > SAME_PD:
        raise RuntimeError(f"the features give a PD of {sigmoid(logit)}, the client was scored {client.pd}")
    features = [
        Feature(f.name, f.text, f.unit, None if value != value else value, p)
        for f, value, p in zip(FEATURES, x, points, strict=True)
    ] + beside
    since = date.fromordinal(client.defaulted_day) if client.defaulted_day else None
    return Scored(now.card.intercept, features, logit, client.pd, since)


def _beside(client: ClientState, now: InForce) -> list[Feature]:
    """The policy's points beside the scorecard; their figures are no numbers."""
    kept, weight = appraisal(client, now), now.card.expert_weight
    return [
        Feature("industry", f"industry {client.industry or 'not known'}", "section", None, kept.industry * weight),
        Feature("macro", f"macro regime {now.regime}", "regime", None, now.macro_logit),
        Feature("rating", f"rating class {worst_class(client.ratings) or 'not known'}", "class", None, kept.rating * weight),
    ]


def _bounds(topic: str, decision: bytes, now: InForce) -> Iterator[Bound]:
    rules = now.rules
    if topic == topics.EARLY_WARNINGS:
        warning = decisions.read_early_warning(decision)
        rule = rules.indicators.get(warning.indicator)
        if rule is not None:
            for severity in ("watch", "amber", "red"):
                bound = getattr(rule, severity)
                if bound is not None:
                    yield Bound(f"{warning.indicator} {severity}", bound, rule.source)
        for severity, days in zip(("watch", "amber", "red"), rules.watchlist.cure_days, strict=True):
            yield Bound(f"cure of {severity}, days", days, "policy: watchlist.cure_days")
        return
    for grade, bound in enumerate(rules.grades.upper, start=1):
        yield Bound(f"grade {grade}: PD up to", bound, "policy: grades.upper")
    yield Bound("grade hysteresis", rules.grades.hysteresis, "policy: grades.hysteresis")
    for tier, lowest in zip(("diamond", "gold", "silver"), now.cutoffs or (), strict=False):
        yield Bound(f"{tier}: value from", lowest, f"cut-offs {now.cutoffs_version}")
    yield Bound("stage 2: days past due over", rules.default.significant_increase_dpd_days, "IFRS 9 5.5.11")
    rise = now.rules.staging
    yield Bound("stage 2: PD over the one at origination", rise.pd_relative, "policy: staging.pd_relative")
    yield Bound("stage 2: PD less the one at origination", rise.pd_absolute, "policy: staging.pd_absolute")
    yield Bound("default: days past due over", rules.default.dpd_days, "IFRS 9 B5.5.37; policy: default.dpd_days")
