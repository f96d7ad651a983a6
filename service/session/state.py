"""The states of a session and the only ways from one to another."""

# Rule 1: every change of state goes through TRANSITIONS; nothing else assigns it.
# Rule 2: a missing key is a mistake of ours, never of a peer's: handlers look at the state before they signal.

from collections.abc import Mapping
from enum import Enum
from typing import Final

from service.session.effects import State
from service.wire.server import StateName


class Signal(Enum):
    """What moves a session."""

    ACCEPTED = "the model accepted the stream"
    TURN_CLOSED = "the user has finished"
    REPLY_STARTED = "the first audio of the reply"
    REPLY_ENDED = "the reply was played out"
    INTERRUPTED = "the user spoke over the reply, or stopped it"
    GAVE_UP = "the model owes a reply for too long"
    STREAM_LOST = "the stream ended by itself"
    ENDED = "somebody hung up"


TRANSITIONS: Final[Mapping[tuple[State, Signal], State]] = {
    (State.CONNECTING, Signal.ACCEPTED): State.LISTENING,
    (State.LISTENING, Signal.TURN_CLOSED): State.THINKING,
    (State.THINKING, Signal.REPLY_STARTED): State.SPEAKING,
    (State.THINKING, Signal.INTERRUPTED): State.LISTENING,
    (State.THINKING, Signal.GAVE_UP): State.LISTENING,
    # Planned text came, and then the end without any audio.
    (State.THINKING, Signal.REPLY_ENDED): State.LISTENING,
    (State.SPEAKING, Signal.REPLY_ENDED): State.LISTENING,
    (State.SPEAKING, Signal.INTERRUPTED): State.LISTENING,
    (State.SPEAKING, Signal.GAVE_UP): State.LISTENING,
    (State.LISTENING, Signal.STREAM_LOST): State.CONNECTING,
    (State.THINKING, Signal.STREAM_LOST): State.CONNECTING,
    (State.SPEAKING, Signal.STREAM_LOST): State.CONNECTING,
    (State.CONNECTING, Signal.ENDED): State.OVER,
    (State.LISTENING, Signal.ENDED): State.OVER,
    (State.THINKING, Signal.ENDED): State.OVER,
    (State.SPEAKING, Signal.ENDED): State.OVER,
}

STATE_NAMES: Final[Mapping[State, StateName]] = {
    State.CONNECTING: StateName.CONNECTING,
    State.LISTENING: StateName.LISTENING,
    State.THINKING: StateName.THINKING,
    State.SPEAKING: StateName.SPEAKING,
}
