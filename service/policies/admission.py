"""May this process take one more session?"""

from dataclasses import dataclass
from enum import StrEnum

from service.policies.pressure import Level


class Refusal(StrEnum):
    """Why not."""

    DRAINING = "draining"
    FULL = "full"
    BUSY = "busy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """A number of sessions at most, and as many of them as the processor really carries; none while leaving."""

    max_sessions: int = 50

    def refusal(self, *, running_sessions: int, draining: bool, level: Level = Level.CALM) -> Refusal | None:
        """Why one more session cannot be taken; None when it can."""
        if draining:
            return Refusal.DRAINING
        if running_sessions >= self.max_sessions:
            return Refusal.FULL
        return Refusal.BUSY if level is Level.FULL else None
