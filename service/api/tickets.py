"""POST /api/tickets: where a browser proves who it is, and learns why not when it is refused."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from service.api.problems import describe


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRequest:
    """What decides whether there is a ticket."""

    authorization: str | None
    host: str
    origin: str | None


class IssuedTicket(BaseModel):
    """A ticket, to be offered as the WebSocket subprotocol `ticket.VALUE`, or in `auth` within a session."""

    model_config = ConfigDict(extra="forbid")

    ticket: str = Field(min_length=43, max_length=43, description="works once")
    expiresInS: int = Field(ge=1, description="from now, in seconds")  # noqa: N815 - as on the wire


_RESPONSES: Final[Mapping[int | str, dict[str, Any]]] = {
    HTTPStatus.OK.value: {"model": IssuedTicket, "description": "A ticket"},
    **describe(
        {
            HTTPStatus.UNAUTHORIZED: "Sign in, or sign in again",
            HTTPStatus.FORBIDDEN: "Signed in, and not allowed; or a page of a foreign origin",
            HTTPStatus.TOO_MANY_REQUESTS: "Slow down; `Retry-After` says for how long",
            HTTPStatus.SERVICE_UNAVAILABLE: "No place, or no way to tell who asks; `Retry-After` says for how long",
        }
    ),
}
# Documents the header in OpenAPI; what is in it is judged by `issue`, with the same answer for every mistake.
_BEARER: Final = HTTPBearer(auto_error=False, description="An access token of the user pool")


def router(issue: Callable[[TicketRequest], Awaitable[tuple[str, int]]]) -> APIRouter:
    """POST /api/tickets; `issue` gives a ticket and its life in seconds, or raises ProblemError."""
    routes = APIRouter(tags=["sign-in"])

    @routes.post("/api/tickets", responses={**_RESPONSES}, summary="A ticket for one connection")
    async def ticket(request: Request, _: Annotated[object, Depends(_BEARER)]) -> JSONResponse:
        headers = request.headers
        value, expires_in_s = await issue(
            TicketRequest(
                authorization=headers.get("authorization"),
                host=headers.get("host", ""),
                origin=headers.get("origin"),
            )
        )
        body = IssuedTicket(ticket=value, expiresInS=expires_in_s)
        return JSONResponse(body.model_dump(), headers={"Cache-Control": "no-store"})

    return routes
