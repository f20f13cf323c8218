"""What leaves tierwatch about a learned model: it has drifted (JSON, topic `model-warnings`, key: the portfolio)."""

from datetime import date
from typing import Final

import msgspec

LOSS: Final = "loss"
"""Losses beyond what the PDs announce."""
FEATURE: Final = "feature"
"""A feature that is not spread as it was."""
KINDS: Final = (LOSS, FEATURE)
SEVERITIES: Final = ("watch", "amber")


class ModelEvidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a model warning was made from: the record of the `learning` topic that ended the month, and the examples."""

    topic: str
    partition: int
    offset: int
    model_version: str
    """In force for the portfolio; none before the first."""
    policy_version: str
    source: str
    """Where the threshold, or the detector, comes from."""
    examples: int
    """Of a feature: those of the last twelve cohorts; of the loss: groups of examples since the change."""
    reference_model: int | None = None
    """Of a feature: since which model it is measured against the spread of then."""
    reference_as_of: date | None = None
    reference_examples: int | None = None


class ModelWarning(msgspec.Struct, frozen=True, kw_only=True):
    """A drift was raised, escalated or cleared. One episode keeps one `warning_id`."""

    decision_id: str
    warning_id: str
    portfolio: str
    as_of: date
    """Day on which the labels were told that ended the month."""
    status: str
    """raised, escalated, cleared."""
    severity: str
    """watch, amber; of a cleared one what it had."""
    kind: str
    """loss, feature."""
    feature: str | None
    value: float
    """Of a feature its population stability index; of the loss how far it is beyond the announced one, in standard deviations
    of a group of examples."""
    threshold: float | None
    """Of a feature: from which is warned. Of the loss the detector has none."""
    was: float | None
    """Of the loss: `value` before the change."""
    text: str
    first_raised_at: date
    evidence: ModelEvidence


read_model_warning: Final = msgspec.json.Decoder(ModelWarning).decode
"""Raises: msgspec.DecodeError, msgspec.ValidationError."""
write_model_warning: Final = msgspec.json.Encoder().encode
