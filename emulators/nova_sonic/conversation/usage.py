"""Tokens used, as usage events tell them: what was added since the last event, and the total of the stream.

How the service counts is not published; these rates give numbers of the right size. Silence costs nothing.
"""

import math
from dataclasses import dataclass
from typing import Final

SPEECH_TOKENS_PER_S: Final = 25.0
CHARACTERS_PER_TOKEN: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens by direction and kind."""

    input_speech: int = 0
    input_text: int = 0
    output_speech: int = 0
    output_text: int = 0

    @property
    def input_tokens(self) -> int:
        """All that went in."""
        return self.input_speech + self.input_text

    @property
    def output_tokens(self) -> int:
        """All that came out."""
        return self.output_speech + self.output_text

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            input_speech=self.input_speech + other.input_speech,
            input_text=self.input_text + other.input_text,
            output_speech=self.output_speech + other.output_speech,
            output_text=self.output_text + other.output_text,
        )


class Meter:
    """Counts the tokens of one stream."""

    def __init__(self) -> None:
        self._delta = Usage()
        self._total = Usage()
        self._spoken_s = 0.0
        self._spoken_tokens = 0

    def heard(self, speech_s: float) -> None:
        """Count the user's speech."""
        self._delta += Usage(input_speech=math.ceil(speech_s * SPEECH_TOKENS_PER_S))

    def read(self, text: str) -> None:
        """Count text the client sent."""
        self._delta += Usage(input_text=text_tokens(text))

    def spoke(self, speech_s: float) -> None:
        """Count speech of the reply."""
        self._spoken_s += speech_s

    def wrote(self, text: str) -> None:
        """Count text of the reply."""
        self._delta += Usage(output_text=text_tokens(text))

    def report(self) -> tuple[Usage, Usage] | None:
        """Return what was added since the last report and the total; None when nothing was."""
        # Chunks are shorter than a whole number of tokens, so their sum is what is counted.
        spoken_tokens = round(self._spoken_s * SPEECH_TOKENS_PER_S)
        delta = self._delta + Usage(output_speech=spoken_tokens - self._spoken_tokens)
        self._spoken_tokens = spoken_tokens
        self._delta = Usage()
        if delta == Usage():
            return None
        self._total += delta
        return delta, self._total


def text_tokens(text: str) -> int:
    """Return about how many tokens a text is."""
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)
