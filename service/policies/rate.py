"""How much may a client send?"""

from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class TokenBucket:
    """Tokens come at a steady rate up to a capacity; whoever sends must have them."""

    rate_per_s: float
    capacity: float
    _tokens: float = field(init=False)
    _filled_at: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._tokens = self.capacity

    def take(self, amount: float, now: float) -> bool:
        """Take the tokens if there are enough of them."""
        if self._filled_at is not None:
            self._tokens = min(self.capacity, self._tokens + (now - self._filled_at) * self.rate_per_s)
        self._filled_at = now
        if amount > self._tokens:
            return False
        self._tokens -= amount
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """What a client is told in `ready`, and how long we look on when it keeps sending more."""

    audio_rate: float = 1.25
    """Seconds of audio for each second of time."""
    audio_burst_s: float = 5.0
    """What a client may catch up with after a stall."""
    shortest_frame_s: float = 0.005
    """Every frame costs at least this much, so that empty ones are no way around the limit."""
    control_per_s: int = 20
    control_burst_s: float = 2.0
    patience_s: float = 10.0
    """Audio beyond the rate is dropped; after this long of it the session ends."""

    def audio_bucket(self) -> TokenBucket:
        """Tokens are seconds of audio."""
        return TokenBucket(rate_per_s=self.audio_rate, capacity=self.audio_burst_s)

    def control_bucket(self) -> TokenBucket:
        """Tokens are messages."""
        capacity = self.control_per_s * self.control_burst_s
        return TokenBucket(rate_per_s=self.control_per_s, capacity=capacity)
