"""A caller who signs in as a page does: tokens that expire, a ticket for each connection, and the REST side meanwhile."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from tests.service import fake_sign_in
from tests.simulation.caller import Caller
from tests.simulation.http import ask
from tests.simulation.line import Way
from tests.simulation.process import TOKEN_LEEWAY_S
from tests.simulation.promises import BrokenPromiseError
from tests.simulation.wire import RefusedError, Wire

_LIVES_S: Final = (40.0, 150.0)
_FAREWELL_S: Final = 15.0
_ON_THE_WAY_S: Final = 2.0
_RENEWS: Final = 0.6
"""Share of callers who renew their sign-in when they are told to; the others notice when they are sent away."""
_TRIES_AGAIN: Final = 0.5
"""Share of tickets that somebody offers once more."""


class Browser(Caller):
    """Remembers what it was promised about sign-in and about its conversations as well."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.renews = self._dice.random() < _RENEWS
        self.others: Sequence[Caller] = ()
        self.wants_it_gone = False
        """Deletes the conversation at the next look at it."""
        self.renewed = self.looks = self.tried_again = 0
        self._lives_s = self._dice.uniform(*_LIVES_S)
        """How long a token of this caller's pool is good for."""
        self._expires_at = 0.0
        self._offered = ""
        self._sign_in()
        self._session_ends_at = float("inf")
        self._chores: set[asyncio.Task[None]] = set()

    def _sign_in(self) -> None:
        """Get a token; as the pool gives one whenever it is asked."""
        self._expires_at = self._loop.time() + self._lives_s
        self._bearer = f"{self.name}:{fake_sign_in.NOW + self._expires_at}"

    async def converse(self) -> None:
        """As others do, and look at the list of conversations now and then."""
        self._begin(self._look_around())
        try:
            await super().converse()
        finally:
            chores = tuple(self._chores)
            for chore in chores:
                chore.cancel()
            ends = await asyncio.gather(*chores, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end
        if self.renews and self.closes[4401]:
            raise BrokenPromiseError(f"{self.name}: renewed in time, and was sent away to sign in")

    def _begin(self, chore: Any) -> None:
        task = asyncio.create_task(chore)
        self._chores.add(task)
        task.add_done_callback(self._is_done)

    def _is_done(self, chore: asyncio.Task[None]) -> None:
        if chore.cancelled() or chore.exception() is None:
            self._chores.discard(chore)

    # Signing in

    async def _proof(self) -> dict[str, str]:
        if self._expires_at <= self._loop.time():
            self._sign_in()
        expires_at = self._expires_at
        ticket = await self._ticket()
        self._session_ends_at = expires_at
        self._offered = ticket
        return {"ticket": ticket}

    async def _attach(self) -> None:
        await super()._attach()
        if self._dice.random() < _TRIES_AGAIN:
            self._begin(self._try_again(self._offered))

    async def _ticket(self) -> str:
        """Of any process; it is used on any."""
        status, body = await ask(self._pick(self._dice), "POST", "/api/tickets", bearer=self._bearer)
        if status != HTTPStatus.OK:
            raise RefusedError(status)
        return str(body["ticket"])

    async def _try_again(self, ticket: str) -> None:
        """Once its connection is open, a ticket is worth nothing to whoever overheard it."""
        await asyncio.sleep(self._dice.uniform(0.0, 5.0))
        self.tried_again += 1
        wire = Wire(ticket=ticket, on_message=lambda _: None, on_closed=lambda _: None)
        try:
            async with asyncio.timeout(5.0):
                await self._loop.create_connection(lambda: wire, *self._pick(self._dice))
                await wire.opened
        except (OSError, RefusedError):
            return
        finally:
            wire.abort()
        raise BrokenPromiseError(f"{self.name}: a ticket let somebody in twice")

    def _on_message(self, message: bytes | str) -> None:
        late_s = self._loop.time() - self._session_ends_at - TOKEN_LEEWAY_S - _FAREWELL_S - _ON_THE_WAY_S
        if late_s > 0 and self._is_ready:
            raise BrokenPromiseError(f"{self.name}: is answered {late_s:.0f} s after the sign-in was over")
        super()._on_message(message)

    def _note(self, told: dict[str, Any]) -> None:
        if told["type"] == "authExpiring" and self.renews:
            self._begin(self._renew())

    async def _renew(self) -> None:
        self._sign_in()
        expires_at = self._expires_at
        while expires_at == self._expires_at:
            try:
                ticket = await self._ticket()
            except (OSError, RefusedError):
                await asyncio.sleep(self._dice.uniform(1.0, 5.0))
                continue
            refused = self.errors["ticket_refused"]
            self._send({"type": "auth", "ticket": ticket})
            self._session_ends_at = max(self._session_ends_at, expires_at)
            await asyncio.sleep(5.0)
            if self.errors["ticket_refused"] == refused:
                self.renewed += 1
                return

    # The REST side

    async def _look_around(self) -> None:
        while True:
            await asyncio.sleep(self._dice.uniform(8.0, 30.0))
            try:
                await self._look()
            except (OSError, RefusedError):
                continue

    async def _look(self) -> None:
        if self.wants_it_gone and self.conversation_id is not None:
            self.wants_it_gone = False
            await self._delete(self.conversation_id)
            return
        conversation_id = self.conversation_id
        due = {(number, text) for (known, number), text in self.saved.items() if known == conversation_id}
        if conversation_id is None or not due:
            return
        listed = await self._get("/api/conversations")
        whole = await self._get(f"/api/conversations/{conversation_id}")
        if conversation_id in self.deleted:
            return
        if conversation_id not in {found["id"] for found in listed["conversations"]}:
            raise BrokenPromiseError(f"{self.name}: the conversation is not in the list")
        if missing := due - {(turn["turn"], turn["user"]) for turn in whole["turns"]}:
            raise BrokenPromiseError(f"{self.name}: {missing} cannot be read")
        self.looks += 1
        other = next((other.conversation_id for other in self.others if other.conversation_id), None)
        if other is not None and await self._status("GET", f"/api/conversations/{other}") == HTTPStatus.OK:
            raise BrokenPromiseError(f"{self.name}: can read what somebody else said")

    async def _get(self, path: str) -> Any:
        if self._expires_at <= self._loop.time():
            self._sign_in()
        status, body = await ask(self._pick(self._dice), "GET", path, bearer=self._bearer)
        if status != HTTPStatus.OK:
            raise RefusedError(status)
        return body

    async def _status(self, method: str, path: str) -> int:
        return (await ask(self._pick(self._dice), method, path, bearer=self._bearer))[0]

    async def _delete(self, conversation_id: str) -> None:
        """From now on nothing of it is promised, but that it is gone; whoever talks on begins a new one."""
        self.deleted.append(conversation_id)
        self.conversation_id = None
        self.saved.clear()
        self.saved_at.clear()
        while True:
            if self._expires_at <= self._loop.time():
                self._sign_in()
            try:
                status = await self._status("DELETE", f"/api/conversations/{conversation_id}")
            except OSError:
                status = 0
            if status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND}:
                return
            await asyncio.sleep(self._dice.uniform(0.5, 3.0))

    def _start(self) -> dict[str, Any]:
        if self._way is Way.CONTINUE and self.conversation_id is None:
            self._way = Way.NEW
        return super()._start()

    def _ready(self, told: dict[str, Any]) -> None:
        super()._ready(told)
        if self.conversation_id in self.deleted:
            # Its process has not heard of it yet; it will when it writes.
            self.conversation_id = None

    def _turn(self, told: dict[str, Any]) -> None:
        if not told["saved"] or self.conversation_id is not None:
            super()._turn(told)
