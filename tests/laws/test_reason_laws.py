"""Reasons sum to what has changed, and a counterfactual, applied, undoes its decision: for random histories."""

from collections.abc import Iterator
from math import log as ln

import msgspec
from hypothesis import given, note

from agents.segmentation.in_force import InForce
from agents.segmentation.resolving import Resolver
from agents.segmentation.undoing import Reach
from agents.segmentation.versions import Versions
from agents.segmenter import Segmenter
from online_models.features import INDEX, by_group
from online_models.scorecard import Points, Scorecard
from schemas.decisions import EarlyWarning, Severity, TierChange
from schemas.records import Batch, PlainRecord
from schemas.state import ClientState
from tests.driver import decided
from tests.laws.histories import POLICY, History, histories

CLOSE = 1e-4
"""Points are kept in single precision."""


class Tampered(Resolver):
    """What is in force in a segmenter, but a feature says what another value of it would have said."""

    def __init__(self, segmenter: Segmenter, feature: int, value: float) -> None:
        known = segmenter.resolver
        super().__init__(segmenter.partition, Versions({}, segmenter.partition), known.policy, known.models)
        self.feature, self.value = feature, value

    def in_force_for(self, client: ClientState, stood: str | None = None) -> InForce:
        now = super().in_force_for(client, stood)
        card = tampered(now.card, self.feature, self.value)
        return msgspec.structs.replace(now, card=card, reach=Reach(card))


def tampered(card: Scorecard, i: int, value: float) -> Scorecard:
    """The card, for which a feature has one value whatever it is."""
    tables = list(card.tables)
    said = tables[i].of(value)
    tables[i] = Points((), (said,), said)
    statement, behaviour, standing = by_group(tuple(tables))
    return msgspec.structs.replace(card, statement=statement, behaviour=behaviour, standing=standing)


def told(segmenter: Segmenter, record: PlainRecord) -> "list[TierChange | EarlyWarning]":
    return [d for batch in segmenter.run([record]) if isinstance(batch, Batch) for d in decided(batch.outcomes)]


def decisions(history: History) -> "Iterator[TierChange | EarlyWarning]":
    segmenter = Segmenter(0, {}, POLICY, 1)
    for record in history.log:
        yield from told(segmenter, record)


@given(histories)
def test_reasons_of_risk_sum_to_the_change_of_the_score(history: History) -> None:
    logits: dict[str, float] = {}
    for one in decisions(history):
        if not isinstance(one, TierChange):
            continue
        moved = sum(reason.contribution for reason in one.reasons if not reason.code.startswith("VALUE_"))
        if one.now.risk_grade == "D":
            logits.pop(one.client_id, None)  # the PD of a default says nothing of the score
            continue
        logit = ln(one.pd / (1.0 - one.pd))
        if one.client_id in logits:
            note(str(one))
            assert abs(moved - (logit - logits[one.client_id])) < CLOSE
        logits[one.client_id] = logit


@given(histories)
def test_reasons_of_value_sum_to_the_change_of_the_value(history: History) -> None:
    values: dict[str, float] = {}
    for one in decisions(history):
        if not isinstance(one, TierChange):
            continue
        if one.was is None or one.was.value_tier != one.now.value_tier:
            moved = sum(reason.contribution for reason in one.reasons if reason.code.startswith("VALUE_"))
            note(str(one))
            assert abs(moved - (one.value - values.get(one.client_id, 0.0))) < 0.02  # values are told to the cent
        values[one.client_id] = one.value


@given(histories)
def test_every_change_and_warning_says_what_would_undo_it_or_why_nothing_does(history: History) -> None:
    for one in decisions(history):
        told = one.counterfactual
        assert told is not None
        assert (told.to is not None and bool(told.then) and told.to != told.from_) if told.possible else bool(told.why)


@given(histories)
def test_a_counterfactual_of_a_feature_applied_undoes_the_change(history: History) -> None:
    """The record is decided again by a segmenter for which the feature has the value that the counterfactual names."""
    for place, record in enumerate(history.log):
        if record.key is None:
            continue
        before = Segmenter(0, {}, POLICY, 1)
        for earlier in history.log[:place]:
            told(before, earlier)
        states = dict(before.states)
        for one in told(before, record):
            undo = one.counterfactual
            if not isinstance(one, TierChange) or one.was is None or undo is None or undo.driver not in INDEX:
                continue
            if undo.driver == "days_past_due":
                continue  # moves the default as well, not the score alone
            assert undo.to is not None
            again = Segmenter(0, dict(states), POLICY, 1)
            again.resolver = Tampered(again, INDEX[undo.driver], undo.to)
            again.live.client(one.client_id).scored_by = ""
            note(f"{one}")
            stands = [d.now for d in told(again, record) if isinstance(d, TierChange)] or [one.was]
            was = one.was
            assert (stands[0].risk_grade, stands[0].value_tier, stands[0].stage) == (was.risk_grade, was.value_tier, was.stage)


@given(histories)
def test_a_counterfactual_of_a_warning_is_on_the_other_side_of_its_threshold(history: History) -> None:
    severities = {severity.label: severity for severity in Severity}
    standing: dict[str, Severity] = {}
    segmenter = Segmenter(0, {}, POLICY, 1)
    for record in history.log:
        for one in told(segmenter, record):
            if not isinstance(one, EarlyWarning):
                continue
            was = standing.get(one.warning_id, Severity.NORMAL)
            standing[one.warning_id] = severities[one.severity]
            undo = one.counterfactual
            if undo is None or undo.to is None or one.status == "cleared":
                continue
            now = segmenter.resolver.in_force(one.portfolio)
            scale = next(
                s for m, s in now.watched[one.indicator].measures if (m.name or one.indicator.lower()) == one.reasons[0].feature
            )
            note(f"{one}: stood at {was}")
            assert (undo.to < undo.from_) is not scale.falling if undo.from_ is not None else True
            assert (undo.to < one.threshold) is not scale.falling if one.threshold is not None and not was else True
