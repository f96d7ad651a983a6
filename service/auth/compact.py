"""A signed token taken apart, before anything in it is believed.

Stricter than any library, on purpose: exactly three parts of canonical base64url, JSON objects without a name twice, no
header parameter that could point a verifier anywhere. What is refused here never reaches a signature check.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Never

MAX_TOKEN_CHARS: Final = 4_096
MAX_KID_CHARS: Final = 256
ALGORITHM: Final = "RS256"

_PARTS: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)
# RFC 7515, section 4.1, but for the three in HEADER: each names a key, a certificate or an extension of the sender's own.
_HEADER: Final = frozenset({"alg", "kid", "typ"})
_TYPES: Final = frozenset({"JWT", "at+jwt"})


class BadTokenError(ValueError):
    """Raised with why a token is refused; the reason is for tests and counters, never for whoever sent it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A token that is well formed; nothing in it is proved."""

    kid: str
    claims: Mapping[str, Any]
    signature: bytes


def take_apart(token: str) -> Parts:
    """Read a compact token; raises BadTokenError."""
    if len(token) > MAX_TOKEN_CHARS:
        raise BadTokenError("size")
    match = _PARTS.fullmatch(token)
    if match is None:
        raise BadTokenError("form")
    header = _object(match[1])
    if header.get("alg") != ALGORITHM:
        raise BadTokenError("alg")
    if header.keys() - _HEADER or header.get("typ", "JWT") not in _TYPES:
        raise BadTokenError("header")
    kid = header.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID_CHARS:
        raise BadTokenError("kid")
    return Parts(kid=kid, claims=_object(match[2]), signature=_bytes(match[3]))


def _object(part: str) -> dict[str, Any]:
    try:
        value = json.loads(_bytes(part).decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BadTokenError("json") from None
    if not isinstance(value, dict):
        raise BadTokenError("json")
    return value


def _bytes(part: str) -> bytes:
    try:
        raw = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise BadTokenError("base64") from None
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != part.encode():
        raise BadTokenError("base64")
    return raw


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    known = dict(pairs)
    if len(known) != len(pairs):
        raise BadTokenError("twice")
    return known


def _no_constant(_: str) -> Never:
    raise BadTokenError("number")
