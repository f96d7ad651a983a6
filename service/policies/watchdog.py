"""How long may an open turn stay without audio before we close it as the client would have?"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchdog:
    """Close a turn the client forgot to close; a client that keeps sending never trips it."""

    patience_s: float = 2.0

    def expires_at(self, last_audio_at: float) -> float:
        """When a turn whose last audio came at this instant is closed."""
        return last_audio_at + self.patience_s
