"""What users hold and use, counted by two processes, and what they are told when it is enough."""

import json
from collections.abc import Callable

import pytest

from service.allowances import Allowances
from service.policies.allowance import Allowance, Standing
from service.stores.memory import MemoryDocuments
from service.stores.ports import StoreUnavailableError
from tests.service import fake_sign_in
from tests.service.serving import close_code, hear, serving
from tests.service.test_places import Broken

NOON = 1_795_435_200.0
"""2026-11-23 12:00 UTC."""


def counted(
    documents: MemoryDocuments, clock: Callable[[], float] = lambda: NOON, **limits: float
) -> Allowances:
    return Allowances(Allowance(**limits), documents, wall_clock=clock)  # type: ignore[arg-type]  # as the test gives them


async def test_two_processes_count_a_users_sessions_together() -> None:
    documents = MemoryDocuments(lambda: NOON)
    here, there = (counted(documents, sessions=1) for _ in range(2))
    first = await here.enter("ann", "a")
    second = await there.enter("ann", "b")
    somebody_else = await there.enter("bob", "c")
    standings = await here.beat("ann", {"a": 1.0})

    assert (frozenset(), frozenset("a"), frozenset()) == (first, second, somebody_else)
    assert {"a": Standing.GAVE_WAY} == standings


async def test_a_day_that_is_used_up_ends_at_midnight() -> None:
    now = [NOON]
    documents = MemoryDocuments(lambda: now[0])
    users = counted(documents, lambda: now[0], day_s=60.0)
    await users.enter("ann", "a")
    before = await users.seconds_until_more("ann")
    await users.leave("ann", "a", used_s=60.0)
    after = await users.seconds_until_more("ann")
    now[0] += 12 * 3_600

    assert (None, 12 * 3_600, None) == (before, after, await users.seconds_until_more("ann"))


class Expiring(MemoryDocuments):
    """Remembers until when it keeps what."""

    kept_until: float | None = None

    async def swap(self, name: str, version: int, body: bytes, *, expires_at: float) -> bool:
        self.kept_until = expires_at
        return await super().swap(name, version, body, expires_at=expires_at)


@pytest.mark.parametrize(
    ("limits", "kept_s"),
    [({"day_s": 60.0}, 12 * 3_600.0), ({"sessions": 1}, 60.0)],
    ids=["minutes", "sessions"],
)
async def test_a_record_is_kept_for_as_long_as_its_limit_needs_it(
    limits: dict[str, float], kept_s: float
) -> None:
    documents = Expiring(lambda: NOON)
    users = counted(documents, lambda: NOON, **limits)
    await users.enter("ann", "a")
    await users.leave("ann", "a", used_s=1.0)

    assert NOON + kept_s == documents.kept_until


async def test_without_a_limit_nothing_is_written_about_anybody() -> None:
    documents = Expiring(lambda: NOON)
    users = counted(documents)
    await users.enter("ann", "a")
    standings = await users.beat("ann", {"a": 1.0})
    await users.leave("ann", "a", used_s=1.0)

    assert ({}, None) == (standings, documents.kept_until)


async def test_who_cannot_be_counted_is_not_let_in_and_may_leave() -> None:
    users = Allowances(Allowance(sessions=1), Broken(), wall_clock=lambda: NOON)

    with pytest.raises(StoreUnavailableError):
        await users.enter("ann", "a")
    await users.leave("ann", "a", used_s=1.0)


async def test_a_record_that_cannot_be_read_is_begun_anew() -> None:
    documents = MemoryDocuments(lambda: NOON)
    users = counted(documents, sessions=1)
    await users.enter("ann", "a")
    (name,) = documents._documents
    await documents.swap(name, 1, b"{", expires_at=NOON + 10)

    assert frozenset() == await users.enter("ann", "b")


async def test_without_limits_nothing_is_asked_of_the_store() -> None:
    users = Allowances(Allowance(), Broken(), wall_clock=lambda: NOON)

    assert (None, frozenset()) == (await users.seconds_until_more("ann"), await users.enter("ann", "a"))


def test_a_second_session_of_a_user_who_may_hold_one_ends_the_first() -> None:
    with (
        serving(user_sessions=1, wall_clock=lambda: fake_sign_in.NOW) as client,
        client.websocket_connect("/ws", headers={"host": "localhost", **fake_sign_in.BEARER}) as first,
    ):
        first.send_text(json.dumps({"type": "start"}))
        hear(first, "ready")
        with client.websocket_connect("/ws", headers={"host": "localhost", **fake_sign_in.BEARER}) as second:
            second.send_text(json.dumps({"type": "start"}))
            hear(second, "ready")

            assert 4409 == close_code(first)
            second.send_text(json.dumps({"type": "end"}))
