"""How long is something left alone that failed?"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Growing waits with full jitter, for as long as it takes."""

    first_s: float = 0.5
    longest_s: float = 15.0
    shortest_s: float = 0.05

    def wait_s(self, failures: int, jitter: float) -> float:
        """How long to wait after this many failures in a row; `jitter` is drawn from 0 to 1."""
        ceiling_s = min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, 32))
        return max(self.shortest_s, ceiling_s * jitter)
