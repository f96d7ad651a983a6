"""Who asks, and what they are told when they may not: the way from sign-in to the answers of the REST side."""

from http import HTTPStatus
from typing import Final

from service.allowances import Allowances
from service.api.problems import ProblemError
from service.api.visitors import Visitor
from service.auth.ports import (
    Grant,
    NotAllowedError,
    NotAuthenticatedError,
    SignInUnavailableError,
    TooManyTicketsError,
)
from service.auth.sign_in import SignIn
from service.metrics.logs import logger
from service.session.streams import SPENT
from service.sessions import Sessions, refusal_of
from service.stores.ports import StoreError
from service.transports.handshake import Refused, Rules

_RETRY_AFTER_S: Final = 5
_log = logger("service.reception")

CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="voice"'}


class Reception:
    """Lets people in under the same rules under which a connection is accepted."""

    def __init__(
        self, *, rules: Rules, sign_in: SignIn, sessions: Sessions, allowances: Allowances, admin_group: str
    ) -> None:
        self._rules = rules
        self._sign_in = sign_in
        self._sessions = sessions
        self._allowances = allowances
        self._admin_group = admin_group

    async def user_of(self, visitor: Visitor) -> str:
        """Whose things a request is about; raises ProblemError."""
        return (await self._admit(visitor)).principal.user_id

    async def administrator(self, visitor: Visitor) -> None:
        """Raises ProblemError for whoever is not in the administrators' group."""
        grant = await self._admit(visitor)
        if self._admin_group not in grant.principal.groups:
            raise ProblemError(
                HTTPStatus.FORBIDDEN, "not_an_administrator", "Only administrators may see this."
            )

    async def issue(self, visitor: Visitor) -> tuple[str, int]:
        """A ticket and its life in seconds; raises ProblemError."""
        grant = await self._admit(visitor)
        refused = self._sessions.refusal() or await self._sessions.budget_refusal(grant)
        if refused is not None:
            raise problem_of(refused)
        await self._check_allowance(grant)
        try:
            ticket = await self._sign_in.issue(grant)
        except TooManyTicketsError as error:
            raise ProblemError(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too_many_tickets",
                str(error),
                headers={"Retry-After": str(error.retry_after_s)},
            ) from None
        except StoreError as error:
            _log.warning("a ticket could not be issued", reason=str(error))
            raise problem_of(refusal_of(SignInUnavailableError(_RETRY_AFTER_S))) from error
        except Exception as error:
            _log.exception("a ticket could not be issued")
            raise problem_of(refusal_of(SignInUnavailableError(_RETRY_AFTER_S))) from error
        return ticket.value, ticket.expires_in_s

    async def _check_allowance(self, grant: Grant) -> None:
        try:
            wait_s = await self._allowances.seconds_until_more(grant.principal.user_id)
        except StoreError as error:
            raise problem_of(refusal_of(SignInUnavailableError(_RETRY_AFTER_S))) from error
        if wait_s is not None:
            raise problem_of(_spent(wait_s))

    async def _admit(self, visitor: Visitor) -> Grant:
        refused = self._rules.judge_page(host=visitor.host, origin=visitor.origin)
        if refused is not None:
            raise problem_of(refused)
        try:
            return await self._sign_in.authenticate(visitor.authorization)
        except (NotAuthenticatedError, NotAllowedError, SignInUnavailableError) as error:
            raise problem_of(refusal_of(error)) from None


def _spent(wait_s: int) -> Refused:
    return Refused(
        status=HTTPStatus.TOO_MANY_REQUESTS, code="daily_limit", detail=SPENT, retry_after_s=wait_s
    )


def problem_of(refused: Refused) -> ProblemError:
    """The same refusal on the REST side."""
    headers = {} if refused.retry_after_s is None else {"Retry-After": str(refused.retry_after_s)}
    if refused.status is HTTPStatus.UNAUTHORIZED:
        headers |= CHALLENGE
    return ProblemError(refused.status, refused.code, refused.detail, headers=headers)
