"""The settings of the model and how it is talked to; a part of `service.settings`, which is where they are read."""

from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

BIDIRECTIONAL_API: Final = "invoke-model-with-bidirectional-stream"


class ModelSettings(BaseSettings):
    """Which model, over which connections, and how turns are taken with it."""

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
