"""When does the model need silence because the client sends nothing?

A stream that hears nothing ends after 55 s, and the model finds the end of speech in audio only. Silence costs no
tokens. The clock here is how far the model has been fed, not when we last sent something.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepAlive:
    """Silence in place of a client's audio that does not come."""

    frame_ms: int = 100
    grace_s: float = 0.1
    """How late the client's next frame may be before silence takes its place."""
    lead_s: float = 2.0
    """A burst never counts for more than this, or the model would starve after it."""

    def fed_until(self, fed_until: float, audio_s: float, now: float) -> float:
        """How far the model is fed after it got this much audio."""
        return min(max(fed_until, now) + audio_s, now + self.lead_s)

    def due_at(self, fed_until: float, *, client_is_sending: bool) -> float:
        """When the next frame of silence is due."""
        return fed_until + self.grace_s if client_is_sending else fed_until
