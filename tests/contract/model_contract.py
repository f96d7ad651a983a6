"""What every way to the model must do, whatever it is made of.

A subclass gives a `peer`: the transport under test, and a way to let the model at its other end fail.
"""

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any, Protocol

import pytest

from service.errors import ModelFailure, ModelFailureKind
from service.transports.ports import ModelStream, ModelTransport

PATIENCE_S = 15.0
_PCM = {
    "mediaType": "audio/lpcm",
    "sampleSizeBits": 16,
    "channelCount": 1,
    "audioType": "SPEECH",
    "encoding": "base64",
}
_TEXT = {"mediaType": "text/plain"}


class Peer(Protocol):
    """The transport under test and the model behind it."""

    @property
    def transport(self) -> ModelTransport: ...

    async def fail(self, kind: ModelFailureKind, *, on_input: str) -> None:
        """Let the next stream fail when this event arrives."""


class Recorder:
    """A listener that remembers the calls in order."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self._changed = asyncio.Event()

    def on_stream_accepted(self) -> None:
        self._note("accepted", None)

    def on_stream_event(self, payload: bytes) -> None:
        ((name, body),) = json.loads(payload)["event"].items()
        self._note(name, body)

    def on_stream_closed(self, failure: ModelFailure | None) -> None:
        self._note("closed", failure)

    def _note(self, name: str, value: Any) -> None:
        self.calls.append((name, value))
        self._changed.set()

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.calls]

    async def until(self, reached: Callable[["Recorder"], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not reached(self):
                self._changed.clear()
                await self._changed.wait()

    async def closed(self) -> ModelFailure | None:
        """Wait for the end; what it was."""
        await self.until(lambda recorder: "closed" in recorder.names)
        failure: ModelFailure | None = self.calls[-1][1]
        return failure


def begin(stream: ModelStream) -> None:
    """Everything that comes before the user's first word."""
    say(stream, "sessionStart", inferenceConfiguration={"maxTokens": 1024, "topP": 0.9, "temperature": 0.7})
    audio_output = _PCM | {"sampleRateHertz": 24_000, "voiceId": "tiffany"}
    say(
        stream,
        "promptStart",
        promptName="p",
        textOutputConfiguration=_TEXT,
        audioOutputConfiguration=audio_output,
    )
    text(stream, "system", role="SYSTEM", words="You are a test.", interactive=False)
    say(
        stream,
        "contentStart",
        promptName="p",
        contentName="audio",
        type="AUDIO",
        interactive=True,
        role="USER",
        audioInputConfiguration=_PCM | {"sampleRateHertz": 16_000},
    )


def text(stream: ModelStream, name: str, *, role: str, words: str, interactive: bool) -> None:
    block = {"promptName": "p", "contentName": name}
    say(
        stream,
        "contentStart",
        **block,
        type="TEXT",
        interactive=interactive,
        role=role,
        textInputConfiguration=_TEXT,
    )
    say(stream, "textInput", **block, content=words)
    say(stream, "contentEnd", **block)


def silence(stream: ModelStream, frames: int = 10) -> None:
    content = base64.b64encode(bytes(3_200)).decode()
    for _ in range(frames):
        payload = {"event": {"audioInput": {"promptName": "p", "contentName": "audio", "content": content}}}
        stream.send(json.dumps(payload).encode(), droppable=True)


def end(stream: ModelStream) -> None:
    say(stream, "contentEnd", promptName="p", contentName="audio")
    say(stream, "promptEnd", promptName="p")
    say(stream, "sessionEnd")
    stream.close()


def say(stream: ModelStream, name: str, **body: Any) -> None:
    stream.send(json.dumps({"event": {name: body}}).encode(), droppable=False)


class ModelContract:
    """The tests; a subclass provides the fixture `peer`."""

    async def test_a_model_that_can_be_reached_passes_the_check(self, peer: Peer) -> None:
        await peer.transport.check()

    async def test_a_stream_is_accepted_after_our_first_events(self, peer: Peer) -> None:
        recorder = Recorder()
        stream = await peer.transport.open(recorder)
        before = recorder.names
        begin(stream)
        await recorder.until(lambda heard: "accepted" in heard.names)

        assert [] == before
        assert "accepted" == recorder.names[0]
        end(stream)
        await recorder.closed()

    async def test_a_typed_question_is_answered_in_order(self, peer: Peer) -> None:
        recorder = Recorder()
        stream = await peer.transport.open(recorder)
        begin(stream)
        silence(stream)
        text(stream, "question", role="USER", words="Who are you?", interactive=True)
        silence(stream, 20)
        await recorder.until(_has_finished_a_reply)

        names = recorder.names
        assert names.index("accepted") < names.index("contentStart") < names.index("audioOutput")
        end(stream)
        await recorder.closed()

    async def test_a_stream_that_we_end_closes_once_and_last_without_failure(self, peer: Peer) -> None:
        recorder = Recorder()
        stream = await peer.transport.open(recorder)
        begin(stream)
        silence(stream)
        await recorder.until(lambda heard: "accepted" in heard.names)
        end(stream)

        assert None is await recorder.closed()
        await peer.transport.aclose()
        assert ("closed", 1) == (recorder.names[-1], recorder.names.count("closed"))

    async def test_nothing_is_said_after_the_close_and_nothing_raises(self, peer: Peer) -> None:
        recorder = Recorder()
        stream = await peer.transport.open(recorder)
        begin(stream)
        await recorder.until(lambda heard: "accepted" in heard.names)
        stream.close()
        await recorder.closed()
        heard = len(recorder.calls)
        silence(stream)
        stream.close()
        await peer.transport.aclose()

        assert heard == len(recorder.calls)

    @pytest.mark.parametrize(
        "kind",
        [
            ModelFailureKind.THROTTLED,
            ModelFailureKind.VALIDATION,
            ModelFailureKind.TIMED_OUT,
            ModelFailureKind.UNAVAILABLE,
            ModelFailureKind.INTERNAL,
            ModelFailureKind.STREAM_ERROR,
            ModelFailureKind.CONNECTION_LOST,
        ],
    )
    async def test_a_failure_of_the_model_is_told_by_its_kind(
        self, peer: Peer, kind: ModelFailureKind
    ) -> None:
        recorder = Recorder()
        await peer.fail(kind, on_input="audioInput")
        stream = await peer.transport.open(recorder)
        begin(stream)
        await recorder.until(lambda heard: "accepted" in heard.names)
        silence(stream, 1)
        failure = await recorder.closed()

        assert failure is not None
        assert kind is failure.kind
        assert 1 == recorder.names.count("closed")

    async def test_closing_the_transport_ends_every_stream(self, peer: Peer) -> None:
        recorders = [Recorder(), Recorder()]
        for recorder in recorders:
            begin(await peer.transport.open(recorder))
            await recorder.until(lambda heard: "accepted" in heard.names)
        await peer.transport.aclose()

        assert ["closed", "closed"] == [recorder.names[-1] for recorder in recorders]


def _has_finished_a_reply(recorder: Recorder) -> bool:
    return any(
        name == "contentEnd" and body.get("type") == "AUDIO" and body.get("stopReason") == "END_TURN"
        for name, body in recorder.calls
    )
