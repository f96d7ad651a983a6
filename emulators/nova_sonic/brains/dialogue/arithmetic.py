"""Sums in words: "what is twelve times seven", "a hundred divided by 8", "15 percent of 80".

sum    = term {("plus" | "minus") term}
term   = power {("times" | "divided by") power}
power  = factor ["squared" | "cubed" | "to the power of" factor]
factor = ["minus" | "the square root of"] (number | factor)
"""

import math
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from emulators.nova_sonic.brains.dialogue.numbers import read_number, say_number

_LEAD: Final = re.compile(
    r"^(?:(?:so|and|ok|okay|hey|hello|please|now|well|then) )*"
    r"(?:(?:can|could|would) you (?:please )?)?(?:(?:tell me(?: what)?|calculate|compute|work out|do you know) )?"
    r"(?:what is|what are|what does|how much is|how much are|how many is|whats)? ?"
)
_TAIL: Final = re.compile(r"(?: (?:equal to|equals?|what|make|please|is|for me|then|=))+$")
# Longest first: each turns what is said or spelt into one operator word.
_SPELLINGS: Final = (
    (r"(\d),(?=\d{3})", r"\1"),
    (r"(?<=\d)\s*[x\u00d7*]\s*(?=\d)", " times "),
    (r"[\u00d7*]", " times "),
    (r"÷|(?<=\d)\s*/\s*(?=\d)", " over "),
    (r"(?<=\d)\s*[-\u2013\u2212]\s*(?=\d)|\s[-\u2013\u2212]\s", " minus "),
    (r"(?<!\w)[-\u2212](?=\d)", " minus "),
    (r"\+", " plus "),
    (r"(?<=[a-z])-(?=[a-z])", " "),
    (r"\^", " power "),
    (r"%", " percent "),
    (r"=", " equals "),
    (r"[?!,;:]|\.(?!\d)", " "),
    (r"\b(?:the )?sum of (.+?) and (?=\S)", r"\1 plus "),
    (r"\b(?:the )?product of (.+?) and (?=\S)", r"\1 times "),
    (r"\b(?:the )?difference between (.+?) and (?=\S)", r"\1 minus "),
    (r"\bmultiplied (?:by|with)\b", "times"),
    (r"\bdivided by\b", "over"),
    (r"\b(?:added to|and add)\b", "plus"),
    (r"\b(?:take away|subtract|less)\b", "minus"),
    (r"\b(?:raised )?to the power(?: of)?\b", "power"),
    (r"\b(?:the )?square root of\b", "root"),
    (r"\bper ?cent\s+of\b", "percent"),
    (r"\b(?:one |a )?half of\b", "0.5 times"),
    (r"\b(?:one |a )quarter of\b", "0.25 times"),
    (r"\b(?:twice|double)\b", "2 times"),
    (r"\bnegative\b", "minus"),
)
_SAID: Final = {
    "plus": "plus",
    "minus": "minus",
    "times": "times",
    "over": "divided by",
    "power": "to the power of",
    "squared": "squared",
    "cubed": "cubed",
    "percent": "percent of",
    "root": "the square root of",
}
_LARGEST: Final = 10**15
_MOST_DECIMALS: Final = 10**12


class _NotASumError(Exception):
    """The words are not arithmetic, so they are somebody else's to answer."""


class _NoResultError(Exception):
    """It is arithmetic without an answer; the text is what to say."""


def compute(heard: str) -> str | None:
    """Return the sentence with the result, or none when the whole utterance is not a sum."""
    text = _LEAD.sub("", _spelt(heard))
    text = _TAIL.sub("", _LEAD.sub("", text)).strip()
    try:
        tokens = _tokens(text.split())
        if not any(isinstance(token, str) for token in tokens):
            return None
        value = _Parser(tokens).parse()
    except _NotASumError:
        return None
    except _NoResultError as error:
        return str(error)
    if abs(value) > _LARGEST:
        return "That number is too large for me to say."
    result, exact = say_number(value)
    asked = " ".join(_SAID[token] if isinstance(token, str) else say_number(token)[0] for token in tokens)
    return f"{asked[0].upper()}{asked[1:]} is {'' if exact else 'about '}{result}."


def _spelt(heard: str) -> str:
    text = heard.lower().replace("\u2019", "'").replace("what's", "what is")
    for pattern, replacement in _SPELLINGS:
        text = re.sub(pattern, replacement, text)
    return " ".join(text.split())


def _tokens(words: Sequence[str]) -> list[str | Fraction]:
    tokens: list[str | Fraction] = []
    position = 0
    while position < len(words):
        if words[position] in _SAID:
            tokens.append(words[position])
            position += 1
            continue
        read = read_number(words[position:])
        if read is None:
            raise _NotASumError
        tokens.append(read[0])
        position += read[1]
    return tokens


class _Parser:
    """Reads the grammar at the top of this file, evaluating as it goes."""

    def __init__(self, tokens: Sequence[str | Fraction]) -> None:
        self._tokens = tokens
        self._position = 0

    def parse(self) -> Fraction:
        value = self._sum()
        if self._position < len(self._tokens):
            raise _NotASumError
        return value

    def _next(self, *operators: str) -> str | None:
        token = self._tokens[self._position] if self._position < len(self._tokens) else None
        if isinstance(token, str) and token in operators:
            self._position += 1
            return token
        return None

    def _sum(self) -> Fraction:
        value = self._term()
        while operator := self._next("plus", "minus"):
            other = self._term()
            value = value + other if operator == "plus" else value - other
        return value

    def _term(self) -> Fraction:
        value = self._power()
        while operator := self._next("times", "over", "percent"):
            other = self._power()
            match operator:
                case "times":
                    value *= other
                case "percent":
                    value *= other / 100
                case _ if other == 0:
                    raise _NoResultError("Nothing can be divided by 0.")
                case _:
                    value /= other
        return value

    def _power(self) -> Fraction:
        value = self._factor()
        while operator := self._next("squared", "cubed", "power"):
            exponent = {"squared": Fraction(2), "cubed": Fraction(3)}.get(operator)
            value = _raised(value, exponent if exponent is not None else self._factor())
        return value

    def _factor(self) -> Fraction:
        if self._next("minus"):
            return -self._factor()
        if self._next("root"):
            return _root(self._factor())
        if self._position >= len(self._tokens):
            raise _NotASumError
        token = self._tokens[self._position]
        if isinstance(token, str):
            raise _NotASumError
        self._position += 1
        return token


def _raised(value: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1 or exponent < 0:
        raise _NoResultError("I can only raise to whole powers.")
    # Bounded before it is computed: a spoken tower of powers must not occupy the machine.
    if abs(value) > 1 and exponent * math.log10(
        max(abs(value.numerator), value.denominator)
    ) > 2 * math.log10(_LARGEST):
        raise _NoResultError("That number is too large for me to say.")
    return Fraction(value ** int(exponent))


def _root(value: Fraction) -> Fraction:
    if value < 0:
        raise _NoResultError("A negative number has no square root that I know of.")
    if value > _LARGEST:
        raise _NoResultError("That number is too large for me to say.")
    return Fraction(math.isqrt(int(value * _MOST_DECIMALS**2)), _MOST_DECIMALS)
