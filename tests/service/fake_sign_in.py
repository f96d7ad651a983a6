"""Sign-in without a user pool: tokens name their user, and an administrator is a set."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from service.auth.ports import (
    Grant,
    NotAllowedError,
    NotAuthenticatedError,
    Principal,
    TokenVerifier,
)
from service.auth.sign_in import SignIn
from service.auth.tickets import MemoryTicketStore, Tickets

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example"
CLIENT = "voice-page"
SETTINGS: dict[str, Any] = {
    "auth_issuer": ISSUER,
    "auth_client_ids": (CLIENT,),
    "auth_domain": "https://example.auth.us-east-1.amazoncognito.com",
}
ENVIRONMENT = {
    "VOICE_AUTH_ISSUER": ISSUER,
    "VOICE_AUTH_CLIENT_IDS": CLIENT,
    "VOICE_AUTH_DOMAIN": "https://example.auth.us-east-1.amazoncognito.com",
}
FOR_EVER = 2.0**40
NOW = 1_800_000_000.0
"""What the wall clock shows in tests, until they move it."""
BEARER = {"authorization": "Bearer alice"}


def grant(user: str = "alice", *, expires_at: float = FOR_EVER, token: str | None = None) -> Grant:
    return Grant(
        principal=Principal(
            issuer=ISSUER, subject=user, client_id=CLIENT, groups=("admins",) if user == "admin" else ()
        ),
        expires_at=expires_at,
        token=token or user,
    )


@dataclass(slots=True)
class FakeVerifier:
    """A token is `USER` or `USER:EXPIRES_AT`; `nobody` is refused, `guest` lacks a scope, an error is raised."""

    error: Exception | None = None
    verified: list[str] = field(default_factory=list)

    async def verify(self, token: str) -> Grant:
        self.verified.append(token)
        if self.error is not None:
            raise self.error
        user, _, expires_at = token.partition(":")
        if user == "nobody":
            raise NotAuthenticatedError("Please sign in again.")
        if user == "guest":
            raise NotAllowedError("This sign-in is not meant for the voice assistant.")
        return grant(user, expires_at=float(expires_at or FOR_EVER), token=token)


@dataclass(slots=True)
class FakeRevocation:
    """An issuer that has taken the tokens of some users back."""

    revoked: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    async def is_revoked(self, held: Grant) -> bool:
        self.asked.append(held.token)
        return held.principal.subject in self.revoked


def fake_sign_in(
    *,
    verifier: TokenVerifier | None = None,
    revocation: FakeRevocation | None = None,
    clock: Callable[[], float] = lambda: 100.0,
    wall_clock: Callable[[], float] = lambda: NOW,
    tickets: Tickets | None = None,
) -> SignIn:
    return SignIn(
        verifier=verifier or FakeVerifier(),
        revocation=revocation or FakeRevocation(),
        tickets=tickets or Tickets(MemoryTicketStore(), wall_clock=wall_clock),
        clock=clock,
    )
