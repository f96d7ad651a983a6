"""What we say to Nova Sonic: types, and encoding into the JSON documents of one stream.

Shapes are those of AWS's "input events" page as corrected by what the live service accepts: a tool's schema is a
string of JSON, a tool's result a string that holds a JSON object, one `textInput` at most 1,000 bytes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, assert_never

import orjson
import pybase64

from service.wire.frozen import frozen
from service.wire.text import sanitise, split_text

_TEXT: Final = {"mediaType": "text/plain"}
_PCM: Final = {
    "mediaType": "audio/lpcm",
    "sampleSizeBits": 16,
    "channelCount": 1,
    "audioType": "SPEECH",
    "encoding": "base64",
}
_AUDIO_SUFFIX: Final = b'"}}}'


class Sensitivity(StrEnum):
    """How soon the model takes a pause for the end: 1.5, 1.75 or 2.0 s."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


class TextRole(StrEnum):
    """Whose words a text block holds."""

    SYSTEM = "SYSTEM"
    SYSTEM_SPEECH = "SYSTEM_SPEECH"
    USER = "USER"
    ASSISTANT = "ASSISTANT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool the model may use; `schema` is a JSON schema of its arguments."""

    name: str
    description: str
    schema: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStart:
    """The first event of a stream."""

    max_tokens: int = 1024
    top_p: float = 0.9
    temperature: float = 0.7
    sensitivity: Sensitivity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptStart:
    """Voice, output rate and tools of the one prompt of a stream."""

    prompt: str
    voice: str
    rate_hz: int
    tools: Sequence[Tool] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TextStart:
    """A text block opens; `interactive` text is answered, other text is context."""

    prompt: str
    content: str
    role: TextRole
    interactive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TextInput:
    """Words of a text block, at most 1,000 bytes of UTF-8."""

    prompt: str
    content: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioBlock:
    """Names of an audio block, and the bytes that come before the base64 of each of its frames."""

    prompt: str
    content: str
    prefix: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = orjson.dumps({"promptName": self.prompt, "contentName": self.content})
        prefix = b'{"event":{"audioInput":' + names[:-1] + b',"content":"'
        object.__setattr__(self, "prefix", prefix)


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioStart:
    """The audio block opens."""

    block: AudioBlock
    rate_hz: int


@frozen
class AudioInput:
    """Some of the user's audio, mono s16le."""

    block: AudioBlock
    pcm: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResultStart:
    """The answer to one toolUse opens."""

    prompt: str
    content: str
    tool_use_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What the tool said: a JSON object as a string."""

    prompt: str
    content: str
    result_json: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentEnd:
    """A block closes."""

    prompt: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptEnd:
    """The prompt closes; the conversation of this stream is over."""

    prompt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnd:
    """The last event of a stream."""


type ModelInput = (
    SessionStart
    | PromptStart
    | TextStart
    | TextInput
    | AudioStart
    | AudioInput
    | ToolResultStart
    | ToolResult
    | ContentEnd
    | PromptEnd
    | SessionEnd
)


def encode(event: ModelInput) -> bytes:
    """Spell one event as the JSON document of one chunk."""
    if isinstance(event, AudioInput):
        return encode_audio(event.block, event.pcm)
    name, body = _spell(event)
    return orjson.dumps({"event": {name: body}})


def encode_audio(block: AudioBlock, pcm: bytes) -> bytes:
    """Spell some of the user's audio, as `encode` does an `AudioInput`."""
    return b"".join((block.prefix, pybase64.b64encode(pcm), _AUDIO_SUFFIX))


def _spell(event: ModelInput) -> tuple[str, dict[str, Any]]:  # noqa: PLR0911 - one return for each event
    match event:
        case SessionStart():
            return "sessionStart", _session_start(event)
        case PromptStart():
            return "promptStart", _prompt_start(event)
        case TextStart() | AudioStart() | ToolResultStart():
            return "contentStart", _content_start(event)
        case TextInput():
            return "textInput", _named(event.prompt, event.content) | {"content": event.text}
        case AudioInput():
            content = pybase64.b64encode_as_string(event.pcm)
            return "audioInput", _named(event.block.prompt, event.block.content) | {"content": content}
        case ToolResult():
            return "toolResult", _named(event.prompt, event.content) | {"content": event.result_json}
        case ContentEnd():
            return "contentEnd", _named(event.prompt, event.content)
        case PromptEnd():
            return "promptEnd", {"promptName": event.prompt}
        case SessionEnd():
            return "sessionEnd", {}
        case _:
            assert_never(event)


def _named(prompt: str, content: str) -> dict[str, Any]:
    return {"promptName": prompt, "contentName": content}


def _session_start(event: SessionStart) -> dict[str, Any]:
    body: dict[str, Any] = {
        "inferenceConfiguration": {
            "maxTokens": event.max_tokens,
            "topP": event.top_p,
            "temperature": event.temperature,
        }
    }
    if event.sensitivity is not None:
        body["turnDetectionConfiguration"] = {"endpointingSensitivity": event.sensitivity.value}
    return body


def _prompt_start(event: PromptStart) -> dict[str, Any]:
    body: dict[str, Any] = {
        "promptName": event.prompt,
        "textOutputConfiguration": _TEXT,
        "audioOutputConfiguration": _PCM | {"sampleRateHertz": event.rate_hz, "voiceId": event.voice},
    }
    if event.tools:
        body["toolUseOutputConfiguration"] = {"mediaType": "application/json"}
        # The schema must be a string; an object is refused with "Unable to parse input chunk".
        body["toolConfiguration"] = {
            "tools": [
                {
                    "toolSpec": {
                        "name": tool.name,
                        "description": tool.description,
                        "inputSchema": {"json": tool.schema},
                    }
                }
                for tool in event.tools
            ]
        }
    return body


def _content_start(event: TextStart | AudioStart | ToolResultStart) -> dict[str, Any]:
    match event:
        case TextStart():
            return _named(event.prompt, event.content) | {
                "type": "TEXT",
                "interactive": event.interactive,
                "role": event.role.value,
                "textInputConfiguration": _TEXT,
            }
        case AudioStart():
            return _named(event.block.prompt, event.block.content) | {
                "type": "AUDIO",
                "interactive": True,
                "role": "USER",
                "audioInputConfiguration": _PCM | {"sampleRateHertz": event.rate_hz},
            }
        case ToolResultStart():
            return _named(event.prompt, event.content) | {
                "type": "TOOL",
                "interactive": False,
                "role": "TOOL",
                "toolResultInputConfiguration": {
                    "toolUseId": event.tool_use_id,
                    "type": "TEXT",
                    "textInputConfiguration": _TEXT,
                },
            }
        case _:
            assert_never(event)


def text_block(
    prompt: str, content: str, role: TextRole, text: str, *, interactive: bool = False
) -> Iterator[ModelInput]:
    """Spell a whole text block: open, words in pieces that fit, close. Empty text gives no block."""
    pieces = list(split_text(sanitise(text)))
    if not pieces:
        return
    yield TextStart(prompt=prompt, content=content, role=role, interactive=interactive)
    for piece in pieces:
        yield TextInput(prompt=prompt, content=content, text=piece)
    yield ContentEnd(prompt=prompt, content=content)
