"""What is inside a client's frames: the chunk, and the event document in it."""

import re
from typing import Final

import orjson
import pybase64

from emulators.nova_sonic.wire.event_stream import Frame, FrameError, decode_one, decode_string_headers

_EVENT_NAME: Final = re.compile(rb'"event"\s*:\s*\{\s*"(\w+)"')


def event_of(frame: Frame) -> bytes:
    """Return the event document inside a signed frame; unsigned ones are let through where nothing is verified."""
    inner = decode_one(frame.payload) if b":chunk-signature" in frame.header_block else frame
    headers = decode_string_headers(inner.header_block)
    if headers.get(":message-type") != "event" or headers.get(":event-type") != "chunk":
        raise FrameError("the message is no chunk event")
    body = orjson.loads(inner.payload)
    if not isinstance(body, dict) or not isinstance(body.get("bytes"), str):
        raise FrameError("a chunk has no bytes")
    return pybase64.b64decode(body["bytes"], validate=True)


def event_kind(payload: bytes) -> str:
    """Return the name of the event in a document, without decoding its audio; `unknown` when there is none."""
    found = _EVENT_NAME.search(payload, 0, 256)
    return found[1].decode() if found else "unknown"
