"""The client's events as types; `input_decoding` makes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from emulators.nova_sonic.profiles import Sensitivity

type TextRole = Literal["SYSTEM", "SYSTEM_SPEECH", "USER", "ASSISTANT"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStart:
    """Opens the session with the way to infer."""

    max_tokens: int
    top_p: float
    temperature: float
    endpointing_sensitivity: Sensitivity | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """One tool the client offers."""

    name: str
    description: str
    input_schema: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptStart:
    """Opens the prompt with voice, rate and tools, which hold for the whole stream."""

    prompt_name: str
    voice_id: str
    output_rate_hz: int
    tools: tuple[ToolSpec, ...]
    tool_choice: str | None
    """`auto`, `any` or a tool's name; None when the client chose nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextStart:
    """Opens a block of instructions, history or typed text."""

    prompt_name: str
    content_name: str
    role: TextRole
    interactive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioStart:
    """Opens a block of speech."""

    prompt_name: str
    content_name: str
    interactive: bool
    rate_hz: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStart:
    """Opens the answer to one tool use."""

    prompt_name: str
    content_name: str
    tool_use_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextInput:
    """Text of an open block; a long message comes in several."""

    prompt_name: str
    content_name: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioInput:
    """A chunk of mono s16le at the rate of its block."""

    prompt_name: str
    content_name: str
    pcm: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResultInput:
    """What the tool answered."""

    prompt_name: str
    content_name: str
    result: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentEnd:
    """Closes a block."""

    prompt_name: str
    content_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptEnd:
    """Ends the conversation; it asks for no answer."""

    prompt_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnd:
    """Ends the session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionEnd:
    """What one client sends instead of `SessionEnd`; not documented."""


type ContentStart = TextStart | AudioStart | ToolStart
type ContentInput = TextInput | AudioInput | ToolResultInput
type InputEvent = (
    SessionStart
    | PromptStart
    | ContentStart
    | ContentInput
    | ContentEnd
    | PromptEnd
    | SessionEnd
    | ConnectionEnd
)
