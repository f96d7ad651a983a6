"""The short cut past ASGI, judged by raw bytes and by the client of `websockets`."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from service.transports.websocket_protocol import DirectConnection
from tests.service.transports.direct_server import (
    BINARY,
    CLOSE,
    MAX_BYTES,
    PING,
    PONG,
    TEXT,
    DirectServer,
    direct_server,
    masked,
)

FIN = 0x80
CUT_UTF8 = "€".encode()[:2]


@pytest.fixture
async def server() -> AsyncIterator[DirectServer]:
    async with asyncio.timeout(30.0), direct_server() as running:
        yield running


MALFORMED = {
    "no mask": (bytes((FIN | TEXT, 2)) + b"hi", 1002),
    "reserved bit 1": (masked(FIN | 0x40 | TEXT, b"hi"), 1002),
    "reserved bit 2": (masked(FIN | 0x20 | TEXT, b"hi"), 1002),
    "reserved bit 3": (masked(FIN | 0x10 | TEXT, b"hi"), 1002),
    "an unknown kind of data": (masked(FIN | 0x3, b"hi"), 1002),
    "an unknown kind of control": (masked(FIN | 0xB, b"hi"), 1002),
    "a long ping": (masked(FIN | PING, bytes(126)), 1002),
    "a ping in fragments": (masked(PING, b"hi"), 1002),
    "a close in fragments": (masked(CLOSE, b""), 1002),
    "a fragment of nothing": (masked(FIN, b"hi"), 1002),
    "text within fragments": (masked(TEXT, b"a") + masked(FIN | TEXT, b"b"), 1002),
    "a close within fragments": (masked(TEXT, b"a") + masked(FIN | CLOSE, b"\x03\xe8"), 1002),
    "no UTF-8": (masked(FIN | TEXT, b"\xff\xfe"), 1007),
    "no UTF-8 in the second fragment": (masked(TEXT, b"ok") + masked(FIN, b"\xc3\x28"), 1007),
    "UTF-8 that is cut": (masked(FIN | TEXT, CUT_UTF8), 1007),
    "a surrogate in UTF-8": (masked(FIN | TEXT, b"\xed\xa0\x80"), 1007),
    "UTF-8 that is longer than needed": (masked(FIN | TEXT, b"\xc0\xaf"), 1007),
    "a message beyond the cap, by its header alone": (masked(FIN | BINARY, size=MAX_BYTES + 1), 1009),
    "fragments beyond the cap": (masked(BINARY, bytes(MAX_BYTES)) + masked(FIN, b"xx"), 1009),
    "an exabyte": (masked(FIN | BINARY, size=2**60), 1009),
    "a length with its highest bit set": (masked(FIN | BINARY, size=2**63 + 1), 1009),
    "a close of one byte": (masked(FIN | CLOSE, b"\x03"), 1002),
    "a close code that must not be sent": (masked(FIN | CLOSE, (1005).to_bytes(2)), 1002),
    "a close code that does not exist": (masked(FIN | CLOSE, (999).to_bytes(2)), 1002),
    "a close reason that is no UTF-8": (masked(FIN | CLOSE, b"\x03\xe8\xff"), 1007),
}


@pytest.mark.parametrize("slices", ["whole", "bytewise"])
@pytest.mark.parametrize(("wire", "code"), MALFORMED.values(), ids=MALFORMED)
async def test_a_client_that_breaks_the_protocol_ends_alone(
    server: DirectServer, wire: bytes, code: int, slices: str
) -> None:
    async with server.raw() as good, server.raw() as bad:
        await bad.send(*([wire] if slices == "whole" else [bytes((byte,)) for byte in wire]))

        assert code == await bad.close_code()
        assert code == await bad.attendant.finished
        assert not bad.attendant.heard

        await good.send(masked(FIN | TEXT, b"still here"))
        assert (TEXT, b"still here") == await good.frame()


async def test_messages_arrive_whole_in_order_however_they_are_cut(server: DirectServer) -> None:
    rng = random.Random(11)
    messages: list[str | bytes] = []
    wire = b""
    for _ in range(200):
        is_text = rng.random() < 0.5
        message = (
            "".join(rng.choices("aé€𝄞", k=rng.randrange(60)))
            if is_text
            else rng.randbytes(rng.randrange(900))
        )
        messages.append(message)
        data = message.encode() if isinstance(message, str) else message
        kind = TEXT if is_text else BINARY
        while rng.random() < 0.4:
            cut = rng.randrange(len(data) + 1)
            wire += masked(kind, data[:cut]) + masked(FIN | PONG, b"unasked")
            data, kind = data[cut:], 0
        wire += masked(FIN | kind, data)
    async with server.raw() as client:
        while wire:
            size = rng.choice([1, 3, 50, 700, 5_000])
            await client.send(wire[:size])
            wire = wire[size:]
        echoed = [await client.frame() for _ in messages]

        assert messages == client.attendant.heard

    assert echoed == [
        (TEXT, message.encode()) if isinstance(message, str) else (BINARY, message) for message in messages
    ]


async def test_a_ping_is_answered_between_fragments(server: DirectServer) -> None:
    async with server.raw() as client:
        await client.send(masked(TEXT, b"a"), masked(FIN | PING, b"id"), masked(FIN, b"b"))

        assert [(PONG, b"id"), (TEXT, b"ab")] == [await client.frame(), await client.frame()]


async def test_endless_empty_fragments_are_not_kept(server: DirectServer) -> None:
    async with server.raw() as client:
        await client.send(masked(TEXT, b"a"), *[masked(0) * 1_000] * 20, masked(FIN, b"z"))

        assert (TEXT, b"az") == await client.frame()


@pytest.mark.parametrize(("body", "code"), [(b"", 1005), (b"\x03\xe8bye", 1000), (b"\x0f\xa1", 4001)])
async def test_a_close_is_answered_with_the_same_and_nothing_after_it_counts(
    server: DirectServer, body: bytes, code: int
) -> None:
    async with server.raw() as client:
        await client.send(masked(FIN | CLOSE, body) + masked(FIN | TEXT, b"too late"))
        answer = await client.frame()

        assert (CLOSE, body) == answer
        assert None is await client.frame()
        assert code == await client.attendant.finished
        assert [] == client.attendant.heard


async def test_our_close_comes_after_what_was_said_and_ends_with_the_answer(server: DirectServer) -> None:
    async with server.raw() as client:
        client.attendant.connection.send("last words")
        client.attendant.connection.close(4408, "idle")
        client.attendant.connection.send("too late")
        frames = [await client.frame(), await client.frame()]
        await client.send(masked(FIN | BINARY, b"crossed"), masked(FIN | CLOSE, b"\x11\x38"))

        assert [(TEXT, b"last words"), (CLOSE, b"\x11\x38idle")] == frames
        assert None is await client.frame()
        assert 4408 == await client.attendant.finished
        assert [] == client.attendant.heard


async def test_a_close_of_ours_that_crosses_the_clients_own_gives_way_to_it(server: DirectServer) -> None:
    """Both arrive in one segment, so the client's close is read before the message that makes us hang up."""
    async with server.raw() as client:
        attendant = client.attendant
        attendant.hangs_up_at = "bye"
        await client.send(masked(FIN | TEXT, b"bye") + masked(FIN | CLOSE, b"\x03\xe9"))
        answer = [await client.frame(), await client.frame()]

        assert [(CLOSE, b"\x03\xe9"), None] == answer
        assert (1001, ["bye"]) == (await attendant.finished, attendant.heard)


async def test_a_connection_that_breaks_off_is_an_abnormal_closure(server: DirectServer) -> None:
    async with server.raw() as client:
        client.writer.transport.abort()

        assert 1006 == await client.attendant.finished


async def test_what_comes_with_the_handshake_is_not_lost_or_refused(server: DirectServer) -> None:
    """A client must wait for the upgrade; one that does not may lose what it said and nothing else."""
    async with server.raw(early=masked(FIN | TEXT, b"early")) as client:
        await client.send(masked(FIN | TEXT, b"then"))
        heard = [await client.frame()]

        assert heard[0] in {(TEXT, b"early"), (TEXT, b"then")}


async def test_a_client_that_reads_nothing_loses_what_waits_and_is_let_go(server: DirectServer) -> None:
    async with server.raw(receive_bytes=4_096) as client:
        attendant = client.attendant
        while not attendant.too_slow:
            for _ in range(50):
                attendant.connection.send(bytes(8_000))
            await asyncio.sleep(0)
        code = await attendant.finished

        assert (1, 1006) == (attendant.too_slow, code)
        assert ("clients_too_slow", "") in server.counts


async def test_a_client_that_stops_reading_is_let_go_in_time_however_little_waits() -> None:
    async with (
        direct_server(outbox_bytes=67_108_864, outbox_stall_s=0.05) as server,
        server.raw(receive_bytes=4_096) as client,
    ):
        attendant = client.attendant
        assert isinstance(attendant.connection, DirectConnection)
        # What the kernel takes is not known; a little beyond it is enough.
        while not attendant.connection._waiting:
            attendant.connection.send(bytes(8_000))
        code = await attendant.finished

        assert (1, 1006) == (attendant.too_slow, code)


async def test_a_client_that_asks_and_never_reads_is_left(server: DirectServer) -> None:
    async with server.raw(receive_bytes=4_096) as client:
        pings = masked(FIN | PING, bytes(125)) * 2_000
        try:
            while True:
                await client.send(pings)
        except OSError:
            pass

        assert 1006 == await client.attendant.finished


async def test_a_client_that_answers_no_ping_is_let_go() -> None:
    async with (
        asyncio.timeout(20.0),
        direct_server(ping_interval_s=0.1, ping_timeout_s=0.2) as server,
        server.raw() as client,
    ):
        first = await client.frame()
        code = await client.close_code()

        assert first is not None
        assert (PING, 1011) == (first[0], code)
        assert 1006 == await client.attendant.finished


async def test_the_client_of_websockets_lives_through_many_pings_and_long_messages() -> None:
    async with asyncio.timeout(20.0), direct_server(ping_interval_s=0.02, ping_timeout_s=5.0) as server:
        async with connect(server.url, subprotocols=["voice.v1"]) as client:  # type: ignore[list-item]
            for size in (0, 1, 125, 126, 127, 4_000, MAX_BYTES):
                await client.send(b"x" * size)
                assert b"x" * size == await client.recv()
                await client.send("ü" * (size // 2))
                assert "ü" * (size // 2) == await client.recv()
            (await server.attendants.get()).connection.send(bytes(70_000))
            assert bytes(70_000) == await client.recv()
            await client.send(["in ", "pieces"])
            assert "in pieces" == await client.recv()
            for _ in range(20):
                await (await client.ping())
        assert 1000 == client.close_code


async def test_when_the_server_stops_its_clients_are_told_to_come_back() -> None:
    async with asyncio.timeout(20.0), direct_server() as server, connect(server.url) as client:
        attendant = await server.attendants.get()
        server.server.should_exit = True
        with pytest.raises(ConnectionClosed):
            await client.recv()

        assert (1012, 1012) == (client.close_code, await attendant.finished)
