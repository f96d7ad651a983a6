"""Numbers as people say them and as the voice reads them."""

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

_UP_TO_NINETEEN: Final = (
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
_ONES: Final[Mapping[str, int]] = {word: value for value, word in enumerate(_UP_TO_NINETEEN)}
_TENS: Final[Mapping[str, int]] = {
    word: 10 * value
    for value, word in enumerate(
        ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), start=2
    )
}
_SCALES: Final[Mapping[str, int]] = {
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
_DIGITS: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?")
"""Bounded, because what was typed is not to be trusted with the machine's time."""
_HUNDRED: Final = 100
_EXACT_DECIMALS: Final = 4
_ROUNDED_DECIMALS: Final = 3


def read_number(words: Sequence[str]) -> tuple[Fraction, int] | None:
    """Read a number at the start of `words`; return it and how many words it took, or none.

    Understands "twelve", "a hundred and five", "two thousand thirty", "three point one four", "12.5" and "2 million".
    """
    value, taken = _whole(words)
    if not taken:
        return None
    if words[taken : taken + 1] == ["point"]:
        digits = []
        for word in words[taken + 1 :]:
            digit = str(_ONES[word]) if word in _ONES else word
            if not (len(digit) == 1 and digit.isdecimal()):
                break
            digits.append(digit)
        if digits:
            return value + Fraction(int("".join(digits)), 10 ** len(digits)), taken + 1 + len(digits)
    return value, taken


def _whole(words: Sequence[str]) -> tuple[Fraction, int]:
    total, group, taken, room = Fraction(0), Fraction(0), 0, True
    for position, word in enumerate(words):
        following = words[position + 1] if position + 1 < len(words) else ""
        match word:
            case "a" | "an" if following in {"hundred", *_SCALES, "dozen"} and room:
                group += 1
            case "and" if (
                taken
                and words[position - 1] in {"hundred", *_SCALES}
                and (following in _ONES or following in _TENS)
            ):
                continue
            case "hundred" if group:
                group *= _HUNDRED
                room = True
            case "dozen" if group:
                group *= 12
                room = False
            case _ if word in _SCALES and group:
                total += group * _SCALES[word]
                group, room = Fraction(0), True
            case _ if word in _TENS and room:
                group += _TENS[word]
                room = following in _ONES and 0 < _ONES[following] < 10
            case _ if word in _ONES and room:
                group += _ONES[word]
                room = False
            case _ if room and _DIGITS.fullmatch(word):
                group += Fraction(word)
                room = False
            case _:
                break
        taken = position + 1
    return total + group, taken


def say_number(value: Fraction) -> tuple[str, bool]:
    """Return digits that the voice reads well, and whether they are exact.

    Thousands get commas, because "2026" would be read as a year; a minus is a word, because "-5" may be read as a dash.
    """
    sign = "minus " if value < 0 else ""
    size = abs(value)
    exact = (size * 10**_EXACT_DECIMALS).denominator == 1
    decimals = _EXACT_DECIMALS if exact else _ROUNDED_DECIMALS
    scaled = round(size * 10**decimals)
    whole, part = divmod(scaled, 10**decimals)
    fraction = f"{part:0{decimals}}".rstrip("0")
    return f"{sign}{whole:,}" + (f".{fraction}" if fraction else ""), exact
