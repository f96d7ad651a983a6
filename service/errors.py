"""What can go wrong, whose fault it is, and how the connection ends.

VoiceError
├── LocalError                 we broke a promise; the session ends with 1011
├── RemoteProtocolError        the client broke our protocol; its socket ends with 4400, the others go on
├── MessageTooBigError         the client sent more than one message may hold; 1009
├── TooFastError               the client sent faster than it may; 4429
├── ModelProtocolError         the model sent what we cannot read; counted, the stream goes on
└── ModelFailure               the model's stream failed or never began; `retryable` says whether another may work
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum, StrEnum
from typing import ClassVar, Final


class CloseCode(IntEnum):
    """How a WebSocket ends; docs/protocol.md says what a client does on each."""

    DONE = 1000
    TOO_BIG = 1009
    INTERNAL = 1011
    PROTOCOL = 4400
    SIGN_IN = 4401
    FORBIDDEN = 4403
    IDLE = 4408
    SUPERSEDED = 4409
    CANNOT_RESUME = 4410
    SLOW_DOWN = 4429
    GO_ELSEWHERE = 4503


class ErrorCode(StrEnum):
    """The closed set of reasons an `error` message can give a client."""

    PROTOCOL_ERROR = "protocol_error"
    MESSAGE_TOO_BIG = "message_too_big"
    TOO_FAST = "too_fast"
    IDLE = "idle"
    START_TIMEOUT = "start_timeout"
    TOO_SLOW = "too_slow"
    FORBIDDEN = "forbidden"
    BUDGET_SPENT = "budget_spent"
    AT_CAPACITY = "at_capacity"
    DAILY_LIMIT = "daily_limit"
    CONVERSATION_UNKNOWN = "conversation_unknown"
    HISTORY_UNAVAILABLE = "history_unavailable"
    NOT_SAVED = "not_saved"
    TICKET_REFUSED = "ticket_refused"
    SIGN_IN_REQUIRED = "sign_in_required"
    SUPERSEDED = "superseded"
    GOING_AWAY = "going_away"
    MODEL_SILENT = "model_silent"
    MODEL_UNAVAILABLE = "model_unavailable"
    MODEL_REFUSED = "model_refused"
    CONTENT_FILTERED = "content_filtered"
    INTERNAL_ERROR = "internal_error"


class VoiceError(Exception):
    """Everything this service raises on purpose."""

    close_code: ClassVar[CloseCode] = CloseCode.INTERNAL
    error_code: ClassVar[ErrorCode] = ErrorCode.INTERNAL_ERROR


class LocalError(VoiceError):
    """Raised when this service would break its own protocol; the session ends, the process goes on."""


class RemoteProtocolError(VoiceError):
    """Raised when the client broke our protocol; close its socket and serve the others."""

    close_code = CloseCode.PROTOCOL
    error_code = ErrorCode.PROTOCOL_ERROR


class MessageTooBigError(VoiceError):
    """Raised when one message of the client exceeds the limit it was told in `ready`."""

    close_code = CloseCode.TOO_BIG
    error_code = ErrorCode.MESSAGE_TOO_BIG


class TooFastError(VoiceError):
    """Raised when the client sends more audio or more messages than it was told it may."""

    close_code = CloseCode.SLOW_DOWN
    error_code = ErrorCode.TOO_FAST


class ModelProtocolError(VoiceError):
    """Raised when an event of the model cannot be read; it is counted and the stream goes on."""


class ModelFailureKind(Enum):
    """What happened to a model stream, by AWS's exception or by what the connection did."""

    THROTTLED = "throttled"
    TIMED_OUT = "timed_out"
    VALIDATION = "validation"
    ACCESS_DENIED = "access_denied"
    NOT_FOUND = "not_found"
    NOT_READY = "not_ready"
    QUOTA = "quota"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"
    STREAM_ERROR = "stream_error"
    CONNECTION_LOST = "connection_lost"
    UNREACHABLE = "unreachable"
    CREDENTIALS = "credentials"
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureRule:
    """What follows from a failure of this kind whose message contains `text` (any case; empty fits all)."""

    kind: ModelFailureKind
    text: str = ""
    retryable: bool
    error_code: ErrorCode
    close_code: CloseCode


_GONE: Final = (ErrorCode.MODEL_UNAVAILABLE, CloseCode.GO_ELSEWHERE)
_REFUSED: Final = (ErrorCode.MODEL_REFUSED, CloseCode.INTERNAL)
_FILTERED: Final = (ErrorCode.CONTENT_FILTERED, CloseCode.INTERNAL)


def _rule(
    kind: ModelFailureKind, outcome: tuple[ErrorCode, CloseCode], *, text: str = "", retryable: bool = False
) -> FailureRule:
    return FailureRule(
        kind=kind, text=text, retryable=retryable, error_code=outcome[0], close_code=outcome[1]
    )


# The first rule that fits decides. The ValidationException texts are the ones seen in production
# (reference: Bedrock reports several transient faults as ValidationException).
FAILURE_RULES: Final[Sequence[FailureRule]] = (
    _rule(ModelFailureKind.THROTTLED, _GONE, retryable=True),
    _rule(ModelFailureKind.TIMED_OUT, _GONE, retryable=True),
    _rule(ModelFailureKind.VALIDATION, _GONE, text="RST_STREAM closed stream", retryable=True),
    _rule(ModelFailureKind.VALIDATION, _GONE, text="System instability detected", retryable=True),
    _rule(ModelFailureKind.VALIDATION, _GONE, text="Timed out waiting", retryable=True),
    _rule(ModelFailureKind.VALIDATION, _GONE, text="encountered an unexpected error", retryable=True),
    _rule(ModelFailureKind.VALIDATION, _FILTERED, text="content filter"),
    _rule(ModelFailureKind.VALIDATION, _REFUSED),
    _rule(ModelFailureKind.ACCESS_DENIED, _REFUSED),
    _rule(ModelFailureKind.NOT_FOUND, _REFUSED),
    _rule(ModelFailureKind.NOT_READY, _GONE, retryable=True),
    _rule(ModelFailureKind.QUOTA, _GONE, retryable=True),
    _rule(ModelFailureKind.UNAVAILABLE, _GONE, retryable=True),
    _rule(ModelFailureKind.INTERNAL, _GONE, retryable=True),
    _rule(ModelFailureKind.STREAM_ERROR, _FILTERED, text="content filter"),
    _rule(ModelFailureKind.STREAM_ERROR, _GONE, retryable=True),
    _rule(ModelFailureKind.CONNECTION_LOST, _GONE, retryable=True),
    _rule(ModelFailureKind.UNREACHABLE, _GONE, retryable=True),
    # The driver resolves credentials anew for every stream, so another try may well succeed.
    _rule(ModelFailureKind.CREDENTIALS, _GONE, retryable=True),
    _rule(ModelFailureKind.PROTOCOL, _GONE, retryable=True),
)


class ModelFailure(VoiceError):  # noqa: N818 - it is a value passed between parts as often as it is raised
    """Raised, or handed over, when a model stream failed; what follows is read off `FAILURE_RULES`."""

    def __init__(self, kind: ModelFailureKind, message: str = "") -> None:
        super().__init__(kind, message)
        self.kind = kind
        self.message = message
        self.rule = next(
            rule for rule in FAILURE_RULES if rule.kind is kind and rule.text.casefold() in message.casefold()
        )

    def __str__(self) -> str:
        said = f": {self.message}" if self.message else ""
        return f"the model stream failed ({self.kind.value}){said}"

    @property
    def retryable(self) -> bool:
        """Whether another stream, opened a little later, may work."""
        return self.rule.retryable
