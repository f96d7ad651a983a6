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

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from service.limit_settings import LimitSettings
from service.model_settings import ModelSettings
from service.policies.profiles import profile_for
from service.sign_in_settings import SignInSettings, is_origin
from service.store_settings import StoreSettings

PREFIX: Final = "VOICE_"


class ImpossibleSettingsError(ValueError):
    """Raised with the one sentence that says which variable cannot be as it is, and why."""


class Settings(ModelSettings, LimitSettings, StoreSettings, SignInSettings):
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
    log_waiting_bytes: int = Field(
        default=1_048_576,
        ge=65_536,
        le=67_108_864,
        description="Log lines that wait while nobody reads the log; what does not fit is given up and counted.",
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
    park_s: int = Field(
        default=15,
        ge=0,
        le=120,
        description="Time a session goes on without its client, should that lose its connection; 0: not at all.",
    )
    drain_s: int = Field(
        default=25,
        ge=0,
        le=3_600,
        description="Time for running turns after SIGTERM; then sessions are closed.",
    )
    task_protection: Literal["off", "on"] = Field(
        default="off",
        description="Whether ECS is asked to leave the task alone while somebody talks; it holds deployments up.",
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
