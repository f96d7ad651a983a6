"""A model in memory, held to tests/contract/model_contract.py like the real transport.

It accepts a stream at our first event, answers a typed text with one short spoken reply, and ends its side
after `sessionEnd`. Everything arrives through the event loop, as from a real connection.
"""

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

from service.errors import ModelFailure
from service.transports.ports import ModelStreamListener

REPLY_PCM = bytes(range(0, 240, 2)) * 8


def event(name: str, **body: Any) -> bytes:
    return json.dumps({"event": {name: body}}).encode()


class FakeStream:
    """One stream, as the service sees it, and with handles for a test."""

    def __init__(self, listener: ModelStreamListener) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.dropped_frames = 0
        self.over = asyncio.Event()
        self.fails_on: dict[str, ModelFailure] = {}
        self._listener = listener
        self._accepted = False
        self._closing = False
        self._interactive: str | None = None
        self._loop = asyncio.get_running_loop()

    @property
    def names(self) -> list[str]:
        """What was sent, by name, without the audio."""
        return [name for name, _ in self.sent if name != "audioInput"]

    def send(self, payload: bytes, *, droppable: bool) -> None:
        assert isinstance(droppable, bool)
        if self._closing or self.over.is_set():
            return
        ((name, body),) = json.loads(payload)["event"].items()
        self.sent.append((name, body))
        if not self._accepted:
            self._accepted = True
            self._soon(self._listener.on_stream_accepted)
        if (failure := self.fails_on.pop(name, None)) is not None:
            self.fail(failure)
        elif name == "contentStart" and body["type"] == "TEXT" and body["interactive"]:
            self._interactive = body["contentName"]
        elif name == "contentEnd" and body["contentName"] == self._interactive:
            self._interactive = None
            self.reply()
        elif name == "sessionEnd":
            self._soon(self._end, None)

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._soon(self._end, None)

    def say(self, name: str, **body: Any) -> None:
        """Let the model say one event."""
        self._soon(lambda: self._listener.on_stream_event(event(name, **body)))

    def fail(self, failure: ModelFailure) -> None:
        """Let the stream break."""
        self._soon(self._end, failure)

    def reply(self, text: str = "You typed.", pcm: bytes = REPLY_PCM) -> None:
        """Let the model speak one sentence."""
        planned = json.dumps({"generationStage": "SPECULATIVE"})
        self.say("completionStart", completionId="k")
        self.say("contentStart", contentId="t", type="TEXT", role="ASSISTANT", additionalModelFields=planned)
        self.say("textOutput", contentId="t", role="ASSISTANT", content=text)
        self.say("contentEnd", contentId="t", type="TEXT", stopReason="PARTIAL_TURN")
        self.say("contentStart", contentId="a", type="AUDIO", role="ASSISTANT")
        self.say("audioOutput", contentId="a", content=base64.b64encode(pcm).decode())
        self.say("contentEnd", contentId="a", type="AUDIO", stopReason="END_TURN")

    def _soon(self, act: Callable[..., None], *arguments: Any) -> None:
        self._loop.call_soon(lambda: None if self.over.is_set() else act(*arguments))

    def _end(self, failure: ModelFailure | None) -> None:
        self._listener.on_stream_closed(failure)
        self.over.set()


class FakeModel:
    """A `ModelTransport` without a network."""

    def __init__(self) -> None:
        self.streams: list[FakeStream] = []
        self.refusals: list[ModelFailure] = []
        self.fails_on: dict[str, ModelFailure] = {}
        self.problem: ModelFailure | None = None
        self.never_opens = False

    @property
    def stream(self) -> FakeStream:
        """The newest stream."""
        return self.streams[-1]

    async def check(self) -> None:
        if self.problem is not None:
            raise self.problem

    async def open(self, listener: ModelStreamListener) -> FakeStream:
        await asyncio.sleep(0)
        if self.never_opens:
            await asyncio.get_running_loop().create_future()
        if self.refusals:
            raise self.refusals.pop(0)
        stream = FakeStream(listener)
        stream.fails_on, self.fails_on = self.fails_on, {}
        self.streams.append(stream)
        return stream

    async def aclose(self) -> None:
        for stream in self.streams:
            stream.close()
        for stream in self.streams:
            await stream.over.wait()
