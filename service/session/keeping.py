"""What the store is owed: writes in order, one under way, the others waiting within bounds, tried until they succeed."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

MAX_WAITING_TURNS: Final = 50
MAX_WAITING_BYTES: Final = 256_000
MAX_TEXT_BYTES: Final = 64_000
"""What is kept of one side of one turn; DynamoDB holds 400 KB an item."""
CUT_MARK: Final = " […]"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTurn:
    """One turn as it is kept: what was said, and how it ended."""

    number: int
    user: str
    assistant: str
    outcome: str
    figures: str | None = field(default=None, compare=False)
    """Its time and money, as JSON; a turn is the same whatever was measured of it."""

    @property
    def size_bytes(self) -> int:
        """About as much as it takes."""
        return len(self.user.encode()) + len(self.assistant.encode()) + len(self.figures or "") + 100


def bounded(text: str) -> str:
    """The text, cut with a mark when it is longer than is kept."""
    encoded = text.encode(errors="replace")
    if len(encoded) <= MAX_TEXT_BYTES:
        return encoded.decode()
    return encoded[: MAX_TEXT_BYTES - len(CUT_MARK.encode())].decode(errors="ignore") + CUT_MARK


@dataclass(frozen=True, slots=True, kw_only=True)
class Grip:
    """Which session holds a conversation, and how it may be taken up again should it be lost."""

    session_id: str
    token_hash: str | None = None
    """SHA-256 of the resume token in hexadecimal; None: it cannot be resumed."""
    window_s: float = 0.0
    """For how long from now."""


# What is asked of the store. Each can be asked again: what was done already is not done twice.


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginConversation:
    """Begin a new conversation."""

    conversation_id: str
    grip: Grip


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachConversation:
    """Take over a conversation, and read its newest turns up to so much text."""

    conversation_id: str
    grip: Grip
    history_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeSession:
    """Take over from a lost session of another process."""

    session_id: str
    token_hash: str
    grip: Grip
    history_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewGrip:
    """Keep the session resumable."""

    conversation_id: str
    epoch: int
    grip: Grip


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveTurn:
    """Write a turn."""

    conversation_id: str
    epoch: int
    turn: KeptTurn


type Write = BeginConversation | AttachConversation | ResumeSession | RenewGrip | SaveTurn


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """Ask the store; answer with `Kept` or `NotKept` and the same id."""

    write_id: int
    write: Write


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepRest:
    """The session is over: carry these out in order, as far as there is time. Nobody waits for an answer."""

    writes: Sequence[Write]


class Keeping:
    """The queue in front of the store."""

    def __init__(self, emit: Callable[[Keep], None]) -> None:
        self._emit = emit
        self._waiting: deque[Write] = deque()
        self._waiting_bytes = 0
        self._under_way: Write | None = None
        self._writes = 0
        self.epoch: int | None = None
        """Under which this session writes; None: it owns no conversation."""
        self.ended_at: dict[int, float] = {}
        """When turns ended that are being written, by their number."""
        self.last_turn = 0
        """The newest that is written."""
        self.failures = 0
        """In a row."""
        self.retry_at: float | None = None
        self.waits_for_history_since: float | None = None
        """A session that continues a conversation has to know it first."""
        self.was_told_not_saved = False

    @property
    def waiting_turns(self) -> int:
        """How many turns are not written yet, but for the one being written."""
        return sum(isinstance(write, SaveTurn) for write in self._waiting)

    @property
    def owes_turns(self) -> bool:
        """Whether a turn waits to be written, or is being written."""
        return isinstance(self._under_way, SaveTurn) or self.waiting_turns > 0

    def put(self, write: Write) -> int:
        """Add a write; how many turns had to be given up for it, the oldest first."""
        self._waiting.append(write)
        if isinstance(write, SaveTurn):
            self._waiting_bytes += write.turn.size_bytes
        lost = 0
        while self.waiting_turns > MAX_WAITING_TURNS or self._waiting_bytes > MAX_WAITING_BYTES:
            oldest = next(waiting for waiting in self._waiting if isinstance(waiting, SaveTurn))
            self._waiting.remove(oldest)
            self._waiting_bytes -= oldest.turn.size_bytes
            self.ended_at.pop(oldest.turn.number, None)
            lost += 1
        self.go_on()
        return lost

    def go_on(self) -> None:
        """Ask for the next write, unless one is under way or the store is being left alone for a while."""
        if self._under_way is not None or self.retry_at is not None or not self._waiting:
            return
        self._under_way = self._waiting.popleft()
        if isinstance(self._under_way, SaveTurn):
            self._waiting_bytes -= self._under_way.turn.size_bytes
        self._writes += 1
        self._emit(Keep(write_id=self._writes, write=self._under_way))

    def answered(self, write_id: int) -> Write | None:
        """The write that is under way no more; None when the answer is about none of ours."""
        if write_id != self._writes:
            return None
        write, self._under_way = self._under_way, None
        return write

    def try_again(self, write: Write, at: float) -> None:
        """The store could not do it: it comes first again, later."""
        self._waiting.appendleft(write)
        if isinstance(write, SaveTurn):
            self._waiting_bytes += write.turn.size_bytes
        self.retry_at = at

    def rest(self) -> Sequence[Write]:
        """Everything not known to be written; there is nothing to be written afterwards."""
        under_way = () if self._under_way is None else (self._under_way,)
        rest = (*under_way, *self._waiting)
        self._waiting.clear()
        self._waiting_bytes = 0
        self._under_way = self.retry_at = None
        return rest
