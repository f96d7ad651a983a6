"""What is kept of conversations, and what every way of keeping it promises.

One user's things lie under the user's id: whoever asks with another id finds nothing. A conversation has one owner at
a time, the session that attached last; attaching raises the `epoch`, and every write carries the epoch it was made
under, so an owner that was superseded without noticing can write nothing. All writes can be repeated: one that
was carried out although its answer was lost changes nothing the second time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.session.keeping import Grip, KeptTurn


class StoreError(Exception):
    """Something about the store."""


class StoreUnavailableError(StoreError):
    """Raised when the store cannot answer now: down, slow, throttled, full, read-only or broken. Worth another try."""


class ConversationUnknownError(StoreError):
    """Raised when this user has no such conversation: never had, deleted, or kept long enough."""


class SupersededError(StoreError):
    """Raised when another session has attached to the conversation since."""


class CannotResumeError(StoreError):
    """Raised when a session cannot be taken up again: unknown, used, somebody else's, or too long ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One conversation as its user sees it in a list."""

    conversation_id: str
    title: str | None
    begun_at: datetime
    updated_at: datetime
    last_turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedTurn:
    """One turn as it was written."""

    turn: KeptTurn
    saved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """What an owner gets: its epoch, the number of the newest turn, and the newest turns, oldest of them first."""

    conversation_id: str
    epoch: int
    last_turn: int
    turns: Sequence[SavedTurn] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long things are kept; spans in seconds."""

    turns_s: float = 90 * 86_400.0
    """A conversation goes this long after its newest turn."""
    empty_s: float = 86_400.0
    """One in which nothing was said goes sooner."""
    pointer_s: float = 2 * 86_400.0
    """How long a session's name leads to its conversation; longer than any session."""


type Owned = tuple[str, str]
"""A user's id, and that of a conversation of theirs."""


class Documents(Protocol):
    """Small texts that all processes read and change; every method raises StoreUnavailableError."""

    async def read(self, name: str) -> tuple[int, bytes | None]:
        """The version and the text; 0 and None when there is none, or none any more."""

    async def swap(self, name: str, version: int, body: bytes, *, expires_at: float) -> bool:
        """Put a text in the place of this version, until an instant of the wall clock; False when another came first."""


class ConversationStore(Protocol):
    """A way of keeping conversations. Every method raises StoreUnavailableError; what else is said with it."""

    async def check(self) -> None:
        """Prove at start-up that the store can be read and written."""

    async def begin(self, user_id: str, conversation_id: str, grip: Grip) -> Attachment:
        """Begin a conversation; raises SupersededError when the id is taken by another session."""

    async def attach(
        self, user_id: str, conversation_id: str, grip: Grip, *, history_bytes: int
    ) -> Attachment:
        """Take over a conversation, with its newest turns up to so much text; raises ConversationUnknownError."""

    async def resume(
        self, user_id: str, session_id: str, token_hash: str, grip: Grip, *, history_bytes: int
    ) -> Attachment:
        """Take over from a lost session, once; raises CannotResumeError."""

    async def renew(self, user_id: str, conversation_id: str, epoch: int, grip: Grip) -> None:
        """Keep the session resumable; raises SupersededError and ConversationUnknownError."""

    async def epochs(self, owned: Sequence[Owned]) -> Mapping[Owned, int]:
        """The present epoch of each of these conversations, in as few requests as there can be; without those gone."""

    async def save_turn(self, user_id: str, conversation_id: str, epoch: int, turn: KeptTurn) -> None:
        """Write a turn, once; durable on return. Raises SupersededError and ConversationUnknownError."""

    async def conversations(
        self, user_id: str, *, limit: int, before: str | None = None
    ) -> Sequence[Conversation]:
        """The conversations in which something was said, the newest first; `before` continues after that id."""

    async def conversation(self, user_id: str, conversation_id: str) -> Conversation:
        """One conversation; raises ConversationUnknownError."""

    async def turns(self, user_id: str, conversation_id: str) -> Sequence[SavedTurn]:
        """All turns of a conversation in order; none for one that is not there."""

    async def rename(self, user_id: str, conversation_id: str, title: str) -> None:
        """Give a conversation a title; raises ConversationUnknownError."""

    async def delete(self, user_id: str, conversation_id: str) -> None:
        """Remove a conversation and its turns for good; raises ConversationUnknownError."""

    async def forget(self, user_id: str) -> None:
        """Remove everything of this user for good."""

    async def aclose(self) -> None:
        """Let go of connections and threads."""
