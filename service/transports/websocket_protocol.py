"""uvicorn's WebSocket protocol with a short cut: after the accept, messages go straight to whoever attends.

Handshake, authentication and routing stay in FastAPI; keepalive, the close handshake, UTF-8, control frames and the
caps on messages stay uvicorn's and `websockets`'. What goes is the way of each message through a queue, a task and a
pause and resumption of the socket.

A plain message, which is one whole masked frame that comes between two others in an open connection, is read here:
`websockets` takes 7 us for it and `_read_plain` takes one. Whatever else comes, or comes in pieces, is given to
`websockets` as it is, which knows nothing of the frames that it did not see. It spells a frame of 2 KB in 2.3 us and
`_frame` in 0.3 us, which is ten lines.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from starlette.websockets import WebSocket
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import State
from websockets.streams import StreamReader

from service.transports.ports import ClientListener

try:
    from websockets.speedups import apply_mask
except ImportError:  # a platform without a wheel
    from websockets.utils import apply_mask

EXTENSION: Final = "voice.direct"
ABNORMAL_CLOSURE: Final = 1006
_SERVICE_RESTART: Final = 1012
_INVALID_DATA: Final = 1007
_TEXT, _BINARY = 0x81, 0x82
_TWO_BYTES, _EIGHT_BYTES = 126, 127
_MASKED_TWO_BYTES: Final = 0x80 | _TWO_BYTES
# Kind, mask bit and length, the length in two bytes, the mask.
_PLAIN_HEADER_BYTES: Final = 8
_AT_END: Final = StreamReader.at_eof.__code__
_MESSAGES: Final = frozenset({_TEXT, _BINARY})
# Answers to pings are sent even when the socket is full; beyond this the client reads nothing.
_MAX_UNREAD_BYTES: Final = 1_048_576
# How long a close may wait behind what the client has not read yet.
_CLOSE_TIMEOUT_S: Final = 3.0


class DirectProtocol(WebSocketsSansIOProtocol):
    """One connection; until somebody attends it is uvicorn's, untouched."""

    listener: ClientListener | None = None
    direct: "DirectConnection | None" = None
    closed: asyncio.Future[int]
    """Done with the close code when no message follows any more."""

    def attend(self, direct: "DirectConnection", listener: ClientListener) -> asyncio.Future[int]:
        """Pass messages on from now on; the future is `closed`."""
        self.direct = direct
        self.listener = listener
        self.closed = self.loop.create_future()
        while not self.queue.empty():
            self._repeat(self.queue.get_nowait())
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        if self.disconnected:
            self._over(ABNORMAL_CLOSURE)
            self._let_go()
        return self.closed

    def data_received(self, data: bytes) -> None:
        """Bytes of the client's: plain messages are read here, and the rest by `websockets`."""
        if self.listener is not None and self._is_between_frames():
            data = self._read_plain(data)
            if not data:
                return
        super().data_received(data)

    def _is_between_frames(self) -> bool:
        """Whether the parser waits for the first byte of a frame that continues no message.

        That is where it asks whether the stream is at its end. Should another version of it do so elsewhere or not at
        all, its tests fail, and it reads everything.
        """
        conn = self.conn
        waits_in = getattr(conn.parser, "gi_yieldfrom", None)
        return (
            conn.current_size is None
            and waits_in is not None
            and waits_in.gi_code is _AT_END
            and conn.state is State.OPEN
        )

    def _read_plain(self, data: bytes) -> bytes:
        """Pass on the plain messages at the beginning; what follows them."""
        listener = self.listener
        at, available = 0, len(data)
        most = self.conn.max_message_size or 0
        while listener is not None and available - at > _PLAIN_HEADER_BYTES and not self.close_sent:
            kind = data[at]
            if kind not in _MESSAGES or data[at + 1] != _MASKED_TWO_BYTES:
                break
            size = data[at + 2] << 8 | data[at + 3]
            begin = at + _PLAIN_HEADER_BYTES
            end = begin + size
            if end > available or size > most:
                break
            payload = apply_mask(data[begin:end], data[begin - 4 : begin])
            if kind == _BINARY:
                listener.on_binary(payload)
            else:
                try:
                    text = payload.decode()
                except UnicodeDecodeError:
                    break
                listener.on_text(text)
            at = end
        return data[at:] if at else data

    def handle_connect(self, event: Request) -> None:
        """Offer the short cut to whoever accepts the connection."""
        super().handle_connect(event)
        if not self.handshake_complete:
            self.scope["extensions"][EXTENSION] = {"protocol": self}

    def handle_cont(self, event: Frame) -> None:
        """Keep no empty fragments: their number has no bound."""
        if event.data or event.fin:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """A whole message has come."""
        listener = self.listener
        if listener is None:
            super().send_receive_event_to_app()
            return
        data = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
        self.frames = []
        if self.close_sent:
            return
        if self.curr_msg_data_type == "bytes":
            listener.on_binary(data)
            return
        try:
            text = data.decode()
        except UnicodeDecodeError:
            self.conn.send_close(_INVALID_DATA, "text that is no UTF-8")
            self.handle_parser_exception()
            return
        listener.on_text(text)

    def handle_ping(self) -> None:
        """Answer; a client that asks and never reads what it is answered is left."""
        super().handle_ping()
        if not self.writable.is_set() and self.transport.get_write_buffer_size() > _MAX_UNREAD_BYTES:
            self.transport.abort()

    def handle_close(self, event: Frame) -> None:
        """The client closes, or answers our close."""
        super().handle_close(event)
        if self.conn.close_rcvd is not None:
            self._over(self.conn.close_rcvd.code)

    def handle_parser_exception(self) -> None:
        """The client broke the protocol; the close frame says how."""
        super().handle_parser_exception()
        self._abort_later()
        if self.conn.close_sent is not None:
            self._over(self.conn.close_sent.code)

    def keepalive_timeout(self) -> None:
        """No pong came: the connection is taken for dead."""
        super().keepalive_timeout()
        self._abort_later()
        self._over(ABNORMAL_CLOSURE)

    def shutdown(self) -> None:
        """The process ends."""
        super().shutdown()
        self._abort_later()
        self._over(_SERVICE_RESTART)

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        super().connection_lost(exc)
        self._over(ABNORMAL_CLOSURE)
        if self.direct is not None:
            self.direct.forget()
            self._let_go()

    def resume_writing(self) -> None:
        """The client has read some of what was sent."""
        super().resume_writing()
        if self.direct is not None:
            self.direct.resume()

    def write_close(self, code: int, reason: str) -> None:
        """Begin the close handshake, and end it by force when the client does not take part."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        if self.conn.state is not State.OPEN:
            # The client was first, and its close was answered where it was read.
            return
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)
        self._over(code)

    def _repeat(self, event: Any) -> None:
        """Tell what came before anybody attended; a client that does not wait for the upgrade sends so early."""
        if event["type"] == "websocket.receive" and self.listener is not None:
            if event.get("text") is not None:
                self.listener.on_text(event["text"])
            else:
                self.listener.on_binary(event["bytes"])

    def _abort_later(self) -> None:
        """A client that reads nothing would keep a closing transport for ever."""
        self.loop.call_later(_CLOSE_TIMEOUT_S, self.transport.abort)

    def _let_go(self) -> None:
        """Nothing comes any more: end every way back to here, so that reference counts free what was attended.

        The connection and whoever attends it know this protocol and it knows them; its scope offers it to the
        endpoint, and the parser of `websockets` waits, inside the object it belongs to, for bytes.
        """
        self.direct = self.listener = None
        self.scope["extensions"].pop(EXTENSION, None)
        self.conn.parser.close()

    def _over(self, code: int) -> None:
        if self.listener is not None and not self.closed.done():
            self.closed.set_result(code)


class DirectConnection:
    """A `ClientConnection` that writes at once; while the socket takes nothing, so many bytes wait here for so long."""

    def __init__(
        self,
        protocol: DirectProtocol,
        *,
        max_bytes: int,
        max_stall_s: float,
        on_overflow: Callable[[], None],
    ) -> None:
        self._protocol = protocol
        self._max_stall_s = max_stall_s
        self._stalled: asyncio.TimerHandle | None = None
        """Runs while something waits and the client takes nothing."""
        self._transport = protocol.transport
        self._may_write = protocol.writable
        self._max_bytes = max_bytes
        self._on_overflow = on_overflow
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._overflowed = False
        self._accepted = False
        self._closing: tuple[int, str] | None = None

    def begin(self, listener: ClientListener) -> asyncio.Future[int]:
        """The upgrade was answered: send what waits, pass on what comes; done with the close code at the end."""
        self._accepted = True
        closed = self._protocol.attend(self, listener)
        self.resume()
        return closed

    def send(self, message: bytes | str) -> None:
        """Send one message; when too much waits already, drop all of it and report that once."""
        protocol = self._protocol
        if self._closing is not None or protocol.close_sent or protocol.disconnected:
            return
        framed = _frame(_BINARY, message) if isinstance(message, bytes) else _frame(_TEXT, message.encode())
        if self._accepted and not self._waiting and self._may_write.is_set():
            self._transport.write(framed)
            return
        self._waiting.append(framed)
        self._waiting_bytes += len(framed)
        if self._waiting_bytes > self._max_bytes:
            self._overflow()
        elif self._stalled is None and self._accepted:
            self._stalled = protocol.loop.call_later(self._max_stall_s, self._overflow)

    def _overflow(self) -> None:
        self._waiting.clear()
        self._waiting_bytes = 0
        if not self._overflowed:
            self._overflowed = True
            self._on_overflow()

    @property
    def waiting_bytes(self) -> int:
        """What the client has not taken yet, here and in the transport's own buffer."""
        return self._waiting_bytes + self._transport.get_write_buffer_size()

    def close(self, code: int, reason: str) -> None:
        """Close after what waits."""
        if self._closing is None:
            self._closing = (code, reason)
            self.resume()
            if not self._protocol.close_sent:
                asyncio.get_running_loop().call_later(_CLOSE_TIMEOUT_S, self._abandon)

    def resume(self) -> None:
        """Send what waits, as far as the socket takes it, and then the close."""
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        while self._accepted and self._waiting and self._may_write.is_set():
            framed = self._waiting.popleft()
            self._waiting_bytes -= len(framed)
            self._transport.write(framed)
        if self._waiting and self._accepted:
            self._stalled = self._protocol.loop.call_later(self._max_stall_s, self._overflow)
        if self._accepted and self._closing is not None and not self._waiting and self._may_write.is_set():
            self._protocol.write_close(*self._closing)

    def forget(self) -> None:
        """The socket is gone, and what waits with it."""
        self._waiting.clear()
        if self._stalled is not None:
            self._stalled.cancel()

    def _abandon(self) -> None:
        if not self._protocol.close_sent:
            self._transport.abort()


def direct_connection(
    websocket: WebSocket, *, max_bytes: int, max_stall_s: float, on_overflow: Callable[[], None]
) -> DirectConnection | None:
    """The short cut to this WebSocket, where its server has one."""
    offered = websocket.scope.get("extensions", {}).get(EXTENSION)
    if offered is None:
        return None
    return DirectConnection(
        offered["protocol"], max_bytes=max_bytes, max_stall_s=max_stall_s, on_overflow=on_overflow
    )


def _frame(head: int, payload: bytes) -> bytes:
    """One frame of a server: a whole message, without a mask (RFC 6455, 5.2)."""
    size = len(payload)
    if size < _TWO_BYTES:
        return bytes((head, size)) + payload
    if size < 1 << 16:
        return bytes((head, _TWO_BYTES, size >> 8, size & 0xFF)) + payload
    return bytes((head, _EIGHT_BYTES)) + size.to_bytes(8) + payload
