"""What time is it, and what day? From the client's clock when it offers one, else from ours."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import Enum, auto
from typing import Final, assert_never

from emulators.nova_sonic.brains.dialogue.words import question


class Asked(Enum):
    """What about the time was asked."""

    TIME = auto()
    DAY = auto()
    DATE = auto()
    MONTH = auto()
    YEAR = auto()


_HERE: Final = (
    r"(?: (?:now|today|right now|currently|at the moment|here|please|it is|is it|it is now|is it now))*"
)
_QUESTIONS: Final[Mapping[Asked, re.Pattern[str]]] = {
    Asked.TIME: re.compile(
        r"(?:what|which) time (?:is it|it is|do we have|have you got|do you have)"
        + _HERE
        + r"|(?:what is )?the (?:current |exact |local )?time"
        + _HERE
        + r"|what (?:is )?the (?:current |exact |local )?time"
        + _HERE
        + r"|(?:the )?time"
        + _HERE
        + r"|how late is it"
        + _HERE
        + r"|(?:do )?you have the time"
        + r"|what (?:is )?(?:your|the) clock (?:say|says)|what does (?:your|the) clock say"
    ),
    Asked.DAY: re.compile(
        r"(?:what|which) (?:day|weekday)(?: of the week)? (?:is it|is today|it is|today is|do we have)"
        + _HERE
        + r"|(?:what is )?(?:the )?day(?: of the week)?(?: is it)? today"
        + r"|what (?:is )?the (?:day|weekday)(?: of the week)?"
        + _HERE
    ),
    Asked.DATE: re.compile(
        r"what (?:is )?(?:the|todays|today s) (?:current )?date"
        + _HERE
        + r"|(?:what )?date (?:is it|is today|it is|today is)"
        + _HERE
        + r"|(?:the|todays) date"
        + _HERE
        + r"|what is today"
    ),
    Asked.MONTH: re.compile(r"(?:what|which) month (?:is it|it is|are we in|is this)" + _HERE),
    Asked.YEAR: re.compile(r"(?:what|which) year (?:is it|it is|are we in|is this)" + _HERE),
}
_ELSEWHERE: Final = re.compile(r"(?P<asked>.*\btime\b.*?) (?:in|at) (?P<place>[a-z ]+)")
_CLOCK_WORDS: Final = frozenset({"time", "clock", "date", "datetime", "now", "day"})
_TOOL_WORDS: Final = _CLOCK_WORDS | {
    "get",
    "tell",
    "current",
    "currently",
    "the",
    "and",
    "of",
    "local",
    "today",
    "todays",
    "what",
    "is",
    "it",
    "tool",
    "utc",
    "my",
    "read",
    "fetch",
    "show",
}
_CLOCK: Final = re.compile(
    r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::[0-5]\d)?(?: ?(?P<half>[ap])\.?m\.?)?", re.IGNORECASE
)


def asks_for(heard: str) -> Asked | None:
    """Return what was asked about the time here, or none."""
    text = question(heard)
    return next((asked for asked, pattern in _QUESTIONS.items() if pattern.fullmatch(text)), None)


def asks_elsewhere(heard: str) -> bool:
    """Whether the time in another place was asked, which no clock here knows."""
    found = _ELSEWHERE.fullmatch(question(heard))
    return found is not None and asks_for(found["asked"]) is Asked.TIME


def tool_for(tools: Sequence[str]) -> str | None:
    """Return the offered tool that is a clock, going by its name: `current_time`, `getDateAndTimeTool`, ..."""
    for name in tools:
        words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}
        if words & _CLOCK_WORDS and words <= _TOOL_WORDS:
            return name
    return None


def tell(asked: Asked, now: datetime) -> str:
    """Return the sentence; written so that the voice reads it as people say it."""
    match asked:
        case Asked.TIME:
            return f"It is {now.hour % 12 or 12}:{now.minute:02} {'AM' if now.hour < 12 else 'PM'}."
        case Asked.DAY:
            return f"Today is {now:%A}."
        case Asked.DATE:
            return f"Today is {now:%A}, {now:%B} {now.day}."
        case Asked.MONTH:
            return f"It is {now:%B}."
        case Asked.YEAR:
            return f"It is {now.year}."
        case _:
            assert_never(asked)


def tell_from(asked: Asked, content: Mapping[str, object]) -> str | None:
    """Return the sentence from a tool's result, or none when it holds nothing that answers the question.

    The shape of the result is the client's own: an ISO instant anywhere in it is best, then a time of day.
    """
    texts = list(_texts(content))
    for text in texts:
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            continue
        # A bare date knows no time of day.
        if asked is not Asked.TIME or len(text) > len("2026-01-01"):
            return tell(asked, found)
    if asked is Asked.TIME:
        for text in texts:
            if clock := _CLOCK.search(text):
                hour, minute = int(clock["hour"]), int(clock["minute"])
                if half := clock["half"]:
                    hour = hour % 12 + (12 if half.lower() == "p" else 0)
                return f"It is {hour % 12 or 12}:{minute:02} {'AM' if hour < 12 else 'PM'}."
    return None


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value.strip()
        case Mapping():
            for inner in value.values():
                yield from _texts(inner)
        case list() | tuple():
            for inner in value:
                yield from _texts(inner)
        case _:
            return
