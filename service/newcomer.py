"""What a new session begins with: the terms of this deployment, and what is the session's own."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import orjson

from service.metrics.recorder import Recordings
from service.policies.closure import Closure, TrailingSilence
from service.policies.endpointing import Endpointing
from service.policies.prices import Prices, prices_on
from service.policies.profiles import profile_for
from service.policies.rate import RateLimits
from service.policies.watchdog import Watchdog
from service.session.terms import SessionTerms
from service.settings import Settings
from service.surroundings import SessionCore
from service.tools.registry import Registry
from service.wire.sonic_input import Tool
from service.wire.subprotocol import Subprotocol

# The session gives a tool a little longer than the registry does, so that the registry's answer comes first.
_TOOL_GRACE_S: Final = 1.0


def terms_of(settings: Settings, tools: Registry, *, keeps_history: bool) -> SessionTerms:
    """What every session of this deployment begins with."""
    return SessionTerms(
        session_id="",
        conversation_id="",
        model_id=settings.model_id,
        profile=profile_for(settings.model_id),
        language=settings.language,
        voice=settings.voice,
        instructions=settings.instructions,
        tools=tuple(
            Tool(name=tool.name, description=tool.text, schema=orjson.dumps(dict(tool.schema)).decode())
            for tool in tools.descriptions
        ),
        keeps_history=keeps_history,
        needs_place=bool(settings.model_quota or settings.user_sessions or settings.user_minutes_per_day),
        queue_patience_s=settings.queue_patience_s,
        parked_s=settings.park_s,
        closure=Closure(settings.closure),
        trailing=TrailingSilence(after_speech_ms=settings.trailing_silence_ms),
        endpointing=Endpointing(silence_threshold_ms=settings.silence_threshold_ms),
        watchdog=Watchdog(patience_s=settings.watchdog_ms / 1_000),
        rates=RateLimits(audio_rate=settings.max_input_rate, control_per_s=settings.max_control_per_s),
        start_timeout_s=settings.start_timeout_s,
        open_timeout_s=settings.model_accept_timeout_s,
        reply_timeout_s=settings.reply_timeout_ms / 1_000,
        tool_timeout_s=settings.tool_timeout_s + _TOOL_GRACE_S,
        idle_timeout_s=settings.idle_timeout_s,
        max_session_s=settings.max_session_s,
        heartbeat_ms=settings.heartbeat_ms,
        max_message_bytes=settings.max_message_bytes,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomers:
    """Begins sessions; each has the prices of its day, and a conversation of its own until it continues another."""

    terms: SessionTerms
    recordings: Recordings
    wall_clock: Callable[[], float]
    new_id: Callable[[], str]
    chance: Callable[[], float]
    """In [0, 1); it only spreads waits, so that sessions do not act in step."""

    def begin(
        self,
        *,
        session_id: str,
        user_id: str,
        subprotocol: Subprotocol,
        resume_token: str,
        signed_in_until: float,
        now: float,
    ) -> SessionCore:
        own = replace(
            self.terms,
            session_id=session_id,
            conversation_id=self.new_id(),
            subprotocol=subprotocol,
            resume_token=resume_token,
            sign_in_expires_at=signed_in_until,
            prices=self.prices(),
        )
        return self.recordings.session(own, user_id=user_id, now=now, chance=self.chance)

    def prices(self) -> Prices:
        """What the model costs today, UTC."""
        day = time.strftime("%Y-%m-%d", time.gmtime(self.wall_clock()))
        return prices_on(self.terms.model_id, day)
