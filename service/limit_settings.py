"""The settings of what is refused or ended; a part of `service.settings`, which is where they are read."""

from pydantic import Field
from pydantic_settings import BaseSettings


class LimitSettings(BaseSettings):
    """How much one client, one user, one process and the whole deployment may use, and for how long."""

    model_quota: int = Field(
        default=0,
        ge=0,
        le=100_000,
        description="Streams that the account may hold at once, for all processes together; a fifth is kept for"
        " conversations that go on, new ones wait in line. 0: not counted.",
    )
    user_sessions: int = Field(
        default=0,
        ge=0,
        le=1_000,
        description="Sessions that one user may hold at once, in all processes; the newest wins, the oldest ends with"
        " 4409. 0: no limit.",
    )
    user_minutes_per_day: int = Field(
        default=0,
        ge=0,
        le=1_440,
        description="Minutes that one user may talk in a day (UTC), in all processes; then 4429. 0: no limit.",
    )
    queue_patience_s: int = Field(
        default=120, ge=1, le=3_600, description="Longest wait in that line; then 4429."
    )
    max_sessions: int = Field(
        default=50, ge=1, le=10_000, description="Sessions held at once, by all workers together."
    )
    max_cpu_percent: int = Field(
        default=85,
        ge=10,
        le=1_000,
        description="Use of CPU beyond which nobody new is taken, of one core or of the quota where that is less.",
    )
    max_lag_ms: int = Field(
        default=250,
        ge=10,
        le=60_000,
        description="Lateness of the event loop beyond which nobody new is taken.",
    )
    workers: int = Field(
        default=1,
        ge=0,
        le=64,
        description="Processes that share the port, each with an event loop of its own; 0: one for each vCPU.",
    )
    max_message_bytes: int = Field(
        default=32_768, ge=1_024, le=262_144, description="Longest message of a client; beyond it 1009."
    )
    max_input_rate: float = Field(
        default=1.25,
        ge=1.0,
        le=10.0,
        description="Seconds of audio a client may send per second; beyond it 4429.",
    )
    max_control_per_s: int = Field(
        default=20,
        ge=1,
        le=1_000,
        description="Messages other than audio a client may send per second; beyond it 4429.",
    )
    idle_timeout_s: int = Field(
        default=300, ge=5, le=3_600, description="Time without speech or a message but `ping`; then 4408."
    )
    max_session_s: int = Field(
        default=3_600, ge=30, le=86_400, description="Longest session; then `goAway` and 1000."
    )
    start_timeout_s: int = Field(
        default=10, ge=1, le=120, description="Time from the handshake to the first message; then 4408."
    )
    heartbeat_ms: int = Field(
        default=5_000,
        ge=1_000,
        le=120_000,
        description="How often a client sends `ping`; one that hears nothing for two of them has lost the service.",
    )
    ping_interval_s: float = Field(
        default=5.0, gt=0, le=300, description="How often the server pings an open WebSocket."
    )
    ping_timeout_s: float = Field(
        default=5.0, gt=0, le=300, description="Time for the pong; then the connection is taken for dead."
    )
    outbox_bytes: int = Field(
        default=2_097_152,
        ge=65_536,
        le=67_108_864,
        description="What may wait for a client that reads slowly; beyond it the client alone is closed.",
    )
    outbox_stall_s: float = Field(
        default=4.0,
        gt=0,
        le=60,
        description="How long a client for whom something waits may take nothing at all; then it alone is closed.",
    )
