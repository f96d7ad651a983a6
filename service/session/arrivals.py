"""When which audio came: the last frames' capture times beside their arrivals, to find the end of the speech in.

Two stores into fixed arrays a frame; nothing is allocated.
"""

from array import array
from typing import Final

_SIZE: Final = 512
"""Some sixteen seconds of frames of 32 ms."""
_LONGEST_FRAME_MS: Final = 1_000.0


class Arrivals:
    """A ring of capture times (the client's clock, ms) and arrivals (the session's clock, s)."""

    __slots__ = ("_arrived", "_captured", "_next")

    def __init__(self) -> None:
        self._captured = array("d", bytes(8 * _SIZE))
        self._arrived = array("d", bytes(8 * _SIZE))
        self._next = 0

    def note(self, captured_at_ms: float, now: float) -> None:
        """A frame came."""
        at = self._next % _SIZE
        self._captured[at] = captured_at_ms
        self._arrived[at] = now
        self._next += 1

    def of(self, instant_ms: float) -> float | None:
        """When the frame came in which this instant of the client's clock lies; None when it is not known."""
        # A clock that was set within the call makes the order useless, so the nearest frame before is looked for.
        best: int | None = None
        for at in range(min(self._next, _SIZE)):
            captured = self._captured[at]
            if captured <= instant_ms and (best is None or captured >= self._captured[best]):
                best = at
        if best is None or instant_ms - self._captured[best] > _LONGEST_FRAME_MS:
            return None
        return self._arrived[best]
