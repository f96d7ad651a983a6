"""How fast may audio that has waited be said to the model?

A model takes speech that comes much faster than anybody speaks for no live speech, and does not answer it (measured:
1.6 s of it in 25 ms). So what the user said while no stream could hear it is said at a pace of its own.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A little at once, and the next a little later, until all was said."""

    pace: float = 3.0
    """Seconds of audio for each second of time: faster than more of it can come."""
    step_s: float = 0.1
    """Audio said at once."""

    def next_at(self, said_s: float, now: float) -> float:
        """When to go on after so much audio."""
        return now + said_s / self.pace
