"""Connections in trouble: silence, narrow windows, neighbours, limits and spare ones."""

import asyncio
import base64
import json

from h2.settings import SettingCodes

from emulators.nova_sonic.wire.event_stream import FrameDecoder, decode_one
from service.errors import ModelFailureKind
from service.transports.bedrock_direct.event_stream import encode_message
from tests.contract.model_contract import Recorder, begin, end, silence
from tests.service.transports.bedrock_direct.hostile_scripts import (
    LOST,
    Make,
    after_request,
    failure_with,
)
from tests.service.transports.bedrock_direct.hostile_server import (
    CHUNK,
    HostileServer,
    Side,
    chunk,
    frame,
)


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
