"""One HTTP/2 connection to the model over TLS, on `h2`, and the exchanges that share it.

Rule 1: h2 owns the protocol and the windows we send into; plain DATA and GOAWAY are handled here, see `http2_frames`.
Rule 2: what one turn of the event loop produces for several exchanges leaves in one write.
Rule 3: nothing is sent that the windows or the socket cannot take; `send` says how much it took.
Rule 4: what goes wrong within an exchange ends that exchange; only what breaks HTTP/2 ends the connection.
Rule 5: a connection that hears nothing is asked with a PING, and is lost when nothing answers.
"""

import asyncio
import socket
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, cast

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    InformationalResponseReceived,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError

from service.errors import ModelFailure, ModelFailureKind
from service.transports.bedrock_direct.beginning import (
    CONNECTION_WINDOW_BYTES,
    STREAM_WINDOW_BYTES,
    introduce,
)
from service.transports.bedrock_direct.exchange import Exchange, ExchangeListener, failure_of
from service.transports.bedrock_direct.http2_frames import (
    DATA,
    GOAWAY,
    HEADER_BYTES,
    MAX_FRAME_BYTES,
    data_header,
    read_goaway,
    read_header,
    window_update,
)
from service.transports.bedrock_direct.liveness import Liveness

_MAX_INFORMATIONAL: Final = 8
# Frames that the socket has not taken yet; beyond it exchanges wait, each with its own bound.
_WRITE_HIGH_WATER_BYTES: Final = 65_536
# Answers to PING and SETTINGS are sent even so; a peer that asks and never reads is left beyond this.
_WRITE_LIMIT_BYTES: Final = 1_048_576


class Connection(asyncio.Protocol):
    """See the module."""

    def __init__(self, *, silence_s: float, on_change: Callable[["Connection"], None]) -> None:
        """`on_change` hears when an exchange was released, and when the connection is gone."""
        self._liveness = Liveness(silence_s, ask=self._ask_for_life, lose=self._lose_silent)
        self._on_change = on_change
        self._exchanges: dict[int, Exchange] = {}
        self._loop = asyncio.get_running_loop()
        self._h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self._transport: asyncio.Transport
        self._rest = b""
        self._out: list[bytes] = []
        self._flush_due = False
        self._writable = True
        self._unacknowledged = 0
        self._going_away = False
        self._failure: ModelFailure | None = None
        self.closed = False
        self.ready: asyncio.Future[None] = self._loop.create_future()
        """Done when the other side has sent its SETTINGS."""
        self.gone: asyncio.Future[None] = self._loop.create_future()
        """Done when the socket is closed, which a TLS goodbye and unsent bytes come before."""

    @property
    def streams(self) -> int:
        """Exchanges that are open."""
        return len(self._exchanges)

    @property
    def limit(self) -> int:
        """How many exchanges the other side allows; none when it is going away."""
        if self.closed or self._going_away:
            return 0
        limit: int = self._h2.remote_settings.max_concurrent_streams  # h2 types it as Any
        return limit

    def request(self, headers: Sequence[tuple[str, str]], listener: ExchangeListener) -> Exchange:
        """Begin an exchange; raises ModelFailure when the connection takes none."""
        try:
            stream_id = self._h2.get_next_available_stream_id()
            self._h2.send_headers(stream_id, headers)
        except ProtocolError as error:
            raise ModelFailure(
                ModelFailureKind.CONNECTION_LOST, f"the connection takes no stream: {error}"
            ) from error
        exchange = Exchange(self, stream_id, self._h2.streams[stream_id], listener)
        self._exchanges[stream_id] = exchange
        self._collect()
        return exchange

    def close(self) -> None:
        """Say goodbye and close; exchanges that are still open are lost."""
        if self.closed:
            return
        with suppress(ProtocolError):
            self._h2.close_connection()
        self._collect()
        self._flush()
        self._end(ModelFailure(ModelFailureKind.CONNECTION_LOST, "we closed the connection"))

    # What the exchanges ask for.

    def has_room(self, exchange: Exchange) -> bool:
        """Whether anything of this exchange can be sent now."""
        return (
            self._writable
            and exchange.window.outbound_flow_control_window > 0
            and self._h2.outbound_flow_control_window > 0
        )

    def send(self, exchange: Exchange, data: bytes) -> int:
        """As `Exchange.send`; the windows are h2's, because it hears of every change to them."""
        window, engine = exchange.window, self._h2
        room: int = min(len(data), window.outbound_flow_control_window, engine.outbound_flow_control_window)
        if room <= 0 or not self._writable:
            return 0
        window.outbound_flow_control_window -= room
        engine.outbound_flow_control_window -= room
        longest = engine.max_outbound_frame_size
        if room <= longest and not self._out and len(self._exchanges) == 1:
            # Nothing can be joined with it; within a turn of the loop the socket joins what follows.
            self._transport.write(data_header(exchange.stream_id, room) + data[:room])
            return room
        for at in range(0, room, longest):
            piece = data[at : min(at + longest, room)]
            self._out.append(data_header(exchange.stream_id, len(piece)))
            self._out.append(piece)
        self._schedule_flush()
        return room

    def end(self, exchange: Exchange) -> None:
        """As `Exchange.end`."""
        with suppress(ProtocolError):  # reset by the other side, and the event that says so is on its way
            self._h2.end_stream(exchange.stream_id)
        self._collect()

    def release(self, exchange: Exchange) -> None:
        """As `Exchange.release`."""
        if self._exchanges.pop(exchange.stream_id, None) is None or self.closed:
            return
        if not exchange.window.closed:
            with suppress(ProtocolError):
                self._h2.reset_stream(exchange.stream_id, ErrorCodes.CANCEL)
            self._collect()
        if self._going_away and not self._exchanges:
            self.close()
        else:
            self._on_change(self)

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TLS is established."""
        # A stream client makes no other; uvloop's is no subclass.
        self._transport = cast("asyncio.Transport", transport)
        tls = transport.get_extra_info("ssl_object")
        if tls is None or tls.selected_alpn_protocol() != "h2":
            self._end(ModelFailure(ModelFailureKind.PROTOCOL, "the endpoint does not speak HTTP/2"))
            return
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._transport.set_write_buffer_limits(high=_WRITE_HIGH_WATER_BYTES)
        introduce(self._h2)
        self._collect()
        self._liveness.begin()

    def data_received(self, data: bytes) -> None:
        """Frames, or parts of them."""
        self._liveness.heard = True
        try:
            self._take(self._rest + data if self._rest else data)
        except ProtocolError as error:
            self._collect()
            self._flush()
            self._end(
                ModelFailure(
                    ModelFailureKind.PROTOCOL,
                    f"the endpoint broke HTTP/2: {str(error) or type(error).__name__}",
                )
            )

    def pause_writing(self) -> None:
        """The socket takes no more for now."""
        self._writable = False

    def resume_writing(self) -> None:
        """The socket takes more."""
        self._writable = True
        self._tell_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        reason = f"the connection was lost: {exc}" if exc else "the endpoint closed the connection"
        self._end(ModelFailure(ModelFailureKind.CONNECTION_LOST, reason))
        self.gone.set_result(None)

    # Receiving

    def _take(self, buffer: bytes) -> None:
        """Handle plain DATA and GOAWAY here and the frames between them in h2, in order."""
        at = ours_from = 0
        available = len(buffer)
        while available - at >= HEADER_BYTES and not self.closed:
            length, kind, flags, stream_id = read_header(buffer, at)
            if length > MAX_FRAME_BYTES:
                raise ProtocolError(f"a frame of {length} bytes is longer than we allow")
            end = at + HEADER_BYTES + length
            if end > available:
                break
            if kind == DATA and not flags and (exchange := self._plain(stream_id)) is not None:
                self._give_h2(buffer[ours_from:at])
                self._take_data(exchange, buffer[at + HEADER_BYTES : end])
                ours_from = end
            elif kind == GOAWAY:
                self._give_h2(buffer[ours_from:at])
                self._take_goaway(buffer[at + HEADER_BYTES : end])
                ours_from = end
            elif flags:
                # It may be what makes the next DATA frame plain: a header block, for one.
                self._give_h2(buffer[ours_from:end])
                ours_from = end
            at = end
        self._give_h2(buffer[ours_from:at])
        self._rest = buffer[at:]

    def _plain(self, stream_id: int) -> Exchange | None:
        exchange = self._exchanges.get(stream_id)
        return exchange if exchange is not None and exchange.is_plain else None

    def _give_h2(self, frames: bytes) -> None:
        if frames and not self.closed:
            for event in self._h2.receive_data(frames):
                self._handle(event)
            self._collect()

    def _take_data(self, exchange: Exchange, data: bytes) -> None:
        """Take DATA without h2, which then neither counts it nor opens the windows for it."""
        size = len(data)
        self._unacknowledged += size
        exchange.unacknowledged += size
        if self._unacknowledged > CONNECTION_WINDOW_BYTES // 2:
            self._write(window_update(0, self._unacknowledged))
            self._unacknowledged = 0
        if exchange.unacknowledged > STREAM_WINDOW_BYTES // 2:
            self._write(window_update(exchange.stream_id, exchange.unacknowledged))
            exchange.unacknowledged = 0
        if data:
            self._pass_on(exchange, data)

    def _pass_on(self, exchange: Exchange, data: bytes) -> None:
        try:
            exchange.listener.on_data(data)
        except Exception as error:  # noqa: BLE001 - whoever cannot take its data must not end its neighbours
            self._lose(exchange, ModelFailure(ModelFailureKind.INTERNAL, f"{type(error).__name__}: {error}"))

    def _take_goaway(self, payload: bytes) -> None:
        try:
            last_stream_id, code = read_goaway(payload)
        except struct.error:
            raise ProtocolError("a GOAWAY frame is too short") from None
        self._going_away = True
        if code != ErrorCodes.NO_ERROR:
            self._failure = failure_of(code, "the endpoint closes the connection")
        for exchange in list(self._exchanges.values()):
            if exchange.stream_id > last_stream_id:
                self._lose(exchange, failure_of(code, "the endpoint goes away and did not take the stream"))
        if not self._exchanges:
            self.close()

    def _handle(self, event: Event) -> None:
        match event:
            case RemoteSettingsChanged():
                if not self.ready.done():
                    self.ready.set_result(None)
                self._tell_room()
            case WindowUpdated(stream_id=0):
                self._tell_room()
            case DataReceived(stream_id=stream_id, data=data, flow_controlled_length=length):
                with suppress(ProtocolError):  # the same frame may have ended the stream
                    self._h2.acknowledge_received_data(length or 0, stream_id or 0)
                if data and (exchange := self._exchanges.get(stream_id or 0)) is not None:
                    self._pass_on(exchange, data)
            case _:
                # Acknowledgements, pings and priorities are h2's business; trailers say nothing to us.
                exchange = self._exchanges.get(getattr(event, "stream_id", None) or 0)
                if exchange is not None:
                    self._handle_in(exchange, event)

    def _handle_in(self, exchange: Exchange, event: Event) -> None:
        match event:
            case ResponseReceived(headers=headers):
                self._respond(exchange, headers or [])
            case InformationalResponseReceived():
                exchange.informational += 1
                if exchange.informational > _MAX_INFORMATIONAL:
                    said = "the response does not get beyond 1xx"
                    self._lose(exchange, ModelFailure(ModelFailureKind.PROTOCOL, said))
            case WindowUpdated():
                exchange.listener.on_room()
            case StreamEnded():
                exchange.listener.on_end()
                self.release(exchange)
            case StreamReset(error_code=code):
                self._lose(exchange, failure_of(code or 0, "the endpoint reset the stream"))
            case _:
                pass

    def _respond(self, exchange: Exchange, headers: Sequence[tuple[Any, Any]]) -> None:
        named: dict[str, str] = {str(name): str(value) for name, value in headers}
        status = named.get(":status", "")
        if not status.isdecimal():
            self._lose(exchange, ModelFailure(ModelFailureKind.PROTOCOL, "the response has no status"))
            return
        # h2 compares what came with what was announced, so it has to see the DATA of a response that announces.
        exchange.is_plain = "content-length" not in named
        exchange.listener.on_response(int(status), named)

    # Sending

    def _tell_room(self) -> None:
        for exchange in list(self._exchanges.values()):
            exchange.listener.on_room()

    def _collect(self) -> None:
        """Take over what h2 wants to say, behind what was sent before."""
        if data := self._h2.data_to_send():
            self._write(data)

    def _write(self, data: bytes) -> None:
        self._out.append(data)
        self._schedule_flush()

    def _schedule_flush(self) -> None:
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_due = False
        out, self._out = self._out, []
        if not out or self.closed:
            return
        self._transport.write(b"".join(out))
        if not self._writable and self._transport.get_write_buffer_size() > _WRITE_LIMIT_BYTES:
            self._end(
                ModelFailure(
                    ModelFailureKind.CONNECTION_LOST, "the endpoint reads nothing of what it asks for"
                )
            )

    # Ending

    def _ask_for_life(self) -> None:
        self._h2.ping(b"watchdog")
        self._collect()

    def _lose_silent(self) -> None:
        self._end(ModelFailure(ModelFailureKind.CONNECTION_LOST, "the endpoint answers no PING"))

    def _lose(self, exchange: Exchange, failure: ModelFailure) -> None:
        """One exchange is over; its neighbours are not."""
        if exchange.stream_id in self._exchanges:
            exchange.listener.on_lost(failure)
            self.release(exchange)

    def _end(self, failure: ModelFailure) -> None:
        """The connection is over, and every exchange on it."""
        if self.closed:
            return
        self.closed = True
        failure = self._failure or failure
        self._liveness.end()
        self._transport.close()
        # A peer that reads nothing would keep a closing transport for ever.
        self._loop.call_later(1.0, self._transport.abort)
        if not self.ready.done():
            self.ready.set_exception(failure)
            self.ready.exception()  # looked at: whoever waited may have given up
        exchanges, self._exchanges = self._exchanges, {}
        for exchange in exchanges.values():
            exchange.listener.on_lost(failure)
        self._on_change(self)
        # h2 keeps its own methods in a table, and so itself, its header tables and its settings, 16 KB, until the
        # collector comes by. Nothing is received any more.
        self._h2._frame_dispatch_table.clear()  # noqa: SLF001
