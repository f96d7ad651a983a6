"""The credentials of the ordinary AWS chain, resolved before a stream and frozen for it.

The SDK asks its resolver for every event it signs. Credentials that change under a running stream change the
signing key, and Bedrock ends the stream with a ValidationException; so each stream gets a fixed identity.
The chain also caches a container's credentials until the very second they expire and lets every caller fetch
at once; here one fetch serves all who wait, and credentials are renewed while a whole stream still fits.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from smithy_aws_core.identity import AWSCredentialsIdentity
from smithy_aws_core.identity.chain import IdentityChain
from smithy_core.exceptions import SmithyError
from smithy_http.aio.aiohttp import AIOHTTPClient

from service.errors import ModelFailure, ModelFailureKind

# A stream lives eight minutes at most; two more for a chain that is slow to renew.
NEEDED_FOR: Final = timedelta(minutes=10)
# Keys without an expiry can be replaced on disk; a login in another terminal is seen after this long.
REREAD_AFTER: Final = timedelta(minutes=1)


class Credentials:
    """One identity at a time, good for a whole stream whenever the chain has one that is."""

    def __init__(
        self, *, timeout_s: float, utc_now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._timeout_s = timeout_s
        self._utc_now = utc_now
        self._fetching = asyncio.Lock()
        self._identity: AWSCredentialsIdentity | None = None
        self._fetched_at = datetime.min.replace(tzinfo=UTC)

    async def identity(self) -> AWSCredentialsIdentity:
        """The identity for a stream that begins now; raises ModelFailure (CREDENTIALS)."""
        async with self._fetching:
            if self._identity is None or not self._lasts(self._identity):
                self._identity = await self._fetch()
                self._fetched_at = self._utc_now()
            return self._identity

    def _lasts(self, identity: AWSCredentialsIdentity) -> bool:
        now = self._utc_now()
        if identity.expiration is None:
            return now < self._fetched_at + REREAD_AFTER
        return now + NEEDED_FOR < identity.expiration

    async def _fetch(self) -> AWSCredentialsIdentity:
        # A new chain each time: an old one answers from its own cache until the expiry itself.
        http = AIOHTTPClient()
        try:
            async with asyncio.timeout(self._timeout_s):
                chain = await IdentityChain.create(AWSCredentialsIdentity, http_client=http)
                identity = await chain.get_identity(properties={})
        except (SmithyError, TimeoutError, OSError, ValueError) as error:
            raise ModelFailure(
                ModelFailureKind.CREDENTIALS, f"no AWS credentials: {str(error) or 'no answer in time'}"
            ) from error
        finally:
            await http.close()
        if identity.expiration is not None and identity.expiration <= self._utc_now():
            raise ModelFailure(ModelFailureKind.CREDENTIALS, "the AWS credentials have expired")
        return identity
