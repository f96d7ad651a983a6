"""The two sides of a session, as the rest of the service sees them.

Towards the model: a transport opens streams; a stream takes event documents and gives event documents back through a
listener. Documents are the JSON bytes of Nova Sonic's events (`{"event":{...}}`), untouched: what they
mean is the business of `service.wire`.

Towards the client: whoever attends a connection hears each message as it arrives and answers through the
connection, synchronously both ways, so a frame needs no task, queue or future of its own to get in.
"""

from typing import Protocol

from service.errors import ModelFailure, VoiceError


class ModelStreamListener(Protocol):
    """What a stream tells its owner, on the event loop, in the order it happened; it must not raise."""

    def on_stream_accepted(self) -> None:
        """The model answered with its response headers; with Nova Sonic only after our first events."""

    def on_stream_event(self, payload: bytes) -> None:
        """One event document arrived."""

    def on_stream_closed(self, failure: ModelFailure | None) -> None:
        """The stream is over; called exactly once, and last.

        None only when we ended it (`sessionEnd` or `close()`) and the model then ended its side cleanly.
        """


class ModelStream(Protocol):
    """One open stream. Nothing here blocks or raises, whatever became of the connection."""

    @property
    def dropped_frames(self) -> int:
        """How many droppable documents were given up because the model did not take them in time."""

    def send(self, payload: bytes, *, droppable: bool) -> None:
        """Queue one event document; order is kept.

        A droppable document (audio) that has waited half a second is given up, the oldest first.
        """

    def close(self) -> None:
        """End our side after what is queued; `on_stream_closed` follows within a deadline, always."""


class ModelTransport(Protocol):
    """A way to the model."""

    async def check(self) -> None:
        """Prove at start-up that streams can be opened: the SDK, credentials, the endpoint.

        Raises ModelFailure.
        """

    async def open(self, listener: ModelStreamListener) -> ModelStream:
        """Open a stream and return when documents can be sent, within a deadline; raises ModelFailure."""

    async def aclose(self) -> None:
        """End every stream that is still open, within a deadline, and let go of the connections."""


class ClientConnection(Protocol):
    """The client's side, as it is written to; neither call blocks or raises."""

    def send(self, message: bytes | str) -> None:
        """Queue one message: bytes go out as a binary message, a string as text."""

    def close(self, code: int, reason: str) -> None:
        """Close after what is queued; what is sent later is dropped."""


class ClientListener(Protocol):
    """Whoever attends one connection; nothing here blocks, and nothing but `finish` waits."""

    def on_text(self, text: str) -> None:
        """A text message arrived."""

    def on_binary(self, frame: bytes) -> None:
        """A binary message arrived."""

    def on_fault(self, error: VoiceError) -> None:
        """The client broke a rule that the transport checks."""

    def on_too_slow(self) -> None:
        """The client reads so slowly that what waited for it was thrown away."""

    async def finish(self, close_code: int | None) -> None:
        """The connection is over; let go of everything, within a deadline. Called once, last."""
