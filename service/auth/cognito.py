"""A Cognito access token, from its text to a grant: shape, key, signature, claims, scopes, in this order.

Whatever is wrong with a token, its sender gets the same sentence. Anything that fails in here denies.
"""

from collections.abc import Callable, Collection
from typing import Final

from service.auth.claims import Expected, check
from service.auth.compact import BadTokenError, take_apart
from service.auth.key_set import KeySet, UnknownKeyError
from service.auth.ports import (
    Grant,
    NotAllowedError,
    NotAuthenticatedError,
    Principal,
    SignInUnavailableError,
)
from service.auth.signature import verify

REFUSED: Final = "Please sign in again."
NOT_ALLOWED: Final = "This sign-in is not meant for the voice assistant."


class CognitoTokens:
    """Verifies access tokens of one user pool, offline but for its keys."""

    def __init__(
        self,
        *,
        keys: KeySet,
        expected: Expected,
        scopes: Collection[str],
        wall_clock: Callable[[], float],
        count: Callable[[str], None],
    ) -> None:
        self._keys = keys
        self._expected = expected
        self._scopes = frozenset(scopes)
        self._wall_clock = wall_clock
        self._count = count

    async def verify(self, token: str) -> Grant:
        """The grant behind a token; raises NotAuthenticatedError, NotAllowedError or SignInUnavailableError."""
        try:
            parts = take_apart(token)
            key = await self._keys.find(parts.kid)
            verify(token, key)
            claims = check(parts.claims, self._expected, self._wall_clock())
        except SignInUnavailableError:
            raise
        except BadTokenError as error:
            self._count(str(error))
            raise NotAuthenticatedError(REFUSED) from None
        except UnknownKeyError:
            self._count("unknown kid")
            raise NotAuthenticatedError(REFUSED) from None
        except Exception as error:
            self._count("defect")
            raise NotAuthenticatedError(REFUSED) from error
        if not self._scopes <= claims.scopes:
            raise NotAllowedError(NOT_ALLOWED)
        principal = Principal(
            issuer=claims.issuer,
            subject=claims.subject,
            client_id=claims.client_id,
            groups=claims.groups,
        )
        return Grant(principal=principal, expires_at=float(claims.expires_at), token=token)
