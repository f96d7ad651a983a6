"""The sign-in behind a session: it is announced when it runs out, renewed by a ticket, and ends the session when it is over.

Whose ticket it is and how long it lasts is found out outside; what follows from that is decided here.
"""

from typing import Final, assert_never

from service.errors import CloseCode, ErrorCode
from service.session.core import NEVER, Core, Leaving
from service.session.effects import Direction, Fault, RedeemTicket
from service.session.events import Refusal, SignInEvent, SignInRefused, SignInRenewed, SignInRevoked
from service.wire import client, server

_EXPIRED: Final = "Your sign-in has expired; please sign in again."
_REVOKED: Final = "You have been signed out; please sign in again."


def redeem(core: Core, message: client.Auth) -> None:
    """The client offers a ticket; one at a time is looked at."""
    if core.signed_in.is_redeeming:
        core.counts.add(Direction.FROM_CLIENT, client.Auth.type, Fault.OVER_LIMIT)
        core.tell_error(ErrorCode.TICKET_REFUSED, Refusal.BUSY.value, retryable=True)
        return
    core.signed_in.is_redeeming = True
    core.emit(RedeemTicket(ticket=message.ticket))


def receive(core: Core, event: SignInEvent, now: float) -> None:
    """What was found out about the sign-in."""
    match event:
        case SignInRenewed(expires_at=expires_at):
            core.signed_in.is_redeeming = False
            _renew(core, expires_at, now)
        case SignInRefused(why=Refusal.OTHER_USER):
            core.end(CloseCode.FORBIDDEN, Refusal.OTHER_USER.value, error=ErrorCode.FORBIDDEN, now=now)
        case SignInRefused(why=why):
            core.signed_in.is_redeeming = False
            core.tell_error(ErrorCode.TICKET_REFUSED, why.value, retryable=True)
        case SignInRevoked():
            core.end(CloseCode.SIGN_IN, _REVOKED, error=ErrorCode.SIGN_IN_REQUIRED, now=now)
        case _:
            assert_never(event)


def begin(core: Core, expires_at: float, now: float) -> None:
    """Another sign-in of the same user takes the place of the present one, however long it lasts."""
    core.signed_in.granted_at, core.signed_in.expires_at = now, expires_at
    core.signed_in.is_expiry_told = False


def _renew(core: Core, expires_at: float, now: float) -> None:
    if expires_at <= core.signed_in.expires_at:
        core.tell_error(ErrorCode.TICKET_REFUSED, Refusal.NOT_LATER.value, retryable=True)
        return
    begin(core, expires_at, now)
    if core.leaving is not None and core.leaving.code is CloseCode.SIGN_IN:
        # Late, but in time: the turn that was let finish is not the last one.
        core.leaving = None


def expiring_at(core: Core) -> float:
    """When the client is told."""
    if core.signed_in.is_expiry_told or not core.is_ready:
        return NEVER
    return core.terms.expiry.warns_at(
        granted_at=core.signed_in.granted_at, expires_at=core.signed_in.expires_at
    )


def tell_expiring(core: Core, now: float) -> None:
    """Tell how long is left for a new ticket."""
    core.signed_in.is_expiry_told = True
    in_ms = max(0, round((core.signed_in.expires_at - now) * 1_000))
    core.tell(server.AuthExpiring, in_ms=in_ms)


def expired_at(core: Core) -> float:
    """When the sign-in is over, unless the session goes for that or another reason already."""
    return NEVER if core.leaving is not None else core.terms.expiry.ends_at(core.signed_in.expires_at)


def expire(core: Core, now: float) -> None:
    """Nothing new begins; the running turn may end."""
    by = now + core.terms.expiry.farewell_s
    core.leaving = Leaving(by=by, code=CloseCode.SIGN_IN, error=ErrorCode.SIGN_IN_REQUIRED, sentence=_EXPIRED)
