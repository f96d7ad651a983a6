"""What a client reads about the pool, and about the user whose access token it holds."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from emulators.cognito.stand_in import CORS, StandIn, oauth_error
from emulators.cognito.tokens import attributes


class Documents:
    """Discovery, keys and userInfo."""

    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in

    async def discovery(self, _: Request) -> Response:
        """The fields of Cognito's own document; note that its `end_session_endpoint` is no RP-initiated logout."""
        base, issuer = self._stand_in.base_url, self._stand_in.issuer
        document = {
            "authorization_endpoint": f"{base}/oauth2/authorize",
            "end_session_endpoint": f"{base}/logout",
            "id_token_signing_alg_values_supported": ["RS256"],
            "issuer": issuer,
            "jwks_uri": f"{issuer}/.well-known/jwks.json",
            "response_types_supported": ["code", "token"],
            "revocation_endpoint": f"{base}/oauth2/revoke",
            "scopes_supported": ["openid", "email", "phone", "profile"],
            "subject_types_supported": ["public"],
            "token_endpoint": f"{base}/oauth2/token",
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "userinfo_endpoint": f"{base}/oauth2/userInfo",
        }
        return JSONResponse(document, headers={**CORS, "Cache-Control": "public, max-age=86400"})

    async def jwks(self, _: Request) -> Response:
        """The public keys."""
        headers = {**CORS, "Cache-Control": "public, max-age=86400"}
        return JSONResponse(self._stand_in.keys.jwks, headers=headers)

    async def user_info(self, request: Request) -> Response:
        """Cognito judges more here than a signature: a disabled, revoked or signed-out token gets 401."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return _refused("invalid_request", "Access token is missing", HTTPStatus.BAD_REQUEST)
        stand_in = self._stand_in
        claims = stand_in.keys.read(token)
        if (
            claims is None
            or (claims["iss"], claims["token_use"]) != (stand_in.issuer, "access")
            or claims["exp"] <= stand_in.clock()
        ):
            return _refused("invalid_token", "Access token is not valid", HTTPStatus.UNAUTHORIZED)
        scopes = claims["scope"].split()
        if "openid" not in scopes:
            return _refused("insufficient_scope", "The openid scope is needed", HTTPStatus.FORBIDDEN)
        sign_in = stand_in.grants.sign_in(claims["origin_jti"])
        if sign_in is None or not stand_in.is_good(sign_in):
            return _refused(
                "invalid_token",
                "Access token is expired, disabled, or deleted, or the user has globally signed out.",
                HTTPStatus.UNAUTHORIZED,
            )
        user = stand_in.user_of(sign_in)
        told = attributes(user, scopes)
        if "email_verified" in told:
            # A boolean in the ID token, a string here: one of Cognito's peculiarities.
            told["email_verified"] = "true"
        return JSONResponse({"sub": user.sub, **told, "username": user.sub}, headers=CORS)


def _refused(error: str, description: str, status: HTTPStatus) -> Response:
    challenge = f'Bearer error="{error}", error_description="{description}"'
    return oauth_error(error, description, status=status, challenge=challenge)
