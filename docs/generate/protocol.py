"""Write docs/protocol.md and docs/asyncapi.json from the types of `service.wire` (`python -m docs.generate.protocol`)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, get_args

from service.errors import CloseCode, ErrorCode
from service.wire import client, server
from service.wire.fields import Field, describe
from service.wire.subprotocol import Subprotocol

HERE: Final = Path(__file__).parent
DOCS: Final = HERE.parent

CLIENT_MESSAGES: Final[tuple[type, ...]] = (
    client.Start,
    client.EndOfUtterance,
    client.Text,
    client.Interrupt,
    client.End,
    client.Played,
    client.Timings,
    client.Auth,
    client.Ping,
)
SERVER_MESSAGES: Final[tuple[type, ...]] = get_args(server.ServerMessage.__value__)

CLOSE_CODES: Final[Mapping[CloseCode, tuple[str, str]]] = {
    CloseCode.DONE: (
        "done: the user hung up, or the session lasted its full time",
        "show that the call is over",
    ),
    CloseCode.TOO_BIG: (
        "one message was larger than `limits.messageBytes`",
        "send smaller messages; do not retry",
    ),
    CloseCode.INTERNAL: (
        "a fault of the service, or of the model's account",
        "show `error.message`; do not retry",
    ),
    CloseCode.PROTOCOL: ("the client broke this protocol", "fix the client; do not retry"),
    CloseCode.SIGN_IN: ("the sign-in has expired", "sign in again, then connect once"),
    CloseCode.FORBIDDEN: ("this user may not", "stop"),
    CloseCode.IDLE: ("nobody spoke, or nothing was said at all", "wait for the user to begin again"),
    CloseCode.SUPERSEDED: ("the session was taken up elsewhere", "stop"),
    CloseCode.CANNOT_RESUME: (
        "there is no such session or conversation, or not any more",
        "after `resume`: start with `conversationId`; after that: start a new conversation",
    ),
    CloseCode.SLOW_DOWN: ("too much audio or too many messages", "wait 5 s, then connect once"),
    CloseCode.GO_ELSEWHERE: (
        "this process is leaving, or the model is not available",
        "after `going_away`: come back with `resume`, after up to 0.5 s; else: again after 1, 2, 4, ... 30 s",
    ),
}

ERROR_CODES: Final[Mapping[ErrorCode, str]] = {
    ErrorCode.PROTOCOL_ERROR: "a message could not be taken; `message` names what is wrong",
    ErrorCode.MESSAGE_TOO_BIG: "a message was too large",
    ErrorCode.TOO_FAST: "too much audio or too many messages",
    ErrorCode.IDLE: "nobody spoke for `limits.idleS`",
    ErrorCode.START_TIMEOUT: "nothing was said after the connection was made",
    ErrorCode.TOO_SLOW: "the client did not take what was sent to it",
    ErrorCode.FORBIDDEN: "this user may not",
    ErrorCode.BUDGET_SPENT: "what may be spent today is spent; `goAway` with the reason `budget` said when it is renewed",
    ErrorCode.AT_CAPACITY: "all places are taken, and none became free in time",
    ErrorCode.DAILY_LIMIT: "this user has talked for as long as one may in a day",
    ErrorCode.CONVERSATION_UNKNOWN: "there is no such conversation or session to take up",
    ErrorCode.HISTORY_UNAVAILABLE: "what was said earlier cannot be read now; nothing of it is lost",
    ErrorCode.NOT_SAVED: "turns cannot be saved now, or were given up, as `message` says; the session goes on",
    ErrorCode.TICKET_REFUSED: "the ticket in `auth` renewed nothing; the session goes on, so get another one",
    ErrorCode.SIGN_IN_REQUIRED: "the sign-in is missing or has expired",
    ErrorCode.SUPERSEDED: "the session was taken up elsewhere",
    ErrorCode.GOING_AWAY: "this process is leaving",
    ErrorCode.MODEL_SILENT: "the model owed a reply and gave none; the session goes on",
    ErrorCode.MODEL_UNAVAILABLE: "no model stream could be had",
    ErrorCode.MODEL_REFUSED: "the model refused; trying again will not help",
    ErrorCode.CONTENT_FILTERED: "the model's content filter ended the conversation",
    ErrorCode.INTERNAL_ERROR: "a fault of the service",
}


def _kind(field: Field) -> str:
    if is_dataclass(field.kind):
        return f"object, see {field.kind.__name__}"
    if issubclass(field.kind, StrEnum) and field.kind is not ErrorCode:
        return " \\| ".join(f"`{value.value}`" for value in field.kind)
    names = {int: "integer", float: "number", str: "string", bool: "boolean", ErrorCode: "error code"}
    if field.about.choices:
        return " \\| ".join(f"`{choice}`" for choice in field.about.choices)
    return names[field.kind]


def _presence(field: Field, *, from_client: bool) -> str:
    if from_client:
        return "required" if field.required else "optional"
    if field.about.omitted_when_none:
        return "where it applies"
    return "always, may be `null`" if field.nullable else "always"


def _table(message: type, *, from_client: bool) -> Iterator[str]:
    fields = describe(message)
    if not fields:
        yield "No fields but `type`."
        return
    yield "| field | kind | unit | present | meaning |"
    yield "| --- | --- | --- | --- | --- |"
    for field in fields:
        present = _presence(field, from_client=from_client)
        about = field.about
        meaning = about.text
        if from_client and field.kind is str:
            meaning += f"; 1 to {about.max_chars} characters"
        yield f"| `{field.wire_name}` | {_kind(field)} | {about.unit} | {present} | {meaning} |"


def _parts(messages: tuple[type, ...]) -> list[type]:
    """The objects inside messages, each once, in order of appearance."""
    found: list[type] = []
    waiting = list(messages)
    while waiting:
        inner = [field.kind for field in describe(waiting.pop(0)) if is_dataclass(field.kind)]
        found.extend(kind for kind in inner if kind not in found)
        waiting.extend(inner)
    return found


def _section(messages: tuple[type, ...], *, from_client: bool) -> Iterator[str]:
    for message in messages:
        yield f"\n### `{message.type}`\n\n{message.__doc__}\n"  # type: ignore[attr-defined] # every message class has one
        yield from _table(message, from_client=from_client)
    for part in _parts(messages):
        yield f"\n### {part.__name__} (object)\n\n{part.__doc__}\n"
        yield from _table(part, from_client=from_client)


def markdown() -> str:
    """The document as text."""
    text = (HERE / "protocol.template.md").read_text(encoding="utf-8")
    codes = "\n".join(
        f"| {code.value} | {meaning} | {action} |" for code, (meaning, action) in CLOSE_CODES.items()
    )
    errors = "\n".join(f"| `{code.value}` | {meaning} |" for code, meaning in ERROR_CODES.items())
    parts = {
        "CLIENT_MESSAGES": "\n".join(_section(CLIENT_MESSAGES, from_client=True)).strip(),
        "SERVER_MESSAGES": "\n".join(_section(SERVER_MESSAGES, from_client=False)).strip(),
        "CLOSE_CODES": codes,
        "ERROR_CODES": errors,
        "MAX_DEPTH": str(client.MAX_DEPTH),
    }
    for name, part in parts.items():
        text = text.replace("{{" + name + "}}", part)
    return text


def _schema(message: type, *, from_client: bool) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    required = []
    if hasattr(message, "type"):
        properties["type"] = {"const": message.type}
        required.append("type")
    for field in describe(message):
        properties[field.wire_name] = _property(field, from_client=from_client)
        if field.required or (not from_client and not field.about.omitted_when_none):
            required.append(field.wire_name)
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _property(field: Field, *, from_client: bool) -> dict[str, Any]:
    about = field.about
    names = {int: "integer", float: "number", str: "string", bool: "boolean"}
    schema: dict[str, Any]
    if is_dataclass(field.kind):
        schema = _schema(field.kind, from_client=from_client)
    elif issubclass(field.kind, StrEnum):
        schema = {"type": "string", "enum": [value.value for value in field.kind]}
    else:
        schema = {"type": names[field.kind]}
        if field.kind is int:
            schema |= {"minimum": about.minimum, "maximum": about.maximum}
        if field.kind is str and from_client:
            schema |= {"minLength": 1, "maxLength": about.max_chars}
        if about.choices:
            schema |= {"enum": list(about.choices)}
    if field.nullable and not from_client and not about.omitted_when_none:
        schema = {"anyOf": [schema, {"type": "null"}]}
    description = f"{about.text} [{about.unit}]" if about.unit else about.text
    return schema | {"description": description}


_AUDIO_FROM_CLIENT: Final = {
    "type": "object",
    "properties": {
        "type": {"const": "audio"},
        "data": {"type": "string", "contentEncoding": "base64"},
        "endOfUtterance": {"type": "boolean", "default": False},
    },
    "required": ["type", "data"],
    "additionalProperties": False,
}
_AUDIO_FROM_SERVER: Final = {
    "type": "object",
    "properties": {
        "type": {"const": "audio"},
        "data": {"type": "string", "contentEncoding": "base64"},
        "format": {"const": "audio/pcm"},
    },
    "required": ["type", "data", "format"],
    "additionalProperties": False,
}
_FRAME: Final = {"type": "string", "format": "binary", "description": "see docs/protocol.md, binary frames"}


def asyncapi() -> str:
    """The AsyncAPI document as JSON text."""
    messages: dict[str, Any] = {
        "clientAudio": {"payload": _AUDIO_FROM_CLIENT, "summary": f"Audio under {Subprotocol.JSON.value}."},
        "clientAudioFrame": {
            "payload": _FRAME,
            "contentType": "application/octet-stream",
            "summary": f"Audio under {Subprotocol.BINARY.value}.",
        },
        "serverAudio": {"payload": _AUDIO_FROM_SERVER, "summary": f"Audio under {Subprotocol.JSON.value}."},
        "serverAudioFrame": {
            "payload": _FRAME,
            "contentType": "application/octet-stream",
            "summary": f"Audio under {Subprotocol.BINARY.value}.",
        },
    }
    for side, classes in (("client", CLIENT_MESSAGES), ("server", SERVER_MESSAGES)):
        for message in classes:
            name = message.type  # type: ignore[attr-defined] # every message class has one
            messages[side + name[0].upper() + name[1:]] = {
                "name": name,
                "summary": message.__doc__,
                "payload": _schema(message, from_client=side == "client"),
            }
    references = {name: {"$ref": f"#/components/messages/{name}"} for name in messages}
    document = {
        "asyncapi": "3.0.0",
        "info": {"title": "Voice assistant, client protocol", "version": "1.0.0"},
        "defaultContentType": "application/json",
        "channels": {"voice": {"address": "/ws", "messages": references}},
        "operations": {
            action: {
                "action": action,
                "channel": {"$ref": "#/channels/voice"},
                "messages": [
                    {"$ref": f"#/channels/voice/messages/{name}"}
                    for name in messages
                    if name.startswith(side)
                ],
            }
            for action, side in (("receive", "client"), ("send", "server"))
        },
        "components": {"messages": messages},
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


DOCUMENTS: Final = {"protocol.md": markdown, "asyncapi.json": asyncapi}


if __name__ == "__main__":
    for name, generate in DOCUMENTS.items():
        (DOCS / name).write_text(generate(), encoding="utf-8")
