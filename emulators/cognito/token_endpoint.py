"""`POST /oauth2/token` and `POST /oauth2/revoke`.

Source: Amazon Cognito developer guide, "The token issuer endpoint" and "The token revocation endpoint". Every refusal is
400 with an `error` of RFC 6749; which part of a wrong code was wrong is never told.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from emulators.cognito.pool import Client
from emulators.cognito.stand_in import CORS, FormError, StandIn, oauth_error, read_form

# A public client has no credentials of its own.
_NOT_GRANTED: Final[Mapping[str | None, str]] = {
    None: "invalid_request",
    "client_credentials": "unauthorized_client",
}


class TokenEndpoint:
    """Codes and refresh tokens in, tokens out."""

    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in

    async def token(self, request: Request) -> Response:
        """One grant."""
        try:
            form = await read_form(request)
        except FormError as error:
            return oauth_error("invalid_request", str(error))
        client = self._stand_in.pool.clients.get(form.get("client_id", ""))
        if client is None:
            return oauth_error("invalid_client")
        match form.get("grant_type"):
            case "authorization_code":
                return self._code(client, form)
            case "refresh_token":
                return self._refresh(client, form)
            case other:
                return oauth_error(_NOT_GRANTED.get(other, "unsupported_grant_type"))

    def _code(self, client: Client, form: Mapping[str, str]) -> Response:
        for name in ("code", "redirect_uri", "code_verifier"):
            if not form.get(name):
                return oauth_error("invalid_request", f"{name} is missing")
        sign_in = self._stand_in.grants.redeem_code(
            form["code"],
            client_id=client.client_id,
            redirect_uri=form["redirect_uri"],
            verifier=form["code_verifier"],
            now=self._stand_in.clock(),
        )
        if sign_in is None or not self._stand_in.is_good(sign_in):
            return oauth_error("invalid_grant")
        return JSONResponse(self._stand_in.tokens_for(sign_in, first=True), headers=CORS)

    def _refresh(self, client: Client, form: Mapping[str, str]) -> Response:
        if not form.get("refresh_token"):
            return oauth_error("invalid_request", "refresh_token is missing")
        sign_in = self._stand_in.grants.rotate_refresh(
            form["refresh_token"],
            client_id=client.client_id,
            grace_s=client.retry_grace_s,
            now=self._stand_in.clock(),
        )
        if sign_in is None or not self._stand_in.is_good(sign_in):
            return oauth_error("invalid_grant")
        return JSONResponse(self._stand_in.tokens_for(sign_in, first=False), headers=CORS)

    async def revoke(self, request: Request) -> Response:
        """Revoke a refresh token and all tokens of its sign-in; unknown tokens are revoked already (RFC 7009)."""
        try:
            form = await read_form(request)
        except FormError as error:
            return oauth_error("invalid_request", str(error))
        token = form.get("token")
        client = self._stand_in.pool.clients.get(form.get("client_id", ""))
        if not token:
            return oauth_error("invalid_request", "token is missing")
        if client is None:
            return oauth_error("invalid_client")
        if self._stand_in.keys.read(token) is not None:
            # Access and ID tokens cannot be revoked one by one.
            return oauth_error("unsupported_token_type")
        if not self._stand_in.grants.revoke(token, client_id=client.client_id):
            return oauth_error("unauthorized_client")
        return Response(status_code=HTTPStatus.OK, headers=CORS)
