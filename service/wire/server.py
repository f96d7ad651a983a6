"""What we say to a client: types, and encoding for both subprotocols."""

from dataclasses import dataclass
from enum import StrEnum
from struct import Struct
from typing import Annotated, ClassVar, Final

import orjson
import pybase64

from service.errors import ErrorCode
from service.wire.fields import About, write
from service.wire.subprotocol import Subprotocol

FRAME_HEADER: Final = Struct("<BBHIQ")
"""version, type, flags, responseId, position; little endian, 16 bytes, then PCM."""
FRAME_VERSION: Final = 1
FRAME_AUDIO: Final = 2
_JSON_AUDIO_PREFIX: Final = '{"type":"audio","data":"'
_JSON_AUDIO_SUFFIX: Final = '","format":"audio/pcm"}'

type Seq = Annotated[int, About("counts every message but audio from 1, without gaps", minimum=1)]


class StateName(StrEnum):
    """The states a client sees."""

    CONNECTING = "connecting"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"


class Role(StrEnum):
    """Who said it."""

    USER = "user"
    ASSISTANT = "assistant"


class Stage(StrEnum):
    """Whether words are about to be said, were said, or were heard when the saying was broken off."""

    PLANNED = "planned"
    SPOKEN = "spoken"
    HEARD = "heard"


class Cause(StrEnum):
    """Why a reply was interrupted."""

    SPEECH = "speech"
    CLIENT = "client"
    TEXT = "text"


class Outcome(StrEnum):
    """How a turn ended."""

    COMPLETED = "completed"
    INTERRUPTED = "interrupted"
    UNANSWERED = "unanswered"
    FAILED = "failed"


class ClosedBy(StrEnum):
    """Who found that the user had finished."""

    CLIENT = "client"
    MODEL = "model"
    WATCHDOG = "watchdog"


class ToolStatus(StrEnum):
    """What a tool is doing."""

    STARTED = "started"
    FINISHED = "finished"
    FAILED = "failed"


class GoAwayReason(StrEnum):
    """Why the session will end soon."""

    DEPLOY = "deploy"
    MAX_DURATION = "max_duration"
    BUDGET = "budget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the client must keep to."""

    message_bytes: Annotated[int, About("largest message; beyond it 1009", unit="bytes")]
    input_rate: Annotated[float, About("audio per second of time; beyond it 4429", unit="s/s")]
    control_per_s: Annotated[int, About("messages other than audio; beyond it 4429", unit="1/s")]
    session_s: Annotated[int, About("longest session; then goAway and 1000", unit="s")]
    idle_s: Annotated[int, About("without speech or a message but ping; then 4408", unit="s")]
    text_chars: Annotated[int, About("longest `text`", unit="characters")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The model listens. No message but `queued` and `error` comes before it."""

    type: ClassVar = "ready"
    seq: Seq
    session_id: Annotated[str, About("names this session in every log; quote it in a report")]
    conversation_id: Annotated[str, About("names the conversation")]
    epoch: Annotated[int, About("rises with every attachment to the conversation", minimum=1)]
    last_turn: Annotated[int, About("the newest turn that is stored durably; 0: none", minimum=0)]
    resume_token: Annotated[str | None, About("to take the session up again; null: not offered")]
    resumed: Annotated[bool, About("whether this is a session taken up again")]
    model: Annotated[str, About("the model's id")]
    language: Annotated[str, About("the language the session uses")]
    voice: Annotated[str, About("the voice the session uses")]
    input_sample_rate_hz: Annotated[int, About("of the audio to send", unit="Hz")]
    output_sample_rate_hz: Annotated[int, About("of the audio that will come", unit="Hz")]
    silence_threshold_ms: Annotated[int, About("silence after which to say endOfUtterance", unit="ms")]
    watchdog_ms: Annotated[int, About("without audio, the server closes the turn after", unit="ms")]
    heartbeat_ms: Annotated[int, About("send `ping` this often", unit="ms")]
    limits: Annotated[Limits, About("what to keep to")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """All places are taken: `ready` comes when this session's turn has come. Told again whenever the line moves."""

    type: ClassVar = "queued"
    seq: Seq
    position: Annotated[int, About("in the line; 1 is next", minimum=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateIs:
    """The session's state, at every change."""

    type: ClassVar = "state"
    seq: Seq
    state: Annotated[StateName, About("the state")]
    response_id: Annotated[
        int | None, About("the reply, when speaking", minimum=1, omitted_when_none=True)
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """Words of the user (spoken or typed), or of the assistant: planned first, spoken later.

    Of a reply that was broken off, `heard` says once how far the user heard it.
    """

    type: ClassVar = "transcript"
    seq: Seq
    turn: Annotated[int, About("the turn", minimum=1)]
    role: Annotated[Role, About("who")]
    stage: Annotated[
        Stage, About("spoken text of a reply replaces its planned text; heard text replaces all")
    ]
    text: Annotated[str, About("one sentence or more; `heard` may be empty")]
    response_id: Annotated[
        int | None, About("the reply, for the assistant", minimum=1, omitted_when_none=True)
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """Drop everything queued for this reply; none of its audio follows."""

    type: ClassVar = "interrupted"
    seq: Seq
    response_id: Annotated[int, About("the reply", minimum=1)]
    cause: Annotated[Cause, About("why")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """How long the parts of a turn took; null: there was no such part."""

    utterance_ms: Annotated[int | None, About("the user spoke", unit="ms")]
    endpointing_ms: Annotated[int | None, About("end of speech to closure", unit="ms")]
    time_to_first_audio_ms: Annotated[int | None, About("closure to first reply audio", unit="ms")]
    reply_ms: Annotated[int | None, About("audio of the reply, as far as it was let play", unit="ms")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """Where the time went, from the end of the speech to the first sample heard; the parts are the whole.

    null: not known, because the client did not send `timings`, or such as cannot be true.
    """

    uplink_ms: Annotated[float | None, About("to the service", unit="ms")]
    service_in_ms: Annotated[float | None, About("through it, to the model", unit="ms")]
    endpointing_ms: Annotated[float | None, About("until it was clear that the user had finished", unit="ms")]
    model_ms: Annotated[float | None, About("until the model's first audio", unit="ms")]
    service_out_ms: Annotated[float | None, About("through the service, to the socket", unit="ms")]
    downlink_ms: Annotated[float | None, About("to the client", unit="ms")]
    jitter_buffer_ms: Annotated[float | None, About("in the client's jitter buffer", unit="ms")]
    output_ms: Annotated[float | None, About("until it sounded", unit="ms")]
    total_ms: Annotated[float, About("the sum of what is known", unit="ms")]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnIs:
    """A turn ended."""

    type: ClassVar = "turn"
    seq: Seq
    turn: Annotated[int, About("counts the conversation's turns from 1", minimum=1)]
    outcome: Annotated[Outcome, About("how")]
    closed_by: Annotated[ClosedBy | None, About("who closed it; null: it failed while still open")]
    response_id: Annotated[int | None, About("the reply; null: there was none", minimum=1)]
    saved: Annotated[bool, About("whether it is stored durably; sent again when it is")]
    timings: Annotated[Timings, About("how long it took")]
    waterfall: Annotated[
        Waterfall | None, About("where that time went; absent: no audio", omitted_when_none=True)
    ] = None
    cost_usd: Annotated[
        float | None,
        About("what it cost by list price, so far as is known", unit="US$", omitted_when_none=True),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolIs:
    """A tool started or ended."""

    type: ClassVar = "tool"
    seq: Seq
    turn: Annotated[int, About("the turn", minimum=1)]
    tool_use_id: Annotated[str, About("names this use")]
    name: Annotated[str, About("the tool")]
    status: Annotated[ToolStatus, About("what happened")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Tokens of one direction."""

    speech_tokens: Annotated[int, About("of audio", unit="tokens")]
    text_tokens: Annotated[int, About("of text", unit="tokens")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What the session has used so far; at most once a second."""

    type: ClassVar = "usage"
    seq: Seq
    input: Annotated[Tokens, About("to the model")]
    output: Annotated[Tokens, About("from the model")]
    total_tokens: Annotated[int, About("both", unit="tokens")]
    cost_usd: Annotated[
        float | None, About("what they cost by list price", unit="US$", omitted_when_none=True)
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoAway:
    """The session will be closed: at the end of the running turn, at the latest at the deadline."""

    type: ClassVar = "goAway"
    seq: Seq
    reason: Annotated[GoAwayReason, About("why")]
    deadline_ms: Annotated[int, About("from now", unit="ms")]
    reconnect_after_ms: Annotated[int, About("this client's own moment to connect anew", unit="ms")]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthExpiring:
    """The sign-in runs out; get a ticket with a fresh token and send it in `auth`, or the session ends with 4401."""

    type: ClassVar = "authExpiring"
    seq: Seq
    in_ms: Annotated[int, About("from now; a running turn may end a little after that", unit="ms")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """Audio frames up to this sequence were taken (voice.v1 only; at most every 500 ms)."""

    type: ClassVar = "ack"
    seq: Seq
    sequence: Annotated[int, About("the highest taken; wraps at 2^32")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pong:
    """The answer to `ping`."""

    type: ClassVar = "pong"
    seq: Seq
    id: Annotated[int, About("the ping's id")]
    clock_ms: Annotated[
        int | None,
        About("the service's clock, from any origin; see `timings`", unit="ms", omitted_when_none=True),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """Something went wrong; precedes every close but 1000 and 1009."""

    type: ClassVar = "error"
    seq: Seq
    code: Annotated[ErrorCode, About("one of the codes below")]
    message: Annotated[str, About("one sentence for a person")]
    retryable: Annotated[bool, About("whether the same may work a little later")]
    correlation_id: Annotated[str, About("quote it in a report")]


type ServerMessage = (
    Ready
    | Queued
    | StateIs
    | Transcript
    | Interrupted
    | TurnIs
    | ToolIs
    | Usage
    | GoAway
    | AuthExpiring
    | Ack
    | Pong
    | Error
)


def encode(message: ServerMessage) -> str:
    """Spell a message as the text of one WebSocket message; the same under both subprotocols."""
    return orjson.dumps(write(message)).decode()


def encode_audio(response_id: int, position: int, pcm: bytes, subprotocol: Subprotocol) -> bytes | str:
    """Spell reply audio: bytes go out as a binary message, a string as a text message.

    `position` is the index of the first sample within the reply. No JSON encoder runs here: base64 needs no
    escaping and everything else is constant.
    """
    if subprotocol is Subprotocol.BINARY:
        return FRAME_HEADER.pack(FRAME_VERSION, FRAME_AUDIO, 0, response_id, position) + pcm
    return _JSON_AUDIO_PREFIX + pybase64.b64encode_as_string(pcm) + _JSON_AUDIO_SUFFIX
