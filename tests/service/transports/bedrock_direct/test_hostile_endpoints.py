"""A server that breaks every rule: a named failure in time, bounded memory, and neighbours that go on."""

from datetime import timedelta
from pathlib import Path

import pytest
from h2.settings import SettingCodes

from emulators.nova_sonic.certificate import ensure_certificates, utc_now
from service.errors import ModelFailure, ModelFailureKind
from service.transports.bedrock_direct.event_stream import encode_message, encode_string_headers
from service.transports.bedrock_direct.transport import BedrockDirectTransport
from tests.service.transports.bedrock_direct.hostile_scripts import (
    DEADLINES,
    LOST,
    PROTOCOL,
    Make,
    after_request,
    answering,
    failure_with,
    saying,
)
from tests.service.transports.bedrock_direct.hostile_server import (
    HostileServer,
    Script,
    Side,
    chunk,
    frame,
)


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
