"""What tickets and small documents must do that several processes share, whatever they are kept in.

A subclass gives `shared`: the same state opened twice, as two processes would, and the clock they have.
"""

import asyncio
from dataclasses import dataclass

import pytest

from service.stores.ports import Documents
from service.stores.wiring import Tickets


@dataclass
class Shared:
    """Two processes over one state."""

    tickets: tuple[Tickets, Tickets]
    documents: tuple[Documents, Documents]
    clock: list[float]


class SharedContract:
    """Subclass it, and give it a fixture `shared`."""

    async def test_a_ticket_is_taken_once_wherever_it_was_put(self, shared: Shared) -> None:
        here, there = shared.tickets
        await here.put("a", b"\x00sealed", expires_at=130.0)

        assert b"\x00sealed" == await there.take("a", now=100.0)
        assert [None, None] == [await here.take("a", now=100.0), await there.take("a", now=100.0)]

    async def test_of_two_that_take_a_ticket_at_once_one_has_it(self, shared: Shared) -> None:
        here, there = shared.tickets
        for number in range(5):
            await here.put(f"t{number}", b"s", expires_at=130.0)
            taken = await asyncio.gather(*(by.take(f"t{number}", now=100.0) for by in (here, there, here)))
            assert [b"s"] == [ticket for ticket in taken if ticket is not None]

    async def test_a_ticket_is_good_until_its_instant_and_no_longer(self, shared: Shared) -> None:
        here, _ = shared.tickets
        await here.put("a", b"s", expires_at=130.5)
        await here.put("b", b"s", expires_at=130.5)

        assert [b"s", None] == [await here.take("a", now=130.4), await here.take("b", now=130.5)]

    async def test_an_unknown_ticket_is_none(self, shared: Shared) -> None:
        assert None is await shared.tickets[0].take("nobody", now=100.0)

    async def test_a_document_is_changed_by_who_has_read_it_last(self, shared: Shared) -> None:
        here, there = shared.documents
        assert (0, None) == await here.read("quota")
        assert await here.swap("quota", 0, b"one", expires_at=200.0)
        version, body = await there.read("quota")
        assert await there.swap("quota", version, b"two", expires_at=200.0)

        assert b"one" == body
        assert not await here.swap("quota", version, b"three", expires_at=200.0)
        assert not await here.swap("quota", 0, b"three", expires_at=200.0)
        assert b"two" == (await here.read("quota"))[1]

    async def test_no_change_is_lost_when_many_change_a_document_at_once(self, shared: Shared) -> None:
        async def add(documents: Documents) -> None:
            while True:
                version, body = await documents.read("count")
                number = int(body or b"0") + 1
                if await documents.swap("count", version, str(number).encode(), expires_at=200.0):
                    return

        await asyncio.gather(*(add(documents) for documents in shared.documents * 5))

        assert b"10" == (await shared.documents[0].read("count"))[1]

    async def test_a_document_that_has_expired_is_not_there_and_may_begin_anew(self, shared: Shared) -> None:
        here, there = shared.documents
        await here.swap("quota", 0, b"old", expires_at=110.0)
        version, _ = await here.read("quota")
        shared.clock[0] = 110.0

        assert (0, None) == await there.read("quota")
        assert await there.swap("quota", 0, b"new", expires_at=200.0)
        assert b"new" == (await here.read("quota"))[1]
        assert version > 0

    @pytest.mark.parametrize("name", ["users/ann#1", "ä☃", "x" * 500])
    async def test_a_name_is_any_text(self, shared: Shared, name: str) -> None:
        here, there = shared.documents
        await here.swap(name, 0, b"\x00\xff", expires_at=200.0)

        assert (1, b"\x00\xff") == await there.read(name)
