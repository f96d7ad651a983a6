"""An event document in its two envelopes, signed; and out of the one that the model sends.

Towards the model: JSON with the document in base64, in a message of its own, in a signed message. From the model: JSON
with the document in base64, in one message; a random padding `p` may stand beside it.
"""

import struct
from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from zlib import crc32

import orjson
import pybase64

from service.transports.bedrock_direct.event_stream import (
    EventStreamError,
    encode_message,
    encode_string_headers,
    prelude,
)
from service.transports.bedrock_direct.signing import FrameSigner

_CHUNK_HEADERS: Final = encode_string_headers(
    {":message-type": "event", ":event-type": "chunk", ":content-type": "application/json"}
)
_OPENING: Final = b'{"bytes":"'
_CLOSING: Final = b'"}'
_CHECKSUM: Final = struct.Struct(">I")


@lru_cache(maxsize=1024)
def _before_document(encoded_bytes: int) -> tuple[bytes, int]:
    """What stands before the base64 of one length, and its checksum so far."""
    payload_bytes = len(_OPENING) + encoded_bytes + len(_CLOSING)
    before = prelude(payload_bytes, len(_CHUNK_HEADERS)) + _CHUNK_HEADERS + _OPENING
    return before, crc32(before)


class Envelopes:
    """Seals the documents of one stream, in order."""

    __slots__ = ("_signer",)

    def __init__(self, signer: FrameSigner) -> None:
        self._signer = signer

    def seal(self, document: bytes, at: float) -> bytes:
        """The frame of one event document."""
        encoded = pybase64.b64encode(document)
        before, checksum = _before_document(len(encoded))
        end = crc32(_CLOSING, crc32(encoded, checksum))
        inner = b"".join((before, encoded, _CLOSING, _CHECKSUM.pack(end)))
        return encode_message(self._signer.headers(inner, at), inner)

    def last(self, at: float) -> bytes:
        """The signed empty frame that ends our side."""
        return encode_message(self._signer.headers(b"", at), b"")


def open_chunk(payload: bytes) -> bytes:
    """The event document of one chunk of the model's; raises EventStreamError."""
    end = payload.find(b'"', len(_OPENING))
    if payload.startswith(_OPENING) and end > 0:
        try:
            document: bytes = pybase64.b64decode(payload[len(_OPENING) : end], validate=True)
        except ValueError:
            # Escapes are legal in JSON and no base64; the parser below knows them.
            pass
        else:
            return document
    try:
        match orjson.loads(payload):
            case {"bytes": str(encoded)}:
                return bytes(pybase64.b64decode(encoded, validate=True))
            case _:
                raise EventStreamError("a chunk has no bytes")
    except ValueError as error:
        raise EventStreamError("a chunk cannot be read") from error


def said_in(payload: bytes) -> str:
    """The sentence of an error document, or nothing."""
    try:
        said = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return ""
    text = (said.get("message") or said.get("Message")) if isinstance(said, Mapping) else None
    return text if isinstance(text, str) else ""
