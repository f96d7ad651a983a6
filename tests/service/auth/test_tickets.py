"""Tickets work once, for half a minute, for their own user; and the store cannot read them."""

import asyncio

import pytest

from service.auth.ports import NotAuthenticatedError
from service.auth.tickets import MemoryTicketStore, Tickets
from tests.service.fake_sign_in import NOW, grant


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


class WatchedStore(MemoryTicketStore):
    """Remembers everything it was given, as a backup of a table would."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, bytes]] = []

    async def put(self, name: str, sealed: bytes, *, expires_at: float) -> None:
        self.seen.append((name, sealed))
        await super().put(name, sealed, expires_at=expires_at)


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def test_a_ticket_gives_its_grant_back(clock: Clock) -> None:
    tickets = Tickets(MemoryTicketStore(), wall_clock=clock)
    held = grant("alice", expires_at=NOW + 3_600, token="a.b.c")
    ticket = await tickets.issue(held)
    redeemed = await tickets.redeem(ticket.value)

    assert held == redeemed
    assert (43, 30) == (len(ticket.value), ticket.expires_in_s)


async def test_a_ticket_works_once_however_many_ask_at_the_same_time(clock: Clock) -> None:
    store = MemoryTicketStore()
    tasks = [Tickets(store, wall_clock=clock) for _ in range(10)]
    ticket = await tasks[0].issue(grant())
    answers = await asyncio.gather(*(task.redeem(ticket.value) for task in tasks), return_exceptions=True)

    assert 1 == sum(not isinstance(answer, NotAuthenticatedError) for answer in answers)


@pytest.mark.parametrize(("seconds", "works"), [(0, True), (29.9, True), (30, False), (3_600, False)])
async def test_a_ticket_lasts_thirty_seconds(clock: Clock, *, seconds: float, works: bool) -> None:
    tickets = Tickets(MemoryTicketStore(), wall_clock=clock)
    ticket = await tickets.issue(grant())
    clock.now += seconds
    try:
        await tickets.redeem(ticket.value)
        worked = True
    except NotAuthenticatedError:
        worked = False

    assert works is worked


@pytest.mark.parametrize(
    "value", ["", "x", "a" * 43, "a" * 42, "a" * 44, "é" * 43, "a" * 42 + "=", "a" * 42 + "\n", "a" * 100_000]
)
async def test_what_is_no_ticket_is_refused(clock: Clock, value: str) -> None:
    tickets = Tickets(MemoryTicketStore(), wall_clock=clock)
    await tickets.issue(grant())
    with pytest.raises(NotAuthenticatedError):
        await tickets.redeem(value)


async def test_whoever_reads_the_store_can_open_nothing(clock: Clock) -> None:
    store = WatchedStore()
    tickets = Tickets(store, wall_clock=clock)
    ticket = await tickets.issue(grant("alice", token="canary.token"))
    (name, sealed), *_ = store.seen

    assert ticket.value not in name + sealed.hex()
    assert b"canary" not in sealed
    assert b"alice" not in sealed
    assert ticket.value not in repr(ticket)
    with pytest.raises(NotAuthenticatedError):
        await tickets.redeem(name[:43])


async def test_a_record_that_was_changed_or_swapped_opens_nothing(clock: Clock) -> None:
    store = WatchedStore()
    tickets = Tickets(store, wall_clock=clock)
    first, second = await tickets.issue(grant("alice")), await tickets.issue(grant("bob"))
    (first_name, first_sealed), (second_name, _) = store.seen
    await store.put(first_name, first_sealed[:-1] + b"\0", expires_at=NOW + 30)
    await store.put(second_name, first_sealed, expires_at=NOW + 30)
    for ticket in (first, second):
        with pytest.raises(NotAuthenticatedError):
            await tickets.redeem(ticket.value)


async def test_the_store_in_memory_holds_so_many_and_forgets_what_is_old(clock: Clock) -> None:
    store = MemoryTicketStore(max_records=3)
    tickets = Tickets(store, wall_clock=clock)
    issued = [await tickets.issue(grant()) for _ in range(4)]
    with pytest.raises(NotAuthenticatedError):
        await tickets.redeem(issued[0].value)
    await tickets.redeem(issued[3].value)
    clock.now += 31
    await store.take("whatever", now=clock.now)

    assert {} == store._records
