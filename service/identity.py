"""The sign-in of this deployment, made from its settings."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from service.auth.claims import Expected
from service.auth.cognito import CognitoTokens
from service.auth.issuer import Issuer
from service.auth.key_set import KeySet
from service.auth.sign_in import SignIn
from service.auth.tickets import MemoryTicketStore, Tickets, TicketStore
from service.metrics.counters import Counters
from service.metrics.logs import logger
from service.settings import Settings

_log = logger("service.identity")


@asynccontextmanager
async def cognito(
    settings: Settings,
    *,
    counters: Counters,
    clock: Callable[[], float],
    tickets: TicketStore | None = None,
) -> AsyncIterator[SignIn]:
    """Sign-in by the tokens of one user pool; the pool need not be there yet.

    `tickets` keeps those of several processes; without it this one keeps its own.
    """
    issuer = Issuer(jwks_url=settings.jwks_url, user_info_url=settings.user_info_url)
    keys = KeySet(issuer.keys, clock=clock, report=_report)
    verifier = CognitoTokens(
        keys=keys,
        expected=Expected(issuer=settings.auth_issuer, client_ids=settings.auth_client_ids),
        scopes=settings.auth_scopes,
        wall_clock=time.time,
        count=lambda reason: counters.add("tokens_refused", label=reason),
    )
    try:
        await keys.prefetch()
        yield SignIn(
            verifier=verifier,
            revocation=issuer,
            tickets=Tickets(tickets or MemoryTicketStore(), wall_clock=time.time),
            clock=clock,
        )
    finally:
        await keys.aclose()
        await issuer.aclose()


def _report(reason: str) -> None:
    _log.error("the issuer's keys could not be had", reason=reason)
