"""One SQLite file, one connection, one thread. WAL with full synchronisation: what was answered is on the disk."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from service.stores.ports import StoreUnavailableError
from service.stores.worker import Worker

type Prepare = Callable[[sqlite3.Connection], None]

_VERSION: Final = 3
_BUSY_TIMEOUT_MS: Final = 1_500
_SCHEMA: Final = """
CREATE TABLE conversations (
    user_id TEXT NOT NULL, conversation_id TEXT NOT NULL, title TEXT,
    begun_at REAL NOT NULL, updated_at REAL NOT NULL, expires_at REAL NOT NULL,
    last_turn INTEGER NOT NULL, epoch INTEGER NOT NULL,
    session_id TEXT NOT NULL, token_hash TEXT, resume_until REAL NOT NULL,
    PRIMARY KEY (user_id, conversation_id)
) WITHOUT ROWID;
CREATE INDEX sessions ON conversations (user_id, session_id);
CREATE INDEX expiry ON conversations (expires_at);
CREATE TABLE turns (
    user_id TEXT NOT NULL, conversation_id TEXT NOT NULL, number INTEGER NOT NULL,
    user_text TEXT NOT NULL, assistant_text TEXT NOT NULL, outcome TEXT NOT NULL,
    saved_at REAL NOT NULL, epoch INTEGER NOT NULL, figures TEXT,
    PRIMARY KEY (user_id, conversation_id, number),
    FOREIGN KEY (user_id, conversation_id) REFERENCES conversations ON DELETE CASCADE
);
"""
_FIGURES: Final = "ALTER TABLE turns ADD COLUMN figures TEXT"
_SHARED: Final = """
CREATE TABLE IF NOT EXISTS tickets (name TEXT PRIMARY KEY, sealed BLOB NOT NULL, expires_at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS documents (
    name TEXT PRIMARY KEY, version INTEGER NOT NULL, body BLOB NOT NULL, expires_at REAL NOT NULL
) WITHOUT ROWID;
"""


class SqliteFile:
    """Everything that is kept in one file; its parts run in its thread, in order."""

    def __init__(
        self,
        path: Path,
        *,
        prepare: Prepare | None = None,
        unavailable: type[Exception] = StoreUnavailableError,
    ) -> None:
        """`prepare` makes or upgrades the tables, those of conversations if not said; trouble is raised as `unavailable`."""
        self._path = path
        self._prepare = prepare or _conversations
        self._unavailable = unavailable
        self._worker = Worker("sqlite", threads=1)
        self._database: sqlite3.Connection | None = None

    async def run[**P, R](self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call it in the thread."""
        return await self._worker.run(call, *args, **kwargs)

    async def aclose(self) -> None:
        """Close the file after what is under way."""
        with suppress(RuntimeError):  # closed already
            await self._worker.run(self._close)
        self._worker.close()

    # In the thread

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside happens, durably, or nothing; what SQLite complains of is raised as `unavailable`."""
        try:
            database = self.opened()
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
            except BaseException:
                # A disk that is full has ended the transaction already.
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            # After trouble a fresh connection: the file may have been replaced, or repaired.
            self._close()
            raise self._unavailable(f"{self._path.name}: {error}") from error

    def opened(self) -> sqlite3.Connection:
        """The connection."""
        if self._database is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            self._database.row_factory = sqlite3.Row
            _settle(self._database)
            self._prepare(self._database)
        return self._database

    def _close(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            with suppress(sqlite3.Error):
                database.close()


def _settle(database: sqlite3.Connection) -> None:
    database.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("PRAGMA foreign_keys = ON")
    # What was deleted is overwritten, not only unlinked.
    database.execute("PRAGMA secure_delete = ON")


def _conversations(database: sqlite3.Connection) -> None:
    version = _version(database)
    if version > _VERSION:
        raise sqlite3.DatabaseError(f"written by a newer version of the service ({version})")
    if version != _VERSION:
        _upgrade(database)


def _upgrade(database: sqlite3.Connection) -> None:
    database.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been faster.
        if (version := _version(database)) != _VERSION:
            for statement in _missing(database, version):
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {_VERSION}")
    except BaseException:
        # A disk that is full has ended the transaction already.
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def _missing(database: sqlite3.Connection, version: int) -> Iterator[str]:
    """What a file lacks. Files of version 2 differ: some came without `figures`, others without `_SHARED`."""
    if version == 0:
        yield from _statements(_SCHEMA)
    elif "figures" not in {column["name"] for column in database.execute("PRAGMA table_info(turns)")}:
        yield _FIGURES
    yield from _statements(_SHARED)


def _statements(script: str) -> list[str]:
    return [statement for statement in script.split(";") if statement.strip()]


def _version(database: sqlite3.Connection) -> int:
    version: int = database.execute("PRAGMA user_version").fetchone()[0]
    return version
