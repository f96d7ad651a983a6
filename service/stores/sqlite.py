"""Conversations in one SQLite file: the store of a single machine, which survives the end of the process."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from service.session.keeping import Grip, KeptTurn
from service.stores.ports import (
    Attachment,
    CannotResumeError,
    Conversation,
    ConversationUnknownError,
    Owned,
    Retention,
    SavedTurn,
    SupersededError,
)
from service.stores.saved import newest_within, title_of
from service.stores.sqlite_file import SqliteFile


class SqliteStore:
    """A `ConversationStore` in a file. `utc_now` stamps what is written and decides what has expired."""

    def __init__(self, path: Path, *, retention: Retention, utc_now: Callable[[], datetime]) -> None:
        self.file = SqliteFile(path)
        """For whatever else is kept in it."""
        self._retention = retention
        self._utc_now = utc_now

    async def check(self) -> None:
        """Open the file, make it if there is none, and drop what has expired."""
        await self.file.run(self._check)

    async def begin(self, user_id: str, conversation_id: str, grip: Grip) -> Attachment:
        """See the port."""
        return await self.file.run(self._begin, user_id, conversation_id, grip)

    async def attach(
        self, user_id: str, conversation_id: str, grip: Grip, *, history_bytes: int
    ) -> Attachment:
        """See the port."""
        return await self.file.run(self._attach, user_id, conversation_id, grip, history_bytes)

    async def resume(
        self, user_id: str, session_id: str, token_hash: str, grip: Grip, *, history_bytes: int
    ) -> Attachment:
        """See the port."""
        return await self.file.run(self._resume, user_id, session_id, token_hash, grip, history_bytes)

    async def renew(self, user_id: str, conversation_id: str, epoch: int, grip: Grip) -> None:
        """See the port."""
        await self.file.run(self._renew, user_id, conversation_id, epoch, grip)

    async def epochs(self, owned: Sequence[Owned]) -> Mapping[Owned, int]:
        """See the port."""
        return await self.file.run(self._epochs, owned)

    async def save_turn(self, user_id: str, conversation_id: str, epoch: int, turn: KeptTurn) -> None:
        """See the port."""
        await self.file.run(self._save_turn, user_id, conversation_id, epoch, turn)

    async def conversations(
        self, user_id: str, *, limit: int, before: str | None = None
    ) -> Sequence[Conversation]:
        """See the port."""
        return await self.file.run(self._conversations, user_id, limit, before)

    async def conversation(self, user_id: str, conversation_id: str) -> Conversation:
        """See the port."""
        return await self.file.run(self._conversation, user_id, conversation_id)

    async def turns(self, user_id: str, conversation_id: str) -> Sequence[SavedTurn]:
        """See the port."""
        return await self.file.run(self._turns, user_id, conversation_id)

    async def rename(self, user_id: str, conversation_id: str, title: str) -> None:
        """See the port."""
        await self.file.run(self._rename, user_id, conversation_id, title)

    async def delete(self, user_id: str, conversation_id: str) -> None:
        """See the port."""
        await self.file.run(self._delete, user_id, conversation_id)

    async def forget(self, user_id: str) -> None:
        """See the port."""
        await self.file.run(self._forget, user_id)

    async def aclose(self) -> None:
        """Close the file after what is under way."""
        await self.file.aclose()

    # In the thread

    def _check(self) -> None:
        with self.file.transaction() as database:
            for table in ("conversations", "tickets", "documents"):
                database.execute(f"DELETE FROM {table} WHERE expires_at <= ?", (self._now(),))  # noqa: S608 - our own names

    def _begin(self, user_id: str, conversation_id: str, grip: Grip) -> Attachment:
        now = self._now()
        with self.file.transaction() as database:
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
        with self.file.transaction():
            row = self._row(user_id, conversation_id)
            if row is None:
                raise ConversationUnknownError("there is no such conversation")
            return self._take_over(row, grip, history_bytes)

    def _resume(
        self, user_id: str, session_id: str, token_hash: str, grip: Grip, history_bytes: int
    ) -> Attachment:
        with self.file.transaction() as database:
            held_by = (session_id, token_hash), (grip.session_id, grip.token_hash)
            # The second is this very session again, which took over although the answer was lost.
            rows = [self._held(database, user_id, *holder) for holder in held_by]
            row = next((row for row in rows if row is not None), None)
            if row is None:
                raise CannotResumeError("there is no such session to take up")
            return self._take_over(row, grip, history_bytes)

    def _held(
        self, database: sqlite3.Connection, user_id: str, session_id: str, token_hash: str | None
    ) -> sqlite3.Row | None:
        """The conversation that a session holds with this token."""
        row: sqlite3.Row | None = database.execute(
            "SELECT * FROM conversations WHERE user_id = ? AND session_id = ? AND token_hash = ?"
            " AND resume_until > ? AND expires_at > ?",
            (user_id, session_id, token_hash, self._now(), self._now()),
        ).fetchone()
        return row

    def _take_over(self, row: sqlite3.Row, grip: Grip, history_bytes: int) -> Attachment:
        # The same session again: its first answer was lost on the way.
        epoch = row["epoch"] + (row["session_id"] != grip.session_id)
        key = (row["user_id"], row["conversation_id"])
        self.file.opened().execute(
            "UPDATE conversations SET epoch = ?, session_id = ?, token_hash = ?, resume_until = ?"
            " WHERE user_id = ? AND conversation_id = ?",
            (epoch, grip.session_id, grip.token_hash, self._now() + grip.window_s, *key),
        )
        newest = self.file.opened().execute(
            "SELECT * FROM turns WHERE user_id = ? AND conversation_id = ? ORDER BY number DESC", key
        )
        return Attachment(
            conversation_id=row["conversation_id"],
            epoch=epoch,
            last_turn=row["last_turn"],
            turns=newest_within(map(_saved_turn, newest), history_bytes),
        )

    def _renew(self, user_id: str, conversation_id: str, epoch: int, grip: Grip) -> None:
        with self.file.transaction() as database:
            self._owned(user_id, conversation_id, epoch)
            database.execute(
                "UPDATE conversations SET token_hash = ?, resume_until = ?"
                " WHERE user_id = ? AND conversation_id = ?",
                (grip.token_hash, self._now() + grip.window_s, user_id, conversation_id),
            )

    def _epochs(self, owned: Sequence[Owned]) -> Mapping[Owned, int]:
        with self.file.transaction():
            rows = {one: self._row(*one) for one in owned}
        return {one: int(row["epoch"]) for one, row in rows.items() if row is not None}

    def _save_turn(self, user_id: str, conversation_id: str, epoch: int, turn: KeptTurn) -> None:
        now = self._now()
        with self.file.transaction() as database:
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
        found = self.file.opened().execute(
            "SELECT epoch FROM turns WHERE user_id = ? AND conversation_id = ? AND number = ?",
            (user_id, conversation_id, number),
        )
        return int(found.fetchone()["epoch"])

    def _conversations(self, user_id: str, limit: int, before: str | None) -> Sequence[Conversation]:
        with self.file.transaction() as database:
            rows = database.execute(
                "SELECT * FROM conversations WHERE user_id = ? AND expires_at > ? AND last_turn > 0"
                " AND (? IS NULL OR conversation_id < ?) ORDER BY conversation_id DESC LIMIT ?",
                (user_id, self._now(), before, before, limit),
            )
            return [_conversation(row) for row in rows]

    def _conversation(self, user_id: str, conversation_id: str) -> Conversation:
        with self.file.transaction():
            row = self._row(user_id, conversation_id)
        if row is None:
            raise ConversationUnknownError("there is no such conversation")
        return _conversation(row)

    def _turns(self, user_id: str, conversation_id: str) -> Sequence[SavedTurn]:
        with self.file.transaction() as database:
            if self._row(user_id, conversation_id) is None:
                return []
            rows = database.execute(
                "SELECT * FROM turns WHERE user_id = ? AND conversation_id = ? ORDER BY number",
                (user_id, conversation_id),
            )
            return [_saved_turn(row) for row in rows]

    def _rename(self, user_id: str, conversation_id: str, title: str) -> None:
        with self.file.transaction() as database:
            renamed = database.execute(
                "UPDATE conversations SET title = ? WHERE user_id = ? AND conversation_id = ? AND expires_at > ?",
                (title, user_id, conversation_id, self._now()),
            )
            if renamed.rowcount == 0:
                raise ConversationUnknownError("there is no such conversation")

    def _delete(self, user_id: str, conversation_id: str) -> None:
        with self.file.transaction() as database:
            deleted = database.execute(
                "DELETE FROM conversations WHERE user_id = ? AND conversation_id = ? AND expires_at > ?",
                (user_id, conversation_id, self._now()),
            )
            if deleted.rowcount == 0:
                raise ConversationUnknownError("there is no such conversation")

    def _forget(self, user_id: str) -> None:
        with self.file.transaction() as database:
            database.execute("DELETE FROM conversations WHERE user_id = ?", (user_id,))

    def _row(self, user_id: str, conversation_id: str) -> sqlite3.Row | None:
        """The conversation, unless it has expired, whether or not it was swept yet."""
        found = self.file.opened().execute(
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
