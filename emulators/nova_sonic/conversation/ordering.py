"""Which input may come when; a broken rule is refused with the text the service uses.

Rule 1: the phase changes through PHASES only; a pair that is not in it is refused.
Rule 2: nothing here knows what an event means, only whether it may come.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, assert_never

from emulators.nova_sonic.conversation.input_events import (
    AudioInput,
    AudioStart,
    ConnectionEnd,
    ContentEnd,
    ContentInput,
    ContentStart,
    InputEvent,
    PromptEnd,
    PromptStart,
    SessionEnd,
    SessionStart,
    TextInput,
    TextStart,
    ToolResultInput,
    ToolStart,
)
from emulators.nova_sonic.conversation.refusals import (
    CONTENTS_OPEN,
    DUPLICATE_SYSTEM,
    HISTORY_AFTER_AUDIO,
    INVALID_REQUEST,
    NO_AUDIO,
    PROMPTS_OPEN,
    TOOL_RESPONSE,
    UNPARSABLE,
    RefusedError,
    empty_content,
    invalid_voice,
    unknown_content,
    unknown_prompt,
)
from emulators.nova_sonic.profiles import Profile


class Phase(Enum):
    """How far the client has come."""

    FRESH = auto()
    SESSION = auto()
    PROMPT = auto()
    PROMPT_ENDED = auto()
    ENDED = auto()


PHASES: Final[Mapping[tuple[Phase, type[InputEvent]], Phase]] = {
    (Phase.FRESH, SessionStart): Phase.SESSION,
    (Phase.SESSION, PromptStart): Phase.PROMPT,
    (Phase.PROMPT, PromptEnd): Phase.PROMPT_ENDED,
    (Phase.SESSION, SessionEnd): Phase.ENDED,
    (Phase.PROMPT_ENDED, SessionEnd): Phase.ENDED,
    (Phase.PROMPT_ENDED, ConnectionEnd): Phase.ENDED,
}


class Kind(Enum):
    """What a content block is for."""

    INSTRUCTIONS = auto()
    HISTORY = auto()
    TYPED = auto()
    IGNORED = auto()
    AUDIO = auto()
    TOOL_RESULT = auto()


TEXT_KINDS: Final = frozenset({Kind.INSTRUCTIONS, Kind.HISTORY, Kind.TYPED, Kind.IGNORED})


@dataclass(slots=True, kw_only=True)
class Block:
    """One content block of the client and what it carried so far."""

    start: ContentStart
    kind: Kind
    has_data: bool = False
    texts: list[str] = field(default_factory=list)
    result: Mapping[str, object] | None = None


class Ordering:
    """The order of one stream's input."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._prompt_name = ""
        self._open: dict[str, Block] = {}
        self._audio_seen = False
        self._system_seen = False
        self._messages = 0
        self._history_bytes = 0
        self.phase = Phase.FRESH

    def session_start(self, event: SessionStart) -> None:
        """Admit the start of the session."""
        self._advance(event)
        mode = self._profile.switches.turn_detection_configuration
        if event.endpointing_sensitivity is not None and mode == "refused":
            raise RefusedError(UNPARSABLE)

    def prompt_start(self, event: PromptStart) -> None:
        """Admit the start of the prompt."""
        self._advance(event)
        if event.voice_id not in self._profile.voice_ids:
            raise invalid_voice(event.voice_id)
        if event.output_rate_hz not in self._profile.sample_rates_hz:
            raise RefusedError(UNPARSABLE)
        self._prompt_name = event.prompt_name

    def content_start(self, event: ContentStart) -> Block:
        """Admit and return a new block."""
        self._in_prompt(event.prompt_name)
        if event.content_name in self._open:
            raise RefusedError(INVALID_REQUEST)
        block = Block(start=event, kind=self._kind(event))
        self._open[event.content_name] = block
        return block

    def content_input(self, event: ContentInput) -> Block:
        """Admit data and return the block it belongs to."""
        self._in_prompt(event.prompt_name)
        block = self._open.get(event.content_name)
        if block is None:
            raise unknown_content(event.content_name)
        self._take(event, block)
        block.has_data = True
        return block

    def content_end(self, event: ContentEnd) -> Block:
        """Admit the end of a block and return the block."""
        self._in_prompt(event.prompt_name)
        block = self._open.get(event.content_name)
        if block is None:
            raise unknown_content(event.content_name)
        if not block.has_data:
            raise empty_content(event.content_name)
        del self._open[event.content_name]
        return block

    def prompt_end(self, event: PromptEnd) -> None:
        """Admit the end of the prompt."""
        self._in_prompt(event.prompt_name)
        if self._open:
            raise RefusedError(CONTENTS_OPEN)
        if not self._audio_seen:
            raise RefusedError(NO_AUDIO)
        self._advance(event)

    def session_end(self, event: SessionEnd | ConnectionEnd) -> None:
        """Admit the end of the session."""
        if self.phase is Phase.PROMPT:
            raise RefusedError(f"{PROMPTS_OPEN}: {self._prompt_name}")
        if isinstance(event, ConnectionEnd) and not self._profile.switches.connection_end_accepted:
            raise RefusedError(UNPARSABLE)
        self._advance(event)

    def _take(self, event: ContentInput, block: Block) -> None:
        match event:
            case AudioInput():
                if block.kind is not Kind.AUDIO:
                    raise RefusedError(INVALID_REQUEST)
                if len(self._open) > 1 and any(other.kind in TEXT_KINDS for other in self._open.values()):
                    raise RefusedError(HISTORY_AFTER_AUDIO)
            case TextInput(content=text):
                if block.kind not in TEXT_KINDS:
                    raise RefusedError(INVALID_REQUEST)
                if block.kind is Kind.HISTORY:
                    self._count_history(text)
                block.texts.append(text)
            case ToolResultInput(result=result):
                if block.kind is not Kind.TOOL_RESULT:
                    raise RefusedError(INVALID_REQUEST)
                if block.result is not None:
                    raise RefusedError(TOOL_RESPONSE)
                block.result = result
            case _:
                assert_never(event)

    def _advance(self, event: InputEvent) -> None:
        following = PHASES.get((self.phase, type(event)))
        if following is None:
            raise RefusedError(INVALID_REQUEST)
        self.phase = following

    def _in_prompt(self, prompt_name: str) -> None:
        if self.phase is Phase.FRESH:
            raise RefusedError(INVALID_REQUEST)
        if self.phase is not Phase.PROMPT or prompt_name != self._prompt_name:
            raise unknown_prompt(prompt_name)

    def _kind(self, event: ContentStart) -> Kind:
        match event:
            case AudioStart():
                if any(block.kind is Kind.AUDIO for block in self._open.values()):
                    raise RefusedError(INVALID_REQUEST)
                self._audio_seen = True
                return Kind.AUDIO
            case ToolStart():
                return Kind.TOOL_RESULT
            case TextStart():
                return self._text_kind(event)
            case _:
                assert_never(event)

    def _text_kind(self, event: TextStart) -> Kind:
        match event.role:
            case "SYSTEM":
                if self._system_seen or self._audio_seen:
                    raise RefusedError(DUPLICATE_SYSTEM)
                if self._messages or event.interactive:
                    raise RefusedError(INVALID_REQUEST)
                self._system_seen = True
                return Kind.INSTRUCTIONS
            case "SYSTEM_SPEECH":
                if not self._profile.switches.system_speech_role:
                    raise RefusedError(UNPARSABLE)
                if self._messages or self._audio_seen or not self._system_seen:
                    raise RefusedError(INVALID_REQUEST)
                return Kind.IGNORED
            case "USER" if event.interactive:
                self._messages += not self._audio_seen
                return Kind.TYPED
            case "ASSISTANT" if self._audio_seen:
                return Kind.IGNORED
            case "USER" | "ASSISTANT":
                return self._history_kind(event)
            case _:
                assert_never(event.role)

    def _history_kind(self, event: TextStart) -> Kind:
        if self._audio_seen:
            raise RefusedError(HISTORY_AFTER_AUDIO)
        if self._messages == 0 and event.role != "USER":
            raise RefusedError(INVALID_REQUEST)
        self._messages += 1
        if 0 < self._profile.limits.history_messages < self._messages:
            raise RefusedError(INVALID_REQUEST)
        return Kind.HISTORY

    def _count_history(self, text: str) -> None:
        size_bytes = len(text.encode())
        self._history_bytes += size_bytes
        limits = self._profile.history_limits
        if size_bytes > limits.text_input_bytes or self._history_bytes > limits.total_bytes:
            raise RefusedError(INVALID_REQUEST)
