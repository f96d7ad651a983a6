"""The items of the one table, as docs/store.md describes them, and what is read off them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from service.session.keeping import Grip, KeptTurn
from service.stores.ports import Conversation, SavedTurn

PARTITION_KEY: Final = "pk"
SORT_KEY: Final = "sk"
TTL_ATTRIBUTE: Final = "expires_at"
CONVERSATION: Final = "CONVERSATION#"
SESSION: Final = "SESSION#"
TURN: Final = "TURN#"

type Item = Mapping[str, Any]


def owner(user_id: str) -> str:
    """The partition of a user."""
    return f"USER#{user_id}"


def key(user_id: str, sort_key: str) -> dict[str, Any]:
    """An item of a user."""
    return {PARTITION_KEY: string(owner(user_id)), SORT_KEY: string(sort_key)}


def turn_key(conversation_id: str, number: int) -> str:
    """Turns sort by their number, which has eight digits."""
    return f"{TURN}{conversation_id}#{number:08}"


def grip_fields(grip: Grip, now: float) -> dict[str, Any]:
    """Who holds a conversation and how it may be taken up again, as attributes."""
    return {
        "session_id": string(grip.session_id),
        "token_hash": {"NULL": True} if grip.token_hash is None else string(grip.token_hash),
        "resume_until": number(now + grip.window_s),
    }


def assignments(fields: Mapping[str, Any]) -> str:
    """For an update expression."""
    return ", ".join(f"{name} = :{name}" for name in fields)


def values_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the placeholders of `assignments` stand for."""
    return {f":{name}": value for name, value in fields.items()}


def string(text: str) -> dict[str, Any]:
    """A string attribute."""
    return {"S": text}


def number(value: float) -> dict[str, Any]:
    """A number attribute; instants keep milliseconds."""
    return {"N": str(value if isinstance(value, int) else round(value, 3))}


def expiry(timestamp: float) -> dict[str, Any]:
    """An instant at which DynamoDB may remove an item: whole seconds."""
    return {"N": str(int(timestamp))}


def saved_turn(item: Item) -> SavedTurn:
    """A turn as it was written."""
    turn = KeptTurn(
        number=int(item[SORT_KEY]["S"].rpartition("#")[2]),
        user=item["user"]["S"],
        assistant=item["assistant"]["S"],
        outcome=item["outcome"]["S"],
        figures=item["figures"]["S"] if "figures" in item else None,
    )
    return SavedTurn(turn=turn, saved_at=_instant(item["saved_at"]))


def conversation_of(item: Item) -> Conversation:
    """A conversation as its user sees it."""
    return Conversation(
        conversation_id=item[SORT_KEY]["S"].removeprefix(CONVERSATION),
        title=item["title"]["S"] if "title" in item else None,
        begun_at=_instant(item["begun_at"]),
        updated_at=_instant(item["updated_at"]),
        last_turn=int(item["last_turn"]["N"]),
    )


def _instant(value: Mapping[str, str]) -> datetime:
    return datetime.fromtimestamp(float(value["N"]), UTC)
