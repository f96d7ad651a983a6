"""Who is speaking, as the rest of the service sees it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody who may hold a session: a user as one issuer knows them, by one of its clients."""

    issuer: str
    subject: str
    client_id: str
    groups: Sequence[str] = field(default=(), compare=False)

    @property
    def user_id(self) -> str:
        """Stable and opaque; never a name or an address, and never the same for two issuers."""
        return f"{self.issuer}#{self.subject}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A principal's right to be here."""

    principal: Principal
    expires_at: float
    """When the access token behind it expires: UTC, in seconds since 1970."""
    token: str = field(repr=False)
    """That token, for asking its issuer whether it was revoked; it never leaves this process unsealed."""


class NotAuthenticatedError(Exception):
    """Raised when a request does not prove who makes it; the sentence is safe to show."""


class NotAllowedError(Exception):
    """Raised when it is proved who makes a request, and they may not; the sentence is safe to show."""


class SignInUnavailableError(Exception):
    """Raised when it cannot be found out, for now, who makes a request."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("Signing in does not work at the moment; please try again.")
        self.retry_after_s = retry_after_s


class TooManyTicketsError(Exception):
    """Raised when a user asks for tickets faster than anybody connects."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("Too many tickets were asked for; please wait a moment.")
        self.retry_after_s = retry_after_s


class TokenVerifier(Protocol):
    """Judges access tokens by what they say and who signed them."""

    async def verify(self, token: str) -> Grant:
        """The grant behind a token.

        Raises NotAuthenticatedError, NotAllowedError or SignInUnavailableError; any other error is a refusal too.
        """


class RevocationCheck(Protocol):
    """Asks whether a token that is still valid by its signature has been taken back."""

    async def is_revoked(self, grant: Grant) -> bool:
        """Whether the issuer no longer honours the token; False as well when the issuer cannot be asked."""
