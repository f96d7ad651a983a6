"""What Nova Sonic says to us: types, and decoding that never raises.

Shapes are those of AWS's "output events" page plus what recordings of the live service show: undocumented speech
events, `role` missing or present, `additionalModelFields` as a string of JSON, tool arguments encoded twice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

import orjson
import pybase64

from service.errors import ModelProtocolError
from service.wire.frozen import frozen
from service.wire.sonic_values import (
    arguments,
    is_interruption,
    is_planned,
    one_of,
    optional_count,
    pcm,
    string,
)

type ContentType = Literal["TEXT", "AUDIO", "TOOL"]
type StopReason = Literal["PARTIAL_TURN", "END_TURN", "INTERRUPTED", "TOOL_USE"]
type ModelRole = Literal["USER", "ASSISTANT", "TOOL", "SYSTEM"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionStart:
    """The model begins to answer this stream's prompt; not a turn boundary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionEnd:
    """Nothing more will come for this stream's prompt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSpeechStart:
    """The model heard the user begin, this far into the input audio."""

    offset_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSpeechEnd:
    """The model heard the user stop at `offset_ms` and was sure of it at `detected_ms` of the input audio."""

    offset_ms: int | None
    detected_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentStart:
    """A block of output opens; `planned` text is SPECULATIVE, other text is FINAL."""

    content_id: str
    kind: ContentType
    role: ModelRole | None
    planned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOutput:
    """Words; `role` None means the role of the block."""

    content_id: str
    role: ModelRole | None
    text: str
    interrupted: bool
    """Whether this is no text at all but the marker of an interruption."""


@frozen
class AudioOutput:
    """Some of the reply, mono s16le at the requested rate."""

    content_id: str
    pcm: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """The model wants a tool; `arguments` None means they could not be read, and still wants an answer."""

    content_id: str
    tool_use_id: str
    name: str
    arguments: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentEnd:
    """A block of output closes."""

    content_id: str
    kind: ContentType | None
    stop_reason: StopReason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of this stream so far."""

    input_speech: int
    input_text: int
    output_speech: int
    output_text: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageSince:
    """Tokens since the last such event, from one that tells no totals."""

    used: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """An event of a kind we do not know, to be counted and left alone."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """An event that cannot be read, to be counted as a fault of the model's."""

    name: str
    reason: str


type ModelOutput = (
    CompletionStart
    | CompletionEnd
    | UserSpeechStart
    | UserSpeechEnd
    | ContentStart
    | TextOutput
    | AudioOutput
    | ToolUse
    | ContentEnd
    | Usage
    | UsageSince
    | Unknown
    | Malformed
)

_AUDIO_OPENING: Final = b'{"event":{"audioOutput":{'
_AUDIO_CONTENT: Final = b'"content":"'
_MAX_NAME_CHARS: Final = 64


def decode(payload: bytes) -> ModelOutput:  # noqa: PLR0911 - one return for each way to be unreadable
    """Read one event as received; whatever is wrong with it comes back as `Malformed`."""
    if payload.startswith(_AUDIO_OPENING):
        audio = _audio_by_slicing(payload)
        if audio is not None:
            return audio
    try:
        document = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return Malformed(name="unreadable", reason="not JSON")
    events = document.get("event") if isinstance(document, dict) else None
    if not isinstance(events, dict) or len(events) != 1:
        return Malformed(name="unreadable", reason="not one event")
    ((name, body),) = events.items()
    reader = _READERS.get(name)
    if reader is None:
        return Unknown(name=name[:_MAX_NAME_CHARS])
    if not isinstance(body, dict):
        return Malformed(name=name, reason="the event is no object")
    try:
        return reader(body)
    except ModelProtocolError as error:
        return Malformed(name=name, reason=str(error))


def _audio_by_slicing(payload: bytes) -> AudioOutput | None:
    """Cut the base64 out and parse only the rest; None when the document is not the usual one.

    It is safe because the rest must still parse, with `content` empty exactly where the slice was taken.
    """
    start = payload.find(_AUDIO_CONTENT) + len(_AUDIO_CONTENT)
    end = payload.find(b'"', start)
    if start < len(_AUDIO_OPENING) or end < 0:
        return None
    content_id = _content_id(payload[:start], payload[end:])
    if content_id is None:
        return None
    try:
        pcm = pybase64.b64decode(payload[start:end], validate=True)
    except ValueError:
        return None
    return None if len(pcm) % 2 else AudioOutput(content_id=content_id, pcm=pcm)


@lru_cache(maxsize=1024)
def _content_id(before: bytes, after: bytes) -> str | None:
    """The block of an audio document without its audio; remembered, because all of a reply's are the same so."""
    try:
        body = orjson.loads(before + after)["event"]["audioOutput"]
        if body["content"] != "":
            return None
        content_id = body["contentId"]
    except (KeyError, TypeError, ValueError):
        return None
    return content_id if isinstance(content_id, str) else None


_KINDS: Final[Mapping[str, ContentType]] = {"TEXT": "TEXT", "AUDIO": "AUDIO", "TOOL": "TOOL"}
_ROLES: Final[Mapping[str, ModelRole]] = {
    "USER": "USER",
    "ASSISTANT": "ASSISTANT",
    "TOOL": "TOOL",
    "SYSTEM": "SYSTEM",
}
_STOP_REASONS: Final[Mapping[str, StopReason]] = {
    "PARTIAL_TURN": "PARTIAL_TURN",
    "END_TURN": "END_TURN",
    "INTERRUPTED": "INTERRUPTED",
    "TOOL_USE": "TOOL_USE",
}


def _completion_start(_body: Mapping[str, Any]) -> ModelOutput:
    return CompletionStart()


def _completion_end(_body: Mapping[str, Any]) -> ModelOutput:
    return CompletionEnd()


def _user_speech_start(body: Mapping[str, Any]) -> ModelOutput:
    return UserSpeechStart(offset_ms=optional_count(body, "inputAudioOffsetMs"))


def _user_speech_end(body: Mapping[str, Any]) -> ModelOutput:
    return UserSpeechEnd(
        offset_ms=optional_count(body, "inputAudioOffsetMs"),
        detected_ms=optional_count(body, "inputAudioDetectionOffsetMs"),
    )


def _content_start(body: Mapping[str, Any]) -> ModelOutput:
    kind = one_of(body, "type", _KINDS)
    if kind is None:
        raise ModelProtocolError("type is missing")
    return ContentStart(
        content_id=string(body, "contentId"),
        kind=kind,
        role=one_of(body, "role", _ROLES),
        planned=is_planned(body.get("additionalModelFields")),
    )


def _text_output(body: Mapping[str, Any]) -> ModelOutput:
    text = string(body, "content")
    role = one_of(body, "role", _ROLES)
    return TextOutput(
        content_id=string(body, "contentId"),
        role=role,
        text=text,
        interrupted=role != "USER" and is_interruption(text),
    )


def _audio_output(body: Mapping[str, Any]) -> ModelOutput:
    return AudioOutput(content_id=string(body, "contentId"), pcm=pcm(body, "content"))


def _tool_use(body: Mapping[str, Any]) -> ModelOutput:
    return ToolUse(
        content_id=string(body, "contentId"),
        tool_use_id=string(body, "toolUseId"),
        name=string(body, "toolName"),
        arguments=arguments(body.get("content")),
    )


def _content_end(body: Mapping[str, Any]) -> ModelOutput:
    return ContentEnd(
        content_id=string(body, "contentId"),
        kind=one_of(body, "type", _KINDS),
        stop_reason=one_of(body, "stopReason", _STOP_REASONS),
    )


def _usage(body: Mapping[str, Any]) -> ModelOutput:
    match body:
        case {"details": {"total": counts}}:
            return _counts(counts)
        case {"details": {"delta": counts}}:
            return UsageSince(used=_counts(counts))
        case _:
            raise ModelProtocolError("details has neither total nor delta")


def _counts(counts: Any) -> Usage:
    match counts:
        case {
            "input": {"speechTokens": int(input_speech), "textTokens": int(input_text)},
            "output": {"speechTokens": int(output_speech), "textTokens": int(output_text)},
        } if min(input_speech, input_text, output_speech, output_text) >= 0:
            return Usage(
                input_speech=input_speech,
                input_text=input_text,
                output_speech=output_speech,
                output_text=output_text,
            )
        case _:
            raise ModelProtocolError("details.total or .delta is no set of counts")


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], ModelOutput]]] = {
    "completionStart": _completion_start,
    "completionEnd": _completion_end,
    "userSpeechStart": _user_speech_start,
    "userSpeechEnd": _user_speech_end,
    "contentStart": _content_start,
    "textOutput": _text_output,
    "audioOutput": _audio_output,
    "toolUse": _tool_use,
    "contentEnd": _content_end,
    "usageEvent": _usage,
}
