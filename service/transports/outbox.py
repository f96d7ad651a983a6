"""What waits for the model: events that must arrive, and audio that is worth nothing when it is late."""

from collections import deque
from typing import Final, NamedTuple

# Audio older than this would be heard as a delay for the rest of the call.
MAX_WAIT_S: Final = 0.5


class _Entry(NamedTuple):
    payload: bytes
    droppable: bool
    queued_at: float


class Outbox:
    """A queue in order of arrival, in which a droppable document waits half a second at most.

    The bound is on waiting, not on number: a burst (the silence that closes a turn) passes as a burst while
    the model takes it, and a model that takes nothing leaves half a second of real-time audio here.
    """

    __slots__ = ("_entries", "_max_wait_s", "dropped")

    def __init__(self, *, max_wait_s: float = MAX_WAIT_S) -> None:
        self._entries: deque[_Entry] = deque()
        self._max_wait_s = max_wait_s
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, payload: bytes, *, droppable: bool, now: float) -> None:
        """Queue one document, and give up what has waited too long."""
        self._entries.append(_Entry(payload, droppable, now))
        horizon = now - self._max_wait_s
        if self._entries[0].queued_at >= horizon:
            return
        kept = [entry for entry in self._entries if not entry.droppable or entry.queued_at >= horizon]
        self.dropped += len(self._entries) - len(kept)
        self._entries = deque(kept)

    def take(self) -> bytes | None:
        """The next document to send, if there is one."""
        return self._entries.popleft().payload if self._entries else None
