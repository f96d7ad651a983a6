"""Reading single values out of the model's events; what is not as it must be raises ModelProtocolError."""

from collections.abc import Mapping
from typing import Any

import orjson
import pybase64

from service.errors import ModelProtocolError


def string(body: Mapping[str, Any], name: str) -> str:
    """A text that must be there."""
    value = body.get(name)
    if not isinstance(value, str):
        raise ModelProtocolError(f"{name} is no string")
    return value


def optional_count(body: Mapping[str, Any], name: str) -> int | None:
    """A count; None when it is missing or no count."""
    value = body.get(name)
    return value if type(value) is int and value >= 0 else None


def one_of[T](body: Mapping[str, Any], name: str, known: Mapping[str, T]) -> T | None:
    """One of the known values; None when it is missing."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or value not in known:
        raise ModelProtocolError(f"{name} has an unknown value")
    return known[value]


def pcm(body: Mapping[str, Any], name: str) -> bytes:
    """Whole 16-bit samples in base64."""
    try:
        decoded = pybase64.b64decode(string(body, name), validate=True)
    except ValueError:
        raise ModelProtocolError(f"{name} is not base64") from None
    if len(decoded) % 2:
        raise ModelProtocolError(f"{name} holds half a sample")
    return decoded


def is_planned(additional: Any) -> bool:
    """Whether `additionalModelFields`, which is JSON in a string, says that a text is SPECULATIVE."""
    if isinstance(additional, str):
        try:
            additional = orjson.loads(additional)
        except orjson.JSONDecodeError:
            return False
    return isinstance(additional, dict) and additional.get("generationStage") == "SPECULATIVE"


def is_interruption(text: str) -> bool:
    """Whether the text is `{ "interrupted" : true }` in any spacing."""
    if "interrupted" not in text or not text.lstrip().startswith("{"):
        return False
    try:
        return bool(orjson.loads(text) == {"interrupted": True})
    except orjson.JSONDecodeError:
        return False


def arguments(content: Any) -> Mapping[str, Any] | None:
    """Read a tool's arguments, which are JSON in a string and now and then once more in a string."""
    for _ in range(2):
        if not isinstance(content, str):
            break
        try:
            content = orjson.loads(content)
        except orjson.JSONDecodeError:
            return None
    return content if isinstance(content, dict) else None
