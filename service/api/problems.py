"""How a refusal looks over HTTP: RFC 9457 problem+json, and nothing of our inside in it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

MEDIA_TYPE: Final = "application/problem+json"


def problem(
    status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any
) -> Response:
    """A refusal: `code` for programs, `detail` one sentence for people, `members` as extensions."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        **members,
    }
    return Response(
        orjson.dumps(body),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


class ProblemError(Exception):
    """Raised by whatever a route calls; the handler makes a problem document of it."""

    def __init__(
        self, status: HTTPStatus, code: str, detail: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.headers = headers

    def response(self) -> Response:
        """The document."""
        return problem(self.status, self.code, str(self), headers=self.headers)


class Problem(BaseModel):
    """RFC 9457; `code` is for programs, `detail` for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str


def describe(refusals: Mapping[HTTPStatus, str]) -> dict[int | str, dict[str, Any]]:
    """Refusals of a route, for OpenAPI."""
    schema = Problem.model_json_schema()
    return {
        status.value: {"description": text, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status, text in refusals.items()
    }


def install(app: FastAPI) -> None:
    """Give every error of the REST side this form."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101 - registered for nothing else
    return error.response()


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    phrase = HTTPStatus(status).phrase
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(_methods_of(request)))
    return problem(status, phrase.lower().replace(" ", "_"), f"{phrase}.", headers=headers)


def _methods_of(request: Request) -> set[str]:
    """What this address takes; the routing names only the methods of the first route it comes to."""
    routers = (getattr(route, "original_router", None) for route in request.app.routes)
    routes = [route for router in routers if router is not None for route in router.routes]
    return {
        method for route in routes if route.path_regex.match(request.url.path) for method in route.methods
    }


async def _invalid(_: Request, error: Exception) -> Response:
    where = (
        ", ".join(".".join(str(part) for part in fault["loc"]) for fault in error.errors())
        if isinstance(error, RequestValidationError)
        else ""
    )
    return problem(HTTPStatus.BAD_REQUEST, "invalid_request", f"The request is not valid: {where}.")


async def _unexpected(_: Request, __: Exception) -> Response:
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal_error",
        "Something went wrong on our side; please try again.",
    )
