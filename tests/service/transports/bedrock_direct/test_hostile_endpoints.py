"""A server that breaks every rule: a named failure in time, bounded memory, and neighbours that go on."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from h2.settings import SettingCodes

from emulators.nova_sonic.certificate import ensure_certificates, utc_now
from emulators.nova_sonic.wire.event_stream import FrameDecoder, decode_one
from service.errors import ModelFailure, ModelFailureKind
from service.transports.bedrock_direct.event_stream import encode_message, encode_string_headers
from service.transports.bedrock_direct.transport import BedrockDirectTransport
from service.transports.deadlines import Deadlines
from tests.contract.model_contract import Recorder, begin, end, silence
from tests.service.transports.bedrock_direct.hostile_server import (
    CHUNK,
    HostileServer,
    Script,
    Side,
    chunk,
    frame,
)

DEADLINES = Deadlines(connect_s=1.0, accept_s=2.0, send_s=1.0, close_s=1.0)
LOST, PROTOCOL = ModelFailureKind.CONNECTION_LOST, ModelFailureKind.PROTOCOL


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-example")
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)


@pytest.fixture(scope="module")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture
async def server(state_dir: Path) -> AsyncIterator[HostileServer]:
    files = ensure_certificates(state_dir, now=utc_now())
    async with HostileServer(files.server_context()) as running:
        yield running


type Make = Callable[..., BedrockDirectTransport]


@pytest.fixture
async def transport_to(server: HostileServer, state_dir: Path) -> AsyncIterator[Make]:
    made: list[BedrockDirectTransport] = []

    def make(
        *, streams_per_connection: int = 1, spare_connections: int = 0, silence_s: float = 10.0
    ) -> BedrockDirectTransport:
        made.append(
            BedrockDirectTransport(
                model_id="amazon.nova-2-sonic-v1:0",
                region="us-east-1",
                endpoint=server.endpoint,
                ca_file=state_dir / "ca.pem",
                deadlines=DEADLINES,
                count=lambda _name, _amount: None,
                streams_per_connection=streams_per_connection,
                spare_connections=spare_connections,
                silence_s=silence_s,
            )
        )
        return made[-1]

    yield make
    for transport in made:
        await transport.aclose()


async def failure_with(transport: BedrockDirectTransport) -> ModelFailure:
    """What becomes of one stream, within five seconds."""
    async with asyncio.timeout(5.0):
        recorder = Recorder()
        try:
            begin(await transport.open(recorder))
        except ModelFailure as refused:
            return refused
        failure = await recorder.closed()
        assert 1 == recorder.names.count("closed")
        assert failure is not None
        return failure


def after_request(*, answers: bool = False) -> Callable[[Callable[[Side, int], Awaitable[None]]], Script]:
    """A script that waits for the request, answers it or not, and goes on."""

    def script_of(act: Callable[[Side, int], Awaitable[None]]) -> Script:
        async def script(side: Side) -> None:
            stream_id = await side.request()
            if answers:
                await side.answer(stream_id)
            await act(side, stream_id)
            await side.stay()

        return script

    return script_of


def saying(data: Callable[[int], bytes], *, answers: bool = False) -> Script:
    return after_request(answers=answers)(lambda side, stream_id: side.say(data(stream_id)))


def answering(*headers: tuple[str, str], end_stream: bool = False) -> Script:
    async def act(side: Side, stream_id: int) -> None:
        side.h2.send_headers(stream_id, list(headers), end_stream=end_stream)
        await side.flush()

    return after_request()(act)


async def endless_informational(side: Side, stream_id: int) -> None:
    for _ in range(1_000):
        side.h2.send_headers(stream_id, [(":status", "103")])
        await side.flush()


async def header_bomb(side: Side, stream_id: int) -> None:
    big = ("x-bomb", "b" * 4_000)
    block = side.h2.encoder.encode([(":status", "200"), *[big] * 200])
    await side.say(frame(1, 4, stream_id, block))


async def trailers(side: Side, stream_id: int) -> None:
    side.h2.send_headers(stream_id, [("x-said", "enough")], end_stream=True)
    await side.flush()


BREAKS: dict[str, tuple[Script, ModelFailureKind]] = {
    "plain HTTP/1.1": (lambda side: side.say(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 20), PROTOCOL),
    "a frame beyond what we allow": (saying(lambda _: b"\xff\xff\xff\x00\x00\x00\x00\x00\x01"), PROTOCOL),
    "DATA before the response": (saying(lambda stream: frame(0, 0, stream, b"early")), PROTOCOL),
    "DATA on stream 0": (saying(lambda _: frame(0, 0, 0, b"nowhere")), PROTOCOL),
    "DATA on a stream nobody opened": (saying(lambda _: frame(0, 0, 99, b"nowhere")), PROTOCOL),
    "a window beyond 2^31": (
        saying(lambda _: frame(8, 0, 0, (2**31 - 1).to_bytes(4)) * 2),
        PROTOCOL,
    ),
    "a window of nothing": (saying(lambda _: frame(8, 0, 0, bytes(4))), PROTOCOL),
    "a push": (saying(lambda stream: frame(5, 4, stream, (2).to_bytes(4) + b"\x82")), PROTOCOL),
    "endless headers": (
        saying(lambda stream: frame(1, 0, stream, b"\x88") + frame(9, 0, stream, b"") * 500),
        PROTOCOL,
    ),
    "a header bomb": (after_request()(header_bomb), PROTOCOL),
    "headers that are no HPACK": (saying(lambda stream: frame(1, 4, stream, b"\xff" * 40)), PROTOCOL),
    "impossible settings": (
        saying(lambda _: frame(4, 0, 0, (5).to_bytes(2) + (1).to_bytes(4))),
        PROTOCOL,
    ),
    "a short GOAWAY": (saying(lambda _: frame(7, 0, 0, b"abc")), PROTOCOL),
    "endless 1xx": (after_request()(endless_informational), PROTOCOL),
    "a redirect": (answering((":status", "307"), ("location", "https://elsewhere")), PROTOCOL),
    "a page": (answering((":status", "200"), ("content-type", "text/html")), PROTOCOL),
    "no status": (answering(("content-type", "text/html")), PROTOCOL),
    "wrong media type": (answering((":status", "415"), end_stream=True), PROTOCOL),
    "a reset that asks for HTTP/1.1": (
        saying(lambda stream: frame(3, 0, stream, (13).to_bytes(4))),
        PROTOCOL,
    ),
    "a GOAWAY that blames us": (
        saying(lambda _: frame(7, 0, 0, (0).to_bytes(4) + (1).to_bytes(4))),
        PROTOCOL,
    ),
    "a GOAWAY that leaves the stream out": (saying(lambda _: frame(7, 0, 0, bytes(8))), LOST),
    "a refused stream": (saying(lambda stream: frame(3, 0, stream, (7).to_bytes(4))), LOST),
    "an unknown error code": (saying(lambda stream: frame(3, 0, stream, b"\x00\xbe\xef\x00")), LOST),
    "trailers": (after_request(answers=True)(trailers), LOST),
    "a wrong checksum": (
        saying(lambda stream: frame(0, 0, stream, chunk()[:-1] + b"\x00"), answers=True),
        LOST,
    ),
    "an impossible length": (saying(lambda stream: frame(0, 0, stream, b"\xff" * 64), answers=True), LOST),
    "half an event and the end": (
        saying(lambda stream: frame(0, 0, stream, chunk()[:20]) + frame(0, 1, stream), answers=True),
        LOST,
    ),
    "a chunk without bytes": (saying(lambda stream: frame(0, 0, stream, chunk(b"{}")), answers=True), LOST),
    "a chunk that is no base64": (
        saying(lambda stream: frame(0, 0, stream, chunk(b'{"bytes":"?"}')), answers=True),
        LOST,
    ),
    "a message of an unknown type": (
        saying(
            lambda stream: frame(
                0, 0, stream, encode_message(encode_string_headers({":message-type": "new"}), b"")
            ),
            answers=True,
        ),
        LOST,
    ),
    "silence before the answer": (Side.stay, ModelFailureKind.TIMED_OUT),
}


@pytest.mark.parametrize(("script", "kind"), BREAKS.values(), ids=BREAKS)
async def test_whatever_the_endpoint_does_has_a_name(
    server: HostileServer, transport_to: Make, script: Script, kind: ModelFailureKind
) -> None:
    server.script = script
    failure = await failure_with(transport_to())

    assert kind is failure.kind, failure


async def test_an_endpoint_without_settings_is_unreachable_within_the_deadline(
    server: HostileServer, transport_to: Make
) -> None:
    server.greets = False

    assert ModelFailureKind.UNREACHABLE is (await failure_with(transport_to())).kind


async def test_an_endpoint_that_allows_no_stream_is_unavailable(
    server: HostileServer, transport_to: Make
) -> None:
    server.settings = {SettingCodes.MAX_CONCURRENT_STREAMS: 0}

    assert ModelFailureKind.UNAVAILABLE is (await failure_with(transport_to())).kind


async def test_without_http2_in_the_handshake_there_is_no_stream(state_dir: Path) -> None:
    tls = ensure_certificates(state_dir, now=utc_now()).server_context()
    tls.set_alpn_protocols(["http/1.1"])
    async with HostileServer(tls) as server:
        transport = BedrockDirectTransport(
            model_id="m",
            region="us-east-1",
            endpoint=server.endpoint,
            ca_file=state_dir / "ca.pem",
            deadlines=DEADLINES,
            count=lambda _name, _amount: None,
        )
        with pytest.raises(ModelFailure) as raised:
            await transport.check()
        await transport.aclose()

    assert PROTOCOL is raised.value.kind


async def test_a_certificate_that_has_expired_is_refused_by_its_reason(tmp_path: Path) -> None:
    long_ago = utc_now() - timedelta(days=4_000)
    files = ensure_certificates(tmp_path, now=long_ago)
    async with HostileServer(files.server_context()) as server:
        transport = BedrockDirectTransport(
            model_id="m",
            region="us-east-1",
            endpoint=server.endpoint,
            ca_file=files.authority,
            deadlines=DEADLINES,
            count=lambda _name, _amount: None,
        )
        with pytest.raises(ModelFailure, match="expired") as raised:
            await transport.check()
        await transport.aclose()

    assert ModelFailureKind.UNREACHABLE is raised.value.kind


async def test_a_connection_that_answers_no_ping_is_lost(server: HostileServer, transport_to: Make) -> None:
    async def deaf(side: Side) -> None:
        await side.answer(await side.request())
        await asyncio.Event().wait()

    server.script = deaf
    failure = await failure_with(transport_to(silence_s=0.1))

    assert (LOST, True) == (failure.kind, "PING" in failure.message)


async def test_a_connection_that_answers_its_pings_lives(server: HostileServer, transport_to: Make) -> None:
    answered = asyncio.Event()

    async def quiet(side: Side) -> None:
        await side.answer(await side.request())
        pings = 0
        while pings < 5:
            pings += (await side.reader.read(65_536)).count(b"watchdog")
            side.writer.write(frame(6, 1, 0, b"watchdog"))
        answered.set()
        await side.stay()

    server.script = quiet
    recorder = Recorder()
    begin(await transport_to(silence_s=0.05).open(recorder))
    async with asyncio.timeout(5.0):
        await answered.wait()

    assert "closed" not in recorder.names


async def test_a_model_that_opens_no_window_is_told_apart(server: HostileServer, transport_to: Make) -> None:
    server.settings = {SettingCodes.INITIAL_WINDOW_SIZE: 0}

    async def script(side: Side) -> None:
        await side.answer(await side.request())
        await side.stay()

    server.script = script
    failure = await failure_with(transport_to())

    assert (ModelFailureKind.TIMED_OUT, True) == (failure.kind, "no input" in failure.message)


async def test_tiny_windows_let_everything_through_in_order(
    server: HostileServer, transport_to: Make
) -> None:
    server.settings = {SettingCodes.INITIAL_WINDOW_SIZE: 100}
    heard: list[bytes] = []

    async def script(side: Side) -> None:
        stream_id = await side.request()
        await side.answer(stream_id)
        await side.until(lambda: bool(side.ended))
        decoder = FrameDecoder()
        heard.extend(
            json.loads(decode_one(signed.payload).payload)["bytes"].encode()
            for signed in decoder.feed(bytes(side.received))
            if signed.payload
        )
        side.h2.end_stream(stream_id)
        await side.flush()
        await side.stay()

    server.script = script
    recorder = Recorder()
    stream = await transport_to().open(recorder)
    begin(stream)
    for number in range(20):
        stream.send(b'{"event":{"audioInput":{"content":"%d"}}}' % number, droppable=True)
    end(stream)
    async with asyncio.timeout(10.0):
        failure = await recorder.closed()

    sent = [json.loads(base64.b64decode(document))["event"] for document in heard]
    assert failure is None
    assert [str(number) for number in range(20)] == [
        event["audioInput"]["content"] for event in sent if "audioInput" in event
    ]
    assert "sessionEnd" in sent[-1]


async def test_a_document_longer_than_a_frame_arrives_whole(
    server: HostileServer, transport_to: Make
) -> None:
    received = asyncio.get_running_loop().create_future()

    async def script(side: Side) -> None:
        stream_id = await side.request()
        await side.until(lambda: bool(side.ended))
        received.set_result(bytes(side.received))
        await side.answer(stream_id)
        side.h2.end_stream(stream_id)
        await side.flush()
        await side.stay()

    server.script = script
    recorder = Recorder()
    stream = await transport_to().open(recorder)
    long = b'{"event":{"audioInput":{"content":"%s"}}}' % (b"A" * 60_000)
    stream.send(long, droppable=False)
    stream.close()
    frames = FrameDecoder().feed(await received)

    assert long == base64.b64decode(json.loads(decode_one(frames[0].payload).payload)["bytes"])
    assert b"" == frames[1].payload
    await recorder.closed()


async def test_a_bad_stream_leaves_its_neighbour_alone(server: HostileServer, transport_to: Make) -> None:
    async def script(side: Side) -> None:
        first, second = await side.request(1), await side.request(2)
        await side.answer(first)
        await side.answer(second)
        await side.say(frame(0, 0, first, b"\xff" * 40) + frame(0, 0, second, chunk()))
        await side.until(lambda: bool(side.ended))
        side.h2.end_stream(second)
        await side.flush()
        await side.stay()

    server.script = script
    transport = transport_to(streams_per_connection=2)
    recorders = [Recorder(), Recorder()]
    streams = [await transport.open(recorder) for recorder in recorders]
    for stream in streams:
        begin(stream)
    failure = await recorders[0].closed()
    end(streams[1])

    assert failure is not None
    assert (LOST, None, 1) == (failure.kind, await recorders[1].closed(), server.connections)


async def test_a_listener_that_raises_ends_its_own_stream_only(
    server: HostileServer, transport_to: Make
) -> None:
    class Broken(Recorder):
        def on_stream_event(self, payload: bytes) -> None:
            raise LookupError(payload)

    async def script(side: Side) -> None:
        first, second = await side.request(1), await side.request(2)
        await side.answer(first)
        await side.answer(second)
        await side.say(frame(0, 0, first, chunk()))
        await side.until(lambda: bool(side.ended))
        side.h2.end_stream(second)
        await side.flush()
        await side.stay()

    server.script = script
    transport = transport_to(streams_per_connection=2)
    recorders = [Broken(), Recorder()]
    streams = [await transport.open(recorder) for recorder in recorders]
    failure = await recorders[0].closed()
    end(streams[1])

    assert failure is not None
    assert (ModelFailureKind.INTERNAL, None) == (failure.kind, await recorders[1].closed())


async def test_the_limit_of_the_endpoint_is_kept(server: HostileServer, transport_to: Make) -> None:
    server.settings = {SettingCodes.MAX_CONCURRENT_STREAMS: 2}
    transport = transport_to(streams_per_connection=10)
    for _ in range(5):
        await transport.open(Recorder())

    assert 3 == server.connections


async def test_a_spare_connection_is_warm_and_used(server: HostileServer, transport_to: Make) -> None:
    greeted = asyncio.Event()

    async def script(side: Side) -> None:
        if server.connections == 2:
            greeted.set()
        await side.stay()

    server.script = script
    transport = transport_to(spare_connections=1)
    await transport.check()
    await transport.open(Recorder())
    async with asyncio.timeout(5.0):
        await greeted.wait()

    assert 2 == server.connections


async def test_one_connection_serves_one_stream_after_another(
    server: HostileServer, transport_to: Make
) -> None:
    async def script(side: Side) -> None:
        for number in range(1, 4):
            stream_id = await side.request(number)
            await side.answer(stream_id)
            await side.ends(number)
            side.h2.end_stream(stream_id)
            await side.flush()
        await side.stay()

    server.script = script
    transport = transport_to(spare_connections=1)
    for _ in range(3):
        recorder = Recorder()
        stream = await transport.open(recorder)
        silence(stream, 1)
        end(stream)

        assert None is await recorder.closed()

    assert server.connections <= 2


async def test_a_response_in_padded_and_scattered_frames_is_the_same(
    server: HostileServer, transport_to: Make
) -> None:
    document = base64.b64encode(b'{"event":{"completionStart":{}}}')
    wire = encode_message(CHUNK, b'{"p":"abc","bytes":"%s"}' % document)

    async def act(side: Side, stream_id: int) -> None:
        side.h2.send_data(stream_id, wire[:10], pad_length=200)
        await side.flush()
        for at in range(10, len(wire)):
            await side.say(frame(0, 0, stream_id, wire[at : at + 1]))
        await side.say(frame(6, 0, 0, b"anything") + frame(0xFA, 0, stream_id, b"unknown"))
        side.h2.end_stream(stream_id)
        await side.flush()

    server.script = after_request(answers=True)(act)
    recorder = Recorder()
    stream = await transport_to().open(recorder)
    begin(stream)
    await recorder.until(lambda heard: "completionStart" in heard.names)
    await recorder.closed()

    assert ["accepted", "completionStart", "closed"] == recorder.names
