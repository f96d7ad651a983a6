"""When must a session move to a fresh stream?

A stream ends after eight minutes, whatever happens on it. So another is prepared in time and takes over at a quiet
moment; at a loud one if no quiet one comes; and when even that cannot be, without preparation before the end.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuation:
    """Instants count from the moment the stream was opened, and shrink with a shorter lifetime."""

    stream_lifetime_s: float = 480.0
    prepared_share: float = 0.75
    """From 6:00 of 8:00, the next stream is asked for."""
    spread_share: float = 0.04
    """Up to 19 s later, each session as it draws."""
    forced_share: float = 0.9375
    """At 7:30 of 8:00, whatever is being said to the stream."""
    last_share: float = 0.96875
    """At 7:45, whatever is being said by it."""
    patience_s: float = 30.0
    """A stream that stood by for so long is given up: the model ends those that hear nothing after 55 s."""
    prepare_again_s: float = 5.0
    """After one that stood by was given up, or could not be had."""

    def prepared_at(self, opened_at: float, spread: float) -> float:
        """From when the next stream is asked for; `spread` is drawn from 0 to 1."""
        return opened_at + self.stream_lifetime_s * (self.prepared_share + self.spread_share * spread)

    def forced_at(self, opened_at: float, *, is_speaking: bool) -> float:
        """When the move can wait no longer; a reply that still comes gets a little more time."""
        share = self.last_share if is_speaking else self.forced_share
        return opened_at + self.stream_lifetime_s * share
