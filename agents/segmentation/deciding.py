"""Deciding: a client's state, scored and graded, against what was decided before; what has changed is told.

Arrears are taken as of the last closed day, never of an event's own day: payments of other source partitions may still be
on their way, and only the close of a day says that all of them are here.
"""

from typing import Final

import msgspec

from agents.segmentation import arrears, history, labelling
from agents.segmentation.agenda import month_end
from agents.segmentation.appraising import appraisal
from agents.segmentation.changes import Scored, tier_change
from agents.segmentation.defaulting import NO_ARREARS, Arrears, default_step
from agents.segmentation.in_force import InForce
from agents.segmentation.indicators.rule import Seen
from agents.segmentation.limits import granted
from agents.segmentation.origin import carry_over, originate
from agents.segmentation.place import Place
from agents.segmentation.standing import standing_logit
from agents.segmentation.valuation import Exposure, contribution, exposure
from agents.segmentation.warnings import warnings
from online_models import behaviour
from online_models.cutoffs import bin_of
from online_models.features import UNKNOWN_STATEMENT, unpacked
from online_models.scorecard import partial_logit, sigmoid
from schemas import log
from schemas.decisions import EarlyWarning, TierChange
from schemas.state import Appraisal, ClientState, Snapshot


class Decided(msgspec.Struct, frozen=True, gc=False):
    """What one record led to at one client."""

    change: TierChange | None
    warnings: list[EarlyWarning]
    labelled: list[tuple[Snapshot, bool]]
    counted: str = ""
    """What a feedback counts as."""


def decide(client: ClientState, fact: log.Fact | None, place: Place, now: InForce) -> Decided:
    """Scores and decides after a fact was folded, or (None) at the close of a day."""
    held, kept = exposure(client, now), appraisal(client, now)
    client.scored_day = min(place.day, place.closed_day)
    owed = _arrears(client, held, now)
    default_step(client, owed, place, now)
    labelled = _labels(client, place.closed_day, now) if client.snapshots else []
    was_gone = client.value_bin is None

    behaviour_x = behaviour.features(client.months, owed.days, owed.amount * 100)
    client.logit = _logit(client, behaviour_x, kept, now)
    client.pd = 1.0 if client.defaulted_day else sigmoid(client.logit)
    parts = contribution(client, held, kept, client.pd, now)
    client.value = parts.total
    client.value_bin = None if client.left_day else bin_of(client.value)
    originate(client)

    warned = warnings(Seen(client, place.day, place.closed_day, owed, held, now), fact, place)
    if _is_snapshot_due(client, fact, place.closed_day):
        period_day = fact.period_end.toordinal() if isinstance(fact, log.StatementPublished) else 0
        labelling.keep(client, place.day, behaviour_x + kept.standing, now.card.version, period_day)

    by_payment = isinstance(fact, log.RepaymentReceived)
    change = tier_change(client, place, now, Scored(behaviour_x, held, kept, parts, owed, by_payment))
    client.granted = granted(client, held, parts, now)
    if warned.told or change is not None or was_gone is not (client.value_bin is None) or type(fact) in _JUDGING:
        history.record(client, warned.told, fact, place.day, now.rules.ledger.look_back_days)
    return Decided(change, warned.told, labelled, warned.counted)


_JUDGING: Final = (log.OutcomeReported, log.FeedbackGiven)
"""Facts that the ledger hears of though nothing is decided."""


def rescore(client: ClientState, now: InForce) -> None:
    """A client that another model has scored last, scored by this one as it stood then: a new model is no rise of the risk."""
    if client.scored_by and client.scored_by != now.card.version:
        owed = _arrears(client, exposure(client, now), now)
        behaviour_x = behaviour.features(client.months, owed.days, owed.amount * 100)
        carry_over(client, _logit(client, behaviour_x, appraisal(client, now), now))


def _arrears(client: ClientState, held: Exposure, now: InForce) -> Arrears:
    """The arrears as of the day that is scored. Source of their materiality: Regulation (EU) 2018/171, art. 1 and 2."""
    as_of = client.scored_day
    days = arrears.days_past_due(client.facilities, as_of)
    if not days:
        return NO_ARREARS
    amount = sum(arrears.overdue(f, as_of) * now.per_minor[f.currency] for f in client.facilities)
    bounds = now.rules.default.materiality
    material = amount > bounds.absolute and amount > bounds.relative * held.drawn
    if client.months:
        client.months[-1].dpd = max(client.months[-1].dpd, days)
    return Arrears(days, amount, arrears.missed(client.facilities, as_of, now.rules.grace_days), material)


def _labels(client: ClientState, closed: int, now: InForce) -> list[tuple[Snapshot, bool]]:
    horizon = now.rules.horizon_days
    labelled: list[tuple[Snapshot, bool]] = []
    if client.defaulted_day:
        labelled += [(s, True) for s in labelling.foretold(client, client.defaulted_day, horizon)]
    labelled += [(s, False) for s in labelling.ripe(client, closed, horizon)]
    if client.left_day:
        client.snapshots = [s for s in client.snapshots if s.day + horizon <= closed]  # the others are censored: nobody will know
    return labelled


def _logit(client: ClientState, behaviour_x: bytes, kept: Appraisal, now: InForce) -> float:
    """The logit; what of it statement and standing add is kept while neither they nor the model have moved."""
    card = now.card
    if client.scored_by != card.version:
        client.statement_logit = partial_logit(card.statement_terms, unpacked(client.statement_x or UNKNOWN_STATEMENT))
        kept.standing_logit = standing_logit(kept.standing, card)
        client.scored_by = card.version
    others = (kept.industry + kept.rating) * card.expert_weight + now.macro_logit + kept.standing_logit
    return card.intercept + client.statement_logit + others + partial_logit(card.behaviour_terms, unpacked(behaviour_x))


def _is_snapshot_due(client: ClientState, fact: log.Fact | None, closed: int) -> bool:
    """At each statement, and at the close of each month in which the client has paid or drawn."""
    if client.defaulted_day or client.left_day:
        return False
    if fact is None:
        return client.moved and closed >= month_end(client.last_day)
    return type(fact) is log.StatementPublished
