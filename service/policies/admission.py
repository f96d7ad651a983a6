"""May this process take one more session?"""

from dataclasses import dataclass
from enum import StrEnum


class Refusal(StrEnum):
    """Why not."""

    DRAINING = "draining"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """A fixed number of sessions; a process that is leaving takes none."""

    max_sessions: int = 50

    def refusal(self, *, running_sessions: int, draining: bool) -> Refusal | None:
        """Why one more session cannot be taken; None when it can."""
        if draining:
            return Refusal.DRAINING
        return Refusal.FULL if running_sessions >= self.max_sessions else None
