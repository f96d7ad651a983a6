"""What a session is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from service.errors import CloseCode, ErrorCode, ModelFailure
from service.policies.budget import Budget
from service.session.keeping import KeptTurn
from service.wire.client import ClientMessage, Heard
from service.wire.frozen import frozen
from service.wire.sonic_output import ModelOutput


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFault:
    """What the client sent could not be taken; the session says why and ends."""

    code: CloseCode
    error: ErrorCode
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientGone:
    """The socket is closed; nothing reaches the client any more."""

    for_good: bool = False
    """Whether the client closed it itself, and so does not come back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientBack:
    """The client has a new connection, and proved to `can_resume` that the session is its own."""

    last_seq: int
    played: Heard | None
    token: str
    """For the next time."""
    signed_in_until: float
    """When the sign-in that it came with expires, on the session's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOpened:
    """The transport opened the stream: it now takes `SendToModel`; the model has said nothing yet."""

    stream_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamAccepted:
    """The model answered with response headers, which it does only after our first events."""

    stream_id: int


@frozen
class ModelEvent:
    """The model said something on this stream."""

    stream_id: int
    event: ModelOutput


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamClosed:
    """The stream is over, or could not be opened; `failure` None after our own clean end."""

    stream_id: int
    failure: ModelFailure | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFinished:
    """A tool ended; `result_json` is a JSON object, an error object when `failed`."""

    stream_id: int
    tool_use_id: str
    result_json: str
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceQueued:
    """All streams of the account are taken; this many are waited for, the session's own among them."""

    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceRefused:
    """The user may not talk now, or it cannot be found out whether they may."""

    code: CloseCode
    error: ErrorCode
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceSpent:
    """The user has talked for as long as one may in a day; the running turn may end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceGiven:
    """One of the account's streams is the session's until its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainRequested:
    """This process will go: leave at the end of a turn, not before `after_s`, at the latest after `deadline_s`."""

    deadline_s: float
    after_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """The session owns the conversation from now on, under this epoch; the newest turns, oldest of them first."""

    conversation_id: str
    epoch: int
    last_turn: int
    turns: Sequence[KeptTurn] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The store did what was asked; `owned` where that was to take a conversation over."""

    write_id: int
    owned: Owned | None = None


class StoreFault(Enum):
    """Why the store did not do what was asked."""

    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"
    SUPERSEDED = "superseded"
    CANNOT_RESUME = "cannot_resume"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotKept:
    """The store did not do what was asked; only after UNAVAILABLE it may another time."""

    write_id: int
    fault: StoreFault
    reason: str


class Refusal(Enum):
    """Why a ticket did not renew the sign-in."""

    UNKNOWN = "The ticket is unknown, used or too old; please get another one."
    NOT_LATER = "The ticket's sign-in does not last longer than the present one."
    BUSY = "Another ticket is being looked at."
    UNAVAILABLE = "The ticket cannot be looked at now; please get another one in a moment."
    OTHER_USER = "The ticket belongs to another user."


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRenewed:
    """A ticket of the same user was redeemed; the sign-in now lasts until this instant of the session's clock."""

    expires_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRefused:
    """A ticket did not renew the sign-in."""

    why: Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRevoked:
    """The issuer has taken the sign-in back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioSent:
    """The first audio of a reply is at the client's socket, so long after it came.

    `taken_s` is what a frame of the user's takes on its way in.
    """

    response_id: int
    taken_s: float
    handled_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetSpent:
    """Nothing more may be spent on this session; `renewed_in_s` says when something may again."""

    budget: Budget
    renewed_in_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Disowned:
    """The session's conversation was taken over (SUPERSEDED) or deleted (UNKNOWN), as its next write would find out."""

    fault: StoreFault


type PlaceSide = PlaceQueued | PlaceGiven | PlaceRefused | AllowanceSpent
type ModelSide = StreamOpened | StreamAccepted | ModelEvent | StreamClosed
type StoreSide = Kept | NotKept
type SignInEvent = SignInRenewed | SignInRefused | SignInRevoked
type Event = (
    ClientMessage
    | ClientFault
    | ClientGone
    | ClientBack
    | ModelSide
    | StoreSide
    | ToolFinished
    | SignInEvent
    | PlaceSide
    | DrainRequested
    | AudioSent
    | BudgetSpent
    | Disowned
)
