"""Sums in one SQLite file of their own."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from service.stores.statistics import KEPT_S, Bin, StatisticsUnavailableError, Sums
from service.stores.worker import Worker

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS sums (
    scope TEXT NOT NULL, period TEXT NOT NULL, name TEXT NOT NULL, amount INTEGER NOT NULL, expires_at REAL NOT NULL,
    PRIMARY KEY (scope, period, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batches (batch_id TEXT PRIMARY KEY, added_at REAL NOT NULL) WITHOUT ROWID;
"""
_BATCHES_KEPT_S: Final = 3_600.0
_BUSY_TIMEOUT_MS: Final = 1_500


class SqliteStatistics:
    """A `StatisticsStore` in a file; several processes may share it."""

    def __init__(self, path: Path, *, wall_clock: Callable[[], float]) -> None:
        self._path = path
        self._wall_clock = wall_clock
        self._worker = Worker("statistics", threads=1)
        self._database: sqlite3.Connection | None = None

    async def add(self, batch_id: str, sums: Mapping[Bin, Sums]) -> None:
        """See the port."""
        await self._worker.run(self._add, batch_id, sums)

    async def read(self, scope: str, first: str, last: str) -> Sequence[tuple[str, Sums]]:
        """See the port."""
        return await self._worker.run(self._read, scope, first, last)

    async def forget(self, scope: str) -> None:
        """See the port."""
        await self._worker.run(self._forget, scope)

    async def aclose(self) -> None:
        """Close the file after what is under way."""
        with suppress(RuntimeError):  # closed already
            await self._worker.run(self._close)
        self._worker.close()

    # In the thread

    def _add(self, batch_id: str, sums: Mapping[Bin, Sums]) -> None:
        now = self._wall_clock()
        rows = [
            (bin_.scope, bin_.period, name, amount, now + KEPT_S)
            for bin_, amounts in sums.items()
            for name, amount in amounts.items()
        ]
        with self._transaction() as database:
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
        with self._transaction() as database:
            rows = database.execute(
                "SELECT period, name, amount FROM sums WHERE scope = ? AND period BETWEEN ? AND ?"
                " ORDER BY period, name",
                (scope, first, last),
            ).fetchall()
        bins: dict[str, dict[str, int]] = {}
        for period, name, amount in rows:
            bins.setdefault(period, {})[name] = amount
        return list(bins.items())

    def _forget(self, scope: str) -> None:
        with self._transaction() as database:
            database.execute("DELETE FROM sums WHERE scope = ?", (scope,))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            database = self._opened()
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
            except BaseException:
                database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            self._close()
            raise StatisticsUnavailableError(f"{self._path.name}: {error}") from error

    def _opened(self) -> sqlite3.Connection:
        if self._database is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            self._database.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.executescript(_SCHEMA)
        return self._database

    def _close(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            with suppress(sqlite3.Error):
                database.close()
