"""A connection that is lost, and comes back as docs/protocol.md says."""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from enum import Enum
from random import Random
from typing import Any, Final

from service.wire.client import FRAME_HEADER
from tests.simulation.promises import BrokenPromiseError, Promises, Said
from tests.simulation.wire import RefusedError, Wire

_RING_FRAMES: Final = 50
_WINDOW_S: Final = 120.0
_CONNECT_TIMEOUT_S: Final = 10.0
_FIRST_CONNECT_TIMEOUTS_S: Final = (3.0, 4.0)
"""A way that leads nowhere is left soon, twice: the next may lead elsewhere."""
_PATIENCE_S: Final = 3.0
"""For the answer to a ping."""
_READY_WITHIN_S: Final = 15.0
_QUEUE_PATIENCE_S: Final = 130.0
_LOST: Final = frozenset({None, 1006, 1012})
_GOODBYE: Final = 1000


class Way(Enum):
    """How the next connection begins."""

    NEW = "a new conversation"
    RESUME = "the session that was lost"
    CONTINUE = "the conversation, in a session of its own"


class Line(Promises):
    """A user's way to the service, whichever connection it is at the moment."""

    def __init__(
        self,
        name: str,
        *,
        dice: Random,
        pick: Callable[[Random], tuple[str, int]],
        bearer: str | None = None,
    ) -> None:
        super().__init__(name)
        self._dice = dice
        self._bearer = bearer or name
        self._pick = pick
        self._loop = asyncio.get_running_loop()
        self._wire: Wire | None = None
        self._closed: asyncio.Future[int | None] | None = None
        self._changed = asyncio.Event()
        self._way = Way.NEW
        self._is_ready = self._is_queued = False
        self._state = ""
        self._session_id = self._token = ""
        self._last_seq = 0
        self._heard_at = self._came_back_at = 0.0
        self._heartbeat_s = 5.0
        self._lost_at: float | None = None
        self._lost_with: int | None = None
        self._last_error = ""
        """Of this connection."""
        self._sent_on_at: float | None = None
        """When the process that leaves wants this client to be elsewhere."""
        self._sequence = 0
        self._ring: deque[tuple[int, bytes]] = deque(maxlen=_RING_FRAMES)
        self._typed: str | None = None
        """What nobody has said to have heard yet."""
        self._attachments = 0
        self._is_leaving = False

    def cut(self) -> None:
        """The network resets the connection."""
        if self._wire is not None:
            self.is_disturbed = True
            self._wire.abort()

    async def _stay_connected(self) -> None:
        failures = 0
        while True:
            try:
                async with asyncio.timeout(
                    (*_FIRST_CONNECT_TIMEOUTS_S, _CONNECT_TIMEOUT_S)[min(failures, 2)]
                ):
                    await self._attach()
            except (OSError, TimeoutError, RefusedError) as error:
                self.refused += isinstance(error, RefusedError)
                if self._wire is not None:
                    self._wire.abort()
                failures += 1
                await self._back_off(failures)
                continue
            code = await self._attend()
            if self._is_leaving:
                return
            self.closes[code] += 1
            failures = 0 if self._is_ready else failures + 1
            self._is_ready = False
            self._choose_way(code)
            if self._sent_on_at is not None:
                # The moments were spread by the process that leaves; most are over when it closes.
                await asyncio.sleep(max(0.0, self._sent_on_at - self._loop.time()))
                self._sent_on_at = None
            elif failures or code not in _LOST:
                await self._back_off(max(1, failures))
            else:
                await asyncio.sleep(self._dice.uniform(0.0, 0.5))

    def _choose_way(self, code: int | None) -> None:
        if self.conversation_id is None:
            self._way = Way.NEW
        elif (code in _LOST or self._last_error == "going_away") and self._token:
            self._way = Way.RESUME
        elif self._way is Way.CONTINUE and code == 4410:
            if self.saved:
                raise BrokenPromiseError(
                    f"{self.name}: the conversation is gone, with {len(self.saved)} saved turns"
                )
            # Its beginning was not written when its process was lost: nothing was said that could be kept.
            self.conversation_id, self._way = None, Way.NEW
        else:
            self._way = Way.CONTINUE

    async def _back_off(self, failures: int) -> None:
        await asyncio.sleep(min(15.0, 0.5 * 2 ** min(failures, 8)) * self._dice.uniform(0.1, 1.0))

    async def _attach(self) -> None:
        loop = self._loop
        self._closed = loop.create_future()
        closed = self._closed

        def on_closed(code: int | None) -> None:
            if not closed.done():
                closed.set_result(code)

        self._is_ready = self._is_queued = False
        self._last_error = ""
        proof = await self._proof()
        wire = self._wire = Wire(**proof, on_message=self._on_message, on_closed=on_closed)
        self._heard_at = loop.time()
        if self._way is Way.RESUME and self._lost_at is not None and loop.time() - self._lost_at > _WINDOW_S:
            self._way = Way.CONTINUE
        await loop.create_connection(lambda: wire, *self._pick(self._dice))
        await wire.opened
        if self._way is not Way.RESUME:
            self._last_seq = 0
        self._send(self._start(), even_now=True)

    async def _proof(self) -> dict[str, str]:
        """Of who one is: for the upgrade."""
        return {"bearer": self._bearer}

    def _start(self) -> dict[str, Any]:
        match self._way:
            case Way.NEW:
                return {"type": "start"}
            case Way.CONTINUE:
                return {"type": "start", "conversationId": self.conversation_id}
            case Way.RESUME:
                claim = {"sessionId": self._session_id, "resumeToken": self._token, "lastSeq": self._last_seq}
                return {"type": "start", "resume": claim}

    async def _attend(self) -> int | None:
        """Until the connection is closed, or a ping was not answered in time."""
        assert self._closed is not None
        assert self._wire is not None
        pings = 0
        while not self._closed.done():
            if not self._is_ready:
                await self._until_ready()
                continue
            pings += 1
            asked_at = self._loop.time()
            self._send({"type": "ping", "id": pings}, even_now=True)
            while self._heard_at < asked_at and self._loop.time() < asked_at + _PATIENCE_S:
                await asyncio.wait({self._closed}, timeout=0.5)
                if self._closed.done():
                    break
            if not self._closed.done() and self._heard_at < asked_at:
                self._wire.abort()
                break
            await self._while_it_speaks(asked_at + self._heartbeat_s)
        code = self._closed.result() if self._closed.done() else None
        if self._lost_at is None:
            self._lost_at, self._lost_with = self._heard_at, code
        self._changed.set()
        return code

    async def _while_it_speaks(self, until: float) -> None:
        """The next ping is due, or nothing came for half a heartbeat."""
        assert self._closed is not None
        while not self._closed.done():
            due_at = min(until, self._heard_at + self._heartbeat_s / 2)
            if due_at <= self._loop.time():
                return
            await asyncio.wait({self._closed}, timeout=due_at - self._loop.time())

    async def _until_ready(self) -> None:
        """A service that says nothing for too long is left; one that told a place in line is waited for."""
        assert self._closed is not None
        assert self._wire is not None
        await asyncio.wait({self._closed}, timeout=1.0)
        silent_s = self._loop.time() - self._heard_at
        if silent_s > (_QUEUE_PATIENCE_S if self._is_queued else _READY_WITHIN_S):
            self._wire.abort()
            await asyncio.wait({self._closed}, timeout=1.0)

    # Hearing

    def _on_message(self, message: bytes | str) -> None:
        self._heard_at = self._loop.time()
        if isinstance(message, bytes):
            return
        told = json.loads(message)
        self._check_seq(told)
        self._note(told)
        self._is_queued |= told["type"] == "queued"
        match told["type"]:
            case "ready":
                self._ready(told)
            case "state":
                self._state = told["state"]
            case "transcript" if (told["role"], told["stage"]) == ("user", "spoken"):
                self.turns.setdefault(told["turn"], Said()).add(told["text"])
                self._typed = None if told["text"] == self._typed else self._typed
            case "turn":
                self._turn(told)
            case "ack":
                while self._ring and self._ring[0][0] <= told["sequence"]:
                    self._ring.popleft()
            case "goAway":
                self._sent_on_at = self._loop.time() + told["reconnectAfterMs"] / 1_000
            case "error":
                self._last_error = told["code"]
                self.errors[told["code"]] += 1
            case _:
                pass
        self._changed.set()

    def _note(self, told: dict[str, Any]) -> None:
        """Something was told; who is more than a caller may act upon it."""

    def _check_seq(self, told: dict[str, Any]) -> None:
        seq = told["seq"]
        is_new = self._way is Way.RESUME and not self._is_ready and seq == 1
        if seq != self._last_seq + 1 and not is_new:
            raise BrokenPromiseError(f"{self.name}: seq {seq} after {self._last_seq} ({told['type']})")
        self._last_seq = seq

    def _ready(self, told: dict[str, Any]) -> None:
        conversation_id = told["conversationId"]
        if self.conversation_id is not None and conversation_id != self.conversation_id:
            raise BrokenPromiseError(f"{self.name}: another conversation")
        self.conversation_id = conversation_id
        self._session_id, self._token = told["sessionId"], told["resumeToken"] or ""
        self.sessions.add(self._session_id)
        self._heartbeat_s = told["heartbeatMs"] / 1_000
        self._attachments += not told["resumed"]
        self.resumed += told["resumed"]
        if told["resumed"]:
            for sequence, frame in self._ring:
                assert sequence >= 0
                self._send_bytes(frame)
            if self._typed is not None:
                # What was heard of it was told again before `ready`.
                self._send({"type": "text", "text": self._typed}, even_now=True)
        else:
            self.taken_over += self._way is not Way.NEW
            self._ring.clear()
            self.turns.clear()
            self._typed = None
        self._is_ready = True
        self._came_back_at = self._loop.time()
        if self._lost_at is not None:
            self.gaps.append(self._came_back_at - self._lost_at)
            self.gap_ends.append(self._came_back_at)
            self.gap_codes.append(self._lost_with)
            self._lost_at = None

    def _turn(self, told: dict[str, Any]) -> None:
        turn = self.turns.setdefault(told["turn"], Said())
        if told["saved"]:
            turn.is_saved = True
            assert self.conversation_id is not None
            self.saved[self.conversation_id, told["turn"]] = turn.text or ""
            self.saved_at.setdefault(turn.text or "", self._loop.time())
        else:
            turn.outcome = told["outcome"]
            self.outcomes[told["outcome"]] += 1

    # Sending

    def _send(self, message: dict[str, Any], *, even_now: bool = False) -> None:
        if self._wire is not None and (self._is_ready or even_now):
            self._wire.send(json.dumps(message))

    def _send_audio(self, pcm: bytes, *, is_last: bool) -> None:
        frame = FRAME_HEADER.pack(1, 1, int(is_last), self._sequence, 0.0) + pcm
        self._ring.append((self._sequence, frame))
        self._sequence += 1
        if self._is_ready:
            self._send_bytes(frame)

    def _send_bytes(self, frame: bytes) -> None:
        if self._wire is not None:
            self._wire.send(frame)
