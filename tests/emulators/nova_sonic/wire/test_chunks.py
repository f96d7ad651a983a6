import base64
import json

import pytest

from emulators.nova_sonic.wire.chunks import event_kind, event_of
from emulators.nova_sonic.wire.event_stream import (
    Frame,
    FrameError,
    HeaderValue,
    decode_one,
    encode_frame,
    encode_headers,
)
from tests.emulators.nova_sonic.raw_client import ChunkSigner, signed_headers

CHUNK: dict[str, HeaderValue] = {":message-type": "event", ":event-type": "chunk"}
DOCUMENT = b'{"event":{"sessionStart":{}}}'
BODY = json.dumps({"bytes": base64.b64encode(DOCUMENT).decode()}).encode()


async def test_the_document_of_a_signed_frame_is_found() -> None:
    message = await ChunkSigner(signed_headers(1)).frame_of(DOCUMENT)

    assert DOCUMENT == event_of(decode_one(message))


def test_an_unsigned_frame_is_read_as_it_is() -> None:
    assert DOCUMENT == event_of(Frame(encode_headers(CHUNK), BODY))


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param({}, BODY, id="no headers"),
        pytest.param({**CHUNK, ":message-type": "exception"}, BODY, id="no event"),
        pytest.param({**CHUNK, ":event-type": "audio"}, BODY, id="no chunk"),
        pytest.param(CHUNK, b"[]", id="no object"),
        pytest.param(CHUNK, b"{}", id="no bytes"),
        pytest.param(CHUNK, b'{"bytes": 3}', id="bytes are no text"),
        pytest.param(CHUNK, b'{"bytes": "e3=0="}', id="no base64"),
        pytest.param(CHUNK, b"{", id="no JSON"),
    ],
)
def test_anything_else_is_refused(headers: dict[str, HeaderValue], body: bytes) -> None:
    with pytest.raises((FrameError, ValueError)):
        event_of(Frame(encode_headers(headers), body))


def test_a_signed_frame_around_garbage_is_refused() -> None:
    signed = encode_headers({":chunk-signature": bytes(32)})
    with pytest.raises(FrameError):
        event_of(decode_one(encode_frame(signed, b"garbage")))


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (b'{"event":{"audioInput":{"content":"AAAA"}}}', "audioInput"),
        (b' { "event" : {\n "promptEnd" : {} } }', "promptEnd"),
        (b"{}", "unknown"),
        (b"\xff", "unknown"),
    ],
)
def test_an_event_is_named_without_decoding_it(document: bytes, kind: str) -> None:
    assert kind == event_kind(document)
