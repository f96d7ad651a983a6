"""When is a model stream that failed tried again?"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """A few tries with growing waits; each session jitters its own, so that they do not come in waves."""

    waits_s: Sequence[float] = (0.0, 1.0, 3.0)
    spread: float = 0.5
    """A wait is drawn from its value -/+ this share of it."""
    healthy_after_s: float = 20.0
    """A stream that lived this long, or finished a reply, was fine: the next failure is the first one again."""

    def wait_s(self, failures: int, jitter: float) -> float | None:
        """How long to wait after this many failures in a row; None: give up. `jitter` is drawn from 0 to 1."""
        if failures > len(self.waits_s):
            return None
        return self.waits_s[failures - 1] * (1 + self.spread * (2 * jitter - 1))
