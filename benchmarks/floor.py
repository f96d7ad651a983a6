"""`python -m benchmarks.floor`: what the WebSocket alone costs, without a session and without a model.

The service's own socket with the same settings takes the same frames and sends as many of the same size, stamped;
nothing is parsed, decided, signed or encrypted. What the service costs above this is what a session costs.
"""

import asyncio
import socket
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import WebSocketRoute

from benchmarks.speech import PIECE_S
from benchmarks.stamps import stamp
from service.errors import VoiceError
from service.transports.handshake import Refused, Rules
from service.transports.ports import ClientConnection, ClientListener
from service.transports.websocket import Attend, Entrance
from service.transports.websocket_protocol import DirectProtocol
from service.wire.subprotocol import Subprotocol

_HEADER: Final = b"\x01\x02\0\0\x01\0\0\0" + bytes(8)
_REST: Final = bytes(1920 - 16)
_OUTBOX_BYTES: Final = 2_097_152
_OUTBOX_STALL_S: Final = 4.0


class _Speaker:
    """Says something 25 times a second and listens to nothing."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        connection.send('{"type":"state","state":"listening"}')
        self._timer = self._loop.call_soon(self._speak, self._loop.time())

    def on_text(self, text: str) -> None:
        pass

    def on_binary(self, frame: bytes) -> None:
        pass

    def on_fault(self, error: VoiceError) -> None:
        raise error

    def on_too_slow(self) -> None:
        pass

    async def finish(self, close_code: int | None) -> None:  # noqa: ARG002 - the port gives it
        self._timer.cancel()

    def _speak(self, due_at: float) -> None:
        self._connection.send(_HEADER + stamp() + _REST)
        self._timer = self._loop.call_at(due_at + PIECE_S, self._speak, due_at + PIECE_S)


async def _admit(
    headers: Mapping[str, str],  # noqa: ARG001 - the port gives it
    subprotocols: Sequence[str],  # noqa: ARG001 - the port gives it
) -> Attend | Refused:
    return _attend


def _attend(
    connection: ClientConnection,
    subprotocol: Subprotocol,  # noqa: ARG001 - the port gives it
    tasks: asyncio.TaskGroup,  # noqa: ARG001 - the port gives it
) -> ClientListener:
    return _Speaker(connection)


async def _serve() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    entrance = Entrance(
        rules=Rules(allowed_origins=(), loopback_only=True),
        admit=_admit,
        refuse=lambda refused: Response(status_code=refused.status),
        count=lambda _name, _label: None,
        outbox_bytes=_OUTBOX_BYTES,
        outbox_stall_s=_OUTBOX_STALL_S,
    )
    config = uvicorn.Config(
        Starlette(routes=[WebSocketRoute("/ws", entrance.serve)]),
        ws=DirectProtocol,
        ws_per_message_deflate=False,
        lifespan="off",
        access_log=False,
        log_config=None,
    )
    # The listener takes connections from now on, whether uvicorn reads them yet or not.
    print(f"ready http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    await uvicorn.Server(config).serve(sockets=[listener])


def main() -> int:
    uvloop.run(_serve())
    return 0


if __name__ == "__main__":
    sys.exit(main())
