"""When the service loses patience with a stream, all spans scalable for tests."""

import math

from emulators.nova_sonic.conversation.effects import Fail
from emulators.nova_sonic.conversation.refusals import TIMED_OUT, USER_SILENT
from emulators.nova_sonic.profiles import Profile


class Timers:
    """The three clocks of one stream."""

    def __init__(self, profile: Profile, *, opened_at: float, time_scale: float) -> None:
        limits = profile.limits
        self._idle_message = profile.idle_message
        self._idle_s = limits.idle_s * time_scale
        self._user_silence_s = limits.user_silence_s * time_scale
        self._lifetime_ends_at = opened_at + limits.lifetime_s * time_scale
        self._fed_at = opened_at
        self._user_active_at = math.inf  # Runs from the first audio on.

    @property
    def deadline(self) -> float:
        """When the first of them expires."""
        return min(
            self._lifetime_ends_at, self._fed_at + self._idle_s, self._user_active_at + self._user_silence_s
        )

    def audio_came(self, now: float) -> None:
        """Take note of audio; silence is audio too."""
        self._fed_at = now
        if self._user_active_at == math.inf:
            self._user_active_at = now

    def typed(self, now: float) -> None:
        """Take note of interactive text."""
        self._fed_at = now
        self._user_active_at = now

    def user_spoke(self, now: float) -> None:
        """Take note of speech."""
        self._user_active_at = now

    def expired(self, now: float) -> Fail | None:
        """Return how the stream dies at `now`, None while it lives."""
        if now >= self._lifetime_ends_at:
            return Fail(exception="modelTimeoutException", message=TIMED_OUT)
        if now >= self._fed_at + self._idle_s:
            return Fail(exception="validationException", message=self._idle_message)
        if now >= self._user_active_at + self._user_silence_s:
            return Fail(exception="validationException", message=USER_SILENT)
        return None
