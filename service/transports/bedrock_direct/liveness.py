"""Is the other side of a connection still there?"""

import asyncio
from collections.abc import Callable


def _nobody() -> None:
    """The connection is over, and is freed without the garbage collector."""


class Liveness:
    """Looks every so often: was anything heard, and if not, was what was asked then answered?"""

    __slots__ = ("_ask", "_asked", "_lose", "_silence_s", "_watch", "heard")

    def __init__(self, silence_s: float, *, ask: Callable[[], None], lose: Callable[[], None]) -> None:
        self._silence_s = silence_s
        self._ask = ask
        self._lose = lose
        self._asked = False
        self._watch: asyncio.TimerHandle | None = None
        self.heard = False
        """Set by whoever reads the connection."""

    def begin(self) -> None:
        """Watch from now on."""
        self._watch = asyncio.get_running_loop().call_later(self._silence_s, self._look)

    def end(self) -> None:
        """The connection is over; it and this would keep each other."""
        if self._watch is not None:
            self._watch.cancel()
        self._ask = self._lose = _nobody

    def _look(self) -> None:
        if self.heard:
            self.heard = self._asked = False
        elif self._asked:
            self._lose()
            return
        else:
            self._asked = True
            self._ask()
        self.begin()
