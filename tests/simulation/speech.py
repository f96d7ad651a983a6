"""What is said in the simulation: frames whose samples all have one value, so that each can be told from all others."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

FRAME_MS: Final = 100
FRAME_BYTES: Final = 3_200
SILENCE: Final = bytes(FRAME_BYTES)
_MARKS: Final = 100


def mark_of(utterance: int, frame: int) -> int:
    """The value of all samples of one frame of speech; never 0, which is silence."""
    return utterance % 300 * _MARKS + frame + 1


def speech(utterance: int, frames: int) -> list[bytes]:
    """An utterance, frame by frame."""
    return [mark_of(utterance, frame).to_bytes(2, "little") * (FRAME_BYTES // 2) for frame in range(frames)]


@dataclass(frozen=True, slots=True)
class Heard:
    """Frames of one utterance, without a gap: from the first to the last, counted from 1."""

    utterance: int
    first: int
    last: int

    def __str__(self) -> str:
        return f"utterance {self.utterance}, frames {self.first} to {self.last}"

    @classmethod
    def read(cls, text: str) -> "Heard | None":
        """What a transcript means; one that came in pieces that fit together means the whole."""
        pieces = pieces_of(text)
        heard = [cls(*map(int, found.groups())) for found in map(_HEARD.fullmatch, pieces) if found]
        fit = all(
            (next_.utterance, next_.first) == (piece.utterance, piece.last + 1)
            for piece, next_ in itertools.pairwise(heard)
        )
        if not heard or len(heard) != len(pieces) or not fit:
            return None
        return cls(heard[0].utterance, heard[0].first, heard[-1].last)


_HEARD: Final = re.compile(r"utterance (\d+), frames (\d+) to (\d+)")


def pieces_of(text: str) -> list[str]:
    """The transcripts that were put together."""
    return [found.group() for found in _HEARD.finditer(text)] or [text]


def transcript(marks: Sequence[int]) -> str:
    utterance, first = divmod(marks[0] - 1, _MARKS)
    if list(marks) == [mark_of(utterance, first + place) for place in range(len(marks))]:
        return str(Heard(utterance, first + 1, first + len(marks)))
    return f"garbled {marks}"


def reply_to(said: str) -> str:
    """What the model answers."""
    return f"You said: {said}."
