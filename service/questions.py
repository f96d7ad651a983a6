"""What a session asks that takes time: tools, tickets, its place, and the store. Each answer is one more event."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Final, assert_never

from service.errors import CloseCode, ErrorCode
from service.holder import Holder
from service.metrics.logs import logger
from service.session import streams
from service.session.effects import RedeemTicket, RunTool, TakePlace
from service.session.events import (
    Event,
    Kept,
    NotKept,
    Owned,
    PlaceGiven,
    PlaceQueued,
    PlaceRefused,
    ToolFinished,
)
from service.session.keeping import Keep, KeepRest, Write
from service.stores.errands import Errands, fault_of
from service.stores.ports import StoreError
from service.surroundings import Surroundings

type Question = RunTool | RedeemTicket | TakePlace | Keep | KeepRest

_UNCOUNTED: Final = "It cannot be found out at the moment whether there is a place for you; please try again."
_log = logger("service.driver")


class Questions:
    """See the module."""

    def __init__(
        self,
        surroundings: Surroundings,
        holder: Holder,
        tasks: asyncio.TaskGroup,
        *,
        session_id: str,
        answer: Callable[[Event], None],
        on_owned: Callable[[Owned], None],
        on_gone: Callable[[frozenset[str]], None],
    ) -> None:
        self._tools = surroundings.tools
        self._places = surroundings.places
        self._allowances = surroundings.allowances
        self._clock = surroundings.clock
        self._holder = holder
        self._user_id = holder.grant.principal.user_id
        self._store = Errands(surroundings.store, self._user_id, timeout_s=surroundings.store_timeout_s)
        self._tasks = tasks
        self._session_id = session_id
        self._answer = answer
        self._on_owned = on_owned
        self._on_gone = on_gone
        self._asked: set[asyncio.Task[None]] = set()
        """None of their answers is wanted after the end."""
        self._has_place = False
        self.keeping_rest: asyncio.Task[None] | None = None
        """What is left to be written at the end of the session."""
        self.counted_at: float | None = None
        """When the session was counted last among what its user holds and uses; None: it is not."""

    def ask(self, question: Question) -> None:
        """Begin to find out."""
        match question:
            case RunTool():
                self._begin(self._run_tool(question))
            case RedeemTicket(ticket=ticket):
                self._begin(self._redeem(ticket))
            case TakePlace(urgent=urgent):
                self._begin(self._take_place(urgent=urgent))
            case Keep():
                self._begin(self._keep(question))
            case KeepRest(writes=writes):
                self.keeping_rest = self._tasks.create_task(self._keep_rest(writes))
            case _:
                assert_never(question)

    def _begin(self, asking: Coroutine[None, None, None]) -> None:
        task = self._tasks.create_task(asking)
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)

    def give_up(self) -> None:
        """The session is over; what it leaves to be written is written all the same."""
        for waiting in self._asked:
            waiting.cancel()

    def used_s(self) -> float:
        """How long the session has lasted since this was asked last."""
        before, self.counted_at = self.counted_at, self._clock()
        return 0.0 if before is None else self.counted_at - before

    async def leave(self) -> None:
        """Give the place back, and the session's part of what its user may hold."""
        if self._has_place:
            self._places.leave()
        if self.counted_at is not None:
            await self._allowances.leave(self._user_id, self._session_id, used_s=self.used_s())

    async def finish_keeping(self, timeout_s: float) -> None:
        """Wait for what is left to be written, within a deadline."""
        if self.keeping_rest is None:
            return
        await asyncio.wait({self.keeping_rest}, timeout=timeout_s)
        if not self.keeping_rest.done():
            self.keeping_rest.cancel()
            _log.error("turns were not saved in time", session_id=self._session_id)

    async def _run_tool(self, tool: RunTool) -> None:
        result_json, worked = await self._tools.run(tool.name, tool.arguments_json)
        self._answer(
            ToolFinished(
                stream_id=tool.stream_id,
                tool_use_id=tool.tool_use_id,
                result_json=result_json,
                failed=not worked,
            )
        )

    async def _redeem(self, ticket: str) -> None:
        self._answer(await self._holder.renew(ticket))

    async def _take_place(self, *, urgent: bool) -> None:
        refused = await self._enter()
        if refused is not None:
            self._answer(refused)
            return
        await self._places.place(
            urgent=urgent, on_position=lambda position: self._answer(PlaceQueued(position=position))
        )
        self._has_place = True
        self._answer(PlaceGiven())

    async def _enter(self) -> PlaceRefused | None:
        """Count the session among its user's; why there is none."""
        try:
            if await self._allowances.seconds_until_more(self._user_id) is not None:
                return PlaceRefused(
                    code=CloseCode.SLOW_DOWN, error=ErrorCode.DAILY_LIMIT, sentence=streams.SPENT
                )
            gone = await self._allowances.enter(self._user_id, self._session_id)
        except StoreError as error:
            _log.warning("a user could not be counted", session_id=self._session_id, reason=str(error))
            return PlaceRefused(code=CloseCode.GO_ELSEWHERE, error=ErrorCode.AT_CAPACITY, sentence=_UNCOUNTED)
        self.counted_at = self._clock()
        self._on_gone(gone)
        return None

    async def _keep(self, effect: Keep) -> None:
        try:
            owned = await self._store.ask(effect.write)
        except StoreError as error:
            self._answer(NotKept(write_id=effect.write_id, fault=fault_of(error), reason=str(error)))
        else:
            if owned is not None:
                self._on_owned(owned)
            self._answer(Kept(write_id=effect.write_id, owned=owned))

    async def _keep_rest(self, writes: Sequence[Write]) -> None:
        try:
            await self._store.finish(writes)
        except StoreError as error:
            _log.warning("turns were not saved", session_id=self._session_id, reason=str(error))
