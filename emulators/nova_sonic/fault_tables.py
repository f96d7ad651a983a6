"""Reading faults: from a scenario's `[[fault]]` tables, from the command line and from the control endpoint.

Rule 1: a name or a value that means nothing is refused, never ignored: a test with a fault that never fires proves nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final, assert_never

from h2.errors import ErrorCodes

from emulators.nova_sonic.faults import (
    AbortConnection,
    Action,
    After,
    AtOpen,
    BadChecksum,
    CutFrame,
    EndWithoutException,
    Fault,
    Garbage,
    GoAway,
    LateHeaders,
    LimitStreams,
    Moment,
    NeverHeaders,
    Now,
    OnInput,
    OnOutput,
    Raise,
    Replace,
    Reset,
    Silence,
    Trickle,
)
from emulators.nova_sonic.wire.responses import ApiException

INPUT_EVENTS: Final = frozenset(
    [
        "any",
        "sessionStart",
        "promptStart",
        "contentStart",
        "textInput",
        "audioInput",
        "toolResult",
        "contentEnd",
        "promptEnd",
        "sessionEnd",
    ]
)
OUTPUT_EVENTS: Final = frozenset(
    [
        "any",
        "completionStart",
        "contentStart",
        "textOutput",
        "audioOutput",
        "toolUse",
        "contentEnd",
        "usageEvent",
        "completionEnd",
        "userSpeechStart",
        "userSpeechEnd",
    ]
)


class FaultError(ValueError):
    """A fault says something that means nothing; the message names it and the nearest thing that does."""


class _Options:
    """One fault table, read key by key; what was not read in the end is a mistake."""

    def __init__(self, table: Mapping[str, object], where: str) -> None:
        self._left = dict(table)
        self._read: set[str] = set()
        self._where = where

    def refuse(self, message: str) -> FaultError:
        return FaultError(f"{self._where}: {message}")

    def has(self, name: str) -> bool:
        return name in self._left

    def text(self, name: str, default: str | None = None) -> str:
        value = self._take(name, default)
        if not isinstance(value, str):
            raise self.refuse(f"{name} must be a string, not {value!r}")
        return value

    def whole(self, name: str, default: int, *, least: int = 1) -> int:
        value = self._take(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise self.refuse(f"{name} must be a whole number from {least}, not {value!r}")
        return value

    def seconds(self, name: str, default: float | None = None) -> float:
        value = self._take(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            raise self.refuse(f"{name} must be a number of seconds, not {value!r}")
        return float(value)

    def one_of(self, name: str, allowed: Sequence[str], default: str | None = None) -> str:
        value = self.text(name, default)
        if value not in allowed:
            raise self.refuse(f"{name} {value!r} is unknown{_suggest(value, allowed)}")
        return value

    def count(self) -> int | None:
        if self._left.get("count") == "every":
            del self._left["count"]
            return None
        return self.whole("count", 1)

    def finish(self) -> None:
        for name in self._left:
            raise self.refuse(f"{name!r} means nothing here{_suggest(name, sorted(self._read))}")

    def _take(self, name: str, default: object) -> object:
        self._read.add(name)
        if name in self._left:
            return self._left.pop(name)
        if default is None:
            raise self.refuse(f"{name} is missing")
        return default


def parse_fault(table: Mapping[str, object], *, where: str = "fault", live: bool = False) -> Fault:
    """Read one fault; `live` allows `at = "now"`. Raise `FaultError` for anything that is not understood."""
    options = _Options(table, where)
    kind = options.one_of("kind", sorted(KINDS))
    moment = _moment(options, live=live)
    action = KINDS[kind](options, moment)
    count = options.count()
    options.finish()
    if isinstance(action, LimitStreams | LateHeaders | NeverHeaders) and not isinstance(moment, AtOpen):
        raise options.refuse(f'{kind} can only happen at = "open"')
    if isinstance(action, CutFrame | BadChecksum | Garbage | Replace | EndWithoutException) and isinstance(
        moment, AtOpen
    ):
        raise options.refuse(f"{kind} needs a response that has begun: give on_input, on_output or after_s")
    return Fault(kind=kind, action=action, moment=moment, count=count)


def parse_faults(tables: Sequence[Mapping[str, object]], *, where: str = "fault") -> Sequence[Fault]:
    """Read the `[[fault]]` tables of a scenario."""
    return [parse_fault(table, where=f"{where} {number}") for number, table in enumerate(tables, 1)]


def describe(fault: Fault) -> Mapping[str, object]:
    """Return a fault the way it could have been written."""
    table: dict[str, object] = {"kind": fault.kind}
    match fault.moment:
        case AtOpen():
            table["at"] = "open"
        case Now():
            table["at"] = "now"
        case OnInput(event=event, nth=nth):
            table |= {"on_input": event, "nth": nth}
        case OnOutput(event=event, nth=nth):
            table |= {"on_output": event, "nth": nth}
        case After(seconds=seconds):
            table["after_s"] = seconds
        case _:
            assert_never(fault.moment)
    return table | {"count": "every" if fault.count is None else fault.count}


def _moment(options: _Options, *, live: bool) -> Moment:
    given = [name for name in ("at", "on_input", "on_output", "after_s") if options.has(name)]
    if len(given) > 1:
        raise options.refuse(f"{given[0]} and {given[1]} exclude each other")
    match given[0] if given else "at":
        case "on_input":
            event = options.one_of("on_input", sorted(INPUT_EVENTS))
            return OnInput(event=event, nth=options.whole("nth", 1))
        case "on_output":
            event = options.one_of("on_output", sorted(OUTPUT_EVENTS))
            return OnOutput(event=event, nth=options.whole("nth", 1))
        case "after_s":
            return After(seconds=options.seconds("after_s"))
        case _:
            at = options.one_of("at", ["open", "now"] if live else ["open"], "open")
            return Now() if at == "now" else AtOpen()


def _exception(exception: ApiException) -> "_Reader":
    def read(options: _Options, moment: Moment) -> Action:
        form = options.one_of("form", ["event", "http"], "http" if isinstance(moment, AtOpen) else "event")
        message = options.text("message", _MESSAGES[exception])
        return Raise(exception=exception.title, message=message, form="http" if form == "http" else "event")

    return read


def _unknown_exception(options: _Options, _moment: Moment) -> Action:
    name = options.text("name", "somethingNewException")
    return Raise(exception=name, message=options.text("message", "No client knows this one."), form="event")


def _error_code(options: _Options, default: ErrorCodes) -> int:
    codes = [code.name for code in ErrorCodes]
    return ErrorCodes[options.one_of("code", codes, default.name)].value


_MESSAGES: Final[Mapping[ApiException, str]] = {
    ApiException.ACCESS_DENIED: "You don't have access to the model with the specified model ID.",
    ApiException.INTERNAL_SERVER: "The system encountered an unexpected error during processing. Try your request again.",
    ApiException.MODEL_ERROR: "The model failed to process your request. Try your request again.",
    ApiException.MODEL_NOT_READY: "Model is not ready for inference. Try your request again.",
    ApiException.MODEL_STREAM_ERROR: "The system encountered an unexpected error during processing. Try your request again.",
    ApiException.MODEL_TIMEOUT: "Model has timed out in processing the request. Try your request again.",
    ApiException.RESOURCE_NOT_FOUND: "Could not resolve the foundation model from the provided model identifier.",
    ApiException.SERVICE_QUOTA_EXCEEDED: "Your request exceeds the service quota for your account.",
    ApiException.SERVICE_UNAVAILABLE: "Bedrock is unable to process your request.",
    ApiException.THROTTLING: "Too many requests, please wait before trying again.",
    ApiException.VALIDATION: "System instability detected. Please retry your request.",
}

_A_NEW_EVENT: Final = '{"event":{"somethingNew{n}":{}}}'

type _Reader = Callable[[_Options, Moment], Action]

KINDS: Final[Mapping[str, _Reader]] = {
    "access-denied": _exception(ApiException.ACCESS_DENIED),
    "internal-server": _exception(ApiException.INTERNAL_SERVER),
    "model-error": _exception(ApiException.MODEL_ERROR),
    "model-not-ready": _exception(ApiException.MODEL_NOT_READY),
    "model-stream-error": _exception(ApiException.MODEL_STREAM_ERROR),
    "model-timeout": _exception(ApiException.MODEL_TIMEOUT),
    "resource-not-found": _exception(ApiException.RESOURCE_NOT_FOUND),
    "service-quota-exceeded": _exception(ApiException.SERVICE_QUOTA_EXCEEDED),
    "service-unavailable": _exception(ApiException.SERVICE_UNAVAILABLE),
    "throttling": _exception(ApiException.THROTTLING),
    "validation": _exception(ApiException.VALIDATION),
    "unknown-exception": _unknown_exception,
    "reset": lambda options, _: Reset(code=_error_code(options, ErrorCodes.INTERNAL_ERROR)),
    "goaway": lambda options, _: GoAway(code=_error_code(options, ErrorCodes.NO_ERROR)),
    "cut": lambda _options, _: CutFrame(),
    "abort": lambda _options, _: AbortConnection(),
    "end": lambda _options, _: EndWithoutException(),
    "late-headers": lambda options, _: LateHeaders(seconds=options.seconds("seconds", 3.0)),
    "never-headers": lambda _options, _: NeverHeaders(),
    "bad-checksum": lambda _options, _: BadChecksum(),
    "garbage": lambda options, _: Garbage(size_bytes=options.whole("size_bytes", 64)),
    "replace": lambda options, _: Replace(
        document=options.text("document", _A_NEW_EVENT), times=options.whole("times", 1)
    ),
    "silence": lambda _options, _: Silence(),
    "trickle": lambda options, _: Trickle(bytes_per_s=options.whole("bytes_per_s", 1)),
    "limit-streams": lambda options, _: LimitStreams(streams=options.whole("streams", 1)),
}


def _suggest(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(known)}"
