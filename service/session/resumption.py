"""A client that lost its connection comes back: what it needs to prove, and what it has missed."""

from collections import deque
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from service.wire.server import ServerMessage

REPLAYED: Final = 256
"""Messages kept for a client that comes back; audio is not among them."""
WINDOW_S: Final = 120.0
"""How long a lost session can be taken up again by any process."""
RENEW_EVERY_S: Final = 60.0
SAID_AGAIN_WITHIN_S: Final = 5.0


def hash_of(token: str) -> str:
    """What is kept of a token: it cannot be used by whoever reads it."""
    return sha256(token.encode(errors="replace")).hexdigest()


class Outgoing:
    """The newest messages to the client, for one that has missed some."""

    def __init__(self) -> None:
        self._messages: deque[ServerMessage] = deque(maxlen=REPLAYED)

    def add(self, message: ServerMessage) -> None:
        """A message is sent."""
        self._messages.append(message)

    def reaches(self, last_seq: int, seq: int) -> bool:
        """Whether everything after `last_seq`, up to the newest, is still here."""
        return 0 <= seq - last_seq <= len(self._messages)

    def after(self, last_seq: int) -> list[ServerMessage]:
        """What came after this."""
        return [message for message in self._messages if message.seq > last_seq]


@dataclass(slots=True, kw_only=True)
class Resumption:
    """How the client may come back."""

    token: str | None
    """None: it may not."""
    renewed_at: float
    parked_at: float | None = None
    """Since when the session goes on without its client."""
    said_again: list[str] = field(default_factory=list)
    """Typed before the client came back and not told as heard by then: it types that again."""
    said_again_until: float = 0.0
    ready_seq: int = 0
    """Of the newest `ready`, which brought the token: whoever has it got at least so far."""
    outgoing: Outgoing = field(default_factory=Outgoing)
