"""What time is it, and what day? From the client's clock when it offers one, else from ours."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import Enum, auto
from functools import cache
from typing import Final, assert_never
from zoneinfo import ZoneInfo, available_timezones

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
_ELSEWHERE: Final = re.compile(
    r"(?P<asked>.*\btime\b.*?) in (?P<place>[a-z ]+?)(?: right now| now| currently| at the moment)?"
)
_CONTINENTS: Final = frozenset(
    {"Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_OFFSET: Final = re.compile(r"[+-]\d{2}:\d{2}|Z")
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


def elsewhere(heard: str) -> str | None:
    """Return the place whose time was asked, or none."""
    found = _ELSEWHERE.fullmatch(question(heard))
    return found["place"] if found is not None and asks_for(found["asked"]) is Asked.TIME else None


def tell_elsewhere(place: str, now: datetime) -> str | None:
    """Return the time in a city that names a zone of the tz database ("new york"), or none."""
    zone = _zones().get(place)
    if zone is None:
        return None
    return f"In {place.title()}, it is {_time(now.astimezone(ZoneInfo(zone)))}."


@cache
def _zones() -> Mapping[str, str]:
    """Return zones by the city in their names; empty on a machine without a tz database."""
    return {
        name.rpartition("/")[2].replace("_", " ").lower(): name
        for name in sorted(available_timezones())
        if name.partition("/")[0] in _CONTINENTS
    }


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
            return f"It is {_time(now)}."
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


def _time(at: datetime) -> str:
    return f"{at.hour % 12 or 12}:{at.minute:02} {'AM' if at.hour < 12 else 'PM'}"


def tell_from(asked: Asked, content: Mapping[str, object], now: datetime) -> str | None:
    """Return the sentence from a tool's result, or none when it holds nothing that answers the question.

    The shape of the result is the client's own, so the parts are found by their looks: an ISO instant, or a date, a
    time of day and a UTC offset. An instant with an offset is told in the zone of `now`, where the user sits.
    """
    texts = list(_texts(content))
    instant = next(filter(None, map(_instant, texts)), None)
    date = next((text for text in texts if _DATE.fullmatch(text)), None)
    if instant is None and date is None and asked is not Asked.TIME:
        return None
    if instant is None:
        time = next(filter(None, map(_time_of_day, texts)), None)
        if time is None and asked is Asked.TIME:
            return None
        offset = next((text for text in texts if _OFFSET.fullmatch(text)), "")
        instant = _instant(f"{date or f'{now:%Y-%m-%d}'}T{time or '12:00'}{offset}")
    if instant is None:
        return None
    return tell(asked, instant.astimezone(now.tzinfo) if instant.tzinfo and now.tzinfo else instant)


def _instant(text: str) -> datetime | None:
    if len(text) <= len("2026-01-01"):
        return None  # a bare date is not an instant
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _time_of_day(text: str) -> str | None:
    found = None if _OFFSET.fullmatch(text) else _CLOCK.search(text)
    if found is None:
        return None
    hour = int(found["hour"])
    if half := found["half"]:
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    return f"{hour:02}:{found['minute']}"


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
