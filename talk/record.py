"""What a conversation is asked to do, and what is known about it afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from talk.playback import Playback
from talk.protocol import BINARY, Error, FromServer, Ready, Subprotocol, Transcript, Turn
from talk.recording import Recording

# docs/protocol.md, "Close codes": what a client does on each.
CLOSE_CODES: Final[Mapping[int, str]] = {
    1000: "the session ended normally",
    1001: "the server went away",
    1006: "the connection broke without a goodbye",
    1009: "a message was too big",
    1011: "the service failed inside; its log tells why",
    4400: "the service says that this client broke the protocol",
    4401: "sign in again",
    4403: "this user may not talk",
    4408: "the session was idle for too long",
    4409: "another connection took the session over",
    4410: "the session cannot be resumed; start a new one",
    4429: "slow down, and try again later",
    4503: "this service has no room or is stopping; try again in a moment",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A question in writing."""

    text: str

    @property
    def name(self) -> str:
        return f'"{self.text}"'


type Question = Recording | Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """How to talk. None leaves the choice to the service."""

    language: str | None = None
    voice: str | None = None
    subprotocol: Subprotocol = BINARY
    end_of_utterance: bool = True
    """Say when a recording is over; without it the model, or the service's watchdog, has to notice."""
    barge_in_after_s: float | None = None
    """Ask the second question so long after the first sound of the first reply."""
    token: str | None = field(default=None, repr=False)
    """The access token to connect with."""
    timeout_s: float = 30.0
    """How long the service may stay without progress."""


@dataclass(slots=True, kw_only=True)
class Answer:
    """A question, and everything that came back. Instants are on the event loop's clock."""

    number: int
    question: Question
    asked_at: float | None = None
    """When the last of the question had been sent."""
    speech_ended_at: float | None = None
    """When the speech in the question had ended, which may be before the recording does."""
    first_audio_at: float | None = None
    transcripts: list[Transcript] = field(default_factory=list)
    turns: dict[int, Turn | None] = field(default_factory=dict)
    """The service's turns of this question; None while one is not over. A long pause makes two of one question."""

    def was_asked(self) -> bool:
        return self.asked_at is not None

    def has_begun(self) -> bool:
        return self.first_audio_at is not None

    def is_over(self) -> bool:
        return self.was_asked() and bool(self.turns) and None not in self.turns.values()

    @property
    def time_to_first_audio_ms(self) -> int | None:
        """From the end of speech in the recording to the first reply audio received, as this client saw it."""
        if self.first_audio_at is None or self.speech_ended_at is None:
            return None
        return round((self.first_audio_at - self.speech_ended_at) * 1000)

    def spoken(self) -> str:
        """What was heard of a reply that was broken off, else what was said, else what is planned.

        The model tells what was spoken seconds later, often only after the user's next words.
        """
        for stage in ("heard", "spoken", "planned"):
            if said := [t.text for t in self.transcripts if t.role == "assistant" and t.stage == stage]:
                return " ".join(said)
        return ""

    def heard(self) -> str:
        """What the service understood."""
        return " ".join(t.text for t in self.transcripts if t.role == "user")


@dataclass(slots=True, kw_only=True)
class Conversation:
    """One session, from the connection to its close."""

    began_at: float
    playback: Playback
    answers: list[Answer]
    ready: Ready | None = None
    errors: list[Error] = field(default_factory=list)
    close_code: int | None = None
    close_reason: str = ""
    failure: str | None = None
    """Why not every question was asked and answered; None if the conversation came to its end."""

    @property
    def heard_replies(self) -> bool:
        """Every question was asked, and each got an audible reply."""
        return self.failure is None and bool(self.answers) and all(a.has_begun() for a in self.answers)

    def why_closed(self) -> str:
        code = self.close_code or 1006
        meaning = CLOSE_CODES.get(code, "a close code this client does not know")
        said = self.errors[-1].message if self.errors else self.close_reason
        return f"the service closed the connection with {code}: {meaning}" + (f" ({said})" if said else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question begins."""

    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOver:
    """A turn of a question is over."""

    answer: Answer
    turn: Turn


type Happening = FromServer | Asked | TurnOver
