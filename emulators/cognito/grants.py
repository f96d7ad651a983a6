"""What the pool has handed out and will honour: codes, refresh tokens, and which sign-ins were revoked.

`now` is an argument everywhere, in seconds since 1970.
"""

import base64
import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

CODE_S: Final = 300
_MAX_HELD: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """One authentication of a user by a client; everything refreshed later belongs to it."""

    sub: str
    client_id: str
    scopes: Sequence[str]
    at: float
    nonce: str | None = None
    origin_jti: str = field(default_factory=lambda: str(uuid.uuid4()))
    event_id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Code:
    sign_in: SignIn
    redirect_uri: str
    challenge: str
    expires_at: float


@dataclass(slots=True, kw_only=True)
class _Refresh:
    sign_in: SignIn
    expires_at: float
    dies_at: float | None = None
    """When its grace ends, once it was rotated away."""


class Grants:
    """Codes and refresh tokens, each findable by its value only."""

    def __init__(self) -> None:
        self._codes: dict[str, _Code] = {}
        self._refresh: dict[str, _Refresh] = {}
        self._sign_ins: dict[str, SignIn] = {}
        self._revoked: dict[str, None] = {}

    @property
    def refresh_tokens(self) -> int:
        """How many refresh tokens are held."""
        return len(self._refresh)

    def issue_code(self, sign_in: SignIn, *, redirect_uri: str, challenge: str, now: float) -> str:
        """A code for one exchange within five minutes."""
        code = str(uuid.uuid4())
        _put(
            self._codes,
            code,
            _Code(sign_in=sign_in, redirect_uri=redirect_uri, challenge=challenge, expires_at=now + CODE_S),
        )
        return code

    def redeem_code(
        self, code: str, *, client_id: str, redirect_uri: str, verifier: str, now: float
    ) -> SignIn | None:
        """The sign-in behind a code; None when anything about the request is not as it was. Either way it is used."""
        held = self._codes.pop(code, None)
        if held is None or held.expires_at <= now:
            return None
        matches = (held.sign_in.client_id, held.redirect_uri) == (client_id, redirect_uri)
        proved = secrets.compare_digest(challenge_of(verifier), held.challenge)
        return held.sign_in if matches and proved else None

    def issue_refresh(self, sign_in: SignIn, *, lifetime_s: int) -> str:
        """A refresh token; a rotated one lasts no longer than the first did."""
        token = secrets.token_urlsafe(96)
        _put(self._sign_ins, sign_in.origin_jti, sign_in)
        _put(self._refresh, token, _Refresh(sign_in=sign_in, expires_at=sign_in.at + lifetime_s))
        return token

    def rotate_refresh(self, token: str, *, client_id: str, grace_s: int, now: float) -> SignIn | None:
        """The sign-in behind a refresh token, which from now on works for the grace only (lost replies, two tabs)."""
        held = self._refresh.get(token)
        if held is None or held.sign_in.client_id != client_id or self.is_revoked(held.sign_in.origin_jti):
            return None
        if held.expires_at <= now or (held.dies_at is not None and held.dies_at <= now):
            del self._refresh[token]
            return None
        if held.dies_at is None:
            held.dies_at = now + grace_s
        return held.sign_in

    def revoke(self, token: str, *, client_id: str) -> bool:
        """Revoke a refresh token and everything of its sign-in; False when it belongs to another client."""
        held = self._refresh.get(token)
        if held is None:
            return True
        if held.sign_in.client_id != client_id:
            return False
        _put(self._revoked, held.sign_in.origin_jti, None)
        return True

    def sign_in(self, origin_jti: str) -> SignIn | None:
        """The sign-in that a token belongs to."""
        return self._sign_ins.get(origin_jti)

    def is_revoked(self, origin_jti: str) -> bool:
        """Whether a sign-in was revoked."""
        return origin_jti in self._revoked


def challenge_of(verifier: str) -> str:
    """S256 of RFC 7636, section 4.2."""
    digest = hashlib.sha256(verifier.encode("ascii", "replace")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _put[V](held: dict[str, V], key: str, value: V) -> None:
    """Keep a value; the oldest goes when there are too many, for this process may run for weeks."""
    held[key] = value
    if len(held) > _MAX_HELD:
        del held[next(iter(held))]
