"""What a session is begun with: everything a deployment or a user may decide, and nothing it finds out itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from service.policies.backoff import Backoff
from service.policies.closure import Closure, TrailingSilence
from service.policies.continuation import Continuation
from service.policies.endpointing import Endpointing
from service.policies.prices import Prices, prices_on
from service.policies.profiles import NOVA_2_SONIC, ModelProfile
from service.policies.rate import RateLimits
from service.policies.replay import Replay
from service.policies.retry import Retry
from service.policies.sign_in import Expiry
from service.policies.silence import KeepAlive
from service.policies.watchdog import Watchdog
from service.wire.audio import span_bytes
from service.wire.client import MAX_TEXT_CHARS
from service.wire.server import Limits
from service.wire.sonic_input import Sensitivity, Tool
from service.wire.subprotocol import Subprotocol


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTerms:
    """The terms of one session; a `start` message may choose language, voice and rates within them."""

    session_id: str
    conversation_id: str
    subprotocol: Subprotocol = Subprotocol.JSON
    resume_token: str | None = None
    """With which the client may take the session up again, once; None: it may not."""
    model_id: str = "amazon.nova-2-sonic-v1:0"
    profile: ModelProfile = NOVA_2_SONIC
    language: str = "en-US"
    voice: str = "tiffany"
    instructions: str = "You are a friendly assistant. Answer in one to three short sentences."
    tools: Sequence[Tool] = ()
    input_rate_hz: int = 16_000
    output_rate_hz: int = 24_000

    closure: Closure = Closure.CONTINUOUS
    sensitivity: Sensitivity | None = None
    trailing: TrailingSilence = field(default_factory=TrailingSilence)
    endpointing: Endpointing = field(default_factory=Endpointing)
    watchdog: Watchdog = field(default_factory=Watchdog)
    keep_alive: KeepAlive = field(default_factory=KeepAlive)
    replay: Replay = field(default_factory=Replay)
    retry: Retry = field(default_factory=Retry)
    continuation: Continuation = field(default_factory=Continuation)
    rates: RateLimits = field(default_factory=RateLimits)
    expiry: Expiry = field(default_factory=Expiry)

    prices: Prices = field(default_factory=lambda: prices_on("amazon.nova-2-sonic-v1:0", "2026-11-23"))
    """What the model's tokens cost on the day on which the session begins."""

    start_timeout_s: float = 10.0
    """A client that says nothing at all is closed after this."""
    open_timeout_s: float = 10.0
    """From asking for a stream to the model's headers."""
    reply_timeout_s: float = 10.0
    """The longest silence of a model that owes a reply."""
    thinking_limit_s: float = 60.0
    """The longest a turn may be thought about, whatever signs of life there are."""
    tool_timeout_s: float = 8.0
    idle_timeout_s: float = 300.0
    max_session_s: float = 3_600.0
    farewell_s: float = 15.0
    """From `goAway` to the close when a session has lasted its full time."""
    needs_place: bool = False
    """Whether the account's streams are counted, and a session may have to wait for one."""
    queue_patience_s: float = 120.0
    """How long it waits."""
    keeps_history: bool = False
    """Whether there is a store."""
    store_backoff: Backoff = field(default_factory=Backoff)
    store_patience_s: float = 8.0
    """How long a session that continues a conversation waits for what was said in it."""
    parked_s: float = 15.0
    """How long a session goes on without its client, for one that comes back at once."""
    settle_s: float = 1.0
    """From the end of a turn to its writing: late words, and the client's last word on what was heard, still count."""
    kept_audio_s: float = 10.0
    """How much of the user's audio is kept for a stream that is not there yet."""
    sign_in_expires_at: float = float("inf")
    """When the sign-in that the session began with expires, on the session's own clock."""
    heartbeat_ms: int = 5_000
    max_message_bytes: int = 32_768

    @property
    def kept_bytes(self) -> int:
        """How many bytes that is."""
        return span_bytes(int(self.kept_audio_s * 1000), self.input_rate_hz)

    @property
    def limits(self) -> Limits:
        """What the client is told to keep to."""
        return Limits(
            message_bytes=self.max_message_bytes,
            input_rate=self.rates.audio_rate,
            control_per_s=self.rates.control_per_s,
            session_s=int(self.max_session_s),
            idle_s=int(self.idle_timeout_s),
            text_chars=MAX_TEXT_CHARS,
        )
