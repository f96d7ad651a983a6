"""A WebSocket of a client, over the simulated network."""

import asyncio
from collections.abc import Callable
from typing import Final

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

_URI: Final = parse_uri("ws://localhost:8000/ws")


class Wire(asyncio.Protocol):
    """One connection: `on_message` hears each message, `on_closed` the close code, None for none."""

    def __init__(
        self,
        *,
        bearer: str | None = None,
        ticket: str | None = None,
        on_message: Callable[[bytes | str], None],
        on_closed: Callable[[int | None], None],
    ) -> None:
        self._on_message = on_message
        self._on_closed = on_closed
        offered = ["voice.v1"] if ticket is None else ["voice.v1", f"ticket.{ticket}"]
        self._protocol = ClientProtocol(_URI, subprotocols=list(map(Subprotocol, offered)), max_size=2**20)
        self._bearer = bearer
        self._transport: asyncio.Transport | None = None
        self._is_over = False
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when messages can be sent; fails with the status of a refusal, or with ConnectionError."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        request = self._protocol.connect()
        if self._bearer is not None:
            request.headers["Authorization"] = f"Bearer {self._bearer}"
        self._protocol.send_request(request)
        self._flush()

    def data_received(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        self._events()
        self._flush()

    def eof_received(self) -> None:
        self._protocol.receive_eof()
        self._events()

    def connection_lost(self, _exc: Exception | None) -> None:
        if self._protocol.state is not State.CLOSED:
            self._protocol.receive_eof()
            self._events()
        received = self._protocol.close_rcvd
        self._end(None if received is None else received.code)

    def send(self, message: bytes | str) -> None:
        """Send one message; what cannot be sent any more is lost."""
        if self._is_over or self._protocol.state is not State.OPEN:
            return
        if isinstance(message, bytes):
            self._protocol.send_binary(message)
        else:
            self._protocol.send_text(message.encode())
        self._flush()

    def abort(self) -> None:
        """Leave without a word."""
        if self._transport is not None:
            self._transport.abort()
        self._end(None)

    def close(self) -> None:
        """Say goodbye."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(1000)
            self._flush()

    def _events(self) -> None:
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                self._answered()
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT and not self._is_over:
                self._on_message(bytes(event.data).decode())
            elif isinstance(event, Frame) and event.opcode is Opcode.BINARY and not self._is_over:
                self._on_message(bytes(event.data))
            elif isinstance(event, Frame) and event.opcode is Opcode.CLOSE:
                self._closing()
        if self._protocol.handshake_exc is not None and not self.opened.done():
            self.opened.set_exception(_refusal(self._protocol.handshake_exc))

    def _closing(self) -> None:
        """The service said goodbye; the socket goes a moment after the answer."""
        self._flush()
        if self._transport is not None:
            asyncio.get_running_loop().call_later(1.0, self._transport.abort)
        received = self._protocol.close_rcvd
        self._end(None if received is None else received.code)

    def _answered(self) -> None:
        if self._protocol.handshake_exc is None and not self.opened.done():
            self.opened.set_result(None)

    def _flush(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._transport.write_eof()

    def _end(self, code: int | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("lost in the handshake"))
            self.opened.exception()
        if not self._is_over:
            self._is_over = True
            self._on_closed(code)


class RefusedError(Exception):
    """Raised when the upgrade was refused."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def _refusal(error: Exception) -> Exception:
    if isinstance(error, InvalidStatus):
        return RefusedError(error.response.status_code)
    if isinstance(error, InvalidHandshake):
        return ConnectionError(str(error))
    return error
