"""The issuer's public keys, kept fresh without ever holding anybody up for long.

Rule 1: at most one request for the keys is under way, and one begins at most every `cooldown_s`, whatever is asked for.
Rule 2: a key that is known is answered at once; only somebody with an unknown one waits, for that one request.
Rule 3: while the issuer cannot be reached, known keys stay good for `stale_s` after they were last confirmed; then none is.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from service.auth.ports import SignInUnavailableError
from service.auth.signature import PublicKey, public_key

_MAX_UNKNOWN: Final = 1_024
_MAX_KEYS: Final = 32


class KeysUnavailableError(Exception):
    """Raised when the keys could not be had; the reason goes to the log."""


class UnknownKeyError(Exception):
    """Raised when the issuer has no key of this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How long keys are believed, and how often they are asked for."""

    fresh_s: float = 3_600.0
    """After this, a key that is asked for is confirmed behind the answer's back."""
    stale_s: float = 86_400.0
    cooldown_s: float = 30.0
    first_cooldown_s: float = 5.0
    """The cooldown while there are no keys at all, and so nobody can come in."""
    unknown_s: float = 60.0
    """How long the name of a missing key is remembered."""


class KeySet:
    """Keys by name; `fetch` gives the JWKS document or raises KeysUnavailableError, within its own deadline."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[bytes]],
        *,
        clock: Callable[[], float],
        report: Callable[[str], None],
        freshness: Freshness | None = None,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._report = report
        self._freshness = freshness or Freshness()
        self._keys: dict[str, PublicKey] = {}
        self._confirmed_at: float | None = None
        self._asked_at: float | None = None
        self._unknown: dict[str, float] = {}
        self._refreshing: asyncio.Task[None] | None = None

    async def find(self, kid: str) -> PublicKey:
        """The key of this name; raises UnknownKeyError or SignInUnavailableError."""
        now = self._clock()
        self._forget_stale(now)
        if kid in self._keys:
            if self._confirmed_at is None or now - self._confirmed_at >= self._freshness.fresh_s:
                self._begin_refresh(now)
            return self._keys[kid]
        if self._keys and self._unknown.get(kid, now) > now:
            raise UnknownKeyError
        refreshing = self._begin_refresh(now)
        if refreshing is not None:
            # Whoever waits may be cancelled; the request serves the others.
            await asyncio.shield(refreshing)
        if kid in self._keys:
            return self._keys[kid]
        if not self._keys:
            raise SignInUnavailableError(retry_after_s=round(self._freshness.first_cooldown_s))
        self._remember_unknown(kid)
        raise UnknownKeyError

    async def prefetch(self) -> None:
        """Have the keys before the first user comes; a failure is only reported."""
        refreshing = self._begin_refresh(self._clock())
        if refreshing is not None:
            await asyncio.shield(refreshing)

    async def aclose(self) -> None:
        """Let go of a request that is under way."""
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.wait({self._refreshing})

    def _forget_stale(self, now: float) -> None:
        if self._confirmed_at is not None and now - self._confirmed_at >= self._freshness.stale_s:
            self._keys = {}
            self._confirmed_at = None

    def _begin_refresh(self, now: float) -> asyncio.Task[None] | None:
        """The one request under way; a new one unless the last began too short a time ago."""
        if self._refreshing is not None:
            return self._refreshing
        cooldown_s = self._freshness.cooldown_s if self._keys else self._freshness.first_cooldown_s
        if self._asked_at is not None and now - self._asked_at < cooldown_s:
            return None
        self._asked_at = now
        self._refreshing = asyncio.create_task(self._refresh(), name="issuer's keys")
        self._refreshing.add_done_callback(self._refreshed)
        return self._refreshing

    def _refreshed(self, _: asyncio.Task[None]) -> None:
        self._refreshing = None

    async def _refresh(self) -> None:
        try:
            keys = parse(await self._fetch())
        except KeysUnavailableError as error:
            self._report(str(error))
        except Exception as error:  # noqa: BLE001 - whatever a fetch does, known keys stay good
            self._report(type(error).__name__)
        else:
            self._keys = keys
            self._confirmed_at = self._clock()

    def _remember_unknown(self, kid: str) -> None:
        if len(self._unknown) >= _MAX_UNKNOWN:
            # Whoever makes up names can only make us forget made-up names.
            self._unknown.clear()
        self._unknown[kid] = self._clock() + self._freshness.unknown_s


def parse(document: bytes) -> dict[str, PublicKey]:
    """Keys of a JWKS by name; keys of other kinds are left out, and names that come twice with them.

    Raises KeysUnavailableError for anything that is no key set, or has no key we could use.
    """
    try:
        described = json.loads(document)["keys"]
        kids = [key["kid"] for key in described]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise KeysUnavailableError("the answer is no JSON Web Key Set") from None
    if len(kids) > _MAX_KEYS:
        raise KeysUnavailableError(f"the key set has more than {_MAX_KEYS} keys")
    keys = {}
    for description in described:
        kid = description["kid"]
        key = public_key(description)
        if isinstance(kid, str) and kids.count(kid) == 1 and key is not None:
            keys[kid] = key
    if not keys:
        raise KeysUnavailableError("the key set has no RSA key for signatures")
    return keys
