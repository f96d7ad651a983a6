"""The browser's side: `/oauth2/authorize`, the sign-in page, `/logout`.

Source: Amazon Cognito developer guide, "The redirect and authorization endpoint", "Managed login" and "The managed login
sign-out endpoint". A client or address that is not known gets an error page, never a redirect; everything else is told to
the client in the redirect.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from emulators.cognito.grants import SignIn
from emulators.cognito.pages import error_page, sign_in_page
from emulators.cognito.pool import Client, User
from emulators.cognito.stand_in import FormError, StandIn, read_form

SESSION_COOKIE: Final = "cognito"
CSRF_COOKIE: Final = "XSRF-TOKEN"
# "Amazon Cognito sets session cookies that are valid for 1 hour."
SESSION_S: Final = 3_600
_CHALLENGE_CHARS: Final = 43


@dataclass(frozen=True, slots=True, kw_only=True)
class _Session:
    sub: str
    at: float


class _NotForUsError(Exception):
    """The client or the address is not known: an error page, for nobody can be told."""


class _RefusedError(Exception):
    """The request cannot be done; the client is told `error` in the redirect."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error


class ManagedLogin:
    """Sign-in pages and the browser sessions behind them."""

    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in
        self._sessions: dict[str, _Session] = {}

    async def authorize(self, request: Request) -> Response:
        """A code at once for a browser that is signed in, the sign-in page for all others."""
        query = request.query_params
        try:
            client = self._checked(query)
        except _NotForUsError as error:
            return error_page(str(error))
        except _RefusedError as error:
            return _back(query, error=error.error, error_description=str(error))
        session = self._session(request)
        prompt = query.get("prompt", "")
        if session is not None and prompt != "login":
            return self._with_code(client, query, session)
        if prompt == "none":
            return _back(query, error="login_required", error_description="nobody is signed in")
        return RedirectResponse(f"/login?{urlencode(query.multi_items())}", HTTPStatus.FOUND)

    async def login(self, request: Request) -> Response:
        """The page, and what was typed into it."""
        query = request.query_params
        try:
            client = self._checked(query)
        except (_NotForUsError, _RefusedError) as error:
            return error_page(str(error))
        if request.method == "GET":
            return self._page(request, status=HTTPStatus.OK)
        try:
            form = await read_form(request)
        except FormError as error:
            return error_page(str(error))
        secret = request.cookies.get(CSRF_COOKIE, "")
        if not secret or not secrets.compare_digest(form.get("_csrf", "").encode(), secret.encode()):
            return self._page(
                request, problem="The page had expired. Please try again.", status=HTTPStatus.FORBIDDEN
            )
        user = self._user(form)
        if user is None:
            return self._page(
                request,
                problem="Incorrect username or password.",
                email=form.get("username", ""),
                status=HTTPStatus.UNAUTHORIZED,
            )
        session = _Session(sub=user.sub, at=self._stand_in.clock())
        response = self._with_code(client, query, session)
        name = secrets.token_urlsafe(32)
        self._sessions[name] = session
        response.set_cookie(SESSION_COOKIE, name, max_age=SESSION_S, httponly=True, samesite="lax")
        return response

    async def logout(self, request: Request) -> Response:
        """End the browser's session; where to go next is `logout_uri`, not OpenID Connect's name for it."""
        query = request.query_params
        client = self._stand_in.pool.clients.get(query.get("client_id", ""))
        if client is None:
            return error_page("client_id is missing or unknown.")
        self._sessions.pop(request.cookies.get(SESSION_COOKIE, ""), None)
        if "logout_uri" in query:
            if query["logout_uri"] not in client.logouts:
                return error_page("logout_uri is not one of the sign-out addresses of this client.")
            response: Response = RedirectResponse(query["logout_uri"], HTTPStatus.FOUND)
        elif "redirect_uri" in query:
            response = await self.authorize(request)
        else:
            return error_page("logout_uri is missing.")
        response.delete_cookie(SESSION_COOKIE)
        return response

    def _checked(self, query: QueryParams) -> Client:
        client = self._stand_in.pool.clients.get(query.get("client_id", ""))
        if client is None:
            raise _NotForUsError("client_id is missing or unknown.")
        if query.get("redirect_uri") not in client.callbacks:
            raise _NotForUsError("redirect_mismatch: redirect_uri is not a callback of this client.")
        if len(query.multi_items()) != len(query):
            raise _RefusedError("invalid_request", "a parameter comes twice")
        if query.get("response_type") != "code":
            raise _RefusedError("unauthorized_client", "this client uses the code flow only")
        challenge = query.get("code_challenge", "")
        if query.get("code_challenge_method") != "S256" or len(challenge) != _CHALLENGE_CHARS:
            raise _RefusedError("invalid_request", "a code_challenge with method S256 is needed")
        if not set(query.get("scope", "").split()) <= set(client.scopes):
            raise _RefusedError("invalid_scope", "a scope is not one of this client's")
        return client

    def _session(self, request: Request) -> _Session | None:
        name = request.cookies.get(SESSION_COOKIE, "")
        session = self._sessions.get(name)
        if session is None:
            return None
        user = self._stand_in.pool.user_of(session.sub)
        if session.at + SESSION_S <= self._stand_in.clock() or user is None or not user.may_use(session.at):
            del self._sessions[name]
            return None
        return session

    def _user(self, form: Mapping[str, str]) -> User | None:
        user = self._stand_in.pool.users.get(form.get("username", "").strip().casefold())
        password = user.password if user is not None else secrets.token_urlsafe()
        matches = secrets.compare_digest(form.get("password", "").encode(), password.encode())
        return user if matches and user is not None and user.is_enabled else None

    def _page(self, request: Request, *, status: HTTPStatus, problem: str = "", email: str = "") -> Response:
        csrf = request.cookies.get(CSRF_COOKIE) or secrets.token_urlsafe(24)
        users = [] if email else list(self._stand_in.pool.users.values())
        response = sign_in_page(csrf=csrf, problem=problem, email=email, users=users, status=status)
        response.set_cookie(CSRF_COOKIE, csrf, httponly=True, samesite="lax")
        return response

    def _with_code(self, client: Client, query: QueryParams, session: _Session) -> Response:
        sign_in = SignIn(
            sub=session.sub,
            client_id=client.client_id,
            scopes=tuple(query.get("scope", "").split()) or tuple(client.scopes),
            at=session.at,
            nonce=query.get("nonce"),
        )
        code = self._stand_in.grants.issue_code(
            sign_in,
            redirect_uri=query["redirect_uri"],
            challenge=query["code_challenge"],
            now=self._stand_in.clock(),
        )
        return _back(query, code=code)


def _back(query: QueryParams, **answer: str) -> Response:
    """To the client, with its `state`."""
    told = {**answer, **({"state": query["state"]} if "state" in query else {})}
    joint = "&" if "?" in query["redirect_uri"] else "?"
    # 303 would do after the form; Cognito sends 302 everywhere, which browsers follow with GET as well.
    return RedirectResponse(f"{query['redirect_uri']}{joint}{urlencode(told)}", HTTPStatus.FOUND)
