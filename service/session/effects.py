"""What a session wants done, and what it announces. The driver performs every effect, in order."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from service.errors import CloseCode, ModelFailureKind
from service.policies.budget import Budget
from service.policies.waterfall import Verdict, Waterfall
from service.session.keeping import Keep, KeepRest
from service.wire.frozen import frozen
from service.wire.server import ClosedBy, Outcome, ServerMessage
from service.wire.sonic_input import ModelInput
from service.wire.sonic_output import Usage

NOTHING_USED: Final = Usage(input_speech=0, input_text=0, output_speech=0, output_text=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStream:
    """Open a model stream; answer with `StreamOpened`, or `StreamClosed` with the failure."""

    stream_id: int


@frozen
class SendToModel:
    """Send one event on this stream; only `droppable` ones may be lost when the model takes nothing."""

    stream_id: int
    event: ModelInput
    droppable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseStream:
    """Close this stream after what is queued; also ends an opening that is still under way."""

    stream_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SendToClient:
    """Send one message."""

    message: ServerMessage


@frozen
class SendAudio:
    """Send reply audio; `position` is the index of its first sample within the reply."""

    response_id: int
    position: int
    pcm: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseClient:
    """Close the socket after what is queued."""

    code: CloseCode
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTool:
    """Run a tool; answer with `ToolFinished` and the same ids."""

    stream_id: int
    tool_use_id: str
    name: str
    arguments_json: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakePlace:
    """Find out whether the user may talk, and wait for one of the account's streams.

    Answer with `PlaceQueued` as often as that changes, and with `PlaceGiven` or `PlaceRefused`.
    """

    urgent: bool
    """Whether the conversation goes on, and comes before new ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemTicket:
    """Find out whose ticket this is; answer with `SignInRenewed` or `SignInRefused`."""

    ticket: str = field(repr=False)


class State(Enum):
    """What a session is doing."""

    CONNECTING = "connecting"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"
    OVER = "over"

    # Members are single objects; the identity's hash is ten times as fast as Enum's, and this is on the hot path.
    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged:
    """The session went from one state to another."""

    before: State
    after: State


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLost:
    """A stream ended without our asking, or never began; `will_retry` says whether another is tried."""

    stream_id: int
    kind: ModelFailureKind
    reason: str
    will_retry: bool
    was_open: bool = True
    """Whether the model had accepted it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnClosed:
    """The user's part of a turn is over."""

    turn: int
    closed_by: ClosedBy


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEnded:
    """A turn is over; spans are None where there was no such part."""

    turn: int
    outcome: Outcome
    closed_by: ClosedBy | None
    response_id: int | None
    utterance_ms: int | None
    endpointing_ms: int | None
    time_to_first_audio_ms: int | None
    reply_ms: int | None
    interrupted: bool
    waterfall: Waterfall | None = None
    used: Usage = NOTHING_USED
    cost_nano_usd: int = 0
    audio_gaps: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageCounted:
    """Tokens used since the last announcement."""

    input_speech: int
    input_text: int
    output_speech: int
    output_text: int


class Direction(Enum):
    """Which way an event went."""

    FROM_CLIENT = "from_client"
    TO_CLIENT = "to_client"
    FROM_MODEL = "from_model"
    TO_MODEL = "to_model"

    # Members are single objects; the identity's hash is ten times as fast as Enum's, and this is on the hot path.
    __hash__ = object.__hash__


class Fault(Enum):
    """What checking an event found."""

    NONE = "ok"
    UNKNOWN = "unknown"
    MALFORMED = "malformed"
    OUT_OF_ORDER = "out_of_order"
    STALE = "stale"
    """It came from, or for, a stream that is no longer ours."""
    OVER_LIMIT = "over_limit"
    MISSING = "missing"
    """It should have come, and did not."""

    # Members are single objects; the identity's hash is ten times as fast as Enum's, and this is on the hot path.
    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationCounted:
    """So many events of this type went this way since the last announcement."""

    direction: Direction
    event_type: str
    fault: Fault
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingsTold:
    """A client told its side of a reply; `waterfall` when it could be used."""

    verdict: Verdict
    waterfall: Waterfall | None
    underruns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamBegan:
    """The model accepted a stream, so long after it was asked for."""

    stream_id: int
    opening_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StandbyLost:
    """A stream that should have taken over could not be had."""

    kind: ModelFailureKind


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamReplaced:
    """The session moved to a fresh stream, and had none for so long."""

    planned: bool
    gap_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """A client came back, or could not."""

    outcome: str
    """`ok`, `fresh` or `rejected`."""
    gap_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WoundDown:
    """A budget was spent, and the session is on its way to its end."""

    budget: Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnKept:
    """A turn was written, or given up because too many waited; `waiting` are still to be written."""

    turns: int
    saved: bool
    waiting: int
    lag_ms: int | None = None
    """From the end of the turn to its commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFaulted:
    """The store did not do what it was asked; `failures` in a row."""

    fault: str
    reason: str
    failures: int


type Announcement = (
    StateChanged
    | StreamLost
    | TurnClosed
    | TurnEnded
    | UsageCounted
    | ValidationCounted
    | TurnKept
    | StoreFaulted
    | TimingsTold
    | StreamBegan
    | StandbyLost
    | StreamReplaced
    | Resumed
    | WoundDown
)
type Effect = (
    OpenStream
    | SendToModel
    | CloseStream
    | SendToClient
    | SendAudio
    | CloseClient
    | RunTool
    | Keep
    | KeepRest
    | RedeemTicket
    | TakePlace
    | Announcement
)
