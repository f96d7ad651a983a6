"""Conversations in one SQLite file: the store of a single machine, which survives the end of the process.

One connection in one thread. WAL with full synchronisation: what was answered is on the disk.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from service.session.keeping import Grip, KeptTurn
from service.stores.ports import (
    Attachment,
    CannotResumeError,
    Conversation,
    ConversationUnknownError,
    Retention,
    SavedTurn,
    StoreUnavailableError,
    SupersededError,
)
from service.stores.saved import newest_within, title_of
from service.stores.worker import Worker

_VERSION: Final = 2
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


class SqliteStore:
    """A `ConversationStore` in a file. `utc_now` stamps what is written and decides what has expired."""

    def __init__(self, path: Path, *, retention: Retention, utc_now: Callable[[], datetime]) -> None:
        self._path = path
        self._retention = retention
        self._utc_now = utc_now
        self._worker = Worker("sqlite", threads=1)
        self._database: sqlite3.Connection | None = None

    async def check(self) -> None:
        """Open the file, make it if there is none, and drop what has expired."""
        await self._worker.run(self._check)

    async def begin(self, user_id: str, conversation_id: str, grip: Grip) -> Attachment:
        """See the port."""
        return await self._worker.run(self._begin, user_id, conversation_id, grip)

    async def attach(
        self, user_id: str, conversation_id: str, grip: Grip, *, history_bytes: int
    ) -> Attachment:
        """See the port."""
        return await self._worker.run(self._attach, user_id, conversation_id, grip, history_bytes)

    async def resume(
        self, user_id: str, session_id: str, token_hash: str, grip: Grip, *, history_bytes: int
    ) -> Attachment:
        """See the port."""
        return await self._worker.run(self._resume, user_id, session_id, token_hash, grip, history_bytes)

    async def renew(self, user_id: str, conversation_id: str, epoch: int, grip: Grip) -> None:
        """See the port."""
        await self._worker.run(self._renew, user_id, conversation_id, epoch, grip)

    async def save_turn(self, user_id: str, conversation_id: str, epoch: int, turn: KeptTurn) -> None:
        """See the port."""
        await self._worker.run(self._save_turn, user_id, conversation_id, epoch, turn)

    async def conversations(
        self, user_id: str, *, limit: int, before: str | None = None
    ) -> Sequence[Conversation]:
        """See the port."""
        return await self._worker.run(self._conversations, user_id, limit, before)

    async def conversation(self, user_id: str, conversation_id: str) -> Conversation:
        """See the port."""
        return await self._worker.run(self._conversation, user_id, conversation_id)

    async def turns(self, user_id: str, conversation_id: str) -> Sequence[SavedTurn]:
        """See the port."""
        return await self._worker.run(self._turns, user_id, conversation_id)

    async def rename(self, user_id: str, conversation_id: str, title: str) -> None:
        """See the port."""
        await self._worker.run(self._rename, user_id, conversation_id, title)

    async def delete(self, user_id: str, conversation_id: str) -> None:
        """See the port."""
        await self._worker.run(self._delete, user_id, conversation_id)

    async def forget(self, user_id: str) -> None:
        """See the port."""
        await self._worker.run(self._forget, user_id)

    async def aclose(self) -> None:
        """Close the file after what is under way."""
        with suppress(RuntimeError, StoreUnavailableError):  # closed already
            await self._worker.run(self._close)
        self._worker.close()

    # In the thread

    def _check(self) -> None:
        with self._transaction() as database:
            database.execute("DELETE FROM conversations WHERE expires_at <= ?", (self._now(),))

    def _begin(self, user_id: str, conversation_id: str, grip: Grip) -> Attachment:
        now = self._now()
        with self._transaction() as database:
            values = (
                *(user_id, conversation_id, None, now, now, now + self._retention.empty_s),
                *(0, 1, grip.session_id, grip.token_hash, now + grip.window_s),
            )
            database.execute(
                "INSERT OR IGNORE INTO conversations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values
            )
            row = self._row(user_id, conversation_id)
            if row is None or (row["epoch"], row["session_id"]) != (1, grip.session_id):
                raise SupersededError("the conversation was begun by another session")
            return Attachment(conversation_id=conversation_id, epoch=1, last_turn=row["last_turn"])

    def _attach(self, user_id: str, conversation_id: str, grip: Grip, history_bytes: int) -> Attachment:
        with self._transaction():
            row = self._row(user_id, conversation_id)
            if row is None:
                raise ConversationUnknownError("there is no such conversation")
            return self._take_over(row, grip, history_bytes)

    def _resume(
        self, user_id: str, session_id: str, token_hash: str, grip: Grip, history_bytes: int
    ) -> Attachment:
        with self._transaction() as database:
            row = database.execute(
                "SELECT * FROM conversations WHERE user_id = ? AND session_id = ? AND token_hash = ?"
                " AND resume_until > ? AND expires_at > ?",
                (user_id, session_id, token_hash, self._now(), self._now()),
            ).fetchone()
            if row is None:
                raise CannotResumeError("there is no such session to take up")
            return self._take_over(row, grip, history_bytes)

    def _take_over(self, row: sqlite3.Row, grip: Grip, history_bytes: int) -> Attachment:
        # The same session again: its first answer was lost on the way.
        epoch = row["epoch"] + (row["session_id"] != grip.session_id)
        key = (row["user_id"], row["conversation_id"])
        self._opened().execute(
            "UPDATE conversations SET epoch = ?, session_id = ?, token_hash = ?, resume_until = ?"
            " WHERE user_id = ? AND conversation_id = ?",
            (epoch, grip.session_id, grip.token_hash, self._now() + grip.window_s, *key),
        )
        newest = self._opened().execute(
            "SELECT * FROM turns WHERE user_id = ? AND conversation_id = ? ORDER BY number DESC", key
        )
        return Attachment(
            conversation_id=row["conversation_id"],
            epoch=epoch,
            last_turn=row["last_turn"],
            turns=newest_within(map(_saved_turn, newest), history_bytes),
        )

    def _renew(self, user_id: str, conversation_id: str, epoch: int, grip: Grip) -> None:
        with self._transaction() as database:
            self._owned(user_id, conversation_id, epoch)
            database.execute(
                "UPDATE conversations SET token_hash = ?, resume_until = ?"
                " WHERE user_id = ? AND conversation_id = ?",
                (grip.token_hash, self._now() + grip.window_s, user_id, conversation_id),
            )

    def _save_turn(self, user_id: str, conversation_id: str, epoch: int, turn: KeptTurn) -> None:
        now = self._now()
        with self._transaction() as database:
            row = self._owned(user_id, conversation_id, epoch)
            database.execute(
                "UPDATE conversations SET title = ?, last_turn = ?, updated_at = ?, expires_at = ?"
                " WHERE user_id = ? AND conversation_id = ?",
                (
                    *(row["title"] or title_of(turn), max(row["last_turn"], turn.number)),
                    *(now, now + self._retention.turns_s, user_id, conversation_id),
                ),
            )
            values = (
                *(user_id, conversation_id, turn.number, turn.user, turn.assistant),
                *(turn.outcome, now, epoch, turn.figures),
            )
            added = database.execute("INSERT OR IGNORE INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
            if added.rowcount == 0 and self._writer_of(user_id, conversation_id, turn.number) != epoch:
                raise SupersededError(f"turn {turn.number} was written by another session")

    def _writer_of(self, user_id: str, conversation_id: str, number: int) -> int:
        found = self._opened().execute(
            "SELECT epoch FROM turns WHERE user_id = ? AND conversation_id = ? AND number = ?",
            (user_id, conversation_id, number),
        )
        return int(found.fetchone()["epoch"])

    def _conversations(self, user_id: str, limit: int, before: str | None) -> Sequence[Conversation]:
        with self._transaction() as database:
            rows = database.execute(
                "SELECT * FROM conversations WHERE user_id = ? AND expires_at > ? AND last_turn > 0"
                " AND (? IS NULL OR conversation_id < ?) ORDER BY conversation_id DESC LIMIT ?",
                (user_id, self._now(), before, before, limit),
            )
            return [_conversation(row) for row in rows]

    def _conversation(self, user_id: str, conversation_id: str) -> Conversation:
        with self._transaction():
            row = self._row(user_id, conversation_id)
        if row is None:
            raise ConversationUnknownError("there is no such conversation")
        return _conversation(row)

    def _turns(self, user_id: str, conversation_id: str) -> Sequence[SavedTurn]:
        with self._transaction() as database:
            if self._row(user_id, conversation_id) is None:
                return []
            rows = database.execute(
                "SELECT * FROM turns WHERE user_id = ? AND conversation_id = ? ORDER BY number",
                (user_id, conversation_id),
            )
            return [_saved_turn(row) for row in rows]

    def _rename(self, user_id: str, conversation_id: str, title: str) -> None:
        with self._transaction() as database:
            renamed = database.execute(
                "UPDATE conversations SET title = ? WHERE user_id = ? AND conversation_id = ? AND expires_at > ?",
                (title, user_id, conversation_id, self._now()),
            )
            if renamed.rowcount == 0:
                raise ConversationUnknownError("there is no such conversation")

    def _delete(self, user_id: str, conversation_id: str) -> None:
        with self._transaction() as database:
            deleted = database.execute(
                "DELETE FROM conversations WHERE user_id = ? AND conversation_id = ? AND expires_at > ?",
                (user_id, conversation_id, self._now()),
            )
            if deleted.rowcount == 0:
                raise ConversationUnknownError("there is no such conversation")

    def _forget(self, user_id: str) -> None:
        with self._transaction() as database:
            database.execute("DELETE FROM conversations WHERE user_id = ?", (user_id,))

    def _row(self, user_id: str, conversation_id: str) -> sqlite3.Row | None:
        """The conversation, unless it has expired, whether or not it was swept yet."""
        found = self._opened().execute(
            "SELECT * FROM conversations WHERE user_id = ? AND conversation_id = ? AND expires_at > ?",
            (user_id, conversation_id, self._now()),
        )
        row: sqlite3.Row | None = found.fetchone()
        return row

    def _owned(self, user_id: str, conversation_id: str, epoch: int) -> sqlite3.Row:
        row = self._row(user_id, conversation_id)
        if row is None:
            raise ConversationUnknownError("the conversation is gone")
        if row["epoch"] != epoch:
            raise SupersededError(f"epoch {epoch} is over; {row['epoch']} is current")
        return row

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside happens, durably, or nothing; what SQLite complains of is StoreUnavailableError."""
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
            # After trouble a fresh connection: the file may have been replaced, or repaired.
            self._close()
            raise StoreUnavailableError(f"{self._path.name}: {error}") from error

    def _opened(self) -> sqlite3.Connection:
        if self._database is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            self._database.row_factory = sqlite3.Row
            self._prepare(self._database)
        return self._database

    def _prepare(self, database: sqlite3.Connection) -> None:
        database.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA foreign_keys = ON")
        # What was deleted is overwritten, not only unlinked.
        database.execute("PRAGMA secure_delete = ON")
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            database.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT;")
        elif version == 1:
            database.executescript(
                f"BEGIN IMMEDIATE; ALTER TABLE turns ADD COLUMN figures TEXT; PRAGMA user_version = {_VERSION}; COMMIT;"
            )
        elif version != _VERSION:
            raise sqlite3.DatabaseError(f"written by another version of the service ({version})")

    def _close(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            with suppress(sqlite3.Error):
                database.close()

    def _now(self) -> float:
        return self._utc_now().timestamp()


def _saved_turn(row: sqlite3.Row) -> SavedTurn:
    turn = KeptTurn(
        number=row["number"],
        user=row["user_text"],
        assistant=row["assistant_text"],
        outcome=row["outcome"],
        figures=row["figures"],
    )
    return SavedTurn(turn=turn, saved_at=_instant(row["saved_at"]))


def _conversation(row: sqlite3.Row) -> Conversation:
    return Conversation(
        conversation_id=row["conversation_id"],
        title=row["title"],
        begun_at=_instant(row["begun_at"]),
        updated_at=_instant(row["updated_at"]),
        last_turn=row["last_turn"],
    )


def _instant(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)
