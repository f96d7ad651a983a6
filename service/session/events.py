"""What a session is told."""

from dataclasses import dataclass
from enum import Enum

from service.errors import CloseCode, ErrorCode, ModelFailure
from service.wire.client import ClientMessage
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


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOpened:
    """The transport opened the stream: it now takes `SendToModel`; the model has said nothing yet."""

    stream_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamAccepted:
    """The model answered with response headers, which it does only after our first events."""

    stream_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
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
class DrainRequested:
    """This process will go; finish the running turn within `deadline_s`."""

    deadline_s: float


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


type ModelSide = StreamOpened | StreamAccepted | ModelEvent | StreamClosed
type SignInEvent = SignInRenewed | SignInRefused | SignInRevoked
type Event = (
    ClientMessage | ClientFault | ClientGone | ModelSide | ToolFinished | SignInEvent | DrainRequested
)
