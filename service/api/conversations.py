"""A user's past conversations over HTTP: list, read, export, rename, delete, and forget everything.

Whoever asks is found out as for a session. What belongs to somebody else does not exist: 404.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from starlette.responses import JSONResponse, Response

from service.api.conversation_shapes import (
    EXPORTED,
    Format,
    Listed,
    Renaming,
    Summary,
    Whole,
    file_of,
    page_of,
    summary_of,
    whole_of,
)
from service.api.problems import ProblemError, describe
from service.api.visitors import AnyVisitor, Visitor
from service.metrics.logs import logger
from service.stores.ports import ConversationStore, ConversationUnknownError, StoreUnavailableError
from service.stores.statistics import StatisticsUnavailableError

_PAGE: Final = 50
_RETRY_AFTER_S: Final = 2
_ID: Final = r"^[0-9A-Za-z]{1,64}$"
_log = logger("service.api")

type ConversationId = Annotated[str, Path(pattern=_ID)]

_REFUSALS: Final = {
    HTTPStatus.BAD_REQUEST: "No request that could be answered",
    HTTPStatus.UNAUTHORIZED: "Sign in, or sign in again",
    HTTPStatus.FORBIDDEN: "Signed in, and not allowed; or a page of a foreign origin",
    HTTPStatus.SERVICE_UNAVAILABLE: "Nothing can be read or changed now; `Retry-After` says for how long",
}
_ANY: Final[Mapping[int | str, dict[str, Any]]] = describe(_REFUSALS)
_ONE: Final[Mapping[int | str, dict[str, Any]]] = describe(
    {**_REFUSALS, HTTPStatus.NOT_FOUND: "This user has no such conversation"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """Who may ask, and whom."""

    store: ConversationStore
    user_of: Callable[[Visitor], Awaitable[str]]
    on_deleted: Callable[[str, str | None], None]
    forget_figures: Callable[[str], Awaitable[None]]

    async def answer(self, visitor: Visitor, ask: Callable[[str], Awaitable[Response]]) -> Response:
        """What is asked, in the name of whoever asks; raises ProblemError."""
        user_id = await self.user_of(visitor)
        try:
            answer = await ask(user_id)
        except ConversationUnknownError:
            raise ProblemError(
                HTTPStatus.NOT_FOUND, "conversation_unknown", "There is no such conversation."
            ) from None
        except (StoreUnavailableError, StatisticsUnavailableError) as error:
            _log.warning("the store is not available", reason=str(error))
            raise ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "history_unavailable",
                "Conversations cannot be read or changed at the moment; please try again.",
                headers={"Retry-After": str(_RETRY_AFTER_S)},
            ) from error
        answer.headers["Cache-Control"] = "no-store"
        return answer

    async def whole(self, user_id: str, conversation_id: str) -> Whole:
        """A conversation with its turns."""
        conversation = await self.store.conversation(user_id, conversation_id)
        return whole_of(conversation, await self.store.turns(user_id, conversation_id))


def router(
    store: ConversationStore,
    *,
    user_of: Callable[[Visitor], Awaitable[str]],
    on_deleted: Callable[[str, str | None], None],
    forget_figures: Callable[[str], Awaitable[None]],
) -> APIRouter:
    """/api/conversations and /api/me.

    `user_of` says whose they are, or raises ProblemError; `on_deleted` is told user and conversation, None for all;
    `forget_figures` removes what was summed up of a user.
    """
    desk = _Desk(store=store, user_of=user_of, on_deleted=on_deleted, forget_figures=forget_figures)
    routes = APIRouter(tags=["conversations"])
    _reading(routes, desk)
    _changing(routes, desk)
    return routes


def _reading(routes: APIRouter, desk: _Desk) -> None:
    @routes.get(
        "/api/conversations",
        response_model=Listed,
        responses={**_ANY},
        summary="Past conversations, the newest first",
    )
    async def conversations(
        visitor: AnyVisitor,
        limit: Annotated[int, Query(ge=1, le=200)] = _PAGE,
        before: Annotated[str | None, Query(pattern=_ID)] = None,
    ) -> Response:
        async def ask(user_id: str) -> Response:
            found = await desk.store.conversations(user_id, limit=limit + 1, before=before)
            return _json(page_of(found, limit))

        return await desk.answer(visitor, ask)

    @routes.get(
        "/api/conversations/{conversation_id}",
        response_model=Whole,
        responses={**_ONE},
        summary="One conversation with everything that was said",
    )
    async def conversation(visitor: AnyVisitor, conversation_id: ConversationId) -> Response:
        async def ask(user_id: str) -> Response:
            return _json(await desk.whole(user_id, conversation_id))

        return await desk.answer(visitor, ask)

    @routes.get(
        "/api/conversations/{conversation_id}/export",
        response_class=Response,
        responses={**EXPORTED, **_ONE},
        summary="One conversation as a file",
    )
    async def export(
        visitor: AnyVisitor,
        conversation_id: ConversationId,
        format: Annotated[Format, Query()] = "json",  # noqa: A002 - the name of the parameter
    ) -> Response:
        async def ask(user_id: str) -> Response:
            return file_of(await desk.whole(user_id, conversation_id), format)

        return await desk.answer(visitor, ask)


def _changing(routes: APIRouter, desk: _Desk) -> None:
    @routes.patch(
        "/api/conversations/{conversation_id}",
        response_model=Summary,
        responses={**_ONE},
        summary="Give a conversation a title",
    )
    async def rename(visitor: AnyVisitor, conversation_id: ConversationId, renaming: Renaming) -> Response:
        async def ask(user_id: str) -> Response:
            await desk.store.rename(user_id, conversation_id, renaming.title)
            return _json(summary_of(await desk.store.conversation(user_id, conversation_id)))

        return await desk.answer(visitor, ask)

    @routes.delete(
        "/api/conversations/{conversation_id}",
        status_code=HTTPStatus.NO_CONTENT,
        response_class=Response,
        responses={**_ONE},
        summary="Delete a conversation for good",
    )
    async def delete(visitor: AnyVisitor, conversation_id: ConversationId) -> Response:
        async def ask(user_id: str) -> Response:
            await desk.store.delete(user_id, conversation_id)
            desk.on_deleted(user_id, conversation_id)
            return Response(status_code=HTTPStatus.NO_CONTENT)

        return await desk.answer(visitor, ask)

    @routes.delete(
        "/api/me",
        status_code=HTTPStatus.NO_CONTENT,
        response_class=Response,
        responses={**_ANY},
        summary="Forget this user: delete all their conversations, and what was summed up and recorded of them, for good",
    )
    async def forget(visitor: AnyVisitor) -> Response:
        async def ask(user_id: str) -> Response:
            # Those who still talk end first, and leave nothing behind that would be written after it.
            desk.on_deleted(user_id, None)
            await desk.store.forget(user_id)
            await desk.forget_figures(user_id)
            return Response(status_code=HTTPStatus.NO_CONTENT)

        return await desk.answer(visitor, ask)


def _json(shape: Listed | Summary) -> Response:
    return JSONResponse(shape.model_dump())
