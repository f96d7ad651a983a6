"""A scripted Nova Sonic on virtual time, as many processes share one account of it.

What it hears it says back, so that a lost, doubled or reordered word shows in the transcript: it writes down which
marks of `speech` it heard, in their order.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import orjson
import pybase64
from simloop import SimLoop

from service.errors import ModelFailure, ModelFailureKind
from service.transports.ports import ModelStreamListener
from tests.simulation.account import DEATHS, Account, Memory
from tests.simulation.speech import FRAME_BYTES, reply_to, transcript

LIFETIME_S: Final = 480.0
STARVED_S: Final = 55.0
_SURE_AFTER_MS: Final = 800
_CHUNK_PCM: Final = pybase64.b64encode_as_string(bytes(12_000))
_CHUNK_S: Final = 0.25
_AUDIO_INPUT: Final = b'{"event":{"audioInput"'


def true_time() -> float:
    """What the simulation's own clock shows; the clock of a machine may be wrong."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SimLoop)
    return loop._true_time()


class Model:
    """One process's way to the model: a `ModelTransport`."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.is_alive = True
        self.streams: list[Stream] = []

    async def check(self) -> None:
        """Always well."""

    async def open(self, listener: ModelStreamListener) -> "Stream":
        account = self.account
        await asyncio.sleep(account.dice.uniform(0.02, 0.15))
        account.opened.append(true_time())
        if account.faults.refuse_all_with is not None:
            raise ModelFailure(account.faults.refuse_all_with, "for everybody")
        if account.open_streams >= account.quota:
            account.refused_for_quota += 1
            raise ModelFailure(ModelFailureKind.QUOTA, "too many concurrent streams")
        if account.dice.random() < account.faults.refused:
            raise ModelFailure(ModelFailureKind.THROTTLED, "slow down")
        stream = Stream(self, listener)
        self.streams.append(stream)
        return stream

    async def aclose(self) -> None:
        self.die()

    def die(self) -> None:
        """The process is gone, and its connections with it."""
        self.is_alive = False
        for stream in list(self.streams):
            stream.let_go()


class Stream:
    """One stream, as the service sees it."""

    def __init__(self, model: Model, listener: ModelStreamListener) -> None:
        self.dropped_frames = 0
        self._model = model
        self._account = model.account
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._timers: list[asyncio.TimerHandle] = []
        self._is_over = self._is_closing = self._is_asked = self._is_silent = False
        self._blocks = 0
        self._queue: deque[Callable[[], None]] = deque()
        self._marks: list[int] = []
        self._silence_ms = 0
        self._reply: list[asyncio.TimerHandle] = []
        self._reply_block = ""
        self._text_blocks: dict[str, tuple[str, list[str]]] = {}
        self._waits_for_tool: dict[str, str] = {}
        self.memory = Memory()
        self._account.open_streams += 1
        self._account.most_open = max(self._account.most_open, self._account.open_streams)
        self._fed_at = self._loop.time()
        self._later(LIFETIME_S, self._hits_the_wall)
        self._later(STARVED_S, self._may_starve)
        self._draw_fate()

    def _draw_fate(self) -> None:
        dice, faults = self._account.dice, self._account.faults
        if dice.random() < faults.dies:
            self._later(dice.uniform(0.1, 20.0), lambda: self.end(dice.choice(DEATHS)))
        if dice.random() < faults.falls_silent:
            self._later(dice.uniform(0.1, 20.0), self.fall_silent)

    # What the service does

    def send(self, payload: bytes, *, droppable: bool) -> None:
        assert isinstance(droppable, bool)
        if self._is_over or self._is_closing:
            return
        if not self._is_asked:
            self._is_asked = True
            self._later(self._account.dice.uniform(0.05, 0.3), self._accept)
        if payload.startswith(_AUDIO_INPUT):
            start = payload.rindex(b'"content":"') + 11
            self._hear(pybase64.b64decode(payload[start : payload.index(b'"', start)]))
            return
        ((name, body),) = orjson.loads(payload)["event"].items()
        self._take(name, body)

    def close(self) -> None:
        if not self._is_closing:
            self._is_closing = True
            self._later(self._account.dice.uniform(0.01, 0.1), lambda: self.end(None))

    def _take(self, name: str, body: dict[str, Any]) -> None:  # noqa: C901 - one branch for each event
        if name == "promptStart":
            self.memory.session_id = body["promptName"].rpartition("-")[0]
        elif name == "contentStart" and body["type"] == "AUDIO":
            self.memory.began_at = true_time()
            self._account.memories.append(self.memory)
        elif name == "contentStart" and body["type"] == "TEXT":
            role = "typed" if body["interactive"] else body["role"]
            self._text_blocks[body["contentName"]] = (role, [])
        elif name == "contentStart" and body["type"] == "TOOL":
            tool_use_id = body["toolResultInputConfiguration"]["toolUseId"]
            said = self._waits_for_tool.pop(tool_use_id, None)
            if said is None:
                self._account.broken_rules.append(f"an answer to a tool nobody asked for: {tool_use_id}")
            elif not self._is_silent:
                self._answer(said)
        elif name == "textInput" and body["contentName"] in self._text_blocks:
            self._text_blocks[body["contentName"]][1].append(body["content"])
        elif name == "contentEnd" and body["contentName"] in self._text_blocks:
            role, texts = self._text_blocks.pop(body["contentName"])
            if role == "typed":
                self._said("".join(texts), typed=True)
            elif role == "USER":
                self.memory.said.extend("".join(texts).split("\n"))

    # What the model does

    def _accept(self) -> None:
        if not self._is_silent:
            self._queue.append(self._listener.on_stream_accepted)
            self._deliver_soon()

    def _hear(self, pcm: bytes) -> None:
        self._fed_at = self._loop.time()
        for start in range(0, len(pcm), FRAME_BYTES):
            mark = int.from_bytes(pcm[start : start + 2], "little")
            if mark:
                if not self._marks:
                    self._begins_to_speak()
                self._marks.append(mark)
                self._silence_ms = 0
            elif self._marks:
                self._silence_ms += len(pcm[start : start + FRAME_BYTES]) // 32
                if self._silence_ms >= _SURE_AFTER_MS:
                    marks, self._marks = self._marks, []
                    self._later(0.05, partial(self._said, transcript(marks), typed=False))

    def _begins_to_speak(self) -> None:
        self._say("userSpeechStart", inputAudioOffsetMs=0)
        self._stop_reply()

    def _stop_reply(self) -> None:
        if self._reply:
            for timer in self._reply:
                timer.cancel()
            self._reply = []
            self._say("contentEnd", contentId=self._reply_block, type="AUDIO", stopReason="INTERRUPTED")

    def _said(self, text: str, *, typed: bool) -> None:
        if self._is_silent:
            return
        self._stop_reply()
        if not typed:
            self._say("userSpeechEnd", inputAudioOffsetMs=0, inputAudioDetectionOffsetMs=0)
            block = self._block("TEXT", "USER", stage="FINAL")
            self._say("textOutput", contentId=block, role="USER", content=text)
            self._say("contentEnd", contentId=block, type="TEXT", stopReason="PARTIAL_TURN")
        if self._account.dice.random() < self._account.faults.uses_tool:
            self._later(self._account.dice.uniform(0.1, 0.5), lambda: self._use_tool(text))
        else:
            self._answer(text)

    def _use_tool(self, text: str) -> None:
        self._account.tools_used += 1
        tool_use_id = f"tool-{self._account.tools_used}"
        block = self._block("TOOL", "TOOL")
        self._waits_for_tool[tool_use_id] = text
        self._say("toolUse", contentId=block, toolUseId=tool_use_id, toolName="current_time", content="{}")
        self._say("contentEnd", contentId=block, type="TOOL", stopReason="TOOL_USE")

    def _answer(self, said: str) -> None:
        """Words first, then their sound, faster than it is played; then what was really said."""
        dice, text = self._account.dice, reply_to(said)
        chunks = dice.randrange(1, 6)
        at = dice.uniform(0.2, 1.0)
        self._reply = [self._later(at, lambda: self._begin_answer(text))]
        for _ in range(chunks):
            at += 0.03
            self._reply.append(self._later(at, self._sound))
        self._reply.append(self._later(at + 0.01, lambda: self._end_answer(text)))

    def _begin_answer(self, text: str) -> None:
        words = self._block("TEXT", "ASSISTANT", stage="SPECULATIVE")
        self._say("textOutput", contentId=words, role="ASSISTANT", content=text)
        self._say("contentEnd", contentId=words, type="TEXT", stopReason="PARTIAL_TURN")
        self._reply_block = self._block("AUDIO", "ASSISTANT")

    def _sound(self) -> None:
        self._say("audioOutput", contentId=self._reply_block, content=_CHUNK_PCM)

    def _end_answer(self, text: str) -> None:
        self._reply = []
        self._say("contentEnd", contentId=self._reply_block, type="AUDIO", stopReason="END_TURN")
        words = self._block("TEXT", "ASSISTANT", stage="FINAL")
        self._say("textOutput", contentId=words, role="ASSISTANT", content=text)
        self._say("contentEnd", contentId=words, type="TEXT", stopReason="PARTIAL_TURN")

    def _block(self, kind: str, role: str, *, stage: str | None = None) -> str:
        self._blocks += 1
        name = f"b{self._blocks}"
        more = {} if stage is None else {"additionalModelFields": f'{{"generationStage":"{stage}"}}'}
        self._say("contentStart", contentId=name, type=kind, role=role, **more)
        return name

    def _say(self, name: str, **body: Any) -> None:
        if not self._is_silent and not self._is_over:
            payload = orjson.dumps({"event": {name: body}})
            self._queue.append(lambda: self._listener.on_stream_event(payload))
            self._deliver_soon()

    def _deliver_soon(self) -> None:
        self._later(0.0, self._deliver)

    def _deliver(self) -> None:
        """In order, whichever of the deliveries that are due is run first."""
        self._queue.popleft()()

    # How it ends

    def fall_silent(self) -> None:
        """From now on it takes everything and says nothing."""
        self._is_silent = True

    def end(self, failure: ModelFailure | None) -> None:
        """Over, as the service learns."""
        if not self._is_over:
            self.let_go()
            self._listener.on_stream_closed(failure)

    def let_go(self) -> None:
        """Over, and nobody is told."""
        if not self._is_over:
            self._is_over = True
            self._account.open_streams -= 1
            for timer in self._timers:
                timer.cancel()
            self._timers.clear()
            self._model.streams.remove(self)

    def _hits_the_wall(self) -> None:
        self._account.broken_rules.append("a stream lived for eight minutes")
        self.end(ModelFailure(ModelFailureKind.TIMED_OUT, "the stream has reached its longest duration"))

    def _may_starve(self) -> None:
        left_s = self._fed_at + STARVED_S - self._loop.time()
        if left_s <= 0:
            self._account.broken_rules.append("a stream heard nothing for 55 s")
            self.end(ModelFailure(ModelFailureKind.VALIDATION, "Timed out waiting for input events"))
        else:
            self._later(left_s, self._may_starve)

    def _later(self, seconds: float, act: Callable[[], None]) -> asyncio.TimerHandle:
        def fire() -> None:
            if not self._is_over:
                act()

        timer = self._loop.call_later(seconds, fire)
        self._timers.append(timer)
        if len(self._timers) > 256:
            now = self._loop.time()
            self._timers = [kept for kept in self._timers if not kept.cancelled() and kept.when() >= now]
        return timer
