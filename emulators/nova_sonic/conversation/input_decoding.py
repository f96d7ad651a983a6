"""The client's events from JSON to types, once and strictly; whatever has the wrong shape is refused.

Unknown keys beside the known ones are ignored, as a Smithy service does.
"""

import binascii
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import orjson
import pybase64

from emulators.nova_sonic.conversation.input_events import (
    AudioInput,
    AudioStart,
    ConnectionEnd,
    ContentEnd,
    ContentStart,
    InputEvent,
    PromptEnd,
    SessionEnd,
    TextInput,
    TextRole,
    TextStart,
    ToolResultInput,
    ToolStart,
)
from emulators.nova_sonic.conversation.refusals import TOOL_RESPONSE, UNPARSABLE, RefusedError
from emulators.nova_sonic.conversation.setup_decoding import json_object, prompt_start, rate_hz, session_start

ROLES: Final = ("SYSTEM", "SYSTEM_SPEECH", "USER", "ASSISTANT")


def decode(payload: bytes, most_bytes: int = 1_000_000) -> InputEvent:
    """Return the event in one JSON document; raise RefusedError for anything else."""
    if len(payload) > most_bytes:
        raise RefusedError(UNPARSABLE)
    try:
        match orjson.loads(payload):
            case {"event": dict(events)} if len(events) == 1:
                name, fields = cast("dict[str, Any]", events).popitem()
            case _:
                raise RefusedError(UNPARSABLE)
    except orjson.JSONDecodeError as error:
        raise RefusedError(UNPARSABLE) from error
    read = _READERS.get(name)
    if read is None or not isinstance(fields, dict):
        raise RefusedError(UNPARSABLE)
    return read(fields)


def _audio_input(fields: Mapping[str, Any]) -> AudioInput:
    match fields:
        case {"promptName": str(prompt), "contentName": str(content), "content": str(data)}:
            return AudioInput(prompt_name=prompt, content_name=content, pcm=_pcm(data))
        case _:
            raise RefusedError(UNPARSABLE)


def _pcm(data: str) -> bytes:
    try:
        pcm = pybase64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RefusedError(UNPARSABLE) from error
    if len(pcm) % 2:
        raise RefusedError(UNPARSABLE)
    return pcm


def _content_start(fields: Mapping[str, Any]) -> ContentStart:
    match fields:
        case {
            "promptName": str(prompt),
            "contentName": str(content),
            "type": "TEXT",
            "interactive": bool(interactive),
            "role": str(role),
            "textInputConfiguration": {"mediaType": "text/plain"},
        } if role in ROLES and content:
            return TextStart(
                prompt_name=prompt,
                content_name=content,
                role=cast("TextRole", role),
                interactive=interactive,
            )
        case {
            "promptName": str(prompt),
            "contentName": str(content),
            "type": "AUDIO",
            "interactive": bool(interactive),
            "role": "USER",
            "audioInputConfiguration": dict(audio),
        } if content:
            return AudioStart(
                prompt_name=prompt,
                content_name=content,
                interactive=interactive,
                rate_hz=rate_hz(audio),
            )
        case {"promptName": str(prompt), "contentName": str(content), "type": "TOOL"} if content:
            return _tool_start(prompt, content, fields)
        case _:
            raise RefusedError(UNPARSABLE)


def _tool_start(prompt: str, content: str, fields: Mapping[str, Any]) -> ToolStart:
    match fields:
        case {
            "role": "TOOL",
            "toolResultInputConfiguration": {
                "toolUseId": str(tool_use_id),
                "type": "TEXT",
                "textInputConfiguration": {"mediaType": "text/plain"},
            },
        }:
            return ToolStart(prompt_name=prompt, content_name=content, tool_use_id=tool_use_id)
        case _:
            raise RefusedError(TOOL_RESPONSE)


def _text_input(fields: Mapping[str, Any]) -> TextInput:
    match fields:
        case {"promptName": str(prompt), "contentName": str(content), "content": str(text)}:
            return TextInput(prompt_name=prompt, content_name=content, content=text)
        case _:
            raise RefusedError(UNPARSABLE)


def _tool_result(fields: Mapping[str, Any]) -> ToolResultInput:
    match fields:
        case {"promptName": str(prompt), "contentName": str(content), "content": str(text)}:
            result = json_object(text)
            if result is not None:
                return ToolResultInput(prompt_name=prompt, content_name=content, result=result)
        case _:
            pass
    raise RefusedError(TOOL_RESPONSE)


def _content_end(fields: Mapping[str, Any]) -> ContentEnd:
    match fields:
        case {"promptName": str(prompt), "contentName": str(content)}:
            return ContentEnd(prompt_name=prompt, content_name=content)
        case _:
            raise RefusedError(UNPARSABLE)


def _prompt_end(fields: Mapping[str, Any]) -> PromptEnd:
    match fields:
        case {"promptName": str(prompt)}:
            return PromptEnd(prompt_name=prompt)
        case _:
            raise RefusedError(UNPARSABLE)


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], InputEvent]]] = {
    "audioInput": _audio_input,
    "sessionStart": session_start,
    "promptStart": prompt_start,
    "contentStart": _content_start,
    "textInput": _text_input,
    "toolResult": _tool_result,
    "contentEnd": _content_end,
    "promptEnd": _prompt_end,
    "sessionEnd": lambda _: SessionEnd(),
    "connectionEnd": lambda _: ConnectionEnd(),
}
