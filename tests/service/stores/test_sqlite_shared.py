"""Tickets and documents in a file that two processes have open, and a file from before there were any."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.auth.ports import NotAuthenticatedError
from service.auth.tickets import Tickets
from service.stores import sqlite_file
from service.stores.ports import StoreUnavailableError
from service.stores.sqlite_file import SqliteFile
from service.stores.sqlite_shared import SqliteDocuments, SqliteTickets
from tests.contract.shared_contract import Shared, SharedContract
from tests.service.fake_sign_in import grant


class TestSqliteShared(SharedContract):
    @pytest.fixture
    async def shared(self, tmp_path: Path) -> AsyncIterator[Shared]:
        clock = [100.0]
        here, there = (SqliteFile(tmp_path / "shared.sqlite") for _ in range(2))
        yield Shared(
            tickets=(SqliteTickets(here), SqliteTickets(there)),
            documents=(
                SqliteDocuments(here, lambda: clock[0]),
                SqliteDocuments(there, lambda: clock[0]),
            ),
            clock=clock,
        )
        await here.aclose()
        await there.aclose()


OLD = {
    "before figures and tickets": (1, sqlite_file._SCHEMA.replace(", figures TEXT", "")),
    "with tickets, before figures": (
        2,
        sqlite_file._SCHEMA.replace(", figures TEXT", "") + sqlite_file._SHARED,
    ),
    "with figures, before tickets": (2, sqlite_file._SCHEMA),
}


@pytest.mark.parametrize(("version", "schema"), OLD.values(), ids=OLD)
async def test_an_older_file_gets_what_it_lacks_and_keeps_what_it_has(
    tmp_path: Path, version: int, schema: str
) -> None:
    path = tmp_path / "old.sqlite"
    with sqlite3.connect(path) as database:
        database.executescript(schema)
        database.execute("INSERT INTO conversations VALUES ('ann', 'c', 't', 1, 1, 9e9, 1, 1, 's', NULL, 0)")
        database.execute(f"PRAGMA user_version = {version}")
    database.close()
    for ticket in ("a", "b"):
        file = SqliteFile(path)
        await SqliteTickets(file).put(ticket, b"s", expires_at=200.0)
        await file.aclose()

    with sqlite3.connect(path) as database:
        kept = database.execute("SELECT user_id FROM conversations").fetchall()
        database.execute("INSERT INTO turns VALUES ('ann', 'c', 1, 'u', 'a', 'completed', 1, 1, '{}')")
        database.execute("SELECT body FROM documents")
    database.close()
    assert [("ann",)] == kept


async def test_an_upgrade_that_sqlite_has_given_up_itself_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "_SHARED", "ROLLBACK; INSERT INTO nowhere VALUES (1)")
    file = SqliteFile(tmp_path / "new.sqlite")

    with pytest.raises(StoreUnavailableError, match="no such table: nowhere"):
        await SqliteTickets(file).put("a", b"s", expires_at=200.0)
    await file.aclose()


async def test_a_ticket_of_one_process_lets_a_user_into_another_once(tmp_path: Path) -> None:
    here, there = (SqliteFile(tmp_path / "shared.sqlite") for _ in range(2))
    mine, other = (Tickets(SqliteTickets(file), wall_clock=lambda: 100.0) for file in (here, there))
    ticket = await mine.issue(grant("ann"))

    assert grant("ann") == await other.redeem(ticket.value)
    for tickets in (mine, other):
        with pytest.raises(NotAuthenticatedError):
            await tickets.redeem(ticket.value)
    await here.aclose()
    await there.aclose()
