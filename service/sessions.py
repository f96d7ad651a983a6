"""The sessions this process holds: who may have one, how it begins, and how all of them end."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Final

from service import driver
from service.api.health import Health, Phase
from service.auth.ports import Authenticator, NotAuthenticatedError, Principal
from service.metrics.counters import Counters
from service.metrics.logs import logger
from service.metrics.sessions import SessionRecord
from service.policies.admission import Admission, Refusal
from service.transports.handshake import Refused
from service.transports.ports import ClientConnection
from service.transports.websocket import Attend
from service.wire.subprotocol import Subprotocol

_RETRY_AFTER_S: Final = 5
_log = logger("service.sessions")

_REFUSALS: Final[Mapping[Refusal, str]] = {
    Refusal.DRAINING: "This process is about to stop; please connect again.",
    Refusal.FULL: "All places are taken; please try again in a moment.",
}

type NewSession = Callable[[str, Subprotocol, float], driver.SessionCore]
"""A session of this id, for a client of this subprotocol, beginning now."""


class Sessions:
    """Every session of this process, from admission to the end."""

    def __init__(
        self,
        *,
        admission: Admission,
        authenticator: Authenticator,
        health: Health,
        counters: Counters,
        surroundings: driver.Surroundings,
        new_session: NewSession,
        new_id: Callable[[], str],
    ) -> None:
        self._admission = admission
        self._authenticator = authenticator
        self._health = health
        self._counters = counters
        self._surroundings = surroundings
        self._new_session = new_session
        self._new_id = new_id
        self._running: set[Attended] = set()
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._running)

    async def admit(self, headers: Mapping[str, str], subprotocols: Sequence[str]) -> Attend | Refused:
        """Whether this request gets a session; whatever goes wrong in finding out is a refusal."""
        try:
            principal = await self._authenticator.authenticate(
                headers=headers, subprotocols=tuple(subprotocols)
            )
        except NotAuthenticatedError as error:
            return Refused(status=HTTPStatus.UNAUTHORIZED, code="sign_in_required", detail=str(error))
        except Exception:  # noqa: BLE001 - an authenticator that fails lets nobody in
            _log.exception("authentication failed")
            return Refused(
                status=HTTPStatus.SERVICE_UNAVAILABLE,
                code="sign_in_unavailable",
                detail="Signing in does not work at the moment; please try again.",
                retry_after_s=_RETRY_AFTER_S,
            )
        refusal = self._admission.refusal(
            running_sessions=len(self._running), draining=self._health.phase is Phase.DRAINING
        )
        if refusal is not None:
            return Refused(
                status=HTTPStatus.SERVICE_UNAVAILABLE,
                code=refusal.value,
                detail=_REFUSALS[refusal],
                retry_after_s=_RETRY_AFTER_S,
            )
        return partial(self._attend, principal)

    def _attend(
        self,
        principal: Principal,
        connection: ClientConnection,
        subprotocol: Subprotocol,
        tasks: asyncio.TaskGroup,
    ) -> "Attended":
        session_id = self._new_id()
        now = self._surroundings.clock()
        attended = Attended(
            session=self._new_session(session_id, subprotocol, now),
            user_id=principal.user_id,
            connection=connection,
            subprotocol=subprotocol,
            record=SessionRecord(
                session_id=session_id, subprotocol=subprotocol.value, began_at=now, counters=self._counters
            ),
            surroundings=self._surroundings,
            tasks=tasks,
        )
        attended.on_finished = partial(self._forget, attended)
        self._running.add(attended)
        return attended

    def _forget(self, attended: "Attended") -> None:
        self._running.discard(attended)
        self._changed.set()

    async def drain(self, deadline_s: float) -> int:
        """Tell every session to finish and wait for that; how many had to be left when the time was up."""
        self._health.phase = Phase.DRAINING
        for attended in tuple(self._running):
            attended.drain(deadline_s)
        try:
            # A second more than the sessions have, for their closes to reach the clients.
            async with asyncio.timeout(deadline_s + 1.0):
                while self._running:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            _log.warning("sessions outlived the drain", sessions=len(self._running))
        return len(self._running)


class Attended(driver.Driver):
    """A driver that says when it has finished."""

    on_finished: Callable[[], None]

    async def finish(self, close_code: int | None) -> None:
        """Let go of everything, and of the place in this process."""
        try:
            await super().finish(close_code)
        finally:
            self.on_finished()
