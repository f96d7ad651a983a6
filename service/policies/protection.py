"""When is this task to be protected from scale-in and deployments, and when not any more?

ECS protects a task for so many minutes and forgets by itself. So protection is asked for while somebody talks, renewed
long before it ends, and given back when nobody does or the process is told to stop. An agent that does not answer is
asked again, and changes nothing for anybody who talks.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """What is asked of the agent; instants are on the caller's clock."""

    expires_min: int = 10
    """For how long; ECS takes 1 to 2880."""
    renew_s: float = 300.0
    retry_s: float = 15.0
    linger_s: float = 30.0
    """How long nobody has to talk before it is given back, so that it is not asked for with every call."""


class ProtectionPolicy:
    """Remembers what the agent was asked last, and says what to ask next."""

    def __init__(self, terms: Protection | None = None) -> None:
        self.terms = terms or Protection()
        self._is_protected = False
        self._ask_at = 0.0
        """Not sooner: the agent failed."""
        self._renew_at = 0.0
        self._busy_at = float("-inf")

    def due(self, *, sessions: int, draining: bool, now: float) -> bool | None:
        """What to ask for now: protection, none, or nothing at all."""
        if sessions > 0:
            self._busy_at = now
        wanted = not draining and now - self._busy_at < self.terms.linger_s
        if now < self._ask_at or (wanted is self._is_protected and not (wanted and now >= self._renew_at)):
            return None
        return wanted

    def answered(self, wanted: bool, now: float, *, well: bool) -> None:  # noqa: FBT001 - what `due` returned
        """What came of it."""
        if not well:
            self._ask_at = now + self.terms.retry_s
            return
        self._is_protected = wanted
        self._ask_at, self._renew_at = now, now + self.terms.renew_s
