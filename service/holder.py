"""The sign-in behind one session: what it began with, and what a ticket made of it since."""

from collections.abc import Awaitable, Callable

from service.auth.ports import Grant, NotAuthenticatedError
from service.metrics.logs import logger
from service.session.events import Refusal, SignInRefused, SignInRenewed
from service.stores.ports import StoreError

_log = logger("service.holder")


class Holder:
    """Keeps a session's grant, and tells instants of the wall clock on the session's own."""

    def __init__(
        self,
        grant: Grant,
        *,
        redeem: Callable[[str], Awaitable[Grant]],
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
    ) -> None:
        self.grant = grant
        self._redeem = redeem
        self._clock = clock
        self._wall_clock = wall_clock

    @property
    def expires_at(self) -> float:
        """When the sign-in expires, on the session's clock."""
        return self._clock() + self.grant.expires_at - self._wall_clock()

    async def renew(self, ticket: str) -> SignInRenewed | SignInRefused:
        """Put the sign-in behind a ticket in the place of the present one, if it is the same user's and lasts longer."""
        try:
            grant = await self._redeem(ticket)
        except NotAuthenticatedError:
            return SignInRefused(why=Refusal.UNKNOWN)
        except StoreError as error:
            _log.warning("a ticket could not be looked at", reason=str(error))
            return SignInRefused(why=Refusal.UNAVAILABLE)
        except Exception:  # noqa: BLE001 - the session goes on with the sign-in it has
            _log.exception("a ticket could not be looked at")
            return SignInRefused(why=Refusal.UNAVAILABLE)
        if grant.principal != self.grant.principal:
            return SignInRefused(why=Refusal.OTHER_USER)
        if grant.expires_at <= self.grant.expires_at:
            return SignInRefused(why=Refusal.NOT_LATER)
        self.grant = grant
        return SignInRenewed(expires_at=self.expires_at)
