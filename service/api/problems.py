"""How a refusal looks over HTTP: RFC 9457 problem+json, and nothing of our inside in it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
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


def install(app: FastAPI) -> None:
    """Give every error of the REST side this form."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)


async def _http(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    phrase = HTTPStatus(status).phrase
    headers = error.headers if isinstance(error, HTTPException) else None
    return problem(status, phrase.lower().replace(" ", "_"), f"{phrase}.", headers=headers)


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
