"""The client's side over FastAPI: a handshake that can say no, then messages straight to whoever attends.

Under our own server a connection costs nothing beyond its callbacks (`websocket_protocol`); under any other ASGI
server one reader, one writer and a queue. What waits for a client is bounded either way: one that reads too slowly
loses what waits and then its connection, alone.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from service.transports.handshake import Agreed, Refused, Request, Rules
from service.transports.ports import ClientConnection, ClientListener
from service.transports.websocket_protocol import ABNORMAL_CLOSURE, DirectConnection, direct_connection
from service.wire.subprotocol import Subprotocol

# How long a close may wait behind what the client has not read yet.
_CLOSE_TIMEOUT_S: Final = 3.0


class Attend(Protocol):
    """Begins a session on an accepted connection."""

    def __call__(
        self, connection: ClientConnection, subprotocol: Subprotocol, tasks: asyncio.TaskGroup
    ) -> ClientListener:
        """Who attends the connection from now on; `tasks` live as long as it."""


class Admit(Protocol):
    """Decides whether whoever asks may have a session now."""

    async def __call__(self, headers: Mapping[str, str], subprotocols: Sequence[str]) -> Attend | Refused:
        """How to begin the session, or why not; what follows must not wait before it begins."""


class QueuedConnection:
    """A `ClientConnection` in front of one WebSocket: what is sent waits here, up to a number of bytes."""

    def __init__(
        self, websocket: WebSocket, *, max_bytes: int, max_stall_s: float, on_overflow: Callable[[], None]
    ) -> None:
        self._websocket = websocket
        self._max_bytes = max_bytes
        self._max_stall_s = max_stall_s
        self._on_overflow = on_overflow
        self._waiting: deque[bytes | str] = deque()
        self._waiting_bytes = 0
        self._overflowed = False
        self._closing: tuple[int, str] | None = None
        self._wake = asyncio.Event()
        self.abandoned: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the client has not taken the close in time."""

    def send(self, message: bytes | str) -> None:
        """Queue one message; when too much waits already, drop all of it and report that once."""
        if self._closing is not None:
            return
        self._waiting.append(message)
        # Text is ASCII but for transcripts, so its length is close enough to its bytes.
        self._waiting_bytes += len(message)
        if self._waiting_bytes > self._max_bytes:
            self._overflow()
        self._wake.set()

    def _overflow(self) -> None:
        self._waiting.clear()
        self._waiting_bytes = 0
        if not self._overflowed:
            self._overflowed = True
            self._on_overflow()

    @property
    def waiting_bytes(self) -> int:
        """What the client has not taken yet."""
        return self._waiting_bytes

    def close(self, code: int, reason: str) -> None:
        """Close after what waits."""
        if self._closing is None:
            self._closing = (code, reason)
            self._wake.set()
            asyncio.get_running_loop().call_later(_CLOSE_TIMEOUT_S, self._abandon)

    async def write(self) -> None:
        """Send what waits until the connection is closed or gone."""
        try:
            while True:
                while self._waiting:
                    message = self._waiting.popleft()
                    self._waiting_bytes -= len(message)
                    kind = "bytes" if isinstance(message, bytes) else "text"
                    stalled = asyncio.get_running_loop().call_later(self._max_stall_s, self._overflow)
                    try:
                        await self._websocket.send({"type": "websocket.send", kind: message})
                    finally:
                        stalled.cancel()
                if self._closing is not None:
                    code, reason = self._closing
                    await self._websocket.close(code, reason)
                    return
                self._wake.clear()
                await self._wake.wait()
        except (WebSocketDisconnect, RuntimeError):
            # The client went away between two messages; its reader says so.
            return

    def _abandon(self) -> None:
        if not self.abandoned.done():
            self.abandoned.set_result(None)


class Entrance:
    """The endpoint: judges a request, accepts it, and passes messages until the connection is over."""

    def __init__(
        self,
        *,
        rules: Rules,
        admit: Admit,
        refuse: Callable[[Refused], Response],
        count: Callable[[str, str], None],
        outbox_bytes: int,
        outbox_stall_s: float,
    ) -> None:
        self._rules = rules
        self._admit = admit
        self._refuse = refuse
        self._count = count
        self._outbox_bytes = outbox_bytes
        self._outbox_stall_s = outbox_stall_s
        self._open: set[DirectConnection | QueuedConnection] = set()

    def most_waiting_bytes(self) -> int:
        """What waits for the client that has most waiting for it."""
        return max((connection.waiting_bytes for connection in self._open), default=0)

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one connection."""
        request = Request(
            host=websocket.headers.get("host", ""),
            origin=websocket.headers.get("origin"),
            query=websocket.scope["query_string"].decode("latin-1"),
            subprotocols=tuple(websocket.scope["subprotocols"]),
        )
        verdict = self._rules.judge(request)
        if isinstance(verdict, Refused):
            await self._turn_away(websocket, verdict)
            return
        admitted = await self._admit(websocket.headers, request.subprotocols)
        if isinstance(admitted, Refused):
            await self._turn_away(websocket, admitted)
            return
        self._count("sessions_begun", verdict.subprotocol.value)
        await self._converse(websocket, verdict, admitted)

    async def _turn_away(self, websocket: WebSocket, refused: Refused) -> None:
        self._count("handshakes_refused", refused.code)
        await websocket.send_denial_response(self._refuse(refused))

    async def _converse(self, websocket: WebSocket, agreed: Agreed, attend: Attend) -> None:
        listener: ClientListener | None = None

        def overflow() -> None:
            self._count("clients_too_slow", "")
            if listener is not None:
                # Not now: the session is in the middle of saying something.
                asyncio.get_running_loop().call_soon(listener.on_too_slow)

        limits: dict[str, Any] = {
            "max_bytes": self._outbox_bytes,
            "max_stall_s": self._outbox_stall_s,
            "on_overflow": overflow,
        }
        connection = direct_connection(websocket, **limits) or QueuedConnection(websocket, **limits)
        self._open.add(connection)
        async with asyncio.TaskGroup() as tasks:
            # Nothing waits between admission and this: two requests cannot get the same last seat.
            listener = attend(connection, agreed.subprotocol, tasks)
            close_code: int | None = None
            try:
                await websocket.accept(subprotocol=agreed.header)
                if isinstance(connection, DirectConnection):
                    close_code = await connection.begin(listener)
                else:
                    close_code = await _pass_messages(websocket, connection, listener, tasks)
            except OSError:
                # The client went away before the upgrade was answered; nobody is left to tell.
                close_code = ABNORMAL_CLOSURE
            finally:
                self._open.discard(connection)
                try:
                    await listener.finish(close_code)
                finally:
                    # `overflow` reaches whoever attends, who holds the connection, which holds `overflow`.
                    listener = None


async def _pass_messages(
    websocket: WebSocket, connection: QueuedConnection, listener: ClientListener, tasks: asyncio.TaskGroup
) -> int | None:
    """Pass messages on until the connection is over; the close code, None when there was no close."""
    writing = tasks.create_task(connection.write(), name="client writer")
    reading = tasks.create_task(_read(websocket, listener), name="client reader")
    ends: set[asyncio.Future[Any]] = {reading, connection.abandoned}
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        reading.cancel()
        writing.cancel()
    return reading.result() if reading.done() and not reading.cancelled() else None


async def _read(websocket: WebSocket, listener: ClientListener) -> int:
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return int(message.get("code", ABNORMAL_CLOSURE))
        if (text := message.get("text")) is not None:
            listener.on_text(text)
        else:
            listener.on_binary(message["bytes"])
