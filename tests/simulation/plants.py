"""Mistakes that were made before, by us or by others, as patches; the simulation has to notice each of them.

A mistake names the scenario that shows it and how many seeds that may take.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pytest

from service import driver
from service.model_streams import ModelStreams
from service.policies.breaker import Breaker
from service.reception import Reception
from service.session import resumption, sign_in, store_side, streams, timers, upstream
from service.session.core import Core
from service.session.keeping import Keeping, SaveTurn
from service.session.upstream import Upstream
from service.stores.ports import ConversationUnknownError
from service.stores.sqlite import SqliteStore
from service.stores.sqlite_shared import SqliteTickets
from service.transports.websocket_protocol import DirectConnection
from service.wire import sonic_input
from tests.service import fake_sign_in
from tests.simulation import process


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """One mistake."""

    patch: Callable[[pytest.MonkeyPatch], None]
    scenario: str
    seeds: int


def no_fencing(patch: pytest.MonkeyPatch) -> None:
    """The store takes writes from whoever owned the conversation once."""

    def owned(self: SqliteStore, user_id: str, conversation_id: str, _epoch: int) -> Any:
        row = self._row(user_id, conversation_id)
        if row is None:
            raise ConversationUnknownError("gone")
        return row

    def save_turn(self: SqliteStore, user_id: str, conversation_id: str, epoch: int, turn: Any) -> None:
        written = self.file.opened().execute(
            "SELECT epoch FROM turns WHERE user_id = ? AND conversation_id = ? AND number = ?",
            (user_id, conversation_id, turn.number),
        )
        if written.fetchone() is None:
            healthy(self, user_id, conversation_id, epoch, turn)

    healthy = SqliteStore._save_turn
    patch.setattr(SqliteStore, "_owned", owned)
    patch.setattr(SqliteStore, "_save_turn", save_turn)


def two_writers(patch: pytest.MonkeyPatch) -> None:
    """What goes to a stream is sent by tasks of its own, which overtake each other."""

    def send(self: ModelStreams, stream_id: int, event: Any, **_: bool) -> None:
        stream = self._streams.get(stream_id)
        if stream is not None:
            payload = sonic_input.encode(event)
            asyncio.get_running_loop().call_soon(partial(stream.send, payload, droppable=False))

    patch.setattr(ModelStreams, "send", send)


def cancelled_reader(patch: pytest.MonkeyPatch) -> None:
    """The end of a session cancels whoever would have ended its streams and waited for their last word."""
    healthy = driver.Driver.finish

    async def finish(self: driver.Driver, close_code: int | None) -> None:
        self.lost(self._first_connection, close_code)
        await self._over.wait()
        self._streams._streams.clear()
        self._streams._gone.set()
        await healthy(self, close_code)

    patch.setattr(ModelStreams, "close", lambda *_: None)
    patch.setattr(driver.Driver, "finish", finish)


def off_by_one_replay(patch: pytest.MonkeyPatch) -> None:
    """A client that comes back is not told the first message that it missed."""
    healthy = resumption.Outgoing.after
    patch.setattr(resumption.Outgoing, "after", lambda self, last_seq: healthy(self, last_seq + 1))


def off_by_one_history(patch: pytest.MonkeyPatch) -> None:
    """The next stream is not told of the newest turn."""
    healthy = streams._history
    patch.setattr(streams, "_history", lambda core: healthy(core)[:-2])


def without(patch: pytest.MonkeyPatch, *missing: Callable[[Core], float]) -> None:
    """Timers are missing wherever timers are looked at."""
    patch.setattr(timers, "TIMERS", [timer for timer in timers.TIMERS if timer[0] not in missing])
    patch.setattr(timers, "_OTHERS", tuple(due for due in timers._OTHERS if due not in missing))
    for state, moved in timers._MOVED_BY_AUDIO.items():
        patch.setitem(timers._MOVED_BY_AUDIO, state, tuple(due for due in moved if due not in missing))


def no_reply_timer(patch: pytest.MonkeyPatch) -> None:
    """A model that never answers is waited for for ever."""
    without(patch, timers._reply_at)


def no_continuation_timer(patch: pytest.MonkeyPatch) -> None:
    """Nobody looks at how old a stream is."""
    without(patch, timers._continuation_at, timers._prepare_at)


def no_silence(patch: pytest.MonkeyPatch) -> None:
    """A model that nobody speaks to is not fed."""
    without(patch, timers._keep_alive_at)


def no_jitter(patch: pytest.MonkeyPatch) -> None:
    """Chance is always the same."""
    healthy = process.create_app
    patch.setattr(
        process, "create_app", lambda *args, **parts: healthy(*args, **parts | {"chance": lambda: 0.5})
    )


def forgets_what_was_said_meanwhile(patch: pytest.MonkeyPatch) -> None:
    """What a lost stream had heard of the sentence is not said again to the next one."""

    def carry_over(self: Upstream) -> None:
        self.phase = upstream.Phase.NONE
        self.forget_closed()
        self.forget_recent()

    patch.setattr(Upstream, "carry_over", carry_over)


def says_saved_too_early(patch: pytest.MonkeyPatch) -> None:
    """A write that failed is taken for done."""
    healthy = store_side._unavailable

    def unavailable(core: Any, write: Any, now: float) -> None:
        if isinstance(write, SaveTurn):
            store_side._saved(core, write.turn.number, now)
            core.keeping.go_on()
        else:
            healthy(core, write, now)

    patch.setattr(store_side, "_unavailable", unavailable)


def numbers_turns_anew(patch: pytest.MonkeyPatch) -> None:
    """Whoever takes a conversation over counts its turns from one."""
    healthy = store_side._owned

    def owned(core: Any, *found: Any) -> None:
        before = core.turns
        healthy(core, *found)
        core.turns = before

    patch.setattr(store_side, "_owned", owned)


def gives_up_a_failed_write(patch: pytest.MonkeyPatch) -> None:
    """A write that failed is not tried again."""
    patch.setattr(Keeping, "try_again", lambda *_: None)


def never_closes_the_breaker(patch: pytest.MonkeyPatch) -> None:
    """Once the model was away, nobody asks for it again."""
    healthy = Breaker.may_try

    def may_try(self: Breaker, now: float) -> bool:
        return self._probe_at is None and healthy(self, now)

    patch.setattr(Breaker, "may_try", may_try)


def forgets_to_close_the_socket(patch: pytest.MonkeyPatch) -> None:
    """The session ends, and its client is not told."""
    patch.setattr(DirectConnection, "close", lambda *_: None)


def no_end_of_sign_in(patch: pytest.MonkeyPatch) -> None:
    """Whoever is in stays in, whatever becomes of their sign-in."""
    without(patch, sign_in.expired_at)


def tickets_work_twice(patch: pytest.MonkeyPatch) -> None:
    """A ticket is read, and left where it was."""

    def take(self: SqliteTickets, name: str, now: float) -> bytes | None:
        row = self._file.opened().execute("SELECT sealed, expires_at FROM tickets WHERE name = ?", (name,))
        found = row.fetchone()
        return None if found is None or found["expires_at"] <= now else bytes(found["sealed"])

    patch.setattr(SqliteTickets, "_take", take)


def everybody_reads_everything(patch: pytest.MonkeyPatch) -> None:
    """Whose conversation it is, is not asked when it is read."""

    async def user_of(_: Reception, __: object) -> str:
        return f"{fake_sign_in.ISSUER}#caller-0"

    patch.setattr(Reception, "user_of", user_of)


PLANTS: Final[Mapping[str, Plant]] = {
    plant.patch.__name__: plant
    for plant in (
        Plant(patch=no_fencing, scenario="left behind", seeds=100),
        Plant(patch=two_writers, scenario="calm", seeds=5),
        Plant(patch=cancelled_reader, scenario="calm", seeds=5),
        Plant(patch=off_by_one_replay, scenario="cut lines", seeds=10),
        Plant(patch=off_by_one_history, scenario="continuation", seeds=5),
        Plant(patch=no_reply_timer, scenario="model trouble", seeds=20),
        Plant(patch=no_continuation_timer, scenario="continuation", seeds=10),
        Plant(patch=no_silence, scenario="continuation", seeds=5),
        Plant(patch=no_jitter, scenario="same second", seeds=3),
        Plant(patch=forgets_what_was_said_meanwhile, scenario="model trouble", seeds=60),
        Plant(patch=says_saved_too_early, scenario="store trouble", seeds=5),
        Plant(patch=numbers_turns_anew, scenario="crashes", seeds=10),
        Plant(patch=gives_up_a_failed_write, scenario="store trouble", seeds=10),
        Plant(patch=never_closes_the_breaker, scenario="model trouble", seeds=100),
        Plant(patch=forgets_to_close_the_socket, scenario="deploys", seeds=5),
        Plant(patch=no_end_of_sign_in, scenario="sign-in", seeds=5),
        Plant(patch=tickets_work_twice, scenario="sign-in", seeds=5),
        Plant(patch=everybody_reads_everything, scenario="sign-in", seeds=5),
    )
}
