"""The sessions this process holds: who may have one, how it begins, and how all of them end."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from math import ceil
from typing import Final, Protocol, assert_never

from service import driver
from service.api.health import Health, Phase
from service.auth.ports import Grant, NotAllowedError, NotAuthenticatedError, SignInUnavailableError
from service.auth.sign_in import SignIn
from service.bookkeeping import Bookkeeping
from service.errors import VoiceError
from service.holder import Holder
from service.metrics import contract
from service.metrics.counters import Counters
from service.metrics.logs import logger
from service.metrics.registry import Registry
from service.metrics.sessions import SessionRecord
from service.metrics.tracing import Traces
from service.policies.admission import Admission, Refusal
from service.policies.allowance import Standing
from service.policies.budget import Budget
from service.policies.prices import Prices
from service.session.events import Owned, StoreFault
from service.stores.ports import StoreError
from service.surroundings import SessionCore, Surroundings
from service.transports.handshake import Refused
from service.transports.ports import ClientConnection
from service.transports.websocket import Attend
from service.wire import client
from service.wire.subprotocol import Subprotocol

_RETRY_AFTER_S: Final = 5
_FOR_GOOD: Final = 1000
# Five sessions a second leave a process that stops, all of them within a third of the time there is.
_PACE_S: Final = 0.2
# An issuer that does not answer costs 2 s a round; ten rounds and the pause between two sweeps are below a minute.
_ASKED_AT_ONCE: Final = 20
_MAX_ROUNDS: Final = 10
_log = logger("service.sessions")

_REFUSALS: Final[Mapping[Refusal, str]] = {
    Refusal.DRAINING: "This process is about to stop; please connect again.",
    Refusal.FULL: "All places are taken; please try again in a moment.",
    Refusal.BUSY: "This process has as much to do as it can; please try again in a moment.",
}


_SPENT: Final[Mapping[Budget, str]] = {
    Budget.USER: "Your allowance for today is used up; it is renewed at midnight UTC.",
    Budget.DEPLOYMENT: "This assistant's budget for today is used up; it is renewed at midnight UTC.",
}


class NewSession(Protocol):
    """Makes a session, beginning now; instants are on its clock."""

    def __call__(
        self,
        *,
        session_id: str,
        user_id: str,
        subprotocol: Subprotocol,
        resume_token: str,
        signed_in_until: float,
        now: float,
    ) -> SessionCore:
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
        registry: Registry,
        prices: Callable[[], Prices],
        books: Bookkeeping,
        traces: Traces,
        surroundings: Surroundings,
        new_session: NewSession,
        new_id: Callable[[], str],
        new_token: Callable[[], str],
        wall_clock: Callable[[], float],
        elsewhere: Callable[[], int] = lambda: 0,
        on_change: Callable[[int], None] = lambda _: None,
    ) -> None:
        """`elsewhere` counts the sessions of the other workers; `on_change` hears how many there are here."""
        self._admission = admission
        self._sign_in = sign_in
        self._health = health
        self._counters = counters
        self._registry = registry
        self._prices = prices
        self._books = books
        self._traces = traces
        self._surroundings = surroundings
        self._new_session = new_session
        self._new_id = new_id
        self._new_token = new_token
        self._wall_clock = wall_clock
        self._elsewhere = elsewhere
        self._on_change = on_change
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
            self._registry.add(contract.SESSION_START, outcome="auth")
            return refusal_of(error)
        except StoreError as error:
            _log.warning("a ticket could not be looked at", reason=str(error))
            self._registry.add(contract.SESSION_START, outcome="auth")
            return refusal_of(SignInUnavailableError(_RETRY_AFTER_S))
        except Exception:  # noqa: BLE001 - a sign-in that fails lets nobody in
            _log.exception("sign-in failed")
            self._registry.add(contract.SESSION_START, outcome="auth")
            return refusal_of(SignInUnavailableError(_RETRY_AFTER_S))
        return self.refusal() or await self.budget_refusal(grant) or partial(self._attend, grant)

    async def budget_refusal(self, grant: Grant) -> Refused | None:
        """Why this user gets no session today; None when there is something left to spend."""
        budget = await self._books.allow(grant.principal.user_id)
        if budget is None:
            return None
        self._registry.add(contract.SESSION_START, outcome="quota")
        return Refused(
            status=HTTPStatus.TOO_MANY_REQUESTS,
            code="budget_spent",
            detail=_SPENT[budget],
            retry_after_s=ceil(self._books.renewed_in_s()),
        )

    def _add(self, user_id: str, amounts: Mapping[str, int]) -> None:
        """Something happened in a session of this user; whoever has nothing left to spend is told so."""
        self._books.add(user_id, amounts)
        if "cost_nano" not in amounts or (budget := self._books.spent(user_id)) is None:
            return
        for attended in self._running:
            if budget is Budget.DEPLOYMENT or attended.user_id == user_id:
                # What is being done for this session now is done first.
                asyncio.get_running_loop().call_soon(attended.spent, budget, self._books.renewed_in_s())

    def refusal(self) -> Refused | None:
        """Why nobody, whoever they are, gets a session now; None when somebody may."""
        refusal = self._admission.refusal(
            running_sessions=len(self._running) + self._elsewhere(),
            draining=self._health.phase is Phase.DRAINING,
            level=self._surroundings.pressure.level,
        )
        if refusal is None:
            return None
        self._registry.add(contract.SESSION_START, outcome="overload")
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
                user_id=grant.principal.user_id,
                subprotocol=subprotocol,
                resume_token=self._new_token(),
                signed_in_until=holder.expires_at,
                now=now,
            ),
            connection=connection,
            subprotocol=subprotocol,
            record=SessionRecord(
                session_id=session_id,
                subprotocol=subprotocol.value,
                began_at=now,
                counters=self._counters,
                registry=self._registry,
                traces=self._traces,
                prices=self._prices(),
                add_figures=partial(self._add, grant.principal.user_id),
            ),
            surroundings=self._surroundings,
            holder=holder,
            tasks=tasks,
            on_owned=lambda owned: self._owned(attended, owned),
            on_gone=self._give_way,
        )
        attended.belongs_to(
            grant.principal.user_id,
            subprotocol,
            resume=self._resume,
            on_finished=self._forget,
        )
        self._running[attended] = None
        self._on_change(len(self._running))
        return attended

    def _owned(self, owner: "Attended", owned: Owned) -> None:
        """A session owns a conversation now: whichever of this process had it before need not find out by itself."""
        owner.conversation_id, owner.epoch = owned.conversation_id, owned.epoch
        for attended in tuple(self._running):
            is_before = (
                attended.conversation_id == owned.conversation_id and attended.user_id == owner.user_id
            )
            if is_before and attended is not owner:
                attended.disown(StoreFault.SUPERSEDED)

    def _give_way(self, gone: frozenset[str]) -> None:
        """A user began more sessions than one may hold; those of this process end at once."""
        for attended in tuple(self._running):
            if attended.session_id in gone:
                attended.stand(Standing.GAVE_WAY)

    async def look_after(self) -> int:
        """Ask the store who owns what is held here, and end what went on elsewhere or is gone; how many.

        Nothing could have been written there; this is only about how soon everybody knows. Raises StoreError.
        """
        store = self._surroundings.store
        held = {
            (attended.user_id, attended.conversation_id): (attended, attended.epoch)
            for attended in self._running
            if attended.conversation_id is not None
        }
        if store is None or not held:
            return 0
        async with asyncio.timeout(self._surroundings.store_timeout_s):
            epochs = await store.epochs(tuple(held))
        ended = 0
        for owned, (attended, epoch) in held.items():
            now = epochs.get(owned)
            # Whoever attached again meanwhile was not asked about.
            if now != epoch and attended.epoch == epoch and attended in self._running:
                attended.disown(StoreFault.UNKNOWN if now is None else StoreFault.SUPERSEDED)
                ended += 1
        return ended

    async def count(self) -> None:
        """Say which sessions live, and how long they have; end those that may not go on. Raises StoreError."""
        by_user: dict[str, dict[str, Attended]] = {}
        for attended in self._running:
            if attended.counted_at is not None:
                by_user.setdefault(attended.user_id, {})[attended.session_id] = attended
        for user_id, sessions in by_user.items():
            # Others were counted meanwhile, and whoever ended has told what was used.
            used_s = {
                session_id: attended.used_s()
                for session_id, attended in sessions.items()
                if attended in self._running
            }
            standings = await self._surroundings.allowances.beat(user_id, used_s)
            for session_id, standing in standings.items():
                sessions[session_id].stand(standing)

    def deleted(self, user_id: str, conversation_id: str | None) -> None:
        """A user deleted a conversation, or all of them: nobody goes on with it here."""
        for attended in tuple(self._running):
            if attended.user_id == user_id and conversation_id in {None, attended.conversation_id}:
                attended.disown(StoreFault.UNKNOWN)

    def _forget(self, attended: "Attended") -> None:
        self._running.pop(attended, None)
        self._on_change(len(self._running))
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
        leaving = tuple(self._running)
        for number, attended in enumerate(leaving):
            # One after the other, so that those who go elsewhere do not come there all at once.
            attended.drain(deadline_s, after_s=min(number * _PACE_S, number / len(leaving) * deadline_s / 3))
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
    conversation_id: str | None = None
    """The one it owns, once the store has said so."""
    epoch: int = 0
    """Under which it owns it."""

    def belongs_to(
        self,
        user_id: str,
        subprotocol: Subprotocol,
        *,
        resume: Callable[["Attended", client.Resume], "Attended | None"],
        on_finished: Callable[["Attended"], None],
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
        target = self._other or self
        if target.hears(self.connection):
            driver.Driver.on_text(target, text)

    def on_binary(self, frame: bytes) -> None:
        """A binary message."""
        self._is_new = False
        target = self._other or self
        if target.hears(self.connection):
            driver.Driver.on_binary(target, frame)

    def on_fault(self, error: VoiceError) -> None:
        """The client broke a rule."""
        target = self._other or self
        if target.hears(self.connection):
            driver.Driver.on_fault(target, error)

    def on_too_slow(self) -> None:
        """The client reads too slowly."""
        target = self._other or self
        if target.hears(self.connection):
            driver.Driver.on_too_slow(target)

    async def finish(self, close_code: int | None) -> None:
        """Let go of everything, and of the place in this process."""
        if self._other is not None:
            self._other.lost(self.connection, close_code)
        try:
            await super().finish(close_code)
        finally:
            self._on_finished(self)

    def _asked_for(self, text: str) -> "Attended | None":
        try:
            message = client.decode_text(text, self.subprotocol)
        except VoiceError:
            return None
        if not isinstance(message, client.Start) or message.resume is None:
            return None
        return self._resume(self, message.resume)
