"""The two sides of one request: what its server is told, and what it may do to the response."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHead:
    """A request as it arrived; header names in lower case, `host` filled from `:authority`."""

    method: str
    path: str
    headers: Mapping[str, str]


class Exchange(Protocol):
    """The server's side of one request; called in this order, `gone` last and exactly once."""

    def data_received(self, data: bytes) -> None:
        """Take the next bytes of the request."""
        ...

    def input_ended(self) -> None:
        """Know that the request is complete."""
        ...

    def gone(self, reason: str) -> None:
        """Know that nothing can be sent or received any more."""
        ...


class Connection(Protocol):
    """What a `ResponseWriter` needs of the connection; the methods do what its own say."""

    def send_headers(self, stream_id: int, status: int, headers: Sequence[tuple[str, str]]) -> None: ...

    def send_body(self, stream_id: int, data: bytes) -> None: ...

    def end_body(self, stream_id: int) -> None: ...

    def reset(self, stream_id: int, code: int) -> None: ...

    def goaway(self, code: int) -> None: ...

    def cut(self, stream_id: int, data: bytes) -> None: ...

    def abort(self) -> None: ...


class ResponseWriter:
    """What an exchange may do to its response and, for faults, to the connection under it."""

    __slots__ = ("_connection", "stream_id")

    def __init__(self, connection: Connection, stream_id: int) -> None:
        self._connection = connection
        self.stream_id = stream_id

    def start(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        """Send the response headers."""
        self._connection.send_headers(self.stream_id, status, headers)

    def write(self, data: bytes) -> None:
        """Queue bytes of the body; they leave as the windows allow."""
        self._connection.send_body(self.stream_id, data)

    def end(self) -> None:
        """Finish the response after what is queued."""
        self._connection.end_body(self.stream_id)

    def reset(self, code: int) -> None:
        """Send RST_STREAM at once; what is queued is lost."""
        self._connection.reset(self.stream_id, code)

    def goaway(self, code: int) -> None:
        """Announce that the connection takes no new streams; those it has go on."""
        self._connection.goaway(code)

    def cut(self, data: bytes) -> None:
        """Write half of one DATA frame and close the TCP connection."""
        self._connection.cut(self.stream_id, data)

    def abort(self) -> None:
        """Kill the TCP connection."""
        self._connection.abort()


type Accept = Callable[[RequestHead, ResponseWriter], Exchange | None]
"""Take a request; None when it was answered at once and nothing more of it matters."""
