"""Signature Version 4 for this one operation: the request, and the chain over the frames that follow it.

The canonical request has the path encoded a second time and the literal `STREAMING-AWS4-HMAC-SHA256-EVENTS` in the
place of a payload hash. Each frame is signed over its `:date` header, its payload and the signature before it; the
first one follows the request's. Source: AWS's Signature Version 4 pages and the SDK, frame by frame.

Keys are derived once a day and Region, their HMAC states are kept, and the text of a second is spelled once.
"""

import struct
import time
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from hmac import digest
from typing import Any, Final
from urllib.parse import quote

SERVICE: Final = "bedrock"
EVENTS_HASH: Final = "STREAMING-AWS4-HMAC-SHA256-EVENTS"
CONTENT_TYPE: Final = "application/vnd.amazon.eventstream"

_DATE_HEADER: Final = struct.Struct(">7sq")
_DATE_NAME: Final = b"\x05:date\x08"
_SIGNATURE_NAME: Final = b"\x10:chunk-signature\x06\x00\x20"
_BLOCK_BYTES: Final = 64
_INNER: Final = bytes(value ^ 0x36 for value in range(256))
_OUTER: Final = bytes(value ^ 0x5C for value in range(256))


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """One set of AWS credentials."""

    access_key_id: str
    secret: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """The headers to send, pseudo headers first, and the signature that the frames go on from."""

    headers: list[tuple[str, str]]
    signature: str


class _Hmac:
    """HMAC-SHA256 under one key: both padded states are hashed once and copied for every message (RFC 2104)."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        padded = key.ljust(_BLOCK_BYTES, b"\x00")
        self._inner = sha256(padded.translate(_INNER))
        self._outer = sha256(padded.translate(_OUTER))

    def of(self, message: bytes) -> Any:
        """The hash object, for its digest in either form."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer


# A handful of days and credentials are in use at once; secrets that were replaced do not stay for long.
@lru_cache(maxsize=4)
def _signing_key(secret: str, day: str, region: str) -> _Hmac:
    key = f"AWS4{secret}".encode()
    for part in (day, region, SERVICE, "aws4_request"):
        key = digest(key, part.encode(), "sha256")
    return _Hmac(key)


def _stamp(second: int) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))


def _scope(day: str, region: str) -> str:
    return f"{day}/{region}/{SERVICE}/aws4_request"


def sign_request(*, keys: Keys, region: str, authority: str, model_id: str, at: float) -> SignedRequest:
    """The request for one stream; `at` is UTC in seconds since 1970."""
    path = f"/model/{quote(model_id, safe='')}/invoke-with-bidirectional-stream"
    stamp = _stamp(int(at))
    signed = {
        "content-type": CONTENT_TYPE,
        "host": authority,
        "x-amz-content-sha256": EVENTS_HASH,
        "x-amz-date": stamp,
    }
    if keys.session_token is not None:
        signed["x-amz-security-token"] = keys.session_token
    names = ";".join(signed)
    values = "".join(f"{name}:{value}\n" for name, value in signed.items())
    canonical = f"POST\n{quote(path, safe='/')}\n\n{values}\n{names}\n{EVENTS_HASH}"
    scope = _scope(stamp[:8], region)
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    signature: str = _signing_key(keys.secret, stamp[:8], region).of(to_sign.encode()).hexdigest()
    authorization = f"AWS4-HMAC-SHA256 Credential={keys.access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    del signed["host"]
    headers = [
        (":method", "POST"),
        (":scheme", "https"),
        (":path", path),
        (":authority", authority),
        ("accept", CONTENT_TYPE),
        *signed.items(),
        ("authorization", authorization),
    ]
    return SignedRequest(headers=headers, signature=signature)


class FrameSigner:
    """The chain of one stream; frames must go out in the order in which they are signed."""

    __slots__ = ("_key", "_prior", "_region", "_second", "_secret", "_text")

    def __init__(self, *, secret: str, region: str, signature: str) -> None:
        self._secret = secret
        self._region = region
        self._prior = signature
        self._second = -1
        self._text = ""
        self._key: _Hmac

    def headers(self, payload: bytes, at: float) -> bytes:
        """The headers of the next frame, whose payload this is; `at` is UTC in seconds since 1970."""
        second = int(at)
        if second != self._second:
            self._begin_second(second)
        date = _DATE_HEADER.pack(_DATE_NAME, int(at * 1000))
        signature = self._key.of(
            f"{self._text}{self._prior}\n{sha256(date).hexdigest()}\n{sha256(payload).hexdigest()}".encode()
        )
        self._prior = signature.hexdigest()
        return date + _SIGNATURE_NAME + bytes.fromhex(self._prior)

    def _begin_second(self, second: int) -> None:
        stamp = _stamp(second)
        self._second = second
        self._key = _signing_key(self._secret, stamp[:8], self._region)
        self._text = f"AWS4-HMAC-SHA256-PAYLOAD\n{stamp}\n{_scope(stamp[:8], self._region)}\n"
