"""What a Cognito access token must say, checked claim by claim; `now` is an argument, in seconds since 1970.

Source: Amazon Cognito developer guide, "Verifying JSON web tokens" and "Understanding the access token".
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from service.auth.compact import BadTokenError

LEEWAY_S: Final = 60
# Cognito's longest access token lasts a day.
_LONGEST_S: Final = 86_400
_LARGEST: Final = 2**40
_MAX_CHARS: Final = 1_024
_ACCESS: Final = "access"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessClaims:
    """The claims that somebody reads later; all others were checked and forgotten."""

    issuer: str
    subject: str
    client_id: str
    scopes: frozenset[str]
    groups: tuple[str, ...]
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Whose tokens are taken."""

    issuer: str
    client_ids: Collection[str]


def check(claims: Mapping[str, Any], expected: Expected, now: float) -> AccessClaims:
    """Believe the claims of a token whose signature was verified; raises BadTokenError naming the claim."""
    for name, is_right in _TYPES.items():
        if name in claims and not is_right(claims[name]):
            raise BadTokenError(name)
    for name in _REQUIRED:
        if name not in claims:
            raise BadTokenError(name)
    if claims["iss"] != expected.issuer:
        raise BadTokenError("iss")
    if claims["token_use"] != _ACCESS:
        raise BadTokenError("token_use")
    if claims["client_id"] not in expected.client_ids:
        raise BadTokenError("client_id")
    if "aud" in claims:
        # A Cognito access token has an audience only when it was asked for another resource server.
        raise BadTokenError("aud")
    _check_times(claims, now)
    return AccessClaims(
        issuer=claims["iss"],
        subject=claims["sub"],
        client_id=claims["client_id"],
        scopes=frozenset(claims["scope"].split(" ")),
        groups=tuple(claims.get("cognito:groups", ())),
        expires_at=claims["exp"],
    )


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    if claims["exp"] <= now - LEEWAY_S:
        raise BadTokenError("exp")
    if claims["exp"] <= claims["iat"] or claims["exp"] - claims["iat"] > _LONGEST_S:
        raise BadTokenError("exp")
    for name in ("iat", "nbf", "auth_time"):
        if claims.get(name, 0) > now + LEEWAY_S:
            raise BadTokenError(name)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_CHARS


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(_is_text(item) for item in value)


def _is_whole(value: object) -> bool:
    # Exactly an integer: true is one to Python, and 1e400 is infinite to JSON.
    return type(value) is int and 0 <= value < _LARGEST


_TYPES: Final[Mapping[str, Callable[[object], bool]]] = {
    "iss": _is_text,
    "sub": _is_text,
    "client_id": _is_text,
    "token_use": _is_text,
    "scope": _is_text,
    "username": _is_text,
    "jti": _is_text,
    "origin_jti": _is_text,
    "event_id": _is_text,
    "device_key": _is_text,
    "cognito:groups": _is_texts,
    "version": _is_whole,
    "exp": _is_whole,
    "iat": _is_whole,
    "nbf": _is_whole,
    "auth_time": _is_whole,
}
_REQUIRED: Final = ("iss", "sub", "client_id", "token_use", "scope", "exp", "iat")
