"""When must a session move to a fresh stream?

A stream ends after eight minutes, whatever happens on it. So the session moves at a quiet moment before that, and at
a loud one if no quiet one comes.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuation:
    """Both instants count from the moment the stream was opened, and shrink with a shorter lifetime."""

    stream_lifetime_s: float = 480.0
    quiet_share: float = 0.75
    """From 6:00 of 8:00."""
    forced_share: float = 0.9375
    """At 7:30 of 8:00."""

    def quiet_at(self, opened_at: float) -> float:
        """From when a quiet moment is taken."""
        return opened_at + self.stream_lifetime_s * self.quiet_share

    def forced_at(self, opened_at: float) -> float:
        """When the move can wait no longer."""
        return opened_at + self.stream_lifetime_s * self.forced_share
