"""The sessions this process holds: who may have one, how it begins, and how all of them end."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Final, Protocol, assert_never

from service import driver
from service.api.health import Health, Phase
from service.auth.ports import Grant, NotAllowedError, NotAuthenticatedError, SignInUnavailableError
from service.auth.sign_in import SignIn
from service.errors import VoiceError
from service.holder import Holder
from service.metrics.counters import Counters
from service.metrics.logs import logger
from service.metrics.sessions import SessionRecord
from service.policies.admission import Admission, Refusal
from service.transports.handshake import Refused
from service.transports.ports import ClientConnection
from service.transports.websocket import Attend
from service.wire import client
from service.wire.subprotocol import Subprotocol

_RETRY_AFTER_S: Final = 5
_FOR_GOOD: Final = 1000
# An issuer that does not answer costs 2 s a round; ten rounds and the pause between two sweeps are below a minute.
_ASKED_AT_ONCE: Final = 20
_MAX_ROUNDS: Final = 10
_log = logger("service.sessions")

_REFUSALS: Final[Mapping[Refusal, str]] = {
    Refusal.DRAINING: "This process is about to stop; please connect again.",
    Refusal.FULL: "All places are taken; please try again in a moment.",
}


class NewSession(Protocol):
    """Makes a session, beginning now; instants are on its clock."""

    def __call__(
        self,
        *,
        session_id: str,
        subprotocol: Subprotocol,
        resume_token: str,
        signed_in_until: float,
        now: float,
    ) -> driver.SessionCore:
        """The session; whoever shows the token, and is the same user, takes it up again."""


class Sessions:
    """Every session of this process, from admission to the end."""

    def __init__(
        self,
        *,
        admission: Admission,
        sign_in: SignIn,
        health: Health,
        counters: Counters,
        surroundings: driver.Surroundings,
        new_session: NewSession,
        new_id: Callable[[], str],
        new_token: Callable[[], str],
        wall_clock: Callable[[], float],
    ) -> None:
        self._admission = admission
        self._sign_in = sign_in
        self._health = health
        self._counters = counters
        self._surroundings = surroundings
        self._new_session = new_session
        self._new_id = new_id
        self._new_token = new_token
        self._wall_clock = wall_clock
        # In the order of their beginning: a set would have none, and what is done to all could not be repeated.
        self._running: dict[Attended, None] = {}
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._running)

    async def admit(self, headers: Mapping[str, str], subprotocols: Sequence[str]) -> Attend | Refused:
        """Whether this request gets a session; whatever goes wrong in finding out is a refusal."""
        try:
            grant = await self._sign_in.admit(headers, subprotocols)
        except (NotAuthenticatedError, NotAllowedError, SignInUnavailableError) as error:
            return refusal_of(error)
        except Exception:  # noqa: BLE001 - a sign-in that fails lets nobody in
            _log.exception("sign-in failed")
            return refusal_of(SignInUnavailableError(_RETRY_AFTER_S))
        return self.refusal() or partial(self._attend, grant)

    def refusal(self) -> Refused | None:
        """Why nobody, whoever they are, gets a session now; None when somebody may."""
        refusal = self._admission.refusal(
            running_sessions=len(self._running), draining=self._health.phase is Phase.DRAINING
        )
        if refusal is None:
            return None
        return Refused(
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            code=refusal.value,
            detail=_REFUSALS[refusal],
            retry_after_s=_RETRY_AFTER_S,
        )

    def _attend(
        self,
        grant: Grant,
        connection: ClientConnection,
        subprotocol: Subprotocol,
        tasks: asyncio.TaskGroup,
    ) -> "Attended":
        session_id = self._new_id()
        clock = self._surroundings.clock
        now = clock()
        holder = Holder(grant, redeem=self._sign_in.redeem, clock=clock, wall_clock=self._wall_clock)
        attended = Attended(
            session=self._new_session(
                session_id=session_id,
                subprotocol=subprotocol,
                resume_token=self._new_token(),
                signed_in_until=holder.expires_at,
                now=now,
            ),
            connection=connection,
            subprotocol=subprotocol,
            record=SessionRecord(
                session_id=session_id, subprotocol=subprotocol.value, began_at=now, counters=self._counters
            ),
            surroundings=self._surroundings,
            holder=holder,
            tasks=tasks,
        )
        attended.belongs_to(
            grant.principal.user_id,
            subprotocol,
            resume=partial(self._resume, attended),
            on_finished=partial(self._forget, attended),
        )
        self._running[attended] = None
        return attended

    def _forget(self, attended: "Attended") -> None:
        self._running.pop(attended, None)
        self._changed.set()

    def _resume(self, newcomer: "Attended", resume: client.Resume) -> "Attended | None":
        """The session of this process that a newcomer takes up again, which is its own from then on; None: there is none."""
        for attended in self._running:
            fits = attended.session_id == resume.session_id and attended.user_id == newcomer.user_id
            if fits and attended.can_resume(resume.resume_token, resume.last_seq, newcomer.subprotocol):
                # The newcomer has no session of its own any more, and takes no place.
                self._forget(newcomer)
                attended.adopt(newcomer.connection, resume, self._new_token(), newcomer.grant)
                return attended
        return None

    async def end_revoked(self) -> int:
        """Ask the issuer about the sign-in of every session, and end those it has taken back; how many."""
        running = {attended: attended.grant for attended in self._running}
        at_once = max(_ASKED_AT_ONCE, len(running) // _MAX_ROUNDS)
        revoked = await self._sign_in.revoked_among(list(running.values()), at_once=at_once)
        # A session that was renewed meanwhile has another sign-in, which is asked about next time.
        ended = [
            attended for attended, grant in running.items() if grant in revoked and attended.grant is grant
        ]
        for attended in ended:
            attended.revoke()
        return len(ended)

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


def refusal_of(error: NotAuthenticatedError | NotAllowedError | SignInUnavailableError) -> Refused:
    """The answer to a request that sign-in refused."""
    match error:
        case SignInUnavailableError():
            return Refused(
                status=HTTPStatus.SERVICE_UNAVAILABLE,
                code="sign_in_unavailable",
                detail=str(error),
                retry_after_s=error.retry_after_s,
            )
        case NotAllowedError():
            return Refused(status=HTTPStatus.FORBIDDEN, code="forbidden", detail=str(error))
        case NotAuthenticatedError():
            return Refused(status=HTTPStatus.UNAUTHORIZED, code="sign_in_required", detail=str(error))
        case _:
            assert_never(error)


class Attended(driver.Driver):
    """The session of one connection: its own, or from its first message on one that had lost its connection."""

    user_id: str
    subprotocol: Subprotocol

    def belongs_to(
        self,
        user_id: str,
        subprotocol: Subprotocol,
        *,
        resume: Callable[[client.Resume], "Attended | None"],
        on_finished: Callable[[], None],
    ) -> None:
        """Whose it is, how to find a session to take up again, and whom to tell of the end."""
        self.user_id = user_id
        self.subprotocol = subprotocol
        self._resume = resume
        self._on_finished = on_finished
        self._is_new = True
        self._other: Attended | None = None

    @property
    def connection(self) -> ClientConnection:
        """The connection it was begun with."""
        return self._first_connection

    def on_text(self, text: str) -> None:
        """A text message; the first one may ask for another session than the new one."""
        if self._other is None and self._is_new:
            self._is_new = False
            self._other = self._asked_for(text)
            if self._other is not None:
                super().lost(self.connection, _FOR_GOOD)
                return
        if self._other is not None:
            self._other.on_text(text)
        else:
            super().on_text(text)

    def on_binary(self, frame: bytes) -> None:
        """A binary message."""
        self._is_new = False
        if self._other is not None:
            self._other.on_binary(frame)
        else:
            super().on_binary(frame)

    def on_fault(self, error: VoiceError) -> None:
        """The client broke a rule."""
        if self._other is not None:
            self._other.on_fault(error)
        else:
            super().on_fault(error)

    def on_too_slow(self) -> None:
        """The client reads too slowly."""
        if self._other is not None:
            self._other.on_too_slow()
        else:
            super().on_too_slow()

    async def finish(self, close_code: int | None) -> None:
        """Let go of everything, and of the place in this process."""
        if self._other is not None:
            self._other.lost(self.connection, close_code)
        try:
            await super().finish(close_code)
        finally:
            self._on_finished()

    def _asked_for(self, text: str) -> "Attended | None":
        try:
            message = client.decode_text(text, self.subprotocol)
        except VoiceError:
            return None
        if not isinstance(message, client.Start) or message.resume is None:
            return None
        return self._resume(message.resume)
