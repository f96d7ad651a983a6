"""What no client should send, over the real socket: refused by name, and nobody else notices."""

import json
import struct
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import psutil
import pytest
from websockets.exceptions import ConnectionClosed

from tests.e2e.caller import (
    calling,
)
from tests.e2e.conftest import in_company, in_one_loop
from tests.e2e.processes import ROOT, Service

pytestmark = pytest.mark.process


GOLDEN: Final = json.loads((ROOT / "tests/contract/golden/client_protocol.json").read_text())


REFUSED: Final = [
    pytest.param(vector, subprotocol, id=f"{vector['name']}, {subprotocol}")
    for vector in GOLDEN["refused"]
    for subprotocol in vector["subprotocols"]
]


HEADER: Final = struct.Struct("<BBHId")


# Beyond what a closing service needs and far below what a hanging one takes.
SOON_S: Final = 6.0


def _on_the_wire(vector: Mapping[str, Any]) -> str | bytes:
    match vector["kind"]:
        case "text":
            return str(vector["wire"])
        case "binary":
            return bytes.fromhex(vector["wire"])
        case _:
            return json.dumps(vector["wire"])


@in_company
@in_one_loop
@pytest.mark.parametrize(("vector", "subprotocol"), REFUSED)
async def test_what_the_protocol_refuses_is_refused_by_name(
    service: Service, vector: Mapping[str, Any], subprotocol: str
) -> None:
    async with calling(service.socket_url, subprotocol) as caller:
        await caller.socket.send(_on_the_wire(vector))
        error = await caller.refused(4400, within_s=SOON_S)

    assert ("protocol_error", False) == (error["code"], error["retryable"])
    assert vector["names"] in error["message"]
    assert error["correlationId"]


MALFORMED: Final[Mapping[str, tuple[str | bytes, str]]] = {
    "20,000 nested lists": ("[" * 10_000 + "]" * 10_000, "nest"),
    "nested within a known message": (
        '{"type":"start","resume":' + '{"a":' * 40 + "1" + "}" * 41,
        "nest",
    ),
    "a number of 5,000 digits": ('{"type":"ping","id":' + "9" * 5_000 + "}", "JSON"),
    "a field twice": ('{"type":"text","text":"a","text":"b"}', "duplicate"),
    "a byte order mark": ('\ufeff{"type":"end"}', "JSON"),
    "a NUL": ("\0", "JSON"),
    "an empty message": ("", "JSON"),
    "infinity": ('{"type":"ping","id":Infinity}', "JSON"),
    "a list": ("[]", "object"),
    "a type that is a number": ('{"type":1}', "type"),
    "typed words beyond the limit": (json.dumps({"type": "text", "text": "x" * 1_001}), "text.text"),
    "a capture time that is no number": (HEADER.pack(1, 1, 0, 0, float("nan")) + bytes(64), "capturedAtMs"),
    "a capture time without end": (HEADER.pack(1, 1, 0, 0, float("inf")) + bytes(64), "capturedAtMs"),
    "an empty frame": (b"", "header"),
    "a frame of half a sample": (HEADER.pack(1, 1, 0, 0, 0.0) + b"\0", "odd"),
    "a frame of ours": (struct.pack("<BBHIQ", 1, 2, 0, 1, 0) + bytes(64), "type"),
}


@in_company
@in_one_loop
@pytest.mark.parametrize("name", MALFORMED)
async def test_what_nobody_would_send_is_refused_by_name(service: Service, name: str) -> None:
    wire, names = MALFORMED[name]
    async with calling(service.socket_url) as caller:
        await caller.start()
        await caller.socket.send(wire)
        error = await caller.refused(4400, within_s=SOON_S)

    assert "protocol_error" == error["code"]
    assert names in error["message"]


@in_company
@in_one_loop
async def test_a_second_start_is_out_of_order(service: Service) -> None:
    async with calling(service.socket_url) as caller:
        await caller.start()
        await caller.send("start")
        error = await caller.refused(4400, within_s=SOON_S)

    assert "start must be the first message" in error["message"]


@in_company
@in_one_loop
@pytest.mark.parametrize("start", [{"conversationId": "01JD"}, {"resume": None}], ids=str)
async def test_a_conversation_nobody_has_kept_cannot_be_resumed(
    service: Service, start: dict[str, object]
) -> None:
    if "resume" in start:
        start = {"resume": {"sessionId": "01JD", "resumeToken": "x", "lastSeq": 0}}
    async with calling(service.socket_url) as caller:
        await caller.send("start", **start)
        error = await caller.refused(4410, within_s=SOON_S)

    assert "conversation_unknown" == error["code"]


@in_company
@in_one_loop
@pytest.mark.parametrize(
    "message",
    [bytes(1_000_000), "x" * 1_000_000, ["x" * 10] * 10_000],
    ids=["binary", "text", "10,000 fragments"],
)
async def test_a_message_of_a_megabyte_is_too_big(
    service: Service, message: bytes | str | Sequence[str]
) -> None:
    resident = psutil.Process(service.process.pid).memory_info().rss
    async with calling(service.socket_url) as caller:
        with suppress(ConnectionClosed):
            await caller.socket.send(message)
        # Whoever is still sending when the connection closes may lose the close frame to TCP's reset.
        assert (await caller.closed(SOON_S))[0] in ({1009, 1006} if isinstance(message, list) else {1009})

    assert psutil.Process(service.process.pid).memory_info().rss - resident < 8_000_000
