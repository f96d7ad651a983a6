"""A client of the service for tests: it speaks at the pace of a microphone, keeps all it hears, and waits with deadlines.

Everything is written out here as docs/protocol.md has it, so that no code of the product judges the product.
"""

import asyncio
import base64
import itertools
import json
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import numpy as np
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.pool import connect

BINARY: Final = "voice.v1"
ALL_JSON: Final = "voice.v1.json"
PATIENCE_S: Final = 20.0
"""Far beyond what anything takes; what must be quick is measured, not waited for."""

INPUT_RATE_HZ: Final = 16_000
FRAME_S: Final = 0.032
FRAME_BYTES: Final = 1_024
_TO_SERVER: Final = struct.Struct("<BBHId")
_TO_CLIENT: Final = struct.Struct("<BBHIQ")

type Message = dict[str, Any]


def tone(span_s: float) -> bytes:
    """What the scripted brain takes for speech: 16 kHz s16le."""
    at_s = np.arange(round(span_s * INPUT_RATE_HZ)) / INPUT_RATE_HZ
    return (8_000 * np.sin(2 * np.pi * 440 * at_s)).astype("<i2").tobytes()


SPEECH: Final = tone(0.4)


class Caller:
    """One connection. Waiting goes forward only: each `until` begins behind what the last one found."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[Message] = []
        self.heard_at: list[float] = []
        self._read_up_to = 0
        self._changed = asyncio.Event()
        self._sequence = itertools.count()
        self._is_over = False
        self._reading = asyncio.create_task(self._read())

    # Saying

    async def send(self, kind: str, /, **fields: object) -> None:
        await self.socket.send(json.dumps({"type": kind, **fields}))

    async def start(self, **choices: object) -> Message:
        """Begin, and wait until the session listens; returns `ready`."""
        await self.send("start", **choices)
        ready = await self.until("ready")
        await self.until("state", state="listening")
        return ready

    async def say(self, pcm: bytes = SPEECH, *, end_of_utterance: bool = True) -> float:
        """Speak at the pace of life; when the last frame went out."""
        loop = asyncio.get_running_loop()
        began_at = loop.time()
        last = (len(pcm) - 1) // FRAME_BYTES
        for index in range(last + 1):
            await asyncio.sleep(max(0.0, began_at + index * FRAME_S - loop.time()))
            frame = pcm[index * FRAME_BYTES : (index + 1) * FRAME_BYTES]
            await self.send_frame(frame, end_of_utterance=end_of_utterance and index == last)
        return loop.time()

    async def send_frame(self, pcm: bytes, *, end_of_utterance: bool = False) -> None:
        if self.socket.subprotocol == BINARY:
            header = _TO_SERVER.pack(
                1, 1, int(end_of_utterance), next(self._sequence) % 2**32, time.time() * 1000
            )
            await self.socket.send(header + pcm)
        else:
            await self.send(
                "audio", data=base64.b64encode(pcm).decode("ascii"), endOfUtterance=end_of_utterance
            )

    async def ask(self, text: str = "What can you do?") -> Message:
        """Ask in writing and hear the whole answer; returns the `turn`."""
        await self.send("text", text=text)
        await self.until("state", state="thinking")
        return await self.until("turn", saved=False)

    async def end(self) -> None:
        """Hang up and see that the service agrees."""
        await self.send("end")
        assert (1000, "done") == await self.closed()

    # Hearing

    async def until(self, kind: str, /, *, within_s: float = PATIENCE_S, **fields: object) -> Message:
        """The next message of this type with these fields; fails the test when it does not come in time."""
        wanted = {"type": kind, **fields}
        return await self.until_any(lambda message: wanted.items() <= message.items(), wanted, within_s)

    async def until_any(
        self, fits: Callable[[Message], bool], wanted: object, within_s: float = PATIENCE_S
    ) -> Message:
        try:
            async with asyncio.timeout(within_s):
                while True:
                    while self._read_up_to < len(self.heard):
                        message = self.heard[self._read_up_to]
                        self._read_up_to += 1
                        if fits(message):
                            return message
                    assert not self._is_over, (
                        f"closed with {self.socket.close_code} before {wanted}; {self.told()}"
                    )
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"no {wanted} within {within_s:g} s; {self.told()}") from None

    async def closed(self, within_s: float = PATIENCE_S) -> tuple[int | None, str | None]:
        """Wait for the service to close: code and reason."""
        try:
            async with asyncio.timeout(within_s):
                await asyncio.shield(self._reading)
        except TimeoutError:
            raise AssertionError(f"not closed within {within_s:g} s; {self.told()}") from None
        return self.socket.close_code, self.socket.close_reason

    async def refused(self, code: int, within_s: float = PATIENCE_S) -> Message:
        """Wait for the close with this code; the `error` before it."""
        assert (code, True) == ((await self.closed(within_s))[0], bool(self.of("error"))), self.told()
        assert self.texts[-1]["type"] == "error", self.told()
        return self.texts[-1]

    def of(self, kind: str, /, **fields: object) -> list[Message]:
        """Everything heard so far of this type and with these fields."""
        return [
            message for message in self.heard if message["type"] == kind and fields.items() <= message.items()
        ]

    @property
    def texts(self) -> list[Message]:
        """Everything heard but audio."""
        return [message for message in self.heard if message["type"] != "audio"]

    def at(self, message: Message) -> float:
        """When a message was heard, on the loop's clock."""
        return next(at for heard, at in zip(self.heard, self.heard_at, strict=True) if heard is message)

    def audio(self, response_id: int) -> bytes:
        """A reply's audio, which must come in one piece; JSON audio belongs to the last `speaking`."""
        pcm = b""
        speaking = None
        for message in self.heard:
            if message["type"] == "state" and message["state"] == "speaking":
                speaking = message["responseId"]
            if message["type"] == "audio" and message.get("responseId", speaking) == response_id:
                assert message.get("position", len(pcm) // 2) == len(pcm) // 2
                pcm += message["pcm"]
        return pcm

    def said(self, role: str, stage: str = "spoken") -> list[str]:
        return [message["text"] for message in self.of("transcript", role=role, stage=stage)]

    def told(self) -> str:
        """What was heard, for a failure's message: runs of audio as one word."""
        words = [
            message["type"] if message["type"] in {"audio", "ack", "usage"} else json.dumps(message)
            for message in self.heard
        ]
        return "heard: " + " | ".join(word for word, _ in itertools.groupby(words))

    def assert_orderly(self) -> None:
        """What holds of every conversation: `seq` has no gap, and no interrupted reply goes on."""
        assert list(range(1, len(self.texts) + 1)) == [message["seq"] for message in self.texts]
        interrupted: set[int] = set()
        speaking = None
        for message in self.heard:
            if message["type"] == "interrupted":
                assert message["responseId"] not in interrupted, "a reply was interrupted twice"
                interrupted.add(message["responseId"])
            if message["type"] == "state" and message["state"] == "speaking":
                speaking = message["responseId"]
            if message["type"] == "audio":
                assert message.get("responseId", speaking) not in interrupted, "an interrupted reply went on"

    async def _read(self) -> None:
        try:
            async for message in self.socket:
                self.heard_at.append(asyncio.get_running_loop().time())
                self.heard.append(_decoded(message))
                self._changed.set()
        except ConnectionClosed:
            pass
        finally:
            self._is_over = True
            self._changed.set()

    async def leave(self) -> None:
        """End the connection from here."""
        await self.socket.close()
        await self._reading


def _decoded(message: str | bytes) -> Message:
    if isinstance(message, bytes):
        version, kind, flags, response_id, position = _TO_CLIENT.unpack_from(message)
        assert (1, 2, 0) == (version, kind, flags)
        return {
            "type": "audio",
            "pcm": message[_TO_CLIENT.size :],
            "responseId": response_id,
            "position": position,
        }
    document: Message = json.loads(message)
    if document["type"] == "audio":
        assert {"type", "data", "format"} == document.keys()
        assert document["format"] == "audio/pcm"
        return {"type": "audio", "pcm": base64.b64decode(document["data"], validate=True)}
    return document


@asynccontextmanager
async def calling(url: str, subprotocol: str | None = BINARY, **options: Any) -> AsyncIterator[Caller]:
    """A connection to the service; gone in the end."""
    offered = None if subprotocol is None else [Subprotocol(subprotocol)]
    socket = await connect(url, subprotocols=offered, compression=None, close_timeout=2.0, **options)
    caller = Caller(socket)
    try:
        yield caller
    finally:
        await caller.leave()


@asynccontextmanager
async def talking_on(url: str) -> AsyncIterator[Caller]:
    """A session that asks one question after the other all the time, to see that what happens to others is nothing to it."""

    async def talk_on() -> None:
        while True:
            await other.ask("And then?")

    async with calling(url) as other:
        await other.start()
        # Its stream shall be past the beginning of everything.
        await other.say()
        await other.until("turn")
        talking = asyncio.create_task(talk_on())
        yield other
        talking.cancel()
        await asyncio.wait({talking})
        other.assert_orderly()


async def assert_talks_on(other: Caller, turns_before: int) -> None:
    """A session of `talking_on` has had another turn since it had this many, and never any trouble."""
    await eventually(lambda: len(other.of("turn")), lambda turns: turns > turns_before)
    assert {"completed"} == {turn["outcome"] for turn in other.of("turn")}
    assert [] == other.of("error")


async def eventually[T](look: Callable[[], T], fits: Callable[[T], bool], within_s: float = PATIENCE_S) -> T:
    """Look at a process again and again until it is as it should be: for what no message tells."""
    async with asyncio.timeout(within_s):
        while not fits(seen := await asyncio.to_thread(look)):  # noqa: ASYNC110 - it sets no event here
            await asyncio.sleep(0.02)
    return seen
