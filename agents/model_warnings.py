"""Model warnings: what the oversight of a model has found, in words, for the topic `model-warnings`."""

from datetime import date
from typing import Final, NamedTuple

from online_models.drift_watch import DriftWatch, Finding
from online_models.features import FEATURES, INDEX
from schemas import topics
from schemas.model_warnings import LOSS, ModelEvidence, ModelWarning, write_model_warning
from schemas.records import Outcome

COUNTED: Final = "model-warning"
"""What a count of one begins with; kind and status follow."""


class Place(NamedTuple):
    """The record of the `learning` topic that has ended a month, and the versions in force then."""

    portfolio: str
    partition: int
    offset: int
    as_of: date
    model_version: str
    policy_version: str


def model_warning(place: Place, ordinal: int, finding: Finding, drift: DriftWatch) -> Outcome:
    """One finding as it is published; the same finding has the same id whenever it is found."""
    warning = ModelWarning(
        decision_id=f"mw/{place.partition}/{place.offset}/{place.portfolio}/{ordinal}",
        warning_id=f"{place.portfolio}/{finding.feature or LOSS}/{finding.episode}",
        portfolio=place.portfolio,
        as_of=place.as_of,
        status=finding.status,
        severity=finding.severity.label,
        kind=finding.kind,
        feature=finding.feature or None,
        value=finding.value,
        threshold=finding.threshold,
        was=finding.was,
        text=_text(finding, drift),
        first_raised_at=date.fromordinal(finding.since),
        evidence=_evidence(place, finding, drift),
    )
    return Outcome(topics.MODEL_WARNINGS, place.portfolio.encode(), write_model_warning(warning), _headers(warning))


def counted(finding: Finding) -> str:
    """What a finding counts as."""
    return f"{COUNTED}/{finding.kind}/{finding.status}"


def _evidence(place: Place, finding: Finding, drift: DriftWatch) -> ModelEvidence:
    where = (topics.LEARNING, place.partition, place.offset, place.model_version, place.policy_version)
    if finding.kind == LOSS:
        return ModelEvidence(*where, drift.rules.adwin_source, finding.examples)
    model, day, examples = drift.reference
    return ModelEvidence(*where, drift.rules.psi_source, finding.examples, model, date.fromordinal(day), examples)


def _text(finding: Finding, drift: DriftWatch) -> str:
    if finding.kind == LOSS:
        moved = f"{finding.value:+.2f} standard deviations beyond what the PDs announce"
        if finding.status == "cleared":
            return f"losses are no more than the PDs announce: {moved}"
        return f"losses are {moved}, {finding.was:+.2f} before"
    feature = FEATURES[INDEX[finding.feature]]
    since = date.fromordinal(drift.reference.day)
    if finding.status == "cleared":
        return f"{feature.text}: spread as on {since} again, PSI {finding.value:.2f}"
    return f"{feature.text}: spread otherwise than on {since}, PSI {finding.value:.2f} (from {finding.threshold:.2f})"


def _headers(warning: ModelWarning) -> list[tuple[str, bytes]]:
    """CloudEvents 1.0.2, Kafka binding, binary mode."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", warning.decision_id.encode()),
        ("ce_source", b"/tierwatch/learner"),
        ("ce_type", b"tierwatch.model-warning.v1"),
        ("ce_time", f"{warning.as_of}T00:00:00Z".encode()),
        ("ce_subject", warning.portfolio.encode()),
        ("content-type", b"application/json"),
    ]
