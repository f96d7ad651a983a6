"""Asking the issuer over HTTP: its keys, and whether it still honours a token. Bounded in time, size and direction."""

from http import HTTPStatus
from typing import Final

import aiohttp

from service.auth.key_set import KeysUnavailableError
from service.auth.ports import Grant

_MAX_BYTES: Final = 65_536
_TIMEOUT_S: Final = 2.0


class Issuer:
    """One issuer's HTTP side; made on the event loop, closed with `aclose`."""

    def __init__(self, *, jwks_url: str, user_info_url: str, timeout_s: float = _TIMEOUT_S) -> None:
        self._jwks_url = jwks_url
        self._user_info_url = user_info_url
        self._http = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=timeout_s),
            # Nothing is decompressed, so a small answer cannot become a large one.
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._http.close()

    async def keys(self) -> bytes:
        """The JWKS document; raises KeysUnavailableError."""
        try:
            async with self._http.get(self._jwks_url, allow_redirects=False) as answer:
                if answer.status != HTTPStatus.OK:
                    raise KeysUnavailableError(f"{self._jwks_url} answered {answer.status}")
                return await _bounded(answer)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise KeysUnavailableError(
                f"{self._jwks_url} cannot be reached: {type(error).__name__}"
            ) from error

    async def is_revoked(self, grant: Grant) -> bool:
        """Whether userInfo refuses the token.

        Cognito answers 401 there when the token "is expired, disabled, or deleted, or the user has globally signed out";
        it tells nobody of its own accord. An answer of any other kind says nothing about the token.
        """
        headers = {"Authorization": f"Bearer {grant.token}"}
        try:
            async with self._http.get(self._user_info_url, headers=headers, allow_redirects=False) as answer:
                return answer.status == HTTPStatus.UNAUTHORIZED
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    document = bytearray()
    async for chunk in answer.content.iter_chunked(_MAX_BYTES):
        document += chunk
        if len(document) > _MAX_BYTES:
            raise KeysUnavailableError(f"the answer is longer than {_MAX_BYTES} bytes")
    return bytes(document)
