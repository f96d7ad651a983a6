"""Which Sonic events close a turn?

`promptEnd` does not: it ends the conversation of a stream. So the default keeps one audio block open and lets the
model hear that the user has finished; the other policy really ends the prompt, and so needs a stream for each turn.
"""

from dataclasses import dataclass
from enum import StrEnum


class Closure(StrEnum):
    """How the model is told that a turn is over."""

    CONTINUOUS = "continuous"
    """Trailing silence in the one audio block that stays open."""
    EXPLICIT = "explicit"
    """Trailing silence, contentEnd and promptEnd; the next turn gets a new stream with the history."""

    @property
    def ends_prompt(self) -> bool:
        """Whether closing a turn ends what this stream can hear."""
        return self is Closure.EXPLICIT

    @property
    def trusts_model_endpointing(self) -> bool:
        """Whether the model's own end of speech closes a turn; where the prompt must be ended, only we do."""
        return self is Closure.CONTINUOUS

    @property
    def offers_tools(self) -> bool:
        """Whether tools work: their results belong to a prompt, and an ended prompt takes none."""
        return self is Closure.CONTINUOUS


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailingSilence:
    """How much silence makes the model sure (AWS's .NET client: 1.5 s, 0.5 s after text, 0.1 s after a tool)."""

    after_speech_ms: int = 1_500
    after_text_ms: int = 500
    after_tool_ms: int = 100
