"""Streams of one account in two processes, over one ledger."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from service.places import SharedPlaces, Unlimited
from service.policies.quota import Quota
from service.stores.memory import MemoryDocuments
from service.stores.ports import Documents, StoreUnavailableError

QUOTA = Quota(streams=5)


class Clock:
    """A wall clock on which every look is a little later."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


class Broken:
    """A store that is away."""

    async def read(self, name: str) -> tuple[int, bytes | None]:
        raise StoreUnavailableError(name)

    async def swap(self, name: str, version: int, body: bytes, *, expires_at: float) -> bool:
        raise StoreUnavailableError(f"{name}, {version}, {len(body)} bytes, {expires_at}")


@asynccontextmanager
async def processes(count: int, documents: Documents | None = None) -> AsyncIterator[list[SharedPlaces]]:
    clock = Clock()
    shared = documents or MemoryDocuments(clock)
    made = [SharedPlaces(QUOTA, shared, task=f"task-{i}", wall_clock=clock) for i in range(count)]
    running = [asyncio.create_task(places.run()) for places in made]
    yield made
    for task in running:
        task.cancel()
    await asyncio.wait(running)


class Told:
    """What somebody in line was told."""

    def __init__(self) -> None:
        self.positions: list[int] = []
        self._changed = asyncio.Event()

    def __call__(self, position: int) -> None:
        self.positions.append(position)
        self._changed.set()

    async def until(self, position: int) -> None:
        while position not in self.positions:
            self._changed.clear()
            await self._changed.wait()


def waits(
    places: SharedPlaces, told: Callable[[int], None] = print, *, urgent: bool = False
) -> asyncio.Task[None]:
    return asyncio.create_task(places.place(urgent=urgent, on_position=told))


async def test_two_processes_share_what_there_is_and_the_next_in_line_gets_what_is_given_back() -> None:
    async with asyncio.timeout(20), processes(2) as (here, there):
        for places in (here, there, here, there):
            await waits(places)
        first = Told()
        second = Told()
        third = waits(there, first)
        await first.until(1)
        fourth = waits(here, second)
        await second.until(2)
        there.leave()
        await third
        await second.until(1)

        assert not fourth.done()
        fourth.cancel()


async def test_a_conversation_that_goes_on_does_not_queue_behind_new_ones() -> None:
    async with asyncio.timeout(20), processes(2) as (here, there):
        for _ in range(4):
            await waits(here)
        told = Told()
        new = waits(here, told)
        await told.until(1)
        await waits(there, urgent=True)

        assert not new.done()
        assert not await here.extra()
        new.cancel()


async def test_a_second_stream_comes_from_the_reserve_and_goes_back_there() -> None:
    async with asyncio.timeout(20), processes(1) as (here,):
        for _ in range(4):
            await waits(here)

        assert [True, False] == [await here.extra(), await here.extra()]
        here.leave_extra()
        assert await here.extra()


async def test_who_leaves_the_line_holds_nothing() -> None:
    async with asyncio.timeout(20), processes(1) as (here,):
        for _ in range(4):
            await waits(here)
        told = Told()
        gone = waits(here, told)
        await told.until(1)
        gone.cancel()
        await asyncio.wait({gone})
        here.leave()
        await waits(here)


async def test_without_the_store_nobody_new_gets_a_stream_and_who_has_one_goes_on() -> None:
    async with asyncio.timeout(20), processes(1, Broken()) as (here,):
        new = waits(here)

        assert await here.extra()
        assert not new.done()
        new.cancel()


async def test_a_ledger_that_cannot_be_read_is_begun_anew() -> None:
    clock = Clock()
    documents = MemoryDocuments(clock)
    await documents.swap("streams", 0, b"[garbage", expires_at=9e9)
    async with asyncio.timeout(20), processes(1, documents) as (here,):
        await waits(here)


async def test_where_nobody_counts_everybody_gets_what_they_want() -> None:
    places = Unlimited()
    await places.place(urgent=False, on_position=print)

    assert await places.extra()
    places.leave_extra()
    places.leave()
