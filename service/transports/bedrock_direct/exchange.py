"""One request and its response on a connection, and whom they concern."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from h2.errors import ErrorCodes

from service.errors import ModelFailure, ModelFailureKind

# Whoever says this finds that we break HTTP/2, or wants another version of it.
_OUR_FAULT: Final = frozenset(
    {
        ErrorCodes.PROTOCOL_ERROR,
        ErrorCodes.FLOW_CONTROL_ERROR,
        ErrorCodes.SETTINGS_TIMEOUT,
        ErrorCodes.FRAME_SIZE_ERROR,
        ErrorCodes.COMPRESSION_ERROR,
        ErrorCodes.INADEQUATE_SECURITY,
        ErrorCodes.HTTP_1_1_REQUIRED,
    }
)


class ExchangeListener(Protocol):
    """What a connection tells one request, in the order in which it happened; nothing after one of the last two."""

    def on_response(self, status: int, headers: Mapping[str, str]) -> None:
        """The response begins."""

    def on_data(self, data: bytes) -> None:
        """Some of its body."""

    def on_room(self) -> None:
        """More of the request can be sent now."""

    def on_end(self) -> None:
        """The response ended in order."""

    def on_lost(self, failure: ModelFailure) -> None:
        """The exchange broke off."""


class Carrier(Protocol):
    """What an exchange asks of its connection."""

    def has_room(self, exchange: "Exchange") -> bool:
        """As `Exchange.has_room`."""

    def send(self, exchange: "Exchange", data: bytes) -> int:
        """As `Exchange.send`."""

    def end(self, exchange: "Exchange") -> None:
        """As `Exchange.end`."""

    def release(self, exchange: "Exchange") -> None:
        """As `Exchange.release`."""


class Exchange:
    """One request and its response."""

    __slots__ = (
        "_carrier",
        "informational",
        "is_plain",
        "listener",
        "stream_id",
        "unacknowledged",
        "window",
    )

    def __init__(self, carrier: Carrier, stream_id: int, window: Any, listener: ExchangeListener) -> None:
        self._carrier = carrier
        self.stream_id = stream_id
        self.window = window
        self.listener = listener
        self.is_plain = False
        """Whether its response has begun and its DATA may be taken without h2."""
        self.informational = 0
        self.unacknowledged = 0

    def send(self, data: bytes) -> int:
        """Send as much of the body as can go now; how many bytes that was."""
        return self._carrier.send(self, data)

    @property
    def has_room(self) -> bool:
        """Whether `send` would take anything."""
        return self._carrier.has_room(self)

    def end(self) -> None:
        """The request's body is complete."""
        self._carrier.end(self)

    def release(self) -> None:
        """Nothing more is wanted of it; reset unless both sides have ended."""
        self._carrier.release(self)


def failure_of(code: int, what: str) -> ModelFailure:
    """What an error code of HTTP/2 means for whoever is concerned."""
    kind = ModelFailureKind.PROTOCOL if code in _OUR_FAULT else ModelFailureKind.CONNECTION_LOST
    name = ErrorCodes(code).name if code in set(ErrorCodes) else f"{code:#x}"
    return ModelFailure(kind, f"{what} ({name})")
