"""The parent's end of the links: keeps the tickets, adds up sessions and counts, and hears who is ready."""

import asyncio
import base64
from collections import Counter
from collections.abc import Mapping
from typing import Any

import orjson

from service.auth.tickets import TicketStore


class Office:
    """What the workers of one service share."""

    def __init__(self, tickets: TicketStore) -> None:
        self._tickets = tickets
        self._writers: dict[int, asyncio.StreamWriter] = {}
        self._sessions: dict[int, int] = {}
        self._ready: dict[int, asyncio.Event] = {}
        self.counters: Counter[str] = Counter()
        """What workers that have ended counted."""

    @property
    def sessions(self) -> int:
        """Sessions of all workers."""
        return sum(self._sessions.values())

    def ready(self, worker: int) -> asyncio.Event:
        """Set when this worker listens."""
        return self._ready.setdefault(worker, asyncio.Event())

    async def serve(self, worker: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one worker until its end of the link is closed."""
        self._writers[worker] = writer
        self._sessions[worker] = 0
        self._tell_elsewhere()
        try:
            while line := await reader.readline():
                await self._take(worker, orjson.loads(line))
        except OSError:
            pass  # it was killed; whoever started it sees that
        finally:
            del self._writers[worker], self._sessions[worker]
            self._tell_elsewhere()
            writer.close()

    async def _take(self, worker: int, said: Mapping[str, Any]) -> None:
        match said:
            case {"say": "ready"}:
                self.ready(worker).set()
            case {"say": "sessions", "sessions": int(sessions)}:
                self._sessions[worker] = sessions
                self._tell_elsewhere()
            case {"say": "counters", "counters": dict(counters)}:
                self.counters.update(counters)
            case {"say": "put", "id": asked, "name": name, "sealed": sealed, "expiresAt": expires_at}:
                await self._tickets.put(name, base64.b64decode(sealed), expires_at=expires_at)
                self._send(worker, {"id": asked, "answer": None})
            case {"say": "take", "id": asked, "name": name, "now": now}:
                taken = await self._tickets.take(name, now=now)
                answer = None if taken is None else base64.b64encode(taken).decode()
                self._send(worker, {"id": asked, "answer": answer})
            case _:
                raise AssertionError(said)

    def _tell_elsewhere(self) -> None:
        total = self.sessions
        for worker, sessions in self._sessions.items():
            self._send(worker, {"elsewhere": total - sessions})

    def _send(self, worker: int, answer: Mapping[str, Any]) -> None:
        self._writers[worker].write(orjson.dumps(answer) + b"\n")
