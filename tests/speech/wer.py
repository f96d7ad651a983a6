"""Word error rate, after spelling both sides the same way."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import jiwer

_CONTRACTIONS: Final[Mapping[str, str]] = {
    "won't": "will not",
    "can't": "can not",
    "cannot": "can not",
    "let's": "let us",
    "n't": " not",
    "'re": " are",
    "'ve": " have",
    "'ll": " will",
    "'m": " am",
    "'d": " would",
}
_SPELLINGS: Final[Mapping[str, str]] = {"mr": "mister", "mrs": "missus", "dr": "doctor", "ok": "okay"}
_ONES: Final = (
    *(
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
    ),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def normalise(text: str) -> str:
    """Lower case, no punctuation, contractions apart, numbers in words: "It's 42%" is "it is forty two percent"."""
    text = text.lower().replace("\u2019", "'").replace("%", " percent")
    for short, long in _CONTRACTIONS.items():
        text = text.replace(short, long)
    text = re.sub(r"\b(it|that|what|he|she|there|here|who|where)'s\b", r"\1 is", text)
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = re.sub(r"\d+", lambda digits: f" {_spoken(int(digits[0]))} ", text)
    words = re.sub(r"[^a-z' ]+", " ", text).replace("'", "").split()
    return " ".join(_SPELLINGS.get(word, word) for word in words)


def word_error_rate(expected: Sequence[str], heard: Sequence[str]) -> float:
    """Return wrong, missing and invented words over expected words, over all texts together."""
    return jiwer.wer([normalise(text) for text in expected], [normalise(text) for text in heard])


def _spoken(number: int) -> str:
    match number:
        case _ if number < 20:
            return _ONES[number]
        case _ if number < 100:
            tens, ones = divmod(number, 10)
            return _TENS[tens - 2] + (f" {_ONES[ones]}" if ones else "")
        case _ if number < 1000:
            hundreds, rest = divmod(number, 100)
            return f"{_ONES[hundreds]} hundred" + (f" {_spoken(rest)}" if rest else "")
        case _ if number < 1_000_000:
            thousands, rest = divmod(number, 1000)
            return f"{_spoken(thousands)} thousand" + (f" {_spoken(rest)}" if rest else "")
        case _:
            return " ".join(_ONES[int(digit)] for digit in str(number))
