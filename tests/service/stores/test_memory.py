"""What is shared by nobody but the parts of one process keeps the same promises."""

import pytest

from service.auth.tickets import MemoryTicketStore
from service.stores.memory import MemoryDocuments
from tests.contract.shared_contract import Shared, SharedContract


class TestMemory(SharedContract):
    @pytest.fixture
    def shared(self) -> Shared:
        clock = [100.0]
        tickets, documents = MemoryTicketStore(), MemoryDocuments(lambda: clock[0])
        return Shared(tickets=(tickets, tickets), documents=(documents, documents), clock=clock)


async def test_what_has_expired_takes_no_memory() -> None:
    clock = [100.0]
    documents = MemoryDocuments(lambda: clock[0])
    for number in range(5):
        await documents.swap(f"old-{number}", 0, b"x", expires_at=110.0)
    await documents.swap("kept", 0, b"x", expires_at=110.1)
    clock[0] = 110.0
    await documents.swap("new", 0, b"x", expires_at=200.0)

    assert [(0, None), (1, b"x"), (1, b"x")] == [
        await documents.read(name) for name in ("old-0", "kept", "new")
    ]
    assert 2 == len(documents._documents)
