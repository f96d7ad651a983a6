"""Where the time of one turn went, from the end of the user's speech to the first sample that was heard.

The chain has nine instants on one clock; a part is the span between two neighbours, so the parts are the whole. The
client's instants are moved onto the session's clock by the offset it measured with `ping` and `pong`: half of a
round trip's asymmetry goes into the uplink and out of the downlink, which nobody can see from the two ends.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from itertools import pairwise
from typing import Final, Protocol

_LONGEST_MS: Final = 120_000.0
_LONGEST_ROUND_TRIP_MS: Final = 10_000
_SYNC_SLACK_MS: Final = 20.0
"""Beyond half a round trip, for clocks that tick in whole milliseconds and drift a little."""


class ClientMarks(Protocol):
    """What a client saw, in milliseconds of its own clock."""

    @property
    def asked_at_ms(self) -> int | None: ...
    @property
    def received_at_ms(self) -> int: ...
    @property
    def buffered_at_ms(self) -> int: ...
    @property
    def played_at_ms(self) -> int: ...
    @property
    def clock_offset_ms(self) -> int: ...
    @property
    def round_trip_ms(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerMarks:
    """What the service saw of the same turn, in seconds of the session's clock."""

    arrived_at: float | None
    """When the frame with the end of the speech came, or the typed text; None: not known."""
    taken_s: float = 0.0
    """How long a frame takes from its arrival to the model's transport."""
    passed_at: float | None = None
    """When that frame was passed on, if it had to wait for a stream."""
    closed_at: float
    """When it was decided that the user had finished."""
    first_audio_at: float
    """When the first audio of the reply came from the model."""
    sent_at: float
    """When that audio was at the client's socket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """The parts in order, in milliseconds; None: not known, because the client did not say or could not be believed."""

    uplink_ms: float | None
    service_in_ms: float | None
    endpointing_ms: float | None
    model_ms: float | None
    service_out_ms: float | None
    downlink_ms: float | None
    jitter_buffer_ms: float | None
    output_ms: float | None
    total_ms: float
    """From the first instant that is known to the last one."""

    @property
    def parts(self) -> Mapping[str, float]:
        """The known parts by name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: ms for name, ms in values.items() if ms is not None and name != "total_ms"}

    @property
    def is_whole(self) -> bool:
        """Whether it reaches from the speaker's mouth to the listener's ear."""
        return len(self.parts) == len(PARTS)


PARTS: Final[Sequence[str]] = tuple(field.name for field in fields(Waterfall) if field.name != "total_ms")


class Verdict(StrEnum):
    """What became of a client's report."""

    USED = "used"
    IMPOSSIBLE = "impossible"
    LATE = "late"
    """It is about a reply that is over, or that never was."""


def of_service(server: ServerMarks) -> Waterfall:
    """What is known without the client."""
    taken_s = max(0.0, server.taken_s)
    passed_at = _passed_at(server, taken_s)
    instants = _rising([passed_at, server.closed_at, server.first_audio_at, server.sent_at])
    endpointing, model, out = _spans_ms(instants)
    return Waterfall(
        uplink_ms=None,
        service_in_ms=None,
        endpointing_ms=endpointing,
        model_ms=model,
        service_out_ms=out,
        downlink_ms=None,
        jitter_buffer_ms=None,
        output_ms=None,
        total_ms=round(endpointing + model + out, 1),
    )


def of_both(server: ServerMarks, client: ClientMarks) -> Waterfall | None:
    """The whole of it; None when what the client says cannot be true."""
    if not 0 <= client.round_trip_ms <= _LONGEST_ROUND_TRIP_MS:
        return None
    sent_ms = server.sent_at * 1_000
    received, buffered, played = (
        instant + client.clock_offset_ms
        for instant in (client.received_at_ms, client.buffered_at_ms, client.played_at_ms)
    )
    asked = _asked_ms(server, client)
    slack_ms = client.round_trip_ms / 2 + _SYNC_SLACK_MS
    if played - asked > _LONGEST_MS or not _is_rising((sent_ms, received, buffered, played), slack_ms):
        return None
    arrived = asked + client.round_trip_ms / 2 if server.arrived_at is None else server.arrived_at * 1_000
    if arrived < asked - slack_ms:
        return None
    # Where the model found the end before the client's own ears did, nothing was waited for in between.
    closed = server.closed_at * 1_000
    asked, arrived = min(asked, closed, arrived), min(arrived, closed)
    passed = arrived + server.taken_s * 1_000
    if server.passed_at is not None:
        passed = server.passed_at * 1_000
    instants = [
        *(asked, arrived, min(passed, closed), closed),
        *(server.first_audio_at * 1_000, sent_ms, received, buffered, played),
    ]
    spans = _spans_ms([instant / 1_000 for instant in _rising(instants)])
    named = dict(zip(PARTS, spans, strict=True))
    return Waterfall(**named, total_ms=round(sum(spans), 1))


def _asked_ms(server: ServerMarks, client: ClientMarks) -> float:
    if client.asked_at_ms is not None:
        return float(client.asked_at_ms + client.clock_offset_ms)
    known_at = server.closed_at if server.arrived_at is None else server.arrived_at
    return known_at * 1_000 - client.round_trip_ms / 2


def _passed_at(server: ServerMarks, taken_s: float) -> float:
    if server.passed_at is not None:
        return server.passed_at
    return server.closed_at if server.arrived_at is None else server.arrived_at + taken_s


def _is_rising(instants: Sequence[float], slack_ms: float) -> bool:
    return all(before <= after + slack_ms for before, after in pairwise(instants))


def _rising(instants: Sequence[float]) -> list[float]:
    """Each instant no earlier than the one before: what is left of an imperfect offset."""
    rising = [instants[0]]
    for instant in instants[1:]:
        rising.append(max(rising[-1], instant))
    return rising


def _spans_ms(instants: Sequence[float]) -> list[float]:
    return [round((b - a) * 1_000, 1) for a, b in pairwise(instants)]
