"""`python -m benchmarks.floor`: what the WebSocket alone costs, without a session and without a model.

The same server with the same settings takes the same frames and sends as many of the same size, stamped; nothing is
parsed, decided, signed or encrypted. What the service costs above this is what a session costs.
"""

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final

import uvicorn
import uvloop

from benchmarks.model import PIECE_S
from benchmarks.stamps import stamp

type Receive = Callable[[], Awaitable[dict[str, Any]]]
type Send = Callable[[dict[str, Any]], Awaitable[None]]
_HEADER: Final = b"\x01\x02\0\0\x01\0\0\0" + bytes(8)
_REST: Final = bytes(1920 - 16)


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept", "subprotocol": "voice.v1"})
    await send({"type": "websocket.send", "text": '{"type":"state","state":"listening"}'})
    speaking = asyncio.create_task(_speak(send))
    while (await receive())["type"] == "websocket.receive":
        pass
    speaking.cancel()


async def _speak(send: Send) -> None:
    loop = asyncio.get_running_loop()
    due_at = loop.time()
    while True:
        await send({"type": "websocket.send", "bytes": _HEADER + stamp() + _REST})
        due_at += PIECE_S
        await asyncio.sleep(max(0.0, due_at - loop.time()))


async def _serve() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    config = uvicorn.Config(
        app,
        ws="websockets-sansio",
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
