"""Has the user finished? The client asks itself; we say after how much silence."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpointing:
    """The silence after which a client says `endOfUtterance`."""

    silence_threshold_ms: int = 1_500
    shortest_ms: int = 300
    """Below this, the gaps between words end an utterance."""
    longest_ms: int = 5_000

    def __post_init__(self) -> None:
        if not self.shortest_ms <= self.silence_threshold_ms <= self.longest_ms:
            raise ValueError(
                f"the silence threshold must be {self.shortest_ms} to {self.longest_ms} ms,"
                f" not {self.silence_threshold_ms}"
            )
