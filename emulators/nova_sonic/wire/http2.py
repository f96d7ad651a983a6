"""HTTP/2 for requests whose answer runs beside them: one `Http2Connection` per TCP connection, on `h2`.

Rule 1: h2 owns the protocol, but for plain DATA and GOAWAY of the client; `http2_frames` says why.
Rule 2: what one turn of the event loop produces leaves in one write.
Rule 3: nothing is sent that the client's windows or the socket cannot take; it waits in the exchange's own queue.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, cast

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

from emulators.nova_sonic.wire.exchange import Accept, Exchange, RequestHead, ResponseWriter
from emulators.nova_sonic.wire.http2_frames import DATA, GOAWAY, FrameSplitter, goaway, window_update

STREAM_WINDOW_BYTES: Final = 1_048_576
CONNECTION_WINDOW_BYTES: Final = 16_777_216
MAX_QUEUED_BYTES: Final = 67_108_864
"""What may wait for one client that does not read, before it is reset: minutes of audio."""
LINGER_S: Final = 10.0
"""How long a client may go on sending after its answer is complete."""

_NOT_HTTP2: Final = (
    b"HTTP/1.1 505 HTTP Version Not Supported\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n"
    b"This server speaks HTTP/2 over TLS only; the client did not offer h2 (ALPN).\n"
)

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class _Stream:
    exchange: Exchange | None = None
    queue: deque[bytes] = field(default_factory=deque)
    queued_bytes: int = 0
    ending: bool = False
    input_open: bool = True
    unacknowledged: int = 0
    linger: asyncio.TimerHandle | None = None


class Http2Connection(asyncio.Protocol):
    """One client connection and its streams."""

    def __init__(
        self, *, accept: Accept, max_streams: int, closed: Callable[["Http2Connection"], None]
    ) -> None:
        self._accept = accept
        self._max_streams = max_streams
        self._closed = closed
        self._streams: dict[int, _Stream] = {}
        self._writable = True
        self._flush_due = False
        self._going_away = False
        self._client_gone = False
        self._unacknowledged = 0
        self._splitter = FrameSplitter()
        self._transport: asyncio.Transport
        self._loop: asyncio.AbstractEventLoop
        self._h2: H2Connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(
            "asyncio.Transport", transport
        )  # a stream server makes no other; uvloop's is no subclass
        self._loop = asyncio.get_running_loop()
        tls = transport.get_extra_info("ssl_object")
        if tls is not None and tls.selected_alpn_protocol() != "h2":
            log.warning("a client did not offer h2 in its TLS handshake; HTTP/1.1 cannot carry this API")
            self._transport.write(_NOT_HTTP2)
            self._transport.close()
            return
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._h2.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: self._max_streams,
                SettingCodes.INITIAL_WINDOW_SIZE: STREAM_WINDOW_BYTES,
                SettingCodes.MAX_HEADER_LIST_SIZE: 65_536,
            },
        )
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(CONNECTION_WINDOW_BYTES)
        self._flush()

    def data_received(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        try:
            ours: list[bytes] = []
            for frame in self._splitter.feed(data):
                stream = (
                    self._streams.get(frame.stream_id) if frame.kind == DATA and not frame.flags else None
                )
                if stream is None and frame.kind != GOAWAY:
                    ours.append(frame.whole)
                    continue
                self._receive(ours)
                if stream is None:
                    self._client_goes_away()
                else:
                    self._take_data(frame.stream_id, stream, frame.payload)
            self._receive(ours)
        except ProtocolError as error:
            log.warning("a client broke HTTP/2: %s", error)
            self._flush()
            self._transport.close()
            return
        self._schedule_flush()

    def connection_lost(self, exc: Exception | None) -> None:
        reason = f"connection lost: {exc}" if exc else "connection closed by the client"
        for stream_id in list(self._streams):
            self._forget(stream_id, reason)
        self._closed(self)

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        self._pump_all()

    def close(self) -> None:
        """Say goodbye and close; for a server that stops."""
        if not self._transport.is_closing():
            self._h2.close_connection()
            self._flush()
            self._transport.close()

    # What the exchanges ask for, through their ResponseWriter.

    def send_headers(self, stream_id: int, status: int, headers: Sequence[tuple[str, str]]) -> None:
        if stream_id not in self._streams:
            return
        try:
            self._h2.send_headers(stream_id, [(":status", str(status)), *headers])
        except ProtocolError:  # the client has closed it, and the event that says so is still in our hands
            self._forget(stream_id, "closed by the client")
        self._schedule_flush()

    def send_body(self, stream_id: int, data: bytes) -> None:
        stream = self._streams.get(stream_id)
        if stream is None or stream.ending:
            return
        stream.queue.append(data)
        stream.queued_bytes += len(data)
        if stream.queued_bytes > MAX_QUEUED_BYTES:
            log.warning("a client does not read its response; the stream is reset")
            self.reset(stream_id, ErrorCodes.ENHANCE_YOUR_CALM)
            return
        self._pump(stream_id, stream)

    def end_body(self, stream_id: int) -> None:
        stream = self._streams.get(stream_id)
        if stream is not None and not stream.ending:
            stream.ending = True
            self._pump(stream_id, stream)

    def reset(self, stream_id: int, code: int) -> None:
        if stream_id in self._streams:
            with suppress(ProtocolError):  # closed already
                self._h2.reset_stream(stream_id, code)
            self._schedule_flush()
            self._forget(stream_id, "reset by the server")

    def goaway(self, code: int) -> None:
        # h2.close_connection() would refuse every later frame, while GOAWAY lets open streams finish (RFC 9113, 6.8).
        self._flush()
        self._transport.write(goaway(max(self._streams, default=0), code))
        self._going_away = True

    def cut(self, stream_id: int, data: bytes) -> None:
        if stream_id in self._streams:
            self._flush()
            self._h2.send_data(stream_id, data)
            whole = self._h2.data_to_send()
            self._transport.write(whole[: len(whole) // 2])
            self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    # Inside.

    def _receive(self, frames: list[bytes]) -> None:
        """Give h2 its frames and act on what it makes of them."""
        if frames:
            for event in self._h2.receive_data(b"".join(frames)):
                self._handle(event)
            frames.clear()

    def _take_data(self, stream_id: int, stream: _Stream, data: bytes) -> None:
        """Take DATA without h2, which neither counts it nor opens the windows for it; see `http2_frames`."""
        self._unacknowledged += len(data)
        stream.unacknowledged += len(data)
        updates = b""
        if self._unacknowledged > CONNECTION_WINDOW_BYTES // 2:
            updates += window_update(0, self._unacknowledged)
            self._unacknowledged = 0
        if stream.unacknowledged > STREAM_WINDOW_BYTES // 2:
            updates += window_update(stream_id, stream.unacknowledged)
            stream.unacknowledged = 0
        if updates:
            self._transport.write(updates)
        if stream.exchange is not None and not stream.ending:
            stream.exchange.data_received(data)

    def _client_goes_away(self) -> None:
        self._client_gone = True
        if not self._streams:
            self._transport.close()

    def _handle(self, event: Event) -> None:
        match event:
            case DataReceived(stream_id=stream_id, data=data, flow_controlled_length=length):
                self._h2.acknowledge_received_data(length or 0, stream_id)
                stream = self._streams.get(stream_id)
                if stream is not None and stream.exchange is not None and not stream.ending and data:
                    stream.exchange.data_received(data)
            case RequestReceived(stream_id=stream_id, headers=headers):
                self._open(stream_id, headers)
            case WindowUpdated(stream_id=0):
                self._pump_all()
            case WindowUpdated(stream_id=stream_id):
                stream = self._streams.get(stream_id)
                if stream is not None:
                    self._pump(stream_id, stream)
            case StreamEnded(stream_id=stream_id):
                self._input_ended(stream_id)
            case StreamReset(stream_id=stream_id, error_code=code):
                self._forget(stream_id, f"reset by the client ({code!s})")
            case _:
                pass  # settings, pings and priorities are h2's business

    def _open(self, stream_id: int, pairs: object) -> None:
        if self._going_away:
            self._h2.reset_stream(stream_id, ErrorCodes.REFUSED_STREAM)
            return
        headers: dict[str, str] = {}
        assert isinstance(pairs, list)  # noqa: S101 - h2 decodes header blocks to lists of pairs
        for name, value in pairs:
            headers[name] = f"{headers[name]},{value}" if name in headers else value
        headers.setdefault("host", headers.get(":authority", ""))
        head = RequestHead(method=headers[":method"], path=headers[":path"], headers=headers)
        stream = self._streams[stream_id] = _Stream()
        stream.exchange = self._accept(head, ResponseWriter(self, stream_id))

    def _input_ended(self, stream_id: int) -> None:
        stream = self._streams.get(stream_id)
        if stream is None:
            return
        stream.input_open = False
        if stream.ending:
            if not stream.queue:
                self._forget(stream_id, "complete")
        elif stream.exchange is not None:
            stream.exchange.input_ended()

    def _pump_all(self) -> None:
        for stream_id, stream in list(self._streams.items()):
            if stream.queue:
                self._pump(stream_id, stream)

    def _pump(self, stream_id: int, stream: _Stream) -> None:
        """Send of one stream's queue what may be sent now."""
        engine = self._h2
        try:
            while stream.queue and self._writable:
                room = min(engine.local_flow_control_window(stream_id), engine.max_outbound_frame_size)
                if room <= 0:
                    return
                piece = stream.queue[0]
                if len(piece) <= room:
                    stream.queue.popleft()
                else:
                    stream.queue[0], piece = piece[room:], piece[:room]
                stream.queued_bytes -= len(piece)
                engine.send_data(stream_id, piece)
                self._schedule_flush()
            if stream.ending and not stream.queue and stream.linger is None:
                engine.end_stream(stream_id)
                self._schedule_flush()
                self._finish(stream_id, stream)
        except ProtocolError:
            self._forget(stream_id, "closed by the client")

    def _finish(self, stream_id: int, stream: _Stream) -> None:
        if stream.input_open:
            stream.linger = self._loop.call_later(LINGER_S, self.reset, stream_id, ErrorCodes.NO_ERROR)
        else:
            self._forget(stream_id, "complete")

    def _forget(self, stream_id: int | None, reason: str) -> None:
        stream = None if stream_id is None else self._streams.pop(stream_id, None)
        if stream is None:
            return
        if stream.linger is not None:
            stream.linger.cancel()
        if stream.exchange is not None:
            stream.exchange.gone(reason)
        if self._client_gone and not self._streams:
            self._schedule_flush()
            self._loop.call_soon(self._transport.close)

    def _schedule_flush(self) -> None:
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_due = False
        data = self._h2.data_to_send()
        if data and not self._transport.is_closing():
            self._transport.write(data)
