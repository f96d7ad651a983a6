"""POST /api/tickets: where a browser proves who it is, and learns why not when it is refused."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from service.api.problems import describe
from service.api.visitors import AnyVisitor, Visitor


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
            HTTPStatus.TOO_MANY_REQUESTS: "Slow down, or talk again tomorrow; `Retry-After` says when",
            HTTPStatus.SERVICE_UNAVAILABLE: "No place, or no way to tell who asks; `Retry-After` says for how long",
        }
    ),
}


def router(issue: Callable[[Visitor], Awaitable[tuple[str, int]]]) -> APIRouter:
    """POST /api/tickets; `issue` gives a ticket and its life in seconds, or raises ProblemError."""
    routes = APIRouter(tags=["sign-in"])

    @routes.post("/api/tickets", responses={**_RESPONSES}, summary="A ticket for one connection")
    async def ticket(visitor: AnyVisitor) -> JSONResponse:
        value, expires_in_s = await issue(visitor)
        body = IssuedTicket(ticket=value, expiresInS=expires_in_s)
        return JSONResponse(body.model_dump(), headers={"Cache-Control": "no-store"})

    return routes
