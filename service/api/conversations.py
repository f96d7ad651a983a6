"""A user's past conversations over HTTP: list, read, export, rename, delete, and forget everything.

Whoever asks is found out as for a session. What belongs to somebody else does not exist: 404.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

import orjson
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from service.api.problems import problem
from service.auth.ports import Authenticator, NotAuthenticatedError
from service.metrics.logs import logger
from service.stores.ports import (
    Conversation,
    ConversationStore,
    ConversationUnknownError,
    SavedTurn,
    StoreUnavailableError,
)

_PAGE: Final = 50
_RETRY_AFTER_S: Final = 2
_log = logger("service.api")


class Renaming(BaseModel):
    """The body of PATCH."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    title: str = Field(min_length=1, max_length=200)


class _RefusedError(Exception):
    """Carries the answer to a request that is refused."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """Who may ask, and whom."""

    store: ConversationStore
    authenticator: Authenticator
    is_foreign_host: Callable[[str], bool]

    async def user(self, request: Request) -> str:
        """Whose conversations this request is about; raises _RefusedError."""
        if self.is_foreign_host(request.headers.get("host", "")):
            detail = "This service is reached as localhost only."
            raise _RefusedError(problem(HTTPStatus.FORBIDDEN, "forbidden_host", detail))
        try:
            principal = await self.authenticator.authenticate(headers=request.headers, subprotocols=())
        except NotAuthenticatedError as error:
            refusal = problem(HTTPStatus.UNAUTHORIZED, "sign_in_required", str(error))
            refusal.headers["WWW-Authenticate"] = "Bearer"
            raise _RefusedError(refusal) from error
        except Exception as error:
            _log.exception("authentication failed")
            detail = "Signing in does not work at the moment; please try again."
            raise _RefusedError(_unavailable("sign_in_unavailable", detail)) from error
        return principal.user_id

    async def answer(self, request: Request, ask: Callable[[str], Awaitable[Response]]) -> Response:
        """What is asked, in the name of whoever asks; every refusal as a problem."""
        try:
            answer = await ask(await self.user(request))
        except _RefusedError as refused:
            return refused.answer
        except ConversationUnknownError:
            detail = "There is no such conversation."
            return problem(HTTPStatus.NOT_FOUND, "conversation_unknown", detail)
        except StoreUnavailableError as error:
            _log.warning("the store is not available", reason=str(error))
            detail = "Conversations cannot be read or changed at the moment; please try again."
            return _unavailable("history_unavailable", detail)
        answer.headers["Cache-Control"] = "no-store"
        return answer


def router(
    store: ConversationStore, *, authenticator: Authenticator, is_foreign_host: Callable[[str], bool]
) -> APIRouter:
    """/api/conversations and /api/me."""
    desk = _Desk(store=store, authenticator=authenticator, is_foreign_host=is_foreign_host)
    routes = APIRouter()
    _reading(routes, desk)
    _changing(routes, desk)
    return routes


def _reading(routes: APIRouter, desk: _Desk) -> None:
    @routes.get("/api/conversations")
    async def conversations(
        request: Request,
        limit: Annotated[int, Query(ge=1, le=200)] = _PAGE,
        before: Annotated[str | None, Query(max_length=64)] = None,
    ) -> Response:
        async def ask(user_id: str) -> Response:
            found = await desk.store.conversations(user_id, limit=limit + 1, before=before)
            more = found[limit - 1].conversation_id if len(found) > limit else None
            return JSONResponse({"conversations": [_summary(one) for one in found[:limit]], "next": more})

        return await desk.answer(request, ask)

    @routes.get("/api/conversations/{conversation_id}")
    async def conversation(request: Request, conversation_id: str) -> Response:
        async def ask(user_id: str) -> Response:
            return JSONResponse(await _whole(desk.store, user_id, conversation_id))

        return await desk.answer(request, ask)

    @routes.get("/api/conversations/{conversation_id}/export")
    async def export(
        request: Request,
        conversation_id: str,
        format: Annotated[Literal["json", "text"], Query()] = "json",  # noqa: A002 - the name of the parameter
    ) -> Response:
        async def ask(user_id: str) -> Response:
            whole = await _whole(desk.store, user_id, conversation_id)
            return _download(whole, format)

        return await desk.answer(request, ask)


def _changing(routes: APIRouter, desk: _Desk) -> None:
    @routes.patch("/api/conversations/{conversation_id}")
    async def rename(request: Request, conversation_id: str, renaming: Renaming) -> Response:
        async def ask(user_id: str) -> Response:
            await desk.store.rename(user_id, conversation_id, renaming.title)
            return JSONResponse(_summary(await desk.store.conversation(user_id, conversation_id)))

        return await desk.answer(request, ask)

    @routes.delete("/api/conversations/{conversation_id}")
    async def delete(request: Request, conversation_id: str) -> Response:
        async def ask(user_id: str) -> Response:
            await desk.store.delete(user_id, conversation_id)
            return Response(status_code=HTTPStatus.NO_CONTENT)

        return await desk.answer(request, ask)

    @routes.delete("/api/me")
    async def forget(request: Request) -> Response:
        async def ask(user_id: str) -> Response:
            await desk.store.forget(user_id)
            return Response(status_code=HTTPStatus.NO_CONTENT)

        return await desk.answer(request, ask)


def _unavailable(code: str, detail: str) -> Response:
    headers = {"Retry-After": str(_RETRY_AFTER_S)}
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, code, detail, headers=headers)


async def _whole(store: ConversationStore, user_id: str, conversation_id: str) -> dict[str, Any]:
    summary = _summary(await store.conversation(user_id, conversation_id))
    turns = await store.turns(user_id, conversation_id)
    return {**summary, "turns": [_turn(saved) for saved in turns]}


def _summary(conversation: Conversation) -> dict[str, Any]:
    return {
        "id": conversation.conversation_id,
        "title": conversation.title,
        "begunAt": conversation.begun_at.isoformat(timespec="milliseconds"),
        "updatedAt": conversation.updated_at.isoformat(timespec="milliseconds"),
        "lastTurn": conversation.last_turn,
    }


def _turn(saved: SavedTurn) -> dict[str, Any]:
    return {
        "turn": saved.turn.number,
        "user": saved.turn.user,
        "assistant": saved.turn.assistant,
        "outcome": saved.turn.outcome,
        "savedAt": saved.saved_at.isoformat(timespec="milliseconds"),
    }


def _download(whole: dict[str, Any], kind: Literal["json", "text"]) -> Response:
    if kind == "json":
        name, body, media_type = (
            "conversation.json",
            orjson.dumps(whole, option=orjson.OPT_INDENT_2),
            "application/json",
        )
    else:
        name, body, media_type = "conversation.txt", _as_text(whole).encode(), "text/plain; charset=utf-8"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(body, media_type=media_type, headers=headers)


def _as_text(whole: dict[str, Any]) -> str:
    lines = [whole["title"] or "Conversation", whole["begunAt"], ""]
    for turn in whole["turns"]:
        lines += [f"You: {turn['user']}"] if turn["user"] else []
        lines += [f"Assistant: {turn['assistant']}"] if turn["assistant"] else []
    return "\n".join(lines) + "\n"
