"""What a client may say to us: types, and strict decoding from both subprotocols."""

import json
import math
from dataclasses import dataclass, field
from struct import Struct
from typing import Annotated, Any, ClassVar, Final

import orjson
import pybase64

from service.errors import RemoteProtocolError
from service.wire.audio import SAMPLE_RATES_HZ
from service.wire.fields import MIN_INTEGER, About, read
from service.wire.frozen import frozen
from service.wire.subprotocol import Subprotocol

MAX_DEPTH: Final = 32
MAX_TEXT_CHARS: Final = 1_000

FRAME_HEADER: Final = Struct("<BBHId")
"""version, type, flags, sequence, capturedAtMs; little endian, 16 bytes, then PCM."""
FRAME_VERSION: Final = 1
FRAME_AUDIO: Final = 1
FLAG_END_OF_UTTERANCE: Final = 1
_PLAIN: Final = bytes((FRAME_VERSION, FRAME_AUDIO, 0, 0))
_AFTER_PLAIN: Final = Struct("<Id").unpack_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """The user has really heard a reply up to here."""

    type: ClassVar = "played"
    response_id: Annotated[int, About("the reply", minimum=1)]
    position_ms: Annotated[int, About("how much of it was heard", unit="ms")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """What only the client can know of a reply's way, once its first sample sounds; all on the client's clock.

    Any integer is taken; what cannot be true is counted and left out of the waterfall.
    """

    type: ClassVar = "timings"
    response_id: Annotated[int, About("the reply", minimum=1)]
    received_at_ms: Annotated[int, About("its first audio came", unit="ms", minimum=MIN_INTEGER)]
    buffered_at_ms: Annotated[int, About("that audio left the jitter buffer", unit="ms", minimum=MIN_INTEGER)]
    played_at_ms: Annotated[int, About("its first sample sounded", unit="ms", minimum=MIN_INTEGER)]
    clock_offset_ms: Annotated[
        int, About("to add to this clock for `clockMs` of `pong`", unit="ms", minimum=MIN_INTEGER)
    ]
    round_trip_ms: Annotated[int, About("shortest `ping` to `pong`", unit="ms", minimum=MIN_INTEGER)]
    asked_at_ms: Annotated[
        int | None,
        About("the user's speech ended, by its energy; or the text was sent", unit="ms", minimum=MIN_INTEGER),
    ] = None
    underruns: Annotated[int | None, About("times that audio ran out within the reply before it")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """How far the user has heard a reply."""

    response_id: Annotated[int, About("the reply", minimum=1)]
    position_ms: Annotated[int, About("how much of it was heard", unit="ms")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Which session to take up again, and how far it got."""

    session_id: Annotated[str, About("from `ready`", max_chars=64)]
    resume_token: Annotated[str, About("from `ready`; single use", max_chars=128)]
    last_seq: Annotated[int, About("the highest `seq` received")]
    played: Annotated[Heard | None, About("the last audio that was heard")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Begin, with what differs from the defaults. Optional, but only as the first message."""

    type: ClassVar = "start"
    conversation_id: Annotated[str | None, About("continue this conversation", max_chars=64)] = None
    resume: Annotated[Resume | None, About("take up a lost session")] = None
    language: Annotated[str | None, About("a code of /api/options", max_chars=35)] = None
    voice: Annotated[str | None, About("a voice of that language", max_chars=64)] = None
    input_sample_rate_hz: Annotated[
        int | None, About("of the audio you send", unit="Hz", choices=SAMPLE_RATES_HZ)
    ] = None
    output_sample_rate_hz: Annotated[
        int | None, About("of the audio you get", unit="Hz", choices=SAMPLE_RATES_HZ)
    ] = None


@frozen
class Audio:
    """Some of the user's microphone; mono s16le at the session's input rate, possibly empty."""

    type: ClassVar = "audio"
    pcm: bytes
    end_of_utterance: bool = False
    sequence: int | None = None
    """Counts frames from 0 and wraps at 2^32; None in JSON."""
    captured_at_ms: float | None = None
    """The client's clock at the first sample; None in JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndOfUtterance:
    """The user has finished speaking."""

    type: ClassVar = "endOfUtterance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The user typed instead of speaking; interrupts a running reply."""

    type: ClassVar = "text"
    text: Annotated[str, About("what was typed", max_chars=MAX_TEXT_CHARS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupt:
    """Stop the running reply."""

    type: ClassVar = "interrupt"


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The user hung up; the server closes with 1000."""

    type: ClassVar = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """A fresh ticket inside a running call."""

    type: ClassVar = "auth"
    ticket: Annotated[str, About("from POST /api/tickets", max_chars=512)] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """Application heartbeat; answered by `pong` with the same id."""

    type: ClassVar = "ping"
    id: Annotated[int, About("any integer from 0")]


type ClientMessage = Start | Audio | EndOfUtterance | Text | Interrupt | End | Played | Timings | Auth | Ping

JSON_MESSAGES: Final[dict[str, type]] = {
    message.type: message
    for message in (Start, EndOfUtterance, Text, Interrupt, End, Played, Timings, Auth, Ping)
}


def decode_text(text: str, subprotocol: Subprotocol) -> ClientMessage:
    """Read one text message.

    Raises RemoteProtocolError whose sentence names what is wrong and holds nothing a user said.
    """
    try:
        raw = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise RemoteProtocolError(_why_not_json(error)) from None
    if text.count("{") + text.count("[") > MAX_DEPTH and _depth(raw) > MAX_DEPTH:
        raise RemoteProtocolError(f"a message must not nest deeper than {MAX_DEPTH}")
    if not isinstance(raw, dict):
        raise RemoteProtocolError("a message must be a JSON object")
    kind = raw.get("type")
    if kind == Audio.type:
        return _audio_from_json(raw, text, subprotocol)
    if not isinstance(kind, str):
        raise RemoteProtocolError("a message must have a type, which is a string")
    message = JSON_MESSAGES.get(kind)
    if message is None:
        raise RemoteProtocolError(f"no message has the type {kind[:64]!r}")
    # orjson keeps the last of two equal keys; these messages are rare enough to be read once more.
    json.loads(text, object_pairs_hook=_refuse_duplicates)
    decoded: ClientMessage = read(message, raw, within=kind)
    return decoded


def _why_not_json(error: orjson.JSONDecodeError) -> str:
    reason = str(error)
    if "surrogate" in reason:
        return "a message must not contain a lone surrogate"
    if "depth" in reason:
        return f"a message must not nest deeper than {MAX_DEPTH}"
    return "a message must be valid JSON"


def _depth(raw: Any) -> int:
    """How deep a parsed value nests; without recursion, because the client chose the depth."""
    deepest, level = 0, [raw]
    while level := [item for item in level if isinstance(item, dict | list)]:
        deepest += 1
        level = [inner for item in level for inner in (item.values() if isinstance(item, dict) else item)]
    return deepest


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        raise RemoteProtocolError("a message must not have duplicate fields")
    return unique


def _audio_from_json(raw: dict[str, Any], text: str, subprotocol: Subprotocol) -> Audio:
    if subprotocol is not Subprotocol.JSON:
        raise RemoteProtocolError(f"audio is binary under the subprotocol {subprotocol.value}")
    unknown = raw.keys() - {"type", "data", "endOfUtterance"}
    if unknown:
        raise RemoteProtocolError(f"audio has no field {min(unknown)[:64]!r}")
    data = raw.get("data")
    end_of_utterance = raw.get("endOfUtterance", False)
    if not isinstance(data, str):
        raise RemoteProtocolError("audio.data must be a string")
    if not isinstance(end_of_utterance, bool):
        raise RemoteProtocolError("audio.endOfUtterance must be true or false")
    # Two quotes for each key and for each of the two string values; base64 has none.
    if text.count('"') != 2 * len(raw) + 4:
        raise RemoteProtocolError("a message must not have duplicate fields")
    try:
        pcm = pybase64.b64decode(data, validate=True)
    except ValueError:
        raise RemoteProtocolError("audio.data must be base64") from None
    if len(pcm) % 2:
        raise RemoteProtocolError("audio.data must hold whole 16-bit samples, not an odd number of bytes")
    return Audio(pcm=pcm, end_of_utterance=end_of_utterance)


def plain_audio(frame: bytes) -> tuple[int, float] | None:
    """Sequence and capture time of a frame that is nothing but audio and well formed; None: see `decode_binary`."""
    if not frame.startswith(_PLAIN) or len(frame) <= FRAME_HEADER.size or len(frame) % 2:
        return None
    sequence, captured_at_ms = _AFTER_PLAIN(frame, len(_PLAIN))
    return (sequence, captured_at_ms) if math.isfinite(captured_at_ms) else None


def decode_binary(frame: bytes, subprotocol: Subprotocol) -> Audio:
    """Read one binary message, which is always an audio frame; raises as `decode_text` does."""
    if subprotocol is not Subprotocol.BINARY:
        raise RemoteProtocolError(f"no message is binary under the subprotocol {subprotocol.value}")
    if len(frame) < FRAME_HEADER.size:
        raise RemoteProtocolError(f"a frame must begin with a header of {FRAME_HEADER.size} bytes")
    version, kind, flags, sequence, captured_at_ms = FRAME_HEADER.unpack_from(frame)
    if version != FRAME_VERSION:
        raise RemoteProtocolError(f"a frame must have version {FRAME_VERSION}, not {version}")
    if kind != FRAME_AUDIO:
        raise RemoteProtocolError(f"a frame must have type {FRAME_AUDIO}, not {kind}")
    if flags & ~FLAG_END_OF_UTTERANCE:
        raise RemoteProtocolError(f"a frame has an unknown flag in {flags:#06x}")
    if not math.isfinite(captured_at_ms):
        raise RemoteProtocolError("a frame's capturedAtMs must be a finite number")
    if len(frame) % 2:
        raise RemoteProtocolError("a frame must hold whole 16-bit samples, not an odd number of bytes")
    return Audio(
        pcm=frame[FRAME_HEADER.size :],
        end_of_utterance=flags == FLAG_END_OF_UTTERANCE,
        sequence=sequence,
        captured_at_ms=captured_at_ms,
    )
