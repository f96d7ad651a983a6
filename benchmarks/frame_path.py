"""`python -m benchmarks.frame_path`: what one frame of audio costs on its way through the process, without a network.

A session of the product, its driver, our own client's sealing and signing, and everything between, fed in a loop. CPU
time of the process, the best of several rounds, because other work on the machine only ever adds. Times compare within
one run; between runs and machines compare the shares.
"""

import argparse
import asyncio
import base64
import json
import random
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from service.auth.ports import Grant, NotAuthenticatedError, Principal
from service.driver import Driver
from service.holder import Holder
from service.metrics.counters import Counters
from service.metrics.sessions import SessionRecord
from service.session.machine import Session
from service.session.terms import SessionTerms
from service.surroundings import Surroundings
from service.tools.registry import Registry
from service.transports.bedrock_direct.envelope import Envelopes, open_chunk
from service.transports.bedrock_direct.event_stream import (
    Decoder,
    encode_message,
    encode_string_headers,
    string_headers,
)
from service.transports.bedrock_direct.signing import FrameSigner
from service.transports.ports import ModelStreamListener
from service.wire import client, server, sonic_input, sonic_output
from service.wire.client import FRAME_AUDIO, FRAME_HEADER, FRAME_VERSION
from service.wire.subprotocol import Subprotocol

FRAME_S: Final = 0.032
_PCM: Final = random.Random(1).randbytes(1_024)
_REPLY: Final = random.Random(2).randbytes(1_920)
_CHUNK: Final = encode_string_headers(
    {":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}
)


class Sealing:
    """A stream that seals and signs and sends to nobody."""

    dropped_frames = 0

    def __init__(self, listener: ModelStreamListener) -> None:
        self.listener = listener
        self._envelopes = envelopes()

    def send(self, payload: bytes, *, droppable: bool) -> None:
        self._envelopes.seal(payload, time.time() + droppable)

    def close(self) -> None:
        self.listener.on_stream_closed(None)


class SealingModel:
    """A transport of such streams."""

    def __init__(self) -> None:
        self.opened: asyncio.Future[Sealing] = asyncio.get_running_loop().create_future()

    async def check(self) -> None:
        return

    async def open(self, listener: ModelStreamListener) -> Sealing:
        stream = Sealing(listener)
        self.opened.set_result(stream)
        return stream

    async def aclose(self) -> None:
        return


class Nowhere:
    """A client's connection that leads nowhere."""

    def send(self, message: bytes | str) -> None:
        assert message  # noqa: S101 - it is taken

    def close(self, code: int, reason: str) -> None:
        raise AssertionError(code, reason)


def envelopes() -> Envelopes:
    return Envelopes(FrameSigner(secret="example", region="us-east-1", signature="0" * 64))  # noqa: S106 - it signs for nobody


def said(name: str, **body: Any) -> bytes:
    return json.dumps({"event": {name: body}}, separators=(",", ":")).encode()


REPLY_AUDIO: Final = said(
    "audioOutput",
    completionId="c" * 36,
    content=base64.b64encode(_REPLY).decode(),
    contentId="a",
    promptName="p" * 36,
    role="ASSISTANT",
    sessionId="s" * 36,
)


class Bench:
    """Measures parts of the way, and the ways in and out as a whole."""

    def __init__(self, rounds: int, frames: int) -> None:
        self._rounds = rounds
        self._frames = frames

    def us(self, step: Callable[[], object]) -> float:
        """CPU time of one step in us; the garbage collector runs as it would."""
        best = float("inf")
        for _ in range(self._rounds):
            began = time.process_time()
            for _ in range(self._frames):
                step()
            best = min(best, time.process_time() - began)
        return best / self._frames * 1e6


def frames() -> Callable[[], bytes]:
    """Binary frames of a client, one after another."""
    sequence = -1

    def following() -> bytes:
        nonlocal sequence
        sequence += 1
        return FRAME_HEADER.pack(FRAME_VERSION, FRAME_AUDIO, 0, sequence % 2**32, 0.0) + _PCM

    return following


_GRANT: Final = Grant(
    principal=Principal(issuer="benchmark", subject="nobody", client_id="benchmark"),
    expires_at=float("inf"),
    token="",
)


async def _no_renewal(ticket: str) -> Grant:
    raise NotAuthenticatedError(ticket)


def plain(terms: SessionTerms, now: float) -> Session:
    """A session as it is where nothing is recorded."""
    return Session(terms, now=now, jitter=lambda: 0.5)


async def _driver(
    clock: Callable[[], float],
    tasks: asyncio.TaskGroup,
    kind: type[Driver] = Driver,
    new_session: Callable[[SessionTerms, float], Session] = plain,
) -> tuple[Driver, Sealing]:
    model = SealingModel()
    terms = SessionTerms(
        session_id="s" * 32, conversation_id="c", subprotocol=Subprotocol.BINARY, max_session_s=10**9
    )
    driver = kind(
        session=new_session(terms, clock()),
        connection=Nowhere(),
        subprotocol=Subprotocol.BINARY,
        record=SessionRecord(
            session_id="s" * 32, subprotocol="voice.v1", began_at=clock(), counters=Counters()
        ),
        surroundings=Surroundings(
            model=model,
            tools=Registry([], timeout_s=1.0, report=lambda *_: None),
            clock=clock,
            close_timeout_s=1.0,
        ),
        holder=Holder(_GRANT, redeem=_no_renewal, clock=clock, wall_clock=time.time),
        tasks=tasks,
    )
    driver.on_text('{"type":"start"}')
    stream = await model.opened
    # The driver takes the stream over in the same turn of the loop as this does.
    await asyncio.sleep(0)
    stream.listener.on_stream_accepted()
    return driver, stream


@dataclass(slots=True)
class _Clock:
    """Time that moves when a frame does."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


type Step = Callable[[], None]


@asynccontextmanager
async def way_in_and_out(
    kind: type[Driver] = Driver, new_session: Callable[[SessionTerms, float], Session] = plain
) -> AsyncIterator[tuple[Step, Step]]:
    """A session that listens and is spoken to: a step for one frame of the client's and one of the model's."""
    clock = _Clock()
    following = frames()
    async with asyncio.TaskGroup() as tasks:
        driver, stream = await _driver(clock, tasks, kind, new_session)
        listener = stream.listener
        listener.on_stream_event(said("contentStart", contentId="a", type="AUDIO", role="ASSISTANT"))

        def way_in() -> None:
            clock.now += FRAME_S
            driver.on_binary(following())

        def way_out() -> None:
            clock.now += len(_REPLY) / 48_000
            listener.on_stream_event(REPLY_AUDIO)

        yield way_in, way_out
        await driver.finish(1000)


async def _measure(bench: Bench) -> dict[str, float]:
    now = 1_000_000.0

    def clock() -> float:
        return now

    following = frames()
    figures: dict[str, float] = {}
    async with asyncio.TaskGroup() as tasks:
        driver, stream = await _driver(clock, tasks)
        session: Any = driver._session  # noqa: SLF001 - the parts of the driver's own session are measured

        def way_in() -> None:
            nonlocal now
            now += FRAME_S
            driver.on_binary(following())

        listener = stream.listener
        listener.on_stream_event(said("contentStart", contentId="a", type="AUDIO", role="ASSISTANT"))

        def way_out() -> None:
            nonlocal now
            now += len(_REPLY) / 48_000
            listener.on_stream_event(REPLY_AUDIO)

        def frame_only() -> None:
            nonlocal now
            now += FRAME_S
            following()

        figures["in, the whole way"] = bench.us(way_in) - bench.us(frame_only)
        decoded = client.decode_binary(following(), Subprotocol.BINARY)
        figures["in: client.decode_binary"] = bench.us(
            lambda: client.decode_binary(b"\x01\x01" + bytes(14) + _PCM, Subprotocol.BINARY)
        )
        session_frames = (client.Audio(pcm=decoded.pcm) for _ in iter(int, 1))

        def session_only() -> None:
            nonlocal now
            now += FRAME_S
            session.receive(next(session_frames), now)

        figures["in: Session.receive"] = bench.us(session_only)
        figures["in: Session.deadline"] = bench.us(lambda: session.deadline)
        block = sonic_input.AudioBlock(prompt="p" * 36, content="audio-1")
        heard = sonic_input.AudioInput(block=block, pcm=_PCM)
        figures["in: sonic_input.encode"] = bench.us(lambda: sonic_input.encode(heard))
        document, sealing = sonic_input.encode(heard), envelopes()
        figures["in: seal and sign"] = bench.us(lambda: sealing.seal(document, now))
        wire = encode_message(_CHUNK, b'{"bytes":"%s"}' % base64.b64encode(REPLY_AUDIO))
        decoder = Decoder()

        def unwrap() -> None:
            ((headers, payload),) = decoder.feed(wire)
            string_headers(headers)
            open_chunk(payload)

        figures["out: event stream and envelope"] = bench.us(unwrap)
        figures["out, the whole way after it"] = bench.us(way_out)
        figures["out: sonic_output.decode"] = bench.us(lambda: sonic_output.decode(REPLY_AUDIO))
        figures["out: server.encode_audio"] = bench.us(
            lambda: server.encode_audio(1, 1_000, _REPLY, Subprotocol.BINARY)
        )
        figures["out: the same in JSON"] = bench.us(
            lambda: server.encode_audio(1, 1_000, _REPLY, Subprotocol.JSON)
        )
        await driver.finish(1000)
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.frame_path", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--frames", type=int, default=3_000, help="frames in a round")
    options = parser.parse_args()
    figures = asyncio.run(_measure(Bench(options.rounds, options.frames)))
    whole = figures["in, the whole way"]
    print(f"\n{'':34} | us/frame | of the way in")
    for name, us in figures.items():
        print(f"{name:34} | {us:8.2f} | {us / whole:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
