"""Which entry a question means, if any.

Three lexical judges are weighed together. One asks of each phrasing how much of the question and of the phrasing is shared
(words weighted by BM25's idf). The second asks the same of runs of four characters, which know word order. The third
asks how much of the question the entry as a whole could explain (BM25, as a part of what it could reach at most). A
word nobody has seen is compared by its character trigrams, because Whisper spells unknown names by ear. Words that
nothing explains count against every entry: that is the rejection.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from emulators.nova_sonic.brains.dialogue.words import one_stem, question, stems

THRESHOLD: Final = 0.62
"""Tuned on phrasings that are in no test; what it lets through and keeps out is asserted in test_retrieval.py."""
_RUN: Final = 4
_RUNS_WEIGHT: Final = 0.25
"""The other two judges weigh 1. Like the threshold, found by trying: more of it lets look-alikes in."""
_CONTRADICTED: Final = 0.85
"""What "can you" and "can you not" have in common counts less than their words say."""
_K1: Final = 1.2
_B: Final = 0.3
_SIMILAR: Final = 0.65
"""Trigram overlap from which two words are taken for one, heard differently."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The best entry for a question, whether good enough or not."""

    entry: int
    score: float

    @property
    def accepted(self) -> bool:
        """Whether the entry is an answer rather than a guess."""
        return self.score >= THRESHOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class _Phrasing:
    entry: int
    words: frozenset[str]
    weight: float
    runs: frozenset[str]


class Index:
    """Built once over the phrasings of all entries; `find` does not change it."""

    def __init__(self, entries: Sequence[Sequence[str]], *, same: Mapping[str, str]) -> None:
        self._same = {one_stem(word): stems(meant) for word, meant in same.items()}
        bags = [[self._words(phrasing) for phrasing in entry] for entry in entries]
        phrasings = [(number, words) for number, entry in enumerate(bags) for words in entry]
        self._entries = [Counter(word for words in entry for word in words) for entry in bags]
        self._length = sum(counts.total() for counts in self._entries) / max(1, len(self._entries))
        self._idf = self._rarity([frozenset(words) for _, words in phrasings])
        self._unseen = math.log(1 + 2 * len(phrasings))
        self._phrasings = [
            _Phrasing(
                entry=number,
                words=frozenset(words),
                weight=sum(self._idf[word] for word in set(words)),
                runs=_runs(" ".join(words), _RUN),
            )
            for number, words in phrasings
        ]

    def find(self, text: str) -> Match | None:
        """Return the best match; none only when the text has no words."""
        asked = self._recognised(self._words(question(text)))
        if not asked:
            return None
        total = sum(self._weight(word) for word in asked)
        runs = _runs(" ".join(asked), _RUN)
        closest = [0.0] * len(self._entries)
        for phrasing in self._phrasings:
            common = sum(self._idf[word] * sure for word, sure in asked.items() if word in phrasing.words)
            alike = 2 * common / (total + phrasing.weight) + _RUNS_WEIGHT * _dice(runs, phrasing.runs)
            if ("not" in asked) != ("not" in phrasing.words):
                alike *= _CONTRADICTED
            closest[phrasing.entry] = max(closest[phrasing.entry], alike)
        scores = [
            (alike + self._explained(number, asked, total)) / (2 + _RUNS_WEIGHT)
            for number, alike in enumerate(closest)
        ]
        best = max(range(len(scores)), key=scores.__getitem__)
        return Match(entry=best, score=scores[best])

    def _words(self, text: str) -> list[str]:
        return [meant for word in stems(question(text)) for meant in self._same.get(word, (word,))]

    @staticmethod
    def _rarity(phrasings: Sequence[frozenset[str]]) -> dict[str, float]:
        seen = Counter(word for words in phrasings for word in words)
        return {
            word: math.log(1 + (len(phrasings) - count + 0.5) / (count + 0.5)) for word, count in seen.items()
        }

    def _weight(self, word: str) -> float:
        return self._idf.get(word, self._unseen)

    def _recognised(self, words: Sequence[str]) -> dict[str, float]:
        """Return the question's words as the index spells them, each with how sure that is."""
        recognised: dict[str, float] = {}
        for word in words:
            if word in self._idf:
                recognised[word] = 1.0
                continue
            likest = max(self._idf, key=lambda known: (overlap(word, known), known))
            alike = overlap(word, likest)
            if alike >= _SIMILAR and likest not in recognised:
                recognised[likest] = alike
            else:
                recognised[word] = 0.0
        return recognised

    def _explained(self, entry: int, asked: Mapping[str, float], total: float) -> float:
        """Return the entry's BM25 score for the question, 1.0 being all that any entry could reach."""
        counts = self._entries[entry]
        norm = _K1 * (1 - _B + _B * counts.total() / self._length)
        score = sum(
            self._idf[word] * sure * min(1.0, counts[word] * (1 + norm) / (counts[word] + norm))
            for word, sure in asked.items()
            if counts[word]
        )
        return score / total


def overlap(one: str, other: str) -> float:
    """Return how alike two words are by their character trigrams, 0.0 to 1.0."""
    return _dice(_runs(one, 3), _runs(other, 3))


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other))


@lru_cache(maxsize=4096)
def _runs(text: str, length: int) -> frozenset[str]:
    padded = f"^{text}$"
    return frozenset(padded[i : i + length] for i in range(max(1, len(padded) - length + 1)))
