"""The client protocol, version 1, as a client reads and writes it (docs/protocol.md).

This is its own reading of the document, on purpose: it shares nothing with the service, and both are held to the same
golden messages. What a newer server adds (fields, message types) is passed over, as the document asks of a client.
"""

import base64
import json
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Literal

BINARY: Final = "voice.v1"
ALL_JSON: Final = "voice.v1.json"
type Subprotocol = Literal["voice.v1", "voice.v1.json"]

INPUT_RATE_HZ: Final = 16_000
OUTPUT_RATE_HZ: Final = 24_000
# 32 ms of 16-bit mono audio at 16 kHz.
FRAME_BYTES: Final = 1024

# version, type, flags, sequence, capture time of the first sample in milliseconds since 1970
_TO_SERVER: Final = struct.Struct("<BBHId")
# version, type, flags, response, index of the first sample within the reply
_TO_CLIENT: Final = struct.Struct("<BBHIQ")
_VERSION: Final = 1
_END_OF_UTTERANCE: Final = 1


class ServerProtocolError(Exception):
    """The server sent something that is not this protocol; the message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The session exists. Nothing is heard before the first `listening`."""

    session_id: str
    resume_token: str | None
    resumed: bool
    last_turn: int
    model: str
    language: str
    voice: str
    input_sample_rate_hz: int
    output_sample_rate_hz: int
    silence_threshold_ms: int
    watchdog_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """connecting, listening, thinking or speaking; while speaking, which reply."""

    state: str
    response_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What was said: by the user, or by the assistant (`planned` before it is spoken, `spoken` after)."""

    turn: int
    role: str
    stage: str
    text: str
    response_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyAudio:
    """16-bit mono audio of a reply; all JSON audio belongs to the reply that `speaking` named last."""

    pcm: bytes
    response_id: int | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """Drop whatever of this reply has not been played yet."""

    response_id: int
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A turn is over: completed, interrupted, unanswered or failed, with what the service measured, in ms."""

    turn: int
    outcome: str
    closed_by: str | None
    response_id: int | None
    timings: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """The assistant uses a tool."""

    turn: int
    name: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of the session so far."""

    total_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GoAway:
    """The server will close the session at the deadline."""

    reason: str
    deadline_ms: int
    reconnect_after_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """Audio up to this frame has reached the service."""

    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthExpiring:
    """The sign-in runs out; a ticket in `auth` renews it."""

    in_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """Something went wrong; a close follows if the session cannot go on."""

    code: str
    message: str
    retryable: bool
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A message that asks nothing of this client (`pong`, or newer than this reading)."""

    type: str


type FromServer = (
    Ready
    | State
    | Transcript
    | ReplyAudio
    | Interrupted
    | Turn
    | Tool
    | Usage
    | GoAway
    | AuthExpiring
    | Ack
    | Error
    | Other
)
_TYPES: Final[Mapping[str, type[Any]]] = {
    "ready": Ready,
    "state": State,
    "transcript": Transcript,
    "interrupted": Interrupted,
    "turn": Turn,
    "tool": Tool,
    "usage": Usage,
    "goAway": GoAway,
    "ack": Ack,
    "authExpiring": AuthExpiring,
    "error": Error,
}


def decode(message: str | bytes) -> FromServer:
    """Read one WebSocket message; raises ServerProtocolError."""
    if isinstance(message, bytes):
        return _decode_frame(message)
    try:
        document = json.loads(message)
    except ValueError as failure:
        raise ServerProtocolError(f"the server sent text that is not JSON: {message[:80]!r}") from failure
    match document:
        case {"type": "audio", "data": str(data)}:
            return _decode_audio(data)
        case {"type": str(name)} if name in _TYPES:
            return _decode_known(name, document)
        case {"type": str(name)}:
            return Other(type=name)
        case _:
            raise ServerProtocolError(f"the server sent a message without a type: {message[:80]!r}")


def seq_of(message: str | bytes) -> int | None:
    """The number of a message that `decode` has read; audio has none."""
    seq = None if isinstance(message, bytes) else json.loads(message).get("seq")
    return seq if isinstance(seq, int) else None


def _decode_known(name: str, document: Mapping[str, Any]) -> FromServer:
    kind = _TYPES[name]
    values = {field.name: document.get(camel(field.name)) for field in fields(kind)}
    missing = [
        camel(field) for field in values if camel(field) not in document and not _may_be_absent(kind, field)
    ]
    if missing:
        raise ServerProtocolError(f"the server's {name!r} message lacks {', '.join(missing)}")
    message: FromServer = kind(**values)
    return message


def _may_be_absent(kind: type[Any], field: str) -> bool:
    return field == "response_id" and kind in {State, Transcript}


def _decode_audio(data: str) -> ReplyAudio:
    try:
        return ReplyAudio(pcm=base64.b64decode(data, validate=True))
    except ValueError as failure:
        raise ServerProtocolError(f"the server sent audio that is not base64: {failure}") from failure


def _decode_frame(message: bytes) -> ReplyAudio:
    if len(message) < _TO_CLIENT.size:
        raise ServerProtocolError(f"the server sent a frame of {len(message)} bytes, shorter than its header")
    version, kind, _, response_id, position = _TO_CLIENT.unpack_from(message)
    if (version, kind) != (_VERSION, 2):
        raise ServerProtocolError(f"the server sent a frame of version {version}, type {kind}; expected 1, 2")
    return ReplyAudio(pcm=message[_TO_CLIENT.size :], response_id=response_id, position=position)


def camel(name: str) -> str:
    """`response_id` as it is on the wire: `responseId`."""
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


def encode(name: str, **values: object) -> str:
    """A text message; a value of None means that nothing is chosen, and is left out."""
    chosen = {camel(field): value for field, value in values.items() if value is not None}
    return json.dumps({"type": name, **chosen}, ensure_ascii=False, separators=(",", ":"))


def encode_audio(
    pcm: bytes,
    *,
    subprotocol: Subprotocol,
    sequence: int,
    captured_at_ms: float,
    end_of_utterance: bool = False,
) -> str | bytes:
    """One frame of the user's audio, in the form that the subprotocol asks for."""
    if subprotocol == ALL_JSON:
        return encode("audio", data=base64.b64encode(pcm).decode("ascii"), end_of_utterance=end_of_utterance)
    flags = _END_OF_UTTERANCE if end_of_utterance else 0
    return _TO_SERVER.pack(_VERSION, 1, flags, sequence % 2**32, captured_at_ms) + pcm
