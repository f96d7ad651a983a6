"""What an administrator does to a real pool by AWS's API or console, as JSON over HTTP; and how to break the stand-in.

For the people and tests on this machine only: a body must be JSON, a page of another origin gets nothing, and the host
must be one of loopback's names. Every mistake is answered with a sentence.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from emulators.cognito.pool import Client, PoolError, User, checked_address
from emulators.cognito.stand_in import MAX_BODY_BYTES, StandIn

_LOOPBACK_HOST: Final = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")


class _ProblemError(Exception):
    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Control:
    """The routes below /control."""

    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in

    async def answer(self, request: Request) -> Response:
        """Do one request."""
        try:
            return JSONResponse(self._do(request.path_params["path"], await _body(request)))
        except _ProblemError as problem:
            return _problem(problem.status, str(problem))
        except PoolError as problem:
            return _problem(HTTPStatus.BAD_REQUEST, str(problem))

    def _do(self, path: str, body: Mapping[str, Any] | None) -> object:
        match path.split("/"), body:
            case ["status"], None:
                return self._status()
            case ["users", name, ("disable" | "enable" | "sign-out") as verb], {}:
                return self._user(self._found_user(name), verb)
            case ["keys", "rotate"], {"keepOld": bool(keep_old)}:
                self._stand_in.keys.rotate(keep_old=keep_old)
                return self._stand_in.keys.jwks
            case ["clients", client_id], {}:
                return self._client(self._found_client(client_id), body or {})
            case ["outage"], {"status": int(status)} if 500 <= status <= 599:
                self._stand_in.outage = HTTPStatus(status)
                return {"outage": status}
            case ["outage"], {"status": None}:
                self._stand_in.outage = None
                return {"outage": None}
            case _:
                raise _ProblemError(
                    HTTPStatus.NOT_FOUND,
                    "there is GET status; POST users/NAME/disable, users/NAME/enable, users/NAME/sign-out, keys/rotate"
                    ' {"keepOld": true}, clients/ID {"callbacks": [], "logouts": [], "accessTokenS": 60}, outage'
                    ' {"status": 503} or {"status": null}',
                )

    def _status(self) -> object:
        pool = self._stand_in.pool
        return {
            "pool": pool.pool_id,
            "issuer": self._stand_in.issuer,
            "keys": [key["kid"] for key in self._stand_in.keys.jwks["keys"]],
            "refreshTokens": self._stand_in.grants.refresh_tokens,
            "outage": self._stand_in.outage,
            "clients": [_told(client) for client in pool.clients.values()],
            "users": [
                {
                    "email": user.email,
                    "sub": user.sub,
                    "groups": list(user.groups),
                    "enabled": user.is_enabled,
                }
                for user in pool.users.values()
            ],
        }

    def _user(self, user: User, verb: str) -> object:
        """AdminDisableUser, AdminEnableUser, AdminUserGlobalSignOut; disabling revokes all tokens as well."""
        user.is_enabled = user.is_enabled if verb == "sign-out" else verb == "enable"
        if verb != "enable":
            user.signed_out_at = self._stand_in.clock()
        return {"email": user.email, "enabled": user.is_enabled}

    def _client(self, client: Client, changes: Mapping[str, Any]) -> object:
        for name, value in changes.items():
            match name, value:
                case (("callbacks" | "logouts"), [*addresses]) if all(isinstance(a, str) for a in addresses):
                    known = client.callbacks if name == "callbacks" else client.logouts
                    known |= {checked_address(address) for address in addresses}
                case "accessTokenS", int(seconds) if 1 <= seconds <= 86_400:
                    client.access_token_s = client.id_token_s = seconds
                case _:
                    raise _ProblemError(
                        HTTPStatus.BAD_REQUEST,
                        f"{name} cannot be {value!r}; callbacks and logouts are lists, accessTokenS is 1 to 86400",
                    )
        return _told(client)

    def _found_user(self, name: str) -> User:
        user = self._stand_in.pool.find(name)
        if user is None:
            raise _ProblemError(HTTPStatus.NOT_FOUND, f"there is no user {name!r}")
        return user

    def _found_client(self, client_id: str) -> Client:
        client = self._stand_in.pool.clients.get(client_id)
        if client is None:
            raise _ProblemError(HTTPStatus.NOT_FOUND, f"there is no client {client_id!r}")
        return client


def _told(client: Client) -> dict[str, object]:
    return {
        "id": client.client_id,
        "callbacks": sorted(client.callbacks),
        "logouts": sorted(client.logouts),
        "accessTokenS": client.access_token_s,
    }


async def _body(request: Request) -> Mapping[str, Any] | None:
    if "origin" in request.headers or not _LOOPBACK_HOST.fullmatch(request.headers.get("host", "")):
        raise _ProblemError(HTTPStatus.FORBIDDEN, "control is for programs on this machine, not for pages")
    if request.method == "GET":
        return None
    raw = await request.body()
    if request.headers.get("content-type") != "application/json" or len(raw) > MAX_BODY_BYTES:
        raise _ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the body must be a small application/json document"
        )
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise _ProblemError(HTTPStatus.BAD_REQUEST, f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise _ProblemError(HTTPStatus.BAD_REQUEST, "the body must be a JSON object")
    return body


def _problem(status: HTTPStatus, detail: str) -> Response:
    body = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}
    return JSONResponse(body, status_code=status, media_type="application/problem+json")
