"""A balancer on loopback that treats connections badly: slow, broken off, half open, or reset, by the dice of a seed."""

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Final

_CHUNK: Final = 65_536


class Fate(Enum):
    """What happens to a connection."""

    LIVES = "slow"
    IS_CUT = "closed after some bytes"
    IS_RESET = "reset"
    HALF_OPEN = "open, and silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How bad it is."""

    latency_s: tuple[float, float] = (0.0, 0.02)
    fates: Sequence[tuple[Fate, float]] = ()
    """Shares of connections; the others only are slow."""
    after_s: tuple[float, float] = (3.0, 20.0)
    after_bytes: tuple[int, int] = (20_000, 400_000)


class Chaos:
    """Listens on one port and passes each connection to one of `targets`."""

    def __init__(self, weather: Weather, dice: Random) -> None:
        self.targets: list[int] = []
        """Ports on this machine."""
        self.fates: Counter[str] = Counter()
        self._weather = weather
        self._dice = dice
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        """The port to connect to."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._carry(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fate = self._draw()
        self.fates[fate.value] += 1
        line = _Line(self._weather, self._dice, fate)
        try:
            port = self._dice.choice(self.targets)
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", port)
        except (OSError, IndexError):
            _reset(writer)
            return
        ends = (
            asyncio.create_task(line.pump(reader, up_writer)),
            asyncio.create_task(line.pump(up_reader, writer)),
            asyncio.create_task(line.doom(writer, up_writer)),
        )
        try:
            await asyncio.wait(ends[:2])
        finally:
            for end in ends:
                end.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
            for side in (writer, up_writer):
                side.close()
                with suppress(OSError):
                    await side.wait_closed()

    def _draw(self) -> Fate:
        roll = self._dice.random()
        for fate, share in self._weather.fates:
            roll -= share
            if roll < 0:
                return fate
        return Fate.LIVES


class _Line:
    """One connection under way."""

    def __init__(self, weather: Weather, dice: Random, fate: Fate) -> None:
        self._weather = weather
        self._dice = dice
        self._fate = fate
        self._left = dice.randrange(*weather.after_bytes)
        self._is_silent = False

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One direction."""
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                await asyncio.sleep(self._dice.uniform(*self._weather.latency_s))
                if self._is_silent:
                    continue
                if self._fate is Fate.IS_CUT:
                    data = data[: self._left]
                    self._left -= len(data)
                writer.write(data)
                await writer.drain()
                if self._left <= 0:
                    break
        if not self._is_silent:
            with suppress(OSError, RuntimeError):
                writer.close()

    async def doom(self, *writers: asyncio.StreamWriter) -> None:
        """What happens after a while."""
        if self._fate in {Fate.LIVES, Fate.IS_CUT}:
            return
        await asyncio.sleep(self._dice.uniform(*self._weather.after_s))
        if self._fate is Fate.HALF_OPEN:
            self._is_silent = True
            return
        for writer in writers:
            _reset(writer)


def _reset(writer: asyncio.StreamWriter) -> None:
    """An RST instead of a FIN."""
    handle = writer.get_extra_info("socket")
    with suppress(OSError, AttributeError):
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
