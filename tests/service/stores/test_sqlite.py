"""Conversations in a file, and what becomes of a file that is not one."""

import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.stores import sqlite_file
from service.stores.ports import StoreUnavailableError
from service.stores.sqlite import SqliteStore
from tests.contract.store_contract import C1, RETENTION, Stage, StoreContract, grip, turn


def at_noon(path: Path) -> SqliteStore:
    return SqliteStore(path, retention=RETENTION, utc_now=lambda: datetime(2026, 11, 22, 12, tzinfo=UTC))


class TestSqlite(StoreContract):
    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        path = tmp_path / "made" / "conversations.sqlite"
        stage = Stage(lambda stage: SqliteStore(path, retention=RETENTION, utc_now=lambda: stage.now))
        yield stage
        await stage.close()


async def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "conversations.sqlite"
    path.write_bytes(b"this is a letter to my aunt" * 100)
    store = at_noon(path)

    with pytest.raises(StoreUnavailableError, match=r"conversations\.sqlite: file is not a database"):
        await store.check()
    await store.aclose()
    assert path.read_bytes().startswith(b"this is a letter")


async def test_a_file_of_a_newer_service_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "conversations.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    store = at_noon(path)

    with pytest.raises(StoreUnavailableError, match="newer version"):
        await store.check()
    await store.aclose()


async def test_a_folder_that_cannot_be_is_an_unavailable_store(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = at_noon(tmp_path / "file" / "conversations.sqlite")

    with pytest.raises(StoreUnavailableError):
        await store.check()
    await store.aclose()


async def test_a_store_that_is_locked_refuses_and_works_again_when_it_is_free(tmp_path: Path) -> None:
    path = tmp_path / "conversations.sqlite"
    store = at_noon(path)
    await store.begin("ann", C1, grip("s1"))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError, match="locked"):
        await store.save_turn("ann", C1, 1, turn(1))
    other.execute("ROLLBACK")
    other.close()
    await store.save_turn("ann", C1, 1, turn(1))

    assert 1 == len(await store.turns("ann", C1))
    await store.aclose()


async def test_what_has_expired_is_swept_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "conversations.sqlite"
    store = at_noon(path)
    await store.begin("ann", C1, grip("s1"))
    await store.aclose()
    later = SqliteStore(path, retention=RETENTION, utc_now=lambda: datetime(2027, 1, 1, tzinfo=UTC))
    await later.check()
    await later.aclose()

    with sqlite3.connect(path) as database:
        assert 0 == database.execute("SELECT count(*) FROM conversations").fetchone()[0]
    database.close()


async def test_closing_twice_is_closing_once(tmp_path: Path) -> None:
    store = at_noon(tmp_path / "conversations.sqlite")
    await store.aclose()
    await store.aclose()


@pytest.mark.parametrize(
    ("pragma", "reason"),
    [("PRAGMA max_page_count = 1", "full"), ("PRAGMA query_only = ON", "readonly")],
    ids=["full", "read-only"],
)
async def test_a_disk_that_takes_nothing_refuses_with_the_reason_and_what_waited_is_written_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pragma: str, reason: str
) -> None:
    store = at_noon(tmp_path / "conversations.sqlite")
    await store.begin("ann", C1, grip("s1"))
    await store.save_turn("ann", C1, 1, turn(1))
    settle, takes_nothing = sqlite_file._settle, [True]

    def settled(database: sqlite3.Connection) -> None:
        settle(database)
        if takes_nothing[0]:
            database.execute(pragma)

    monkeypatch.setattr(sqlite_file, "_settle", settled)
    await store.file.run(store.file._close)
    for number in (2, 3):
        with pytest.raises(StoreUnavailableError, match=reason):
            await store.save_turn("ann", C1, 1, turn(number, "x" * 60_000))
    told = [saved.turn.number for saved in await store.turns("ann", C1)] if reason == "full" else [1]
    takes_nothing[0] = False
    await store.file.run(store.file._close)
    for number in (2, 3):
        await store.save_turn("ann", C1, 1, turn(number, "x" * 60_000))

    assert [1] == told
    assert [1, 2, 3] == [saved.turn.number for saved in await store.turns("ann", C1)]
    await store.aclose()


async def test_a_file_that_is_spoilt_while_it_is_used_is_named_and_nobody_is_told_that_it_kept_anything(
    tmp_path: Path,
) -> None:
    path = tmp_path / "conversations.sqlite"
    store = at_noon(path)
    await store.begin("ann", C1, grip("s1"))
    await store.file.run(store.file._close)
    path.write_bytes(b"this is a letter to my aunt" * 1_000)
    with pytest.raises(StoreUnavailableError, match="not a database"):
        await store.save_turn("ann", C1, 1, turn(1))

    await store.aclose()
