"""A client that knows when its user stopped speaking and when the answer was heard, and tells it as the page does."""

import asyncio
import itertools
import json
import struct
import time
from dataclasses import dataclass, field
from typing import Any, Final

from tests.e2e.caller import FRAME_BYTES, FRAME_S, SPEECH, Caller, Message

_TO_SERVER: Final = struct.Struct("<BBHId")
_SILENCE: Final = bytes(FRAME_BYTES)
_PINGS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Ear:
    """What lies between the socket and the ear."""

    jitter_buffer_ms: int = 120
    output_ms: int = 35


@dataclass(slots=True, kw_only=True)
class MeasuredCaller:
    """Speaks as a microphone does: a frame leaves when its last sample was taken. Its clock may be wrong by minutes."""

    caller: Caller
    skew_ms: float = 0.0
    ear: Ear = field(default_factory=Ear)
    offset_ms: float = 0.0
    round_trip_ms: float = 0.0
    _sequence: Any = field(default_factory=itertools.count)

    def now_ms(self) -> float:
        return time.time() * 1_000 + self.skew_ms

    async def synchronise(self) -> None:
        """The offset of the shortest of a few round trips, as the page takes it."""
        trips = []
        for number in range(_PINGS):
            sent = self.now_ms()
            await self.caller.send("ping", id=number)
            pong = await self.caller.until("pong", id=number)
            back = self.now_ms()
            trips.append((back - sent, pong["clockMs"] - (sent + back) / 2))
        self.round_trip_ms, self.offset_ms = min(trips)

    async def ask(self, *, pause_frames: int) -> tuple[Message, float]:
        """Speak, keep quiet for a while, say so; hear the answer. The `turn`, and the whole by this side's own clock."""
        before = len(self.caller.of("audio"))
        asked = await self._speak(pause_frames)
        speaking = await self.caller.until("state", state="speaking")
        await self.caller.until("audio")
        first = self.caller.of("audio")[before]
        loop = asyncio.get_running_loop()
        received = self.now_ms() - (loop.time() - self.caller.at(first)) * 1_000
        buffered = received + self.ear.jitter_buffer_ms
        played = buffered + self.ear.output_ms
        await self.caller.send(
            "timings",
            responseId=speaking["responseId"],
            askedAtMs=round(asked),
            receivedAtMs=round(received),
            bufferedAtMs=round(buffered),
            playedAtMs=round(played),
            clockOffsetMs=round(self.offset_ms),
            roundTripMs=round(self.round_trip_ms),
        )
        return await self.caller.until("turn"), played - asked

    async def tell(self, **timings: object) -> None:
        """Tell any timings at all."""
        await self.caller.socket.send(json.dumps({"type": "timings", **timings}))

    async def _speak(self, pause_frames: int) -> float:
        """When the last sample of the speech was taken, on this side's clock."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        speech = [SPEECH[at : at + FRAME_BYTES] for at in range(0, len(SPEECH), FRAME_BYTES)]
        asked = 0.0
        for number, pcm in enumerate([*speech, *[_SILENCE] * pause_frames]):
            await asyncio.sleep(max(0.0, begun + number * FRAME_S - loop.time()))
            is_last = number == len(speech) + pause_frames - 1
            taken_from = self.now_ms() - FRAME_S * 1_000
            header = _TO_SERVER.pack(1, 1, int(is_last), next(self._sequence), taken_from)
            await self.caller.socket.send(header + pcm)
            if number == len(speech) - 1:
                asked = taken_from + FRAME_S * 1_000 - 1.0
        return asked
