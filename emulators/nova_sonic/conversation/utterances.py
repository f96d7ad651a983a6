"""The user's utterances from first sound to words.

A transcript is asked for at every pause, in case it was the last, so that the words are there when the turn ends.
Utterances are answered in the order in which they were spoken, however long the brain takes for each.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class _Utterance:
    question_id: int | None = None
    text: str | None = None


class Utterances:
    """The open utterance, and those that ended but have no words yet."""

    def __init__(self) -> None:
        self._open: _Utterance | None = None
        self._ended: deque[_Utterance] = deque()

    @property
    def is_open(self) -> bool:
        """The user is speaking."""
        return self._open is not None

    @property
    def waiting(self) -> int:
        """How many ended ones wait for their words."""
        return len(self._ended)

    def begin(self) -> None:
        """Open an utterance."""
        self._open = _Utterance()

    def ask(self, question_id: int) -> None:
        """Take note that the words of the open utterance were asked for."""
        if self._open is not None:
            self._open.question_id = question_id

    def resume(self) -> None:
        """The user went on: words asked for are of no use."""
        if self._open is not None:
            self._open.question_id = self._open.text = None

    def end(self) -> None:
        """Close the open utterance; it waits for its words."""
        if self._open is not None:
            self._ended.append(self._open)
            self._open = None

    def drop(self) -> None:
        """Forget the open utterance."""
        self._open = None

    def asked(self, question_id: int) -> bool:
        """Whether the answer to this question is still wanted."""
        return self._find(question_id) is not None

    def answer(self, question_id: int, text: str) -> None:
        """Take the words of an utterance; answers that are no longer wanted are dropped."""
        utterance = self._find(question_id)
        if utterance is not None:
            utterance.text = text

    def ready(self) -> Iterator[str]:
        """Take out the words of every ended utterance that is next in order."""
        while self._ended and self._ended[0].text is not None:
            yield self._ended.popleft().text or ""

    def _find(self, question_id: int) -> _Utterance | None:
        candidates = (*self._ended, self._open) if self._open is not None else (*self._ended,)
        return next((one for one in candidates if one.question_id == question_id), None)
