"""Sums in one SQLite file of their own."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from service.stores.sqlite_file import SqliteFile
from service.stores.statistics import KEPT_S, Bin, StatisticsUnavailableError, Sums

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS sums (
    scope TEXT NOT NULL, period TEXT NOT NULL, name TEXT NOT NULL, amount INTEGER NOT NULL, expires_at REAL NOT NULL,
    PRIMARY KEY (scope, period, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batches (batch_id TEXT PRIMARY KEY, added_at REAL NOT NULL) WITHOUT ROWID;
"""
_BATCHES_KEPT_S: Final = 3_600.0


class SqliteStatistics:
    """A `StatisticsStore` in a file; several processes may share it."""

    def __init__(self, path: Path, *, wall_clock: Callable[[], float]) -> None:
        self._wall_clock = wall_clock
        self._file = SqliteFile(path, prepare=_prepare, unavailable=StatisticsUnavailableError)

    async def add(self, batch_id: str, sums: Mapping[Bin, Sums]) -> None:
        """See the port."""
        await self._file.run(self._add, batch_id, sums)

    async def read(self, scope: str, first: str, last: str) -> Sequence[tuple[str, Sums]]:
        """See the port."""
        return await self._file.run(self._read, scope, first, last)

    async def forget(self, scope: str, *, but: str = "") -> None:
        """See the port."""
        await self._file.run(self._forget, scope, but)

    async def aclose(self) -> None:
        """Close the file after what is under way."""
        await self._file.aclose()

    # In the thread

    def _add(self, batch_id: str, sums: Mapping[Bin, Sums]) -> None:
        now = self._wall_clock()
        rows = [
            (bin_.scope, bin_.period, name, amount, now + KEPT_S)
            for bin_, amounts in sums.items()
            for name, amount in amounts.items()
        ]
        with self._file.transaction() as database:
            database.execute("DELETE FROM batches WHERE added_at < ?", (now - _BATCHES_KEPT_S,))
            database.execute("DELETE FROM sums WHERE expires_at < ?", (now,))
            added = database.execute("INSERT OR IGNORE INTO batches VALUES (?, ?)", (batch_id, now))
            if added.rowcount:
                database.executemany(
                    "INSERT INTO sums VALUES (?, ?, ?, ?, ?) ON CONFLICT (scope, period, name)"
                    " DO UPDATE SET amount = amount + excluded.amount, expires_at = excluded.expires_at",
                    rows,
                )

    def _read(self, scope: str, first: str, last: str) -> Sequence[tuple[str, Sums]]:
        with self._file.transaction() as database:
            rows = database.execute(
                "SELECT period, name, amount FROM sums WHERE scope = ? AND period BETWEEN ? AND ?"
                " ORDER BY period, name",
                (scope, first, last),
            ).fetchall()
        bins: dict[str, dict[str, int]] = {}
        for period, name, amount in rows:
            bins.setdefault(period, {})[name] = amount
        return list(bins.items())

    def _forget(self, scope: str, but: str) -> None:
        with self._file.transaction() as database:
            database.execute("DELETE FROM sums WHERE scope = ? AND period <> ?", (scope, but))


def _prepare(database: sqlite3.Connection) -> None:
    database.executescript(_SCHEMA)
