"""Who asks for a ticket, and what they are told: the way from sign-in to the answers of the REST side."""

from http import HTTPStatus
from typing import Final

from service.api.problems import ProblemError
from service.api.tickets import TicketRequest
from service.auth.ports import (
    NotAllowedError,
    NotAuthenticatedError,
    SignInUnavailableError,
    TooManyTicketsError,
)
from service.auth.sign_in import SignIn
from service.sessions import Sessions, refusal_of
from service.transports.handshake import Refused, Rules

CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="voice"'}


class Reception:
    """Issues tickets under the same rules under which a connection is accepted."""

    def __init__(self, *, rules: Rules, sign_in: SignIn, sessions: Sessions) -> None:
        self._rules = rules
        self._sign_in = sign_in
        self._sessions = sessions

    async def issue(self, request: TicketRequest) -> tuple[str, int]:
        """A ticket and its life in seconds; raises ProblemError."""
        refused = self._rules.judge_page(host=request.host, origin=request.origin)
        if refused is not None:
            raise problem_of(refused)
        try:
            grant = await self._sign_in.authenticate(request.authorization)
            refused = self._sessions.refusal()
            if refused is not None:
                raise problem_of(refused)
            ticket = await self._sign_in.issue(grant)
        except TooManyTicketsError as error:
            raise ProblemError(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too_many_tickets",
                str(error),
                headers={"Retry-After": str(error.retry_after_s)},
            ) from None
        except (NotAuthenticatedError, NotAllowedError, SignInUnavailableError) as error:
            raise problem_of(refusal_of(error)) from None
        return ticket.value, ticket.expires_in_s


def problem_of(refused: Refused) -> ProblemError:
    """The same refusal on the REST side."""
    headers = {} if refused.retry_after_s is None else {"Retry-After": str(refused.retry_after_s)}
    if refused.status is HTTPStatus.UNAUTHORIZED:
        headers |= CHALLENGE
    return ProblemError(refused.status, refused.code, refused.detail, headers=headers)
