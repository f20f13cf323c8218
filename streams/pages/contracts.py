"""The contracts as machines read them: JSON Schema of every message, and one AsyncAPI document of the whole."""

import json
from collections.abc import Iterator, Mapping
from inspect import cleandoc
from typing import Any, Final

import msgspec

from agents.dead_letters import CAUSES, PREFIX
from agents.segmentation.grading import DEFAULTED, TIERS
from agents.segmentation.watchlist import Cause
from schemas import log, topics
from schemas.decisions import DIRECTIONS, STATUSES, EarlyWarning, TierChange
from schemas.model_warnings import KINDS, SEVERITIES, ModelWarning
from schemas.money import EXPONENTS
from schemas.policy import CODES
from schemas.source_events import BY_TOPIC, EndOfDay
from schemas.treatment_rules import LIFECYCLES, SEGMENTS
from streams.pages import contract_examples as examples

VERSION: Final = "1.0.0"
"""Of the contracts: the first number is the `v1` of the decisions' `ce_type`."""
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
DRAFT_7: Final = "application/schema+json;version=draft-07"
"""What AsyncAPI tools must understand; the payloads use nothing newer."""
ASYNCAPI_FILE: Final = "asyncapi.json"
END_OF_DAY: Final = "end-of-day"

DECIMAL: Final = r"^-?[0-9]+(\.[0-9]+)?$"
NOT_NEGATIVE: Final = r"^[0-9]+(\.[0-9]+)?$"
WITH_OFFSET: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?([Zz]|[+-][0-9]{2}:?[0-9]{2})$"

USUAL_NAMES: Final = topics.TopicNames()

Schema = dict[str, Any]

ALLOWED: Final[Mapping[tuple[str, str], list[Any]]] = {
    ("TierChange", "direction"): list(DIRECTIONS),
    ("Segment", "value_tier"): list(TIERS),
    ("Segment", "risk_grade"): [*map(str, range(1, 10)), DEFAULTED],
    ("Segment", "stage"): [1, 2, 3],
    ("Segment", "lifecycle"): list(LIFECYCLES),
    ("Segment", "segment"): list(SEGMENTS),
    ("EarlyWarning", "status"): list(STATUSES),
    ("EarlyWarning", "severity"): ["watch", "amber", "red"],
    ("EarlyWarning", "indicator"): list(CODES),
    ("EarlyWarning", "cause"): [cause.value for cause in Cause if cause is not Cause.EASED],
    ("EarlyWarning", "watchlist"): ["normal", "watch", "amber", "red"],
    ("ModelWarning", "status"): list(STATUSES),
    ("ModelWarning", "severity"): list(SEVERITIES),
    ("ModelWarning", "kind"): list(KINDS),
}
"""The values of what is text in the struct of a decision or model warning, by struct and field."""

CLOUD_EVENT: Final[Schema] = {
    "type": "object",
    "description": "CloudEvents 1.0.2, Kafka binding, binary mode; all optional: id, time and subject fill what the event lacks.",
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"type": "string", "description": "taken as event_id"},
        "ce_time": {"type": "string", "pattern": WITH_OFFSET, "description": "taken as occurred_at"},
        "ce_subject": {"type": "string", "description": "taken as client_id"},
    },
}


def event_schema(topic: str) -> Schema:
    """What a source topic's records must be. Unknown fields are ignored; null is the same as absent."""
    return _source_schema(BY_TOPIC[topic].model_json_schema(mode="validation"))


def end_of_day_schema() -> Schema:
    """The bank's end-of-day record, in each partition of each source topic."""
    return _source_schema(EndOfDay.model_json_schema(mode="validation"))


def decision_schemas(template: str = "#/$defs/{name}") -> dict[str, Schema]:
    """Schemas of the two decisions and of what they are made of, by name."""
    return _outgoing([TierChange, EarlyWarning], template)


def model_warning_schemas(template: str = "#/$defs/{name}") -> dict[str, Schema]:
    """Schemas of a model warning and of what it is made of, by name."""
    return _outgoing([ModelWarning], template)


def _outgoing(kinds: list[Any], template: str) -> dict[str, Schema]:
    _, components = _of_structs(kinds, template)
    for (struct, field), allowed in ALLOWED.items():
        if struct in components:
            components[struct]["properties"][field]["enum"] = allowed
    return components


def _of_structs(kinds: list[Any], template: str) -> tuple[tuple[Schema, ...], dict[str, Schema]]:
    """Schemas of structs, and of what they are made of by name; docstrings without indentation."""
    roots, components = msgspec.json.schema_components(kinds, ref_template=template)
    for one in components.values():
        if "description" in one:
            one["description"] = cleandoc(one["description"])
    return roots, dict(components)


def decision_schema(topic: str) -> Schema:
    """What stands in a decision topic, or in that of the model warnings."""
    definitions = model_warning_schemas() if topic == topics.MODEL_WARNINGS else decision_schemas()
    used = {name: one for name, one in definitions.items() if name not in ROOTS.values()}
    return {**definitions[ROOTS[topic]], "$defs": used}


ROOTS: Final = {
    topics.TIER_CHANGES: "TierChange",
    topics.EARLY_WARNINGS: "EarlyWarning",
    topics.MODEL_WARNINGS: "ModelWarning",
}


KEYS: Final = {topics.TIER_CHANGES: "client_id", topics.EARLY_WARNINGS: "client_id", topics.MODEL_WARNINGS: "portfolio"}
"""What the records of a topic are keyed by."""


def log_schema() -> Schema:
    """A record of the log, client-events: money in minor units. For readers of an exported log."""
    (root,), definitions = _of_structs([log.Fact | log.Control], "#/$defs/{name}")
    return {**root, "title": "ClientEvents", "$defs": definitions}


def decision_header_schema(topic: str) -> Schema:
    """CloudEvents headers of a decision: `ce_id` is what a reader drops repeats by."""
    example = examples.decision_headers(topic)
    fixed = {name: {"const": example[name]} for name in ("ce_specversion", "ce_source", "ce_type", "content-type")}
    told = {
        "ce_id": {"type": "string", "description": "decision_id; a repeat has the same id and the same bytes: drop it"},
        "ce_time": {"type": "string", "pattern": WITH_OFFSET, "description": "the beginning of the decision's as_of day"},
        "ce_subject": {"type": "string", "description": KEYS[topic]},
    }
    return {"type": "object", "properties": {**fixed, **told}, "required": list(example)}


def dead_letter_header_schema() -> Schema:
    """Headers of a dead letter: why it died and where it had stood; the bank's own headers stand beside them."""
    number = {"type": "string", "pattern": "^-?[0-9]+$"}
    ours = {
        "cause": {"enum": list(CAUSES)},
        "field": {"type": "string", "description": "the first field that is wrong; empty if it is the whole"},
        "reason": {"type": "string", "description": "every error, with field, bound and value; of a bug the traceback"},
        "topic": {"enum": [*topics.SOURCE_NAMES, topics.CLIENT_EVENTS, topics.LEARNING], "description": "logical name"},
        "partition": number,
        "offset": number,
        "timestamp": {**number, "description": "of the record, milliseconds since the epoch"},
    }
    bank = {PREFIX + "ce_id": {"type": "string", "description": "the bank's own ce_id, if it had one"}}
    properties = {"ce_id": {"type": "string"}, **{PREFIX + name: one for name, one in ours.items()}, **bank}
    return {"type": "object", "properties": properties, "required": ["ce_id", *(PREFIX + name for name in ours)]}


def schemas() -> dict[str, Schema]:
    """Every JSON Schema, by file name; each stands alone."""
    found = {topic: event_schema(topic) for topic in topics.SOURCE_NAMES}
    found[END_OF_DAY] = end_of_day_schema()
    found |= {topic: decision_schema(topic) for topic in ROOTS}
    found[topics.CLIENT_EVENTS] = log_schema()
    found[f"{topics.DEAD_LETTERS}-headers"] = dead_letter_header_schema()
    return {f"{name}.schema.json": {"$schema": DIALECT, **one} for name, one in found.items()}


def asyncapi(names: topics.TopicNames = USUAL_NAMES) -> Schema:
    """The AsyncAPI 3.0 document: what tierwatch receives and sends, in topics of these names."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "tierwatch",
            "version": VERSION,
            "description": (
                "Core banking publishes facts; tierwatch answers with tier changes, early warnings, and warnings of its models'"
                " drift. Delivery is at least once: drop what has a ce_id that you have seen. Money is a decimal string or a"
                " number in `currency`; times have an offset from UTC. Events may also be CloudEvents in structured mode (the"
                " event in `data`)."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic: _channel(topic, names.real(topic)) for topic in _public()},
        "operations": {_operation_name(topic): _operation(topic) for topic in _public()},
        "components": {"messages": dict(_messages()), "schemas": _components()},
    }


def _components() -> dict[str, Schema]:
    template = "#/components/schemas/{name}"
    return {**decision_schemas(template), **model_warning_schemas(template)}


def files(names: topics.TopicNames = USUAL_NAMES) -> dict[str, str]:
    """Every contract as the text of a file, by its name."""
    found = {ASYNCAPI_FILE: asyncapi(names), **schemas()}
    return {name: json.dumps(one, indent=2, ensure_ascii=False) + "\n" for name, one in found.items()}


def _public() -> tuple[str, ...]:
    return (*topics.SOURCE_NAMES, *ROOTS, topics.DEAD_LETTERS)


def _message_names(topic: str) -> list[str]:
    return [topic, END_OF_DAY] if topic in topics.SOURCE_NAMES else [topic]


def _channel(topic: str, real: str) -> Schema:
    messages = {name: {"$ref": f"#/components/messages/{name}"} for name in _message_names(topic)}
    return {"address": real, "messages": messages, "bindings": {"kafka": {"topic": real, "bindingVersion": "0.5.0"}}}


def _operation_name(topic: str) -> str:
    return f"{_action(topic)}-{topic}"


def _operation(topic: str) -> Schema:
    messages = [{"$ref": f"#/channels/{topic}/messages/{name}"} for name in _message_names(topic)]
    return {"action": _action(topic), "channel": {"$ref": f"#/channels/{topic}"}, "messages": messages}


def _action(topic: str) -> str:
    return "receive" if topic in topics.SOURCE_NAMES else "send"


def _messages() -> Iterator[tuple[str, Schema]]:
    any_key = "any: the client, the facility, none"
    for topic in topics.SOURCE_NAMES:
        example = {"name": topic, "headers": {}, "payload": examples.EVENTS[topic]}
        yield topic, _message(BY_TOPIC[topic].__name__, event_schema(topic), CLOUD_EVENT, any_key, example)
    example = {"name": END_OF_DAY, "headers": {}, "payload": examples.END_OF_DAY}
    yield END_OF_DAY, _message("EndOfDay", end_of_day_schema(), CLOUD_EVENT, "none; one in each partition", example)
    for topic, root in ROOTS.items():
        example = {"name": topic, "headers": examples.decision_headers(topic), "payload": examples.DECISIONS[topic]}
        payload = {"$ref": f"#/components/schemas/{root}"}
        yield topic, _message(root, payload, decision_header_schema(topic), KEYS[topic], example)
    example = {"name": topics.DEAD_LETTERS, "headers": examples.DEAD_LETTER_HEADERS, "payload": examples.DEAD_LETTER}
    raw = {"description": "the record's bytes, untouched; they may be no JSON"}
    letter = _message("DeadLetter", raw, dead_letter_header_schema(), "as the record's", example)
    yield topics.DEAD_LETTERS, {**letter, "contentType": "application/octet-stream"}


def _message(title: str, payload: Schema, headers: Schema, key: str, example: Schema) -> Schema:
    refers = "$ref" in payload
    return {
        "name": title,
        "title": title,
        "headers": headers,
        "payload": payload if refers else {"schemaFormat": DRAFT_7, "schema": payload},
        "bindings": {"kafka": {"key": {"type": "string", "description": key}, "bindingVersion": "0.5.0"}},
        "examples": [example],
    }


def _source_schema(schema: Schema) -> Schema:
    """With what pydantic checks and does not tell: decimals as text, offsets of times, currencies."""
    currency = schema["properties"].get("currency")
    if currency is not None:
        currency["enum"] = sorted(EXPONENTS)
    _tell(schema)
    return schema


def _tell(node: Any) -> None:
    if isinstance(node, list):
        for one in node:
            _tell(one)
        return
    if not isinstance(node, dict):
        return
    if node.get("format") == "date-time":
        node["pattern"] = WITH_OFFSET
    kinds = {one.get("type"): one for one in node.get("anyOf", ()) if isinstance(one, dict)}
    if set(kinds) == {"number", "string"}:  # how pydantic tells a Decimal
        kinds["string"]["pattern"] = NOT_NEGATIVE if kinds["number"].get("minimum") == 0 else DECIMAL
    for one in node.values():
        _tell(one)
