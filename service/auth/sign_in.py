"""Every way to prove who one is, in one place: Bearer for programs and for tickets, a ticket for browsers.

Bearer token ── verified (cognito.py) ── not revoked (issuer.py) ──┬── a session
                                                                   └── a ticket (tickets.py) ── a session, once
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from service.auth.ports import (
    Grant,
    NotAuthenticatedError,
    RevocationCheck,
    TokenVerifier,
    TooManyTicketsError,
)
from service.auth.tickets import Ticket, Tickets
from service.policies.rate import TokenBucket

TICKET_PREFIX: Final = "ticket."
_SIGN_IN_FIRST: Final = "Please sign in first."
_REVOKED: Final = "Please sign in again."
# A page that reconnects as fast as it may asks every second or two; a thief of a token would ask faster.
_TICKETS_PER_S: Final = 0.5
_TICKETS_BURST: Final = 10.0
_MAX_USERS: Final = 10_000
_MAX_REVOKED: Final = 10_000


class SignIn:
    """Grants for requests, tickets for grants, and whether grants still stand."""

    def __init__(
        self,
        *,
        verifier: TokenVerifier,
        revocation: RevocationCheck,
        tickets: Tickets,
        clock: Callable[[], float],
    ) -> None:
        self._verifier = verifier
        self._revocation = revocation
        self._tickets = tickets
        self._clock = clock
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()
        self._revoked: OrderedDict[str, None] = OrderedDict()

    async def admit(self, headers: Mapping[str, str], subprotocols: Sequence[str]) -> Grant:
        """The grant behind an upgrade: a ticket among the subprotocols, or a Bearer token; never both.

        Raises as `TokenVerifier` does.
        """
        tickets = [
            name.removeprefix(TICKET_PREFIX) for name in subprotocols if name.startswith(TICKET_PREFIX)
        ]
        authorization = headers.get("authorization")
        if len(tickets) == 1 and authorization is None:
            return await self.redeem(tickets[0])
        if tickets:
            raise NotAuthenticatedError(_SIGN_IN_FIRST)
        return await self.authenticate(authorization)

    async def authenticate(self, authorization: str | None) -> Grant:
        """The grant behind an Authorization header; raises as `TokenVerifier` does."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotAuthenticatedError(_SIGN_IN_FIRST)
        grant = await self._verifier.verify(token)
        if await self.is_revoked(grant):
            raise NotAuthenticatedError(_REVOKED)
        return grant

    async def issue(self, grant: Grant) -> Ticket:
        """A ticket for a grant; raises TooManyTicketsError."""
        bucket = self._buckets.setdefault(
            grant.principal.user_id, TokenBucket(rate_per_s=_TICKETS_PER_S, capacity=_TICKETS_BURST)
        )
        self._buckets.move_to_end(grant.principal.user_id)
        if len(self._buckets) > _MAX_USERS:
            self._buckets.popitem(last=False)
        if not bucket.take(1.0, self._clock()):
            raise TooManyTicketsError(retry_after_s=round(1 / _TICKETS_PER_S))
        return await self._tickets.issue(grant)

    async def redeem(self, ticket: str) -> Grant:
        """The grant behind a ticket; raises NotAuthenticatedError."""
        grant = await self._tickets.redeem(ticket)
        if grant.token in self._revoked:
            raise NotAuthenticatedError(_REVOKED)
        return grant

    async def is_revoked(self, grant: Grant) -> bool:
        """Whether the issuer has taken a token back; once it has, that is not asked again."""
        if grant.token in self._revoked:
            return True
        if not await self._revocation.is_revoked(grant):
            return False
        self._revoked[grant.token] = None
        if len(self._revoked) > _MAX_REVOKED:
            self._revoked.popitem(last=False)
        return True

    async def revoked_among(self, grants: Sequence[Grant], *, at_once: int) -> list[Grant]:
        """Which of these were taken back; each token is asked about once, `at_once` at a time."""
        turnstile = asyncio.Semaphore(at_once)

        async def ask(grant: Grant) -> bool:
            async with turnstile:
                return await self.is_revoked(grant)

        by_token = {grant.token: grant for grant in grants}
        answers = await asyncio.gather(*map(ask, by_token.values()))
        revoked = {token for token, answer in zip(by_token, answers, strict=True) if answer}
        return [grant for grant in grants if grant.token in revoked]
