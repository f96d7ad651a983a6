"""The JSON schema that AWS publishes with the embedded metric format, and the rules its text adds to it."""

from typing import Any, Final

import jsonschema

_UNITS: Final = (
    "Seconds|Microseconds|Milliseconds|Bytes|Kilobytes|Megabytes|Gigabytes|Terabytes|Bits|Kilobits|Megabits|Gigabits"
    "|Terabits|Percent|Count|None"
    "|(Bytes|Kilobytes|Megabytes|Gigabytes|Terabytes|Bits|Kilobits|Megabits|Gigabits|Terabits|Count)/Second"
)
_NAME: Final = {"type": "string", "pattern": "^(.*)$", "minLength": 1, "maxLength": 1024}
_DIRECTIVE: Final = {
    "type": "object",
    "required": ["Namespace", "Dimensions", "Metrics"],
    "properties": {
        "Namespace": _NAME,
        "Dimensions": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "array",
                "minItems": 0,
                "maxItems": 30,
                "items": {"type": "string", "pattern": "^(.*)$", "minLength": 1, "maxLength": 250},
            },
        },
        "Metrics": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["Name"],
                "properties": {
                    "Name": _NAME,
                    "Unit": {"type": "string", "pattern": f"^({_UNITS})$"},
                    "StorageResolution": {"type": "integer"},
                },
            },
        },
    },
}
SCHEMA: Final = {
    "type": "object",
    "required": ["_aws"],
    "properties": {
        "_aws": {
            "type": "object",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "properties": {
                "Timestamp": {"type": "integer"},
                "CloudWatchMetrics": {"type": "array", "items": _DIRECTIVE},
            },
        }
    },
}


def judge(document: dict[str, Any]) -> None:
    """Fails on a document that CloudWatch would not read whole."""
    jsonschema.validate(document, SCHEMA)
    for directive in document["_aws"]["CloudWatchMetrics"]:
        assert len(directive["Metrics"]) <= 100
        for names in directive["Dimensions"]:
            assert all(isinstance(document[name], str) and len(document[name]) <= 1024 for name in names)
        for metric in directive["Metrics"]:
            value = document[metric["Name"]]
            values = value if isinstance(value, list) else [value]
            assert 1 <= len(values) <= 100
            assert all(isinstance(number, int | float) for number in values)
