"""What can go wrong on purpose: faults as data; `fault_tables` reads them, `striking` performs them.

A fault is one thing that happens (`kind` and its options), one moment (`at`, `on_input`, `on_output` or `after_s`) and how
many streams it happens to (`count`). `docs/emulator.md` lists them for the reader.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Raise:
    """Answer with an exception, as an HTTP response or as the last frame of the stream."""

    exception: str
    message: str
    form: Literal["http", "event"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """Send RST_STREAM with this code."""

    code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GoAway:
    """Announce the end of the connection; its open streams go on."""

    code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CutFrame:
    """Write half of a frame, then close the TCP connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AbortConnection:
    """Kill the TCP connection without a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndWithoutException:
    """End the response as if all were well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LateHeaders:
    """Hold the response headers, and all that follows them, for so long."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverHeaders:
    """Take the input and never answer, not even with headers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadChecksum:
    """Send a frame whose checksum is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Garbage:
    """Send bytes that are no frame at all."""

    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace:
    """Say this event, or so many of it, each with its number for `{n}`."""

    document: str
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """From here on take everything and answer nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trickle:
    """From here on let the response through so slowly."""

    bytes_per_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitStreams:
    """Announce this SETTINGS_MAX_CONCURRENT_STREAMS on a new connection."""

    streams: int


type Action = (
    Raise
    | Reset
    | GoAway
    | CutFrame
    | AbortConnection
    | EndWithoutException
    | LateHeaders
    | NeverHeaders
    | BadChecksum
    | Garbage
    | Replace
    | Silence
    | Trickle
    | LimitStreams
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AtOpen:
    """When a request arrives, before anything is answered; for `limit-streams`, when a connection does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnInput:
    """When the n-th event of a kind arrives, before it is obeyed."""

    event: str
    nth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OnOutput:
    """When the n-th event of a kind is about to be sent, in its place."""

    event: str
    nth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """So many seconds after the stream opened."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """At once, to streams that are open; only the control endpoint can say this."""


type Moment = AtOpen | OnInput | OnOutput | After | Now


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong, when, and for how many streams (None: every one)."""

    kind: str
    action: Action
    moment: Moment
    count: int | None
