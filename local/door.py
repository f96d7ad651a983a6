"""A door to the assistant for a page that cannot sign in yet: every upgrade that goes through it is the demo user's.

For the browser suite only, until the page's own sign-in is there. It adds one header to the first request of a connection
that asks for /ws, and passes everything else on byte by byte.
"""

import asyncio
import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from local.ports import LOOPBACK

_HEAD_END: Final = b"\r\n\r\n"
_PATIENCE_S: Final = 30.0
_CHUNK_BYTES: Final = 65_536


@contextlib.contextmanager
def signed_in(root: Path, url: str) -> Iterator[str]:
    """The address of a door to the assistant at `url`, open while inside."""
    # The command is our own.
    token = subprocess.run(  # noqa: S603 - see above
        [sys.executable, "-m", "talk", "--print-token", "--url", url],
        cwd=root,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=_PATIENCE_S,
    ).stdout.strip()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    behind = urlsplit(url)
    door = _Door(
        behind.hostname or LOOPBACK, behind.port or 80, f"Authorization: Bearer {token}\r\n".encode()
    )
    try:
        port = asyncio.run_coroutine_threadsafe(door.open(), loop).result(_PATIENCE_S)
        yield f"http://{LOOPBACK}:{port}"
    finally:
        asyncio.run_coroutine_threadsafe(door.close(), loop).result(_PATIENCE_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_PATIENCE_S)
        loop.close()


class _Door:
    def __init__(self, host: str, port: int, header: bytes) -> None:
        self._host = host
        self._port = port
        self._header = header
        self._passing: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> int:
        self._server = await asyncio.start_server(self._enter, LOOPBACK, 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._passing:
            task.cancel()
        if self._passing:
            await asyncio.wait(self._passing)

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._passing.add(task)
        # Either side may go away at any moment, and the door may be closed; the connection then ends.
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._pass(reader, writer)
        writer.close()
        self._passing.discard(task)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(_HEAD_END)
        if head.startswith(b"GET /ws "):
            head = head.replace(b"\r\n", b"\r\n" + self._header, 1)
        onward, outward = await asyncio.open_connection(self._host, self._port)
        try:
            outward.write(head)
            ways = {
                asyncio.create_task(_copy(reader, outward)),
                asyncio.create_task(_copy(onward, writer)),
            }
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
        finally:
            outward.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(_CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
