"""How conversations look over HTTP, in a list, in full, and as a file to keep."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from service.stores.ports import Conversation, SavedTurn

type Format = Literal["json", "text"]

_TITLE_CHARS: Final = 200


class Renaming(BaseModel):
    """The body of PATCH."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    title: str = Field(min_length=1, max_length=_TITLE_CHARS, pattern=r"\S")


class Summary(BaseModel):
    """A conversation in a list; instants as in RFC 3339."""

    id: str
    title: str | None = Field(description="the user's own, or how the conversation began")
    begunAt: str  # noqa: N815 - as on the wire
    updatedAt: str  # noqa: N815 - as above
    lastTurn: int = Field(description="the number of its newest turn")  # noqa: N815 - as above


class Said(BaseModel):
    """One turn: what the user said, and what they heard of the reply."""

    turn: int
    user: str
    assistant: str
    outcome: str
    savedAt: str  # noqa: N815 - as on the wire
    figures: dict[str, Any] | None = Field(
        default=None,
        description="where its time and money went, in milliseconds, tokens and billionths of a dollar",
    )


class Whole(Summary):
    """A conversation with everything that was said."""

    turns: list[Said]


class Listed(BaseModel):
    """One page of a list, the newest first."""

    conversations: list[Summary]
    next: str | None = Field(description="`before` of the next page; null at the end")


def page_of(found: Sequence[Conversation], limit: int) -> Listed:
    """The first `limit` of what was found, and where to go on if there is more."""
    more = found[limit - 1].conversation_id if len(found) > limit else None
    return Listed(conversations=[summary_of(one) for one in found[:limit]], next=more)


def summary_of(conversation: Conversation) -> Summary:
    """One line of a list."""
    return Summary(
        id=conversation.conversation_id,
        title=conversation.title,
        begunAt=conversation.begun_at.isoformat(timespec="milliseconds"),
        updatedAt=conversation.updated_at.isoformat(timespec="milliseconds"),
        lastTurn=conversation.last_turn,
    )


def whole_of(conversation: Conversation, turns: Sequence[SavedTurn]) -> Whole:
    """Everything."""
    return Whole(
        **summary_of(conversation).model_dump(),
        turns=[
            Said(
                turn=saved.turn.number,
                user=saved.turn.user,
                assistant=saved.turn.assistant,
                outcome=saved.turn.outcome,
                savedAt=saved.saved_at.isoformat(timespec="milliseconds"),
                figures=None if saved.turn.figures is None else orjson.loads(saved.turn.figures),
            )
            for saved in turns
        ],
    )


# A file of either format, for OpenAPI.
EXPORTED: Final[dict[int | str, dict[str, Any]]] = {
    HTTPStatus.OK.value: {
        "description": "The conversation as a file",
        "content": {
            "application/json": {"schema": Whole.model_json_schema()},
            "text/plain": {"schema": {"type": "string"}},
        },
    }
}


def file_of(whole: Whole, kind: Format) -> Response:
    """A conversation to keep."""
    if kind == "json":
        name, body, media_type = "conversation.json", whole.model_dump_json(indent=2), "application/json"
    else:
        name, body, media_type = "conversation.txt", _as_text(whole), "text/plain; charset=utf-8"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(body, media_type=media_type, headers=headers)


def _as_text(whole: Whole) -> str:
    lines = [whole.title or "Conversation", whole.begunAt, ""]
    for turn in whole.turns:
        lines += [f"You: {turn.user}"] if turn.user else []
        lines += [f"Assistant: {turn.assistant}"] if turn.assistant else []
    return "\n".join(lines) + "\n"
