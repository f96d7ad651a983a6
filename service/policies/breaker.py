"""Is the model to be left alone for a while, because it fails for everybody?

Every session tries again by itself. When most streams of a process cannot be had, those tries only make it worse, and
users are told sooner that there is no model when nobody asks.
"""

from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Breaker:
    """Opens when more than a share of the last tries failed; then lets one through now and then."""

    window_s: float = 30.0
    least_tries: int = 10
    failing_share: float = 0.5
    rest_s: float = 5.0
    _tries: deque[tuple[float, bool]] = field(default_factory=deque)
    _probe_at: float | None = None
    """When one may try while the others may not; None while everybody may."""

    def may_try(self, now: float) -> bool:
        """Whether to ask the model; whoever may must say with `tried` how it went."""
        if self._probe_at is None:
            return True
        if now < self._probe_at:
            return False
        self._probe_at = now + self.rest_s
        return True

    def tried(self, *, worked: bool, now: float) -> None:
        """Somebody asked."""
        if self._probe_at is not None:
            if worked:
                self._probe_at = None
                self._tries.clear()
            return
        self._tries.append((now, worked))
        while self._tries[0][0] < now - self.window_s:
            self._tries.popleft()
        failed = sum(not worked for _, worked in self._tries)
        if len(self._tries) >= self.least_tries and failed > self.failing_share * len(self._tries):
            self._probe_at = now + self.rest_s
