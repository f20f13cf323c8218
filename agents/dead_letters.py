"""Dead letters: a record that could not be used, its raw bytes untouched, and why, where from and when in its headers."""

from typing import Final

from schemas import topics
from schemas.records import Outcome, Record

UNREADABLE: Final = "unreadable"
"""The bytes are no JSON object."""
INVALID: Final = "invalid"
"""The event breaks its contract: a field is missing, or out of its bounds."""
TOO_LATE: Final = "too-late"
"""A payment or drawdown that is older than the client's newest one by more than the policy's `late_days`."""
UNHANDLED: Final = "unhandled"
"""A step raised: our bug, with the traceback."""

CAUSES: Final = (UNREADABLE, INVALID, TOO_LATE, UNHANDLED)
PREFIX: Final = "tierwatch-"
CE_ID: Final = "ce_id"
"""Ours says which letter it is; the bank's own is kept as `tierwatch-ce_id`, for whoever sends the record back."""
MAX_REASON: Final = 8000
"""Characters of a reason; Kafka's default bound of a whole record is 1 MB."""


def dead_letter(record: Record, topic: str, cause: str, field: str, reason: str, client_id: str = "") -> Outcome:
    """The record under its own key, with the bank's headers and ours (`tierwatch-…`). `topic` is its logical name.

    `client_id`: at whom it died, where one record (the close of a day) is a step at many clients.

    The same record dies with the same bytes and headers whenever it is read, so readers may drop repeated `ce_id`s.
    """
    why = {
        "cause": cause,
        "field": field,
        "reason": reason[:MAX_REASON],
        "topic": topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "timestamp": str(record.timestamp),
    }
    headers = [
        *((PREFIX + name if name == CE_ID else name, value) for name, value in record.headers if not name.startswith(PREFIX)),
        (CE_ID, "/".join(part for part in ("dl", topic, str(record.partition), str(record.offset), client_id) if part).encode()),
        *((PREFIX + name, text.encode()) for name, text in why.items()),
    ]
    return Outcome(topics.DEAD_LETTERS, record.key, record.value or b"", headers)
