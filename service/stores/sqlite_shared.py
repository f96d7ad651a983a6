"""What the processes on one machine share beside conversations: tickets and small documents, in the same SQLite file."""

import sqlite3
from collections.abc import Callable

from service.stores.sqlite_file import SqliteFile


class SqliteTickets:
    """Records by name, each readable once; of several that ask for one, a single one gets it."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    async def put(self, name: str, sealed: bytes, *, expires_at: float) -> None:
        """Keep a record until it is taken, or until this instant; those that have expired go."""
        await self._file.run(self._put, name, sealed, expires_at)

    async def take(self, name: str, *, now: float) -> bytes | None:
        """Remove a record and return it; None when there is none, or none any more."""
        return await self._file.run(self._take, name, now)

    def _put(self, name: str, sealed: bytes, expires_at: float) -> None:
        with self._file.transaction() as database:
            database.execute("INSERT INTO tickets VALUES (?, ?, ?)", (name, sealed, expires_at))

    def _take(self, name: str, now: float) -> bytes | None:
        with self._file.transaction() as database:
            row: sqlite3.Row | None = database.execute(
                "DELETE FROM tickets WHERE name = ? RETURNING sealed, expires_at", (name,)
            ).fetchone()
            database.execute("DELETE FROM tickets WHERE expires_at <= ?", (now,))
        return bytes(row["sealed"]) if row is not None and row["expires_at"] > now else None


class SqliteDocuments:
    """A `Documents` in the file."""

    def __init__(self, file: SqliteFile, now: Callable[[], float]) -> None:
        self._file = file
        self._now = now

    async def read(self, name: str) -> tuple[int, bytes | None]:
        """See the port."""
        return await self._file.run(self._read, name)

    async def swap(self, name: str, version: int, body: bytes, *, expires_at: float) -> bool:
        """See the port."""
        return await self._file.run(self._swap, name, version, body, expires_at)

    def _read(self, name: str) -> tuple[int, bytes | None]:
        with self._file.transaction() as database:
            row: sqlite3.Row | None = database.execute(
                "SELECT version, body FROM documents WHERE name = ? AND expires_at > ?", (name, self._now())
            ).fetchone()
        return (0, None) if row is None else (row["version"], bytes(row["body"]))

    def _swap(self, name: str, version: int, body: bytes, expires_at: float) -> bool:
        with self._file.transaction() as database:
            database.execute("DELETE FROM documents WHERE name = ? AND expires_at <= ?", (name, self._now()))
            if version == 0:
                done = database.execute(
                    "INSERT OR IGNORE INTO documents VALUES (?, 1, ?, ?)", (name, body, expires_at)
                )
            else:
                done = database.execute(
                    "UPDATE documents SET version = version + 1, body = ?, expires_at = ?"
                    " WHERE name = ? AND version = ?",
                    (body, expires_at, name, version),
                )
            return done.rowcount == 1
