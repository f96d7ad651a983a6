"""What the client plays of a reply, were it to play everything as it comes.

Audio is sent faster than real time, so this is how the model knows whether it still speaks and what was heard of it.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sentence:
    text: str
    starts_at: float
    ends_at: float

    def heard_by(self, now: float) -> str:
        if now >= self.ends_at:
            return self.text
        if now <= self.starts_at:
            return ""
        length = int(len(self.text) * (now - self.starts_at) / (self.ends_at - self.starts_at))
        head = self.text[:length]
        if self.text[length].isspace():
            return head.rstrip()
        return head.rpartition(" ")[0].rstrip()


class Playback:
    """The sentences of one reply on the wall clock."""

    def __init__(self) -> None:
        self._sentences: list[_Sentence] = []
        self._until = -math.inf

    def __bool__(self) -> bool:
        return bool(self._sentences)

    @property
    def until(self) -> float:
        """When the last sentence has been played."""
        return self._until

    def add(self, text: str, span_s: float, now: float) -> None:
        """Play a sentence after those before it."""
        starts_at = max(now, self._until)
        self._until = starts_at + span_s
        self._sentences.append(_Sentence(text=text, starts_at=starts_at, ends_at=self._until))

    def heard_by(self, now: float) -> list[str]:
        """Return the sentences played by `now`, the last of them cut where it was."""
        return [text for sentence in self._sentences if (text := sentence.heard_by(now))]

    def texts(self) -> list[str]:
        """Return all sentences whole."""
        return [sentence.text for sentence in self._sentences if sentence.text]

    def forget(self) -> None:
        """Drop everything; it was told."""
        self._sentences.clear()
        self._until = -math.inf
