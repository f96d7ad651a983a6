"""Flight recordings of this process, for administrators: a list, and each as a file to replay."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from service.api.problems import ProblemError, describe
from service.api.visitors import AnyVisitor, Visitor
from service.metrics.recorder import Recordings

_ID: Final = r"^[0-9A-Za-z]{1,64}$"
_REFUSALS: Final = {
    HTTPStatus.BAD_REQUEST: "No request that could be answered",
    HTTPStatus.UNAUTHORIZED: "Sign in, or sign in again",
    HTTPStatus.FORBIDDEN: "Signed in, and no administrator; or a page of a foreign origin",
}


class Recording(BaseModel):
    """A recording in the list."""

    sessionId: str  # noqa: N815 - as on the wire
    beganAtMs: int = Field(description="since 1970, UTC, in milliseconds")  # noqa: N815 - as above
    truncated: bool = Field(description="whether it ended before the session did")


class Recorded(BaseModel):
    """What this process has kept, the newest first."""

    recordings: list[Recording]


def router(recordings: Recordings, *, admit: Callable[[Visitor], Awaitable[object]]) -> APIRouter:
    """/api/recordings; `admit` raises ProblemError for whoever is no administrator."""
    routes = APIRouter(tags=["administration"])

    @routes.get(
        "/api/recordings",
        response_model=Recorded,
        responses={**describe(_REFUSALS)},
        summary="Sessions that can be replayed",
    )
    async def listed(visitor: AnyVisitor) -> Response:
        await admit(visitor)
        body = Recorded(
            recordings=[
                Recording(sessionId=one.session_id, beganAtMs=one.began_at_ms, truncated=one.is_truncated)
                for one in recordings.kept()
            ]
        )
        return JSONResponse(body.model_dump(), headers={"Cache-Control": "no-store"})

    @routes.get(
        "/api/recordings/{session_id}",
        response_class=Response,
        responses={
            **describe({**_REFUSALS, HTTPStatus.NOT_FOUND: "This process has no such recording"}),
            200: {"description": "Lines of JSON", "content": {"application/x-ndjson": {}}},
        },
        summary="One of them, for `python -m service.replay FILE`",
    )
    async def recording(visitor: AnyVisitor, session_id: Annotated[str, Path(pattern=_ID)]) -> Response:
        await admit(visitor)
        document = recordings.document(session_id)
        if document is None:
            raise ProblemError(
                HTTPStatus.NOT_FOUND, "recording_unknown", "This process has no recording of that session."
            )
        headers = {
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{session_id}.jsonl"',
            "X-Content-Type-Options": "nosniff",
        }
        return Response(document, media_type="application/x-ndjson", headers=headers)

    return routes
