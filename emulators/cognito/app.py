"""The routes of the stand-in, as an ASGI application."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from emulators.cognito.control import Control
from emulators.cognito.documents import Documents
from emulators.cognito.managed_login import ManagedLogin
from emulators.cognito.stand_in import CORS, StandIn
from emulators.cognito.token_endpoint import TokenEndpoint

type Endpoint = Callable[[Request], Awaitable[Response]]

_PREFLIGHT: Final = {
    **CORS,
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "authorization, content-type, x-amz-user-agent, amz-sdk-request",
    "Access-Control-Max-Age": "600",
}


def create_app(stand_in: StandIn) -> Starlette:
    """All of it; the paths are those of a pool's issuer and of its domain, which are one origin here."""
    documents, tokens = Documents(stand_in), TokenEndpoint(stand_in)
    login, control = ManagedLogin(stand_in), Control(stand_in)
    pool = f"/{stand_in.pool.pool_id}"

    def route(path: str, endpoint: Endpoint, *methods: str) -> Route:
        async def unless_out(request: Request) -> Response:
            if stand_in.outage is not None:
                # With the header all the same: a page must be able to read that it is refused.
                return PlainTextResponse("Service unavailable", stand_in.outage, CORS)
            if request.method == "OPTIONS":
                return Response(status_code=HTTPStatus.NO_CONTENT, headers=_PREFLIGHT)
            return await endpoint(request)

        return Route(path, unless_out, methods=[*methods])

    return Starlette(
        routes=[
            route(f"{pool}/.well-known/openid-configuration", documents.discovery, "GET", "OPTIONS"),
            route(f"{pool}/.well-known/jwks.json", documents.jwks, "GET", "OPTIONS"),
            route("/oauth2/userInfo", documents.user_info, "GET", "POST", "OPTIONS"),
            route("/oauth2/token", tokens.token, "POST", "OPTIONS"),
            route("/oauth2/revoke", tokens.revoke, "POST", "OPTIONS"),
            route("/oauth2/authorize", login.authorize, "GET"),
            route("/login", login.login, "GET", "POST"),
            route("/logout", login.logout, "GET"),
            Route("/control/{path:path}", control.answer, methods=["GET", "POST"]),
        ]
    )
