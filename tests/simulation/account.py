"""What all processes share of the model: one account, its quota and faults, and what was done against the rules."""

from dataclasses import dataclass, field
from random import Random
from typing import Final

from service.errors import ModelFailure, ModelFailureKind


@dataclass(slots=True, kw_only=True)
class Faults:
    """How often what goes wrong, as shares of streams; and what goes wrong for everybody, at the moment."""

    dies: float = 0.0
    falls_silent: float = 0.0
    refused: float = 0.0
    uses_tool: float = 0.0
    refuse_all_with: ModelFailureKind | None = None


@dataclass(slots=True)
class Memory:
    """What a stream was told that the user had said before it began."""

    session_id: str = ""
    began_at: float = 0.0
    """When it began to listen."""
    said: list[str] = field(default_factory=list)


DEATHS: Final = (
    ModelFailure(ModelFailureKind.CONNECTION_LOST, "HTTP/2 stream reset"),
    ModelFailure(ModelFailureKind.VALIDATION, "RST_STREAM closed stream"),
    ModelFailure(ModelFailureKind.VALIDATION, "System instability detected. Please retry"),
    ModelFailure(ModelFailureKind.PROTOCOL, "InvalidEventBytes"),
    ModelFailure(ModelFailureKind.TIMED_OUT, "timed out"),
    ModelFailure(ModelFailureKind.INTERNAL, "internal"),
    None,
)


@dataclass(slots=True, kw_only=True)
class Account:
    """What all processes share: the quota, the dice, and what was done against the rules."""

    dice: Random
    quota: int = 1_000
    faults: Faults = field(default_factory=Faults)
    open_streams: int = 0
    most_open: int = 0
    refused_for_quota: int = 0
    tools_used: int = 0
    opened: list[float] = field(default_factory=list)
    """When."""
    broken_rules: list[str] = field(default_factory=list)
    memories: list[Memory] = field(default_factory=list)
