"""The worker's end of the link to its parent: lines of JSON over a socket pair.

Through it go what workers must share: tickets, which one worker issues and another redeems, how many sessions all of
them hold, and what was counted. A link that breaks means that the parent is gone, and the worker ends.
"""

import asyncio
import base64
import socket
from collections.abc import Mapping
from typing import Any, Protocol, Self

import orjson

from service.auth.tickets import MemoryTicketStore, TicketStore


class LinkLostError(Exception):
    """Raised when the parent is gone; so is this worker, in a moment."""


class Others(Protocol):
    """What one process of a service knows of the others."""

    tickets: TicketStore
    lost: asyncio.Future[None]
    """Done when this process must not go on without them."""

    def sessions(self) -> int:
        """How many sessions they hold."""

    def tell_sessions(self, sessions: int) -> None:
        """So many are held here."""

    def tell_counters(self, counters: Mapping[str, int]) -> None:
        """This is all that was counted here."""


class Alone:
    """There are no others."""

    def __init__(self) -> None:
        self.tickets: TicketStore = MemoryTicketStore()
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def sessions(self) -> int:
        """None."""
        return 0

    def tell_sessions(self, sessions: int) -> None:
        """Nobody asks."""

    def tell_counters(self, counters: Mapping[str, int]) -> None:
        """Nobody adds them up."""


class Link:
    """One worker's way to its parent, and through it to the others."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._asked = 0
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._reading = asyncio.create_task(self._read(), name="link to the parent")
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the parent is gone."""
        self.tickets: TicketStore = LinkTicketStore(self)
        self._elsewhere = 0

    @classmethod
    async def over(cls, end: socket.socket) -> Self:
        """The link over this end of a socket pair."""
        return cls(*await asyncio.open_connection(sock=end))

    def sessions(self) -> int:
        """How many sessions the other workers hold."""
        return self._elsewhere

    def tell_ready(self) -> None:
        """This worker listens."""
        self._say("ready")

    def tell_sessions(self, sessions: int) -> None:
        """So many are held here."""
        self._say("sessions", sessions=sessions)

    def tell_counters(self, counters: Mapping[str, int]) -> None:
        """This is all that was counted here."""
        self._say("counters", counters=dict(counters))

    def _say(self, what: str, **fields: Any) -> None:
        self._writer.write(orjson.dumps({"say": what, **fields}) + b"\n")

    async def ask(self, what: str, **fields: Any) -> Any:
        """Ask the parent something; raises LinkLostError."""
        if self.lost.done():
            raise LinkLostError
        self._asked += 1
        answer = self._answers[self._asked] = asyncio.get_running_loop().create_future()
        self._say(what, id=self._asked, **fields)
        return await answer

    async def aclose(self) -> None:
        """Let what was said reach the parent, and close."""
        self._reading.cancel()
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:
            return

    async def _read(self) -> None:
        try:
            while line := await self._reader.readline():
                self._take(orjson.loads(line))
        except OSError:
            pass
        finally:
            for answer in self._answers.values():
                answer.set_exception(LinkLostError)
            self._answers.clear()
            if not self.lost.done():
                self.lost.set_result(None)

    def _take(self, said: Mapping[str, Any]) -> None:
        if "elsewhere" in said:
            self._elsewhere = said["elsewhere"]
        elif (answer := self._answers.pop(said["id"], None)) is not None and not answer.done():
            answer.set_result(said["answer"])


class LinkTicketStore:
    """A `TicketStore` that the parent keeps for all of its workers; what passes the link is sealed already."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def put(self, name: str, sealed: bytes, *, expires_at: float) -> None:
        """Keep a record until it is taken, or until it expires."""
        await self._link.ask("put", name=name, sealed=base64.b64encode(sealed).decode(), expiresAt=expires_at)

    async def take(self, name: str, *, now: float) -> bytes | None:
        """Remove a record and return it; of several workers that ask, one gets it."""
        sealed = await self._link.ask("take", name=name, now=now)
        return None if sealed is None else base64.b64decode(sealed)
