"""How many events went which way and what was wrong with them: integers, announced now and then."""

from collections.abc import Iterator
from typing import Final

from service.session.effects import Direction, Fault, ValidationCounted

_FRAME: Final = (
    (Direction.FROM_CLIENT, "audio", Fault.NONE),
    (Direction.TO_MODEL, "AudioInput", Fault.NONE),
)
_PIECE: Final = (
    (Direction.FROM_MODEL, "AudioOutput", Fault.NONE),
    (Direction.TO_CLIENT, "audio", Fault.NONE),
)


class Counts:
    """Integer adds on the hot path; one announcement a kind when they are flushed."""

    def __init__(self) -> None:
        self.kinds: dict[tuple[Direction, str, Fault], int] = {}
        """What `add` has counted."""
        self.frames = 0
        """Frames of the user's audio that went through to the model by the short way (`session.lane`)."""
        self.pieces = 0
        """Pieces of a reply that went through to the client by it."""

    def add(self, direction: Direction, event_type: str, fault: Fault = Fault.NONE, amount: int = 1) -> None:
        """Count events of one type."""
        key = (direction, event_type, fault)
        self.kinds[key] = self.kinds.get(key, 0) + amount

    def flush(self) -> Iterator[ValidationCounted]:
        """Announce and forget what was counted."""
        counts, self.kinds = self.kinds, {}
        for keys, amount in ((_FRAME, self.frames), (_PIECE, self.pieces)):
            for key in keys if amount else ():
                counts[key] = counts.get(key, 0) + amount
        self.frames = self.pieces = 0
        for (direction, event_type, fault), count in counts.items():
            yield ValidationCounted(direction=direction, event_type=event_type, fault=fault, count=count)

    def __bool__(self) -> bool:
        return bool(self.kinds or self.frames or self.pieces)
