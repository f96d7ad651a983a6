"""A session's way to the store: the real one, in a file; slow or broken where a test says so."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.session.events import Owned, StoreFault
from service.session.keeping import (
    AttachConversation,
    BeginConversation,
    RenewGrip,
    ResumeSession,
    SaveTurn,
    Write,
)
from service.stores.errands import Errands, fault_of
from service.stores.ports import (
    CannotResumeError,
    ConversationUnknownError,
    StoreError,
    StoreUnavailableError,
    SupersededError,
)
from service.stores.sqlite import SqliteStore
from tests.contract.store_contract import C1, RETENTION, grip, turn

ANN = "ann"
BEGIN = BeginConversation(conversation_id=C1, grip=grip("s1"))


class Moody(SqliteStore):
    """Fails so many times, in its own way, before it works."""

    failures: list[Exception]
    delay_s = 0.0

    async def begin(self, *args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(self.delay_s)
        if self.failures:
            raise self.failures.pop(0)
        return await super().begin(*args, **kwargs)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Moody]:
    opened = Moody(
        tmp_path / "conversations.sqlite",
        retention=RETENTION,
        utc_now=lambda: datetime(2026, 11, 23, tzinfo=UTC),
    )
    opened.failures = []
    yield opened
    await opened.aclose()


def errands(store: SqliteStore | None, *, user_id: str = ANN, timeout_s: float = 5.0) -> Errands:
    return Errands(store, user_id, timeout_s=timeout_s)


async def test_what_is_begun_is_owned(store: Moody) -> None:
    assert Owned(conversation_id=C1, epoch=1, last_turn=0, turns=()) == await errands(store).ask(BEGIN)


async def test_what_is_saved_is_in_the_store_under_its_user(store: Moody) -> None:
    mine = errands(store)
    await mine.ask(BEGIN)

    assert None is await mine.ask(SaveTurn(conversation_id=C1, epoch=1, turn=turn(1)))
    assert [turn(1)] == [saved.turn for saved in await store.turns(ANN, C1)]
    assert [] == list(await store.turns("bob", C1))


async def test_who_takes_over_is_told_what_was_said_last(store: Moody) -> None:
    mine = errands(store)
    await mine.ask(BEGIN)
    for number in (1, 2, 3):
        await mine.ask(SaveTurn(conversation_id=C1, epoch=1, turn=turn(number)))
    attach = AttachConversation(conversation_id=C1, grip=grip("s2"), history_bytes=10_000)
    short = AttachConversation(conversation_id=C1, grip=grip("s3"), history_bytes=1)

    assert Owned(
        conversation_id=C1, epoch=2, last_turn=3, turns=(turn(1), turn(2), turn(3))
    ) == await mine.ask(attach)
    assert Owned(conversation_id=C1, epoch=3, last_turn=3, turns=(turn(3),)) == await mine.ask(short)


async def test_a_lost_session_is_resumed_once(store: Moody) -> None:
    mine = errands(store)
    held = grip("s1", "h1")
    await mine.ask(BeginConversation(conversation_id=C1, grip=held))
    for number in (1, 2):
        await mine.ask(SaveTurn(conversation_id=C1, epoch=1, turn=turn(number)))
    resume = ResumeSession(session_id="s1", token_hash="h1", grip=grip("s2", "h2"), history_bytes=1)

    assert Owned(conversation_id=C1, epoch=2, last_turn=2, turns=(turn(2),)) == await mine.ask(resume)
    with pytest.raises(CannotResumeError):
        await mine.ask(ResumeSession(session_id="s1", token_hash="h1", grip=grip("s3"), history_bytes=1))


async def test_nobody_resumes_the_session_of_another_user(store: Moody) -> None:
    held = grip("s1", "h1")
    await errands(store).ask(BeginConversation(conversation_id=C1, grip=held))

    with pytest.raises(CannotResumeError):
        await errands(store, user_id="bob").ask(
            ResumeSession(session_id="s1", token_hash="h1", grip=grip("s2", "h2"), history_bytes=1)
        )


async def test_a_grip_is_renewed_by_its_owner_alone(store: Moody) -> None:
    mine = errands(store)
    await mine.ask(BEGIN)
    renewed = grip("s1", "h9")

    assert None is await mine.ask(RenewGrip(conversation_id=C1, epoch=1, grip=renewed))
    with pytest.raises(SupersededError):
        await mine.ask(RenewGrip(conversation_id=C1, epoch=0, grip=grip("s1")))
    resumed = await mine.ask(
        ResumeSession(session_id="s1", token_hash="h9", grip=grip("s2"), history_bytes=1)
    )
    assert resumed is not None
    assert 2 == resumed.epoch


async def test_errors_of_the_store_are_told_as_they_are(store: Moody) -> None:
    attach = AttachConversation(conversation_id=C1, grip=grip("s1"), history_bytes=1)

    with pytest.raises(ConversationUnknownError):
        await errands(store).ask(attach)


async def test_without_a_store_everything_is_unavailable() -> None:
    with pytest.raises(StoreUnavailableError, match=r"^there is no store$"):
        await errands(None).ask(BEGIN)


async def test_a_store_that_does_not_answer_in_time_is_unavailable(store: Moody) -> None:
    store.delay_s = 30.0

    with pytest.raises(StoreUnavailableError, match=r"^no answer within 0\.01 s$"):
        await errands(store, timeout_s=0.01).ask(BEGIN)


async def test_a_store_that_breaks_is_unavailable_and_says_how(store: Moody) -> None:
    store.failures = [ZeroDivisionError()]

    with pytest.raises(StoreUnavailableError, match=r"^failed with ZeroDivisionError$"):
        await errands(store).ask(BEGIN)


async def test_what_is_left_behind_is_written_however_often_that_fails(
    store: Moody, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.failures = [StoreUnavailableError("away"), OSError("full")]
    waits = waiting(monkeypatch)
    rest: list[Write] = [BEGIN, *(SaveTurn(conversation_id=C1, epoch=1, turn=turn(n)) for n in (1, 2))]
    await errands(store).finish(rest)

    assert [turn(1), turn(2)] == [saved.turn for saved in await store.turns(ANN, C1)]
    assert [0.3, 0.3] == waits


async def test_what_is_not_wanted_any_more_is_given_up(store: Moody) -> None:
    with pytest.raises(ConversationUnknownError):
        await errands(store).finish([SaveTurn(conversation_id=C1, epoch=1, turn=turn(1)), BEGIN])
    assert [] == list(await store.conversations(ANN, limit=9))


def waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between two tries, which take no time here."""
    waits: list[float] = []
    healthy = asyncio.sleep

    async def sleep(seconds: float) -> None:
        if seconds:
            waits.append(seconds)
        await healthy(0)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return waits


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (ConversationUnknownError("x"), StoreFault.UNKNOWN),
        (SupersededError("x"), StoreFault.SUPERSEDED),
        (CannotResumeError("x"), StoreFault.CANNOT_RESUME),
        (StoreUnavailableError("x"), StoreFault.UNAVAILABLE),
        (StoreError("x"), StoreFault.UNAVAILABLE),
    ],
)
def test_each_error_is_one_fault_for_the_session(error: StoreError, fault: StoreFault) -> None:
    assert fault is fault_of(error)
