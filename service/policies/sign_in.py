"""When does a sign-in that runs out concern the conversation?"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """Warn early enough for a new sign-in, be lenient about clocks, let the running turn end."""

    warning_s: float = 120.0
    leeway_s: float = 60.0
    """As much as is granted to the token itself, for clocks that differ."""
    farewell_s: float = 15.0

    def warns_at(self, *, granted_at: float, expires_at: float) -> float:
        """Two minutes before; half-way for a token so short that renewals would follow each other at once."""
        return expires_at - min(self.warning_s, max(0.0, expires_at - granted_at) / 2)

    def ends_at(self, expires_at: float) -> float:
        """From when on nothing new begins."""
        return expires_at + self.leeway_s
