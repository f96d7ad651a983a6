"""Which words of a reply sounded before it was cut off?

Audio comes faster than it is played, so what was made says little about what was heard. A sentence's words are taken
to be spread evenly over its own audio; a sentence whose audio was still coming is taken to go on at the reply's pace.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

CHARS_PER_S: Final = 15.0
"""How fast a voice speaks of which nothing else is known."""
_WORD: Final = re.compile(r"\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Words and the samples in which they sound; `end` is None while more audio of them may come."""

    text: str
    begin: int
    end: int | None = None


def heard_text(spans: Sequence[Span], samples: int, *, rate_hz: int) -> str:
    """The words of a reply of which this many samples were heard, to within one word."""
    joined = list(_joined(spans))
    pace = _samples_per_char(joined, rate_hz)
    words: list[str] = []
    for span in joined:
        length = len(span.text) * pace if span.end is None else span.end - span.begin
        heard = samples - span.begin
        if heard >= length and span.end is not None:
            words.append(span.text)
        elif heard > 0 and length > 0:
            words.append(_beginning(span.text, len(span.text) * heard / length))
    return " ".join(filter(None, words))


def _joined(spans: Sequence[Span]) -> Iterator[Span]:
    """Sentences announced before any audio of the first of them sound in one span."""
    open_text: list[str] = []
    for i, span in enumerate(spans):
        open_text.append(span.text.strip())
        is_last = i + 1 == len(spans)
        if is_last or spans[i + 1].begin > span.begin:
            yield Span(text=" ".join(open_text), begin=span.begin, end=span.end)
            open_text = []


def _samples_per_char(spans: Sequence[Span], rate_hz: int) -> float:
    chars = samples = 0
    for span in spans:
        if span.end is not None and span.end > span.begin:
            chars += len(span.text)
            samples += span.end - span.begin
    return samples / chars if chars else rate_hz / CHARS_PER_S


def _beginning(text: str, chars: float) -> str:
    """The words whose middle lies before this character."""
    heard_to = 0
    for word in _WORD.finditer(text):
        if (word.start() + word.end()) / 2 > chars:
            break
        heard_to = word.end()
    return text[:heard_to]
