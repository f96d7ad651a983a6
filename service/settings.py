"""What can be set from outside: one frozen class, read from the environment once, before anything starts.

A value that cannot be, or a combination that cannot be, ends the start with one sentence. A variable that
begins with VOICE_ and is none of these is refused as well: it is a typing error more often than not.
"""

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from service.policies.profiles import profile_for
from service.sign_in_settings import SignInSettings, is_origin

PREFIX: Final = "VOICE_"
BIDIRECTIONAL_API: Final = "invoke-model-with-bidirectional-stream"


class ImpossibleSettingsError(ValueError):
    """Raised with the one sentence that says which variable cannot be as it is, and why."""


class Settings(SignInSettings):
    """Every setting, its default and what it means. `docs/configuration.md` is generated from this class."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True, hide_input_in_errors=True
    )

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65_535, description="Port to listen on; 0 takes a free one.")
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Origins whose pages may connect, separated by commas; empty: only pages of the same host.",
    )
    page_dir: Path | None = Field(
        default=None, description="Folder of the built page; empty: the page is served by somebody else."
    )
    stage: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9_-]{0,32}$",
        description="Dimension of the metric lines in the log; empty: no metric lines are written.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe log line to write."
    )

    model_id: str = Field(
        default="amazon.nova-2-sonic-v1:0", min_length=1, max_length=256, description="The model to talk to."
    )
    region: str = Field(
        default="us-east-1", pattern=r"^[a-z]{2}(-[a-z]+)+-\d$", description="AWS Region of the model."
    )
    model_api: str = Field(
        default=BIDIRECTIONAL_API,
        description="API of the model; Nova Sonic has one, and no other is accepted.",
    )
    model_transport: Literal["auto", "direct", "sdk"] = Field(
        default="auto",
        description="How the API is spoken: `direct`, our own client; `sdk`, the official SDK; `auto`, the first"
        " until the endpoint refuses it for reasons of protocol, then the second.",
    )
    model_streams_per_connection: int = Field(
        default=1,
        ge=1,
        le=100,
        description="Streams that share a connection to the model; more save memory, and share its loss (`direct`).",
    )
    model_spare_connections: int = Field(
        default=1, ge=0, le=100, description="Connections kept ready for the next stream (`direct`)."
    )
    model_silence_s: float = Field(
        default=10.0,
        gt=0,
        le=300,
        description="Silence on a connection to the model after which it is asked with a PING, and time to answer"
        " it (`direct`).",
    )
    model_endpoint: str | None = Field(
        default=None, description="Address of another endpoint, https only; empty: AWS in the Region."
    )
    model_ca_file: Path | None = Field(
        default=None,
        description="PEM file of the only authority to trust for the model's endpoint; empty: the system's.",
    )
    model_connect_timeout_s: float = Field(
        default=5.0, gt=0, le=60, description="Longest time for a connection to the model, with TLS."
    )
    model_accept_timeout_s: float = Field(
        default=10.0, gt=0, le=60, description="Longest time until the model answers a new stream."
    )
    model_send_timeout_s: float = Field(
        default=20.0, gt=0, le=120, description="Longest time that the model may take no input."
    )
    model_close_timeout_s: float = Field(
        default=5.0,
        gt=0,
        le=60,
        description="Longest time for the model to end its side of a stream after ours.",
    )

    closure: Literal["continuous", "explicit"] = Field(
        default="continuous",
        description="How a turn is closed: trailing silence in one open audio block, or one stream per turn.",
    )
    silence_threshold_ms: int = Field(
        default=1_500,
        ge=300,
        le=5_000,
        description="Silence after which the client says that the user has finished.",
    )
    watchdog_ms: int = Field(
        default=2_000,
        ge=300,
        le=20_000,
        description="Time without audio after which the server closes an open turn.",
    )
    trailing_silence_ms: int = Field(
        default=1_500, ge=0, le=5_000, description="Silence appended to close a turn under `continuous`."
    )
    reply_timeout_ms: int = Field(
        default=10_000,
        ge=1_000,
        le=60_000,
        description="Time without any event of the model after a turn was closed.",
    )
    tool_timeout_s: float = Field(default=5.0, gt=0, le=60, description="Longest time for one tool.")
    language: str = Field(default="en-US", description="Language of a session that asks for none.")
    voice: str = Field(default="tiffany", description="Voice of a session that asks for none.")
    instructions: str = Field(
        default="You are a friendly assistant who talks with the user. Keep your answers short, two or three sentences,"
        " as one speaks. Answer in the language the user speaks.",
        min_length=1,
        max_length=40_000,
        description="What the model is told before the conversation (its system prompt); put no secret in it.",
    )

    recordings: int = Field(
        default=0,
        ge=0,
        le=1_000,
        description="Flight recordings that a process keeps, for administrators; 0: none. They cost CPU with every"
        " frame.",
    )
    recording_bytes: int = Field(
        default=262_144, ge=4_096, le=67_108_864, description="Longest recording, compressed; then it ends."
    )
    recording_words: bool = Field(
        default=False,
        description="Whether recordings hold the words that were said; otherwise others of the same length.",
    )
    budget_user_usd: float | None = Field(
        default=None, gt=0, description="What one user may spend a day (UTC) by list price; empty: no limit."
    )
    budget_deployment_usd: float | None = Field(
        default=None, gt=0, description="What all users may spend a day (UTC) together; empty: no limit."
    )
    traces: bool = Field(
        default=False,
        description="Whether traces are sent to the collector that the `OTEL_EXPORTER_OTLP_` variables name.",
    )
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

    store: Literal["sqlite", "dynamodb", "none"] = Field(
        default="sqlite",
        description="Where conversations are kept: a file, a DynamoDB table, or nowhere.",
    )
    store_path: Path = Field(
        default=Path(".run/conversations.sqlite"), description="The file of `sqlite`; made if there is none."
    )
    store_table: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9_.-]{3,255}$", description="The table of `dynamodb`."
    )
    store_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="Another address of DynamoDB; empty: AWS in the Region.",
    )
    store_timeout_s: float = Field(
        default=3.0,
        gt=0,
        le=30,
        description="Longest time for one request to the store; then it is tried again.",
    )
    park_s: int = Field(
        default=15,
        ge=0,
        le=120,
        description="Time a session goes on without its client, should that lose its connection; 0: not at all.",
    )
    retention_days: int = Field(
        default=90, ge=1, le=3_650, description="A conversation is deleted this long after its last turn."
    )

    drain_s: int = Field(
        default=25,
        ge=0,
        le=3_600,
        description="Time for running turns after SIGTERM; then sessions are closed.",
    )
    stop_timeout_s: int = Field(
        default=30,
        ge=1,
        le=3_700,
        description="Time from SIGTERM to the end of the process, whatever happens.",
    )

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("allowed_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not is_origin(origin):
                raise ValueError(f"{origin!r} is no origin; write it as https://voice.example.com")
        return value

    @field_validator("model_api")
    @classmethod
    def _is_bidirectional(cls, value: str) -> str:
        if value != BIDIRECTIONAL_API:
            raise ValueError(f"{value!r} is not possible; Nova Sonic is reached by {BIDIRECTIONAL_API} only")
        return value

    @field_validator("model_endpoint")
    @classmethod
    def _is_https(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme != "https" or not parts.hostname or parts.path not in {"", "/"} or parts.query:
            raise ValueError(
                f"{value!r} is no https address; the API needs HTTP/2 over TLS, as https://host:port"
            )
        return value

    @field_validator("model_ca_file")
    @classmethod
    def _is_file(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"there is no file {str(value)!r}")
        return value

    @field_validator("page_dir")
    @classmethod
    def _holds_a_page(cls, value: Path | None) -> Path | None:
        if value is not None and not (value / "index.html").is_file():
            raise ValueError(f"there is no index.html in {str(value)!r}; build the page first")
        return value

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        for sentence in (*self._contradictions(), *self._wrong_voice()):
            raise ValueError(sentence)
        return self

    def _contradictions(self) -> Iterator[str]:
        watchdog, idle = (
            f"VOICE_WATCHDOG_MS={self.watchdog_ms}",
            f"VOICE_IDLE_TIMEOUT_S={self.idle_timeout_s}",
        )
        if (missing := self.missing_for_sign_in()) is not None:
            yield f"VOICE_AUTH={self.auth} needs {missing}; docs/sign-in.md says where to find it"
        if self.watchdog_ms <= self.silence_threshold_ms:
            threshold = f"VOICE_SILENCE_THRESHOLD_MS={self.silence_threshold_ms}"
            yield f"{watchdog} must be longer than {threshold}: it is the client's backup"
        if self.heartbeat_ms >= self.idle_timeout_s * 1_000:
            yield f"VOICE_HEARTBEAT_MS={self.heartbeat_ms} must be shorter than {idle}"
        if self.ping_interval_s >= self.idle_timeout_s:
            yield f"VOICE_PING_INTERVAL_S={self.ping_interval_s:g} must be shorter than {idle}"
        if self.idle_timeout_s > self.max_session_s:
            yield f"{idle} must not be longer than VOICE_MAX_SESSION_S={self.max_session_s}"
        if self.store == "dynamodb" and self.store_table is None:
            yield "VOICE_STORE=dynamodb needs VOICE_STORE_TABLE, the name of the table"
        if self.drain_s >= self.stop_timeout_s:
            yield f"VOICE_DRAIN_S={self.drain_s} must be shorter than VOICE_STOP_TIMEOUT_S={self.stop_timeout_s}"

    def _wrong_voice(self) -> Iterator[str]:
        profile = profile_for(self.model_id)
        voices = profile.voices(self.language)
        if not voices:
            known = ", ".join(language.code for language in profile.languages)
            yield f"VOICE_LANGUAGE={self.language} is no language of {self.model_id}; it has {known}"
        elif self.voice not in voices:
            yield f"VOICE_VOICE={self.voice} does not speak {self.language}; {', '.join(voices)} do"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; raises ImpossibleSettingsError. `environment` is os.environ, looked at for typos."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    for name in sorted(environment if environment is not None else os.environ):
        if name.startswith(PREFIX) and name not in known:
            near = get_close_matches(
                name.removeprefix(PREFIX), (bare.removeprefix(PREFIX) for bare in known), n=1
            )
            hint = (
                f"; did you mean {PREFIX}{near[0]}?"
                if near
                else "; docs/configuration.md lists what there is"
            )
            raise ImpossibleSettingsError(f"there is no setting {name}{hint}")
    try:
        return Settings()
    except ValidationError as error:
        raise ImpossibleSettingsError(_sentence(error)) from None


def _sentence(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    text = fault["msg"].removeprefix("Value error, ")
    where = "_".join(str(part) for part in fault["loc"])
    return f"{PREFIX}{where.upper()}: {text}" if where else text
