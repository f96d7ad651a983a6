"""What a conversation asks its transport to do; it does nothing itself."""

from dataclasses import dataclass

from emulators.nova_sonic.brains.ports import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Emit:
    """Send one output event to the client."""

    payload: bytes
    """One JSON document, `{"event":{...}}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail:
    """Send an exception and end the response; nothing follows."""

    exception: str
    """The member's name in the event stream, as `validationException`."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndStream:
    """End the response in good order; nothing follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcribe:
    """Ask the brain what was said; the answer comes back through `Conversation.transcribed`."""

    utterance_id: int
    """Shares one counter with request ids, so that an id alone names the question."""
    pcm: bytes
    """16 kHz mono s16le."""
    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Compose:
    """Ask the brain for a reply; its steps come back through `Conversation.composed`, closed by None."""

    request_id: int
    request: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """The steps of this request are no longer wanted."""

    request_id: int


type Effect = Emit | Fail | EndStream | Transcribe | Compose | Cancel
