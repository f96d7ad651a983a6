"""Conversations in one DynamoDB table; docs/store.md describes its items.

Everything of a user lies under one partition key, so no request can name another user's. What has expired is invisible
at once; DynamoDB removes it within days. boto3 waits in threads of its own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

from service.session.keeping import Grip, KeptTurn
from service.stores.dynamodb_calls import trouble
from service.stores.dynamodb_items import (
    CONVERSATION,
    PARTITION_KEY,
    SESSION,
    SORT_KEY,
    TTL_ATTRIBUTE,
    TURN,
    Item,
    assignments,
    conversation_of,
    expiry,
    grip_fields,
    key,
    number,
    owner,
    saved_turn,
    string,
    turn_key,
    values_of,
)
from service.stores.ports import (
    Attachment,
    CannotResumeError,
    Conversation,
    ConversationUnknownError,
    Owned,
    Retention,
    SavedTurn,
    StoreUnavailableError,
    SupersededError,
)
from service.stores.saved import newest_within, title_of
from service.stores.worker import Worker

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

THREADS: Final = 8
_DELETES_AT_ONCE: Final = 100
_READS_AT_ONCE: Final = 100
_PAGE: Final = 200


class DynamoDbStore:
    """A `ConversationStore` in a table. `utc_now` stamps what is written and decides what has expired."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        retention: Retention,
        utc_now: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._table = table
        self._retention = retention
        self._utc_now = utc_now
        self._worker = Worker("dynamodb", threads=THREADS)

    async def check(self) -> None:
        """Read one item that is not there; the role may do little else without naming a user."""
        await self._worker.run(self._get, "CHECK", "CHECK")

    async def begin(self, user_id: str, conversation_id: str, grip: Grip) -> Attachment:
        """See the port."""
        return await self._worker.run(self._begin, user_id, conversation_id, grip)

    async def attach(
        self, user_id: str, conversation_id: str, grip: Grip, *, history_bytes: int
    ) -> Attachment:
        """See the port."""
        return await self._worker.run(self._attach, user_id, conversation_id, grip, history_bytes)

    async def resume(
        self, user_id: str, session_id: str, token_hash: str, grip: Grip, *, history_bytes: int
    ) -> Attachment:
        """See the port."""
        return await self._worker.run(self._resume, user_id, session_id, token_hash, grip, history_bytes)

    async def renew(self, user_id: str, conversation_id: str, epoch: int, grip: Grip) -> None:
        """See the port."""
        await self._worker.run(self._renew, user_id, conversation_id, epoch, grip)

    async def epochs(self, owned: Sequence[Owned]) -> Mapping[Owned, int]:
        """See the port."""
        return await self._worker.run(self._epochs, owned)

    async def save_turn(self, user_id: str, conversation_id: str, epoch: int, turn: KeptTurn) -> None:
        """See the port."""
        await self._worker.run(self._save_turn, user_id, conversation_id, epoch, turn)

    async def conversations(
        self, user_id: str, *, limit: int, before: str | None = None
    ) -> Sequence[Conversation]:
        """See the port."""
        return await self._worker.run(self._conversations, user_id, limit, before)

    async def conversation(self, user_id: str, conversation_id: str) -> Conversation:
        """See the port."""
        return conversation_of(await self._worker.run(self._known, user_id, conversation_id))

    async def turns(self, user_id: str, conversation_id: str) -> Sequence[SavedTurn]:
        """See the port."""
        return await self._worker.run(self._turns, user_id, conversation_id)

    async def rename(self, user_id: str, conversation_id: str, title: str) -> None:
        """See the port."""
        await self._worker.run(self._rename, user_id, conversation_id, title)

    async def delete(self, user_id: str, conversation_id: str) -> None:
        """See the port."""
        await self._worker.run(self._delete, user_id, conversation_id)

    async def forget(self, user_id: str) -> None:
        """See the port."""
        await self._worker.run(self._forget, user_id)

    async def aclose(self) -> None:
        """Let go of the threads and connections."""
        self._worker.close()
        self._client.close()

    # In a thread

    def _begin(self, user_id: str, conversation_id: str, grip: Grip) -> Attachment:
        now = self._now()
        item = {
            **key(user_id, CONVERSATION + conversation_id),
            "begun_at": number(now),
            "updated_at": number(now),
            TTL_ATTRIBUTE: expiry(now + self._retention.empty_s),
            "last_turn": number(0),
            "epoch": number(1),
            **grip_fields(grip, now),
        }
        put = {
            "TableName": self._table,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(pk) OR (epoch = :one AND session_id = :mine)",
            "ExpressionAttributeValues": {":one": number(1), ":mine": string(grip.session_id)},
        }
        pointer = self._pointer(user_id, conversation_id, grip, now)
        if not self._transact({"Put": put}, {"Put": pointer}):
            raise SupersededError("the conversation was begun by another session")
        return Attachment(conversation_id=conversation_id, epoch=1, last_turn=0)

    def _attach(self, user_id: str, conversation_id: str, grip: Grip, history_bytes: int) -> Attachment:
        item = self._known(user_id, conversation_id)
        epoch = self._take_over(user_id, conversation_id, grip, item, token_hash=None)
        if epoch is None:
            # Somebody else attached, or deleted it, between the reading and the writing.
            raise StoreUnavailableError("the conversation changed hands just now")
        return self._attachment(user_id, conversation_id, epoch, history_bytes)

    def _resume(
        self, user_id: str, session_id: str, token_hash: str, grip: Grip, history_bytes: int
    ) -> Attachment:
        held = self._held(user_id, session_id, token_hash)
        if held is None and (ours := self._held(user_id, grip.session_id, grip.token_hash)) is not None:
            # This very session took over already, and the answer was lost.
            return self._attachment(user_id, ours[0], int(ours[1]["epoch"]["N"]), history_bytes)
        if held is None:
            raise CannotResumeError("there is no such session to take up")
        conversation_id, item = held
        epoch = self._take_over(user_id, conversation_id, grip, item, token_hash=token_hash)
        if epoch is None:
            raise CannotResumeError("the session was taken up by somebody else")
        return self._attachment(user_id, conversation_id, epoch, history_bytes)

    def _held(self, user_id: str, session_id: str, token_hash: str | None) -> tuple[str, Item] | None:
        """The conversation that a session holds with this token."""
        pointer = self._get(user_id, SESSION + session_id)
        if pointer is None or token_hash is None:
            return None
        conversation_id = str(pointer["conversation_id"]["S"])
        item = self._get(user_id, CONVERSATION + conversation_id)
        fits = (
            item is not None
            and item["session_id"]["S"] == session_id
            and item.get("token_hash") == string(token_hash)
            and float(item["resume_until"]["N"]) > self._now()
        )
        return (conversation_id, item) if item is not None and fits else None

    def _take_over(
        self, user_id: str, conversation_id: str, grip: Grip, item: Item, *, token_hash: str | None
    ) -> int | None:
        """Raise the epoch, if the conversation is still as it was read; the new one, or None."""
        now = self._now()
        # The same session again: its first answer was lost on the way.
        epoch = int(item["epoch"]["N"]) + (item["session_id"]["S"] != grip.session_id)
        condition = "epoch = :was"
        values = {":was": item["epoch"], ":epoch": number(epoch), **values_of(grip_fields(grip, now))}
        if token_hash is not None:
            condition += " AND token_hash = :used"
            values[":used"] = string(token_hash)
        update = self._update(
            key(user_id, CONVERSATION + conversation_id),
            f"SET epoch = :epoch, {assignments(grip_fields(grip, now))}",
            condition,
            values,
        )
        pointer = self._pointer(user_id, conversation_id, grip, now)
        return epoch if self._transact({"Update": update}, {"Put": pointer}) else None

    def _attachment(self, user_id: str, conversation_id: str, epoch: int, history_bytes: int) -> Attachment:
        # Read after the epoch was raised: no earlier owner can add a turn any more. Another session may have raised it
        # again meanwhile; its epoch is not ours.
        item = self._known(user_id, conversation_id)
        newest = self._query(user_id, f"{TURN}{conversation_id}#", newest_first=True)
        return Attachment(
            conversation_id=conversation_id,
            epoch=epoch,
            last_turn=int(item["last_turn"]["N"]),
            turns=newest_within(map(saved_turn, newest), history_bytes),
        )

    def _renew(self, user_id: str, conversation_id: str, epoch: int, grip: Grip) -> None:
        fields = grip_fields(grip, self._now())
        update = self._update(
            key(user_id, CONVERSATION + conversation_id),
            f"SET {assignments(fields)}",
            "epoch = :epoch",
            {":epoch": number(epoch), **values_of(fields)},
        )
        if not self._transact({"Update": update}):
            self._explain(user_id, conversation_id, epoch)

    def _epochs(self, owned: Sequence[Owned]) -> Mapping[Owned, int]:
        found: dict[Owned, int] = {}
        for some in batched(owned, _READS_AT_ONCE):
            found |= self._epochs_of(some)
        return found

    def _epochs_of(self, owned: Sequence[Owned]) -> Mapping[Owned, int]:
        names = {CONVERSATION + conversation_id: conversation_id for _, conversation_id in owned}
        users = {owner(user_id): user_id for user_id, _ in owned}
        wanted: Mapping[str, Any] = {
            self._table: {
                "Keys": [key(user_id, CONVERSATION + conversation_id) for user_id, conversation_id in owned],
                "ProjectionExpression": f"{PARTITION_KEY}, {SORT_KEY}, epoch, {TTL_ATTRIBUTE}",
                # Of a conversation that has just begun, a copy that lags behind would say that it is gone.
                "ConsistentRead": True,
            }
        }
        with trouble():
            answer = self._client.batch_get_item(RequestItems=wanted)
        if answer["UnprocessedKeys"]:
            raise StoreUnavailableError("DynamoDB answered for some conversations only")
        return {
            (users[item[PARTITION_KEY]["S"]], names[item[SORT_KEY]["S"]]): int(item["epoch"]["N"])
            for item in answer["Responses"][self._table]
            if self._is_current(item)
        }

    def _save_turn(self, user_id: str, conversation_id: str, epoch: int, turn: KeptTurn) -> None:
        now = self._now()
        expires_at = expiry(now + self._retention.turns_s)
        title = title_of(turn)
        update = self._update(
            key(user_id, CONVERSATION + conversation_id),
            "SET last_turn = :turn, updated_at = :now, expires_at = :expires"
            + (", title = if_not_exists(title, :title)" if title else ""),
            "epoch = :epoch AND expires_at > :now",
            {
                ":turn": number(turn.number),
                ":now": number(now),
                ":expires": expires_at,
                ":epoch": number(epoch),
                **({":title": string(title)} if title else {}),
            },
        )
        put = {
            "TableName": self._table,
            "Item": {
                **key(user_id, turn_key(conversation_id, turn.number)),
                "user": string(turn.user),
                "assistant": string(turn.assistant),
                "outcome": string(turn.outcome),
                **({} if turn.figures is None else {"figures": string(turn.figures)}),
                "saved_at": number(now),
                "epoch": number(epoch),
                TTL_ATTRIBUTE: expires_at,
            },
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        if self._transact({"Update": update}, {"Put": put}):
            return
        written = self._get(user_id, turn_key(conversation_id, turn.number))
        if written is None:
            self._explain(user_id, conversation_id, epoch)
            raise StoreUnavailableError("the conversation changed while a turn was written")
        if int(written["epoch"]["N"]) != epoch:
            self._explain(user_id, conversation_id, epoch)
            raise SupersededError(f"turn {turn.number} was written by another session")

    def _conversations(self, user_id: str, limit: int, before: str | None) -> Sequence[Conversation]:
        found: list[Conversation] = []
        for item in self._query(user_id, CONVERSATION, newest_first=True):
            conversation = conversation_of(item)
            is_after = before is not None and conversation.conversation_id >= before
            if conversation.last_turn > 0 and not is_after:
                found.append(conversation)
            if len(found) == limit:
                break
        return found

    def _turns(self, user_id: str, conversation_id: str) -> Sequence[SavedTurn]:
        if self._get(user_id, CONVERSATION + conversation_id) is None:
            return []
        return [saved_turn(item) for item in self._query(user_id, f"{TURN}{conversation_id}#")]

    def _rename(self, user_id: str, conversation_id: str, title: str) -> None:
        update = self._update(
            key(user_id, CONVERSATION + conversation_id),
            "SET title = :title",
            "expires_at > :now",
            {":title": string(title), ":now": number(self._now())},
        )
        if not self._transact({"Update": update}):
            raise ConversationUnknownError("there is no such conversation")

    def _delete(self, user_id: str, conversation_id: str) -> None:
        was_there = self._get(user_id, CONVERSATION + conversation_id) is not None
        # The conversation first: without it nobody can add a turn.
        self._remove([key(user_id, CONVERSATION + conversation_id)])
        self._remove(self._keys(user_id, f"{TURN}{conversation_id}#"))
        if not was_there:
            raise ConversationUnknownError("there is no such conversation")

    def _forget(self, user_id: str) -> None:
        self._remove(self._keys(user_id, CONVERSATION))
        self._remove(self._keys(user_id, SESSION))
        self._remove(self._keys(user_id, TURN))

    # Requests

    def _get(self, user_id: str, sort_key: str) -> Item | None:
        """The item, unless it has expired."""
        with trouble():
            answer = self._client.get_item(
                TableName=self._table, Key=key(user_id, sort_key), ConsistentRead=True
            )
        item = answer.get("Item")
        return item if item is not None and self._is_current(item) else None

    def _known(self, user_id: str, conversation_id: str) -> Item:
        item = self._get(user_id, CONVERSATION + conversation_id)
        if item is None:
            raise ConversationUnknownError("there is no such conversation")
        return item

    def _query(self, user_id: str, prefix: str, *, newest_first: bool = False) -> Iterator[Item]:
        """All items of the user whose sort key begins so, page by page, without those that have expired."""
        page: dict[str, Any] = {}
        while True:
            with trouble():
                answer = self._client.query(
                    TableName=self._table,
                    KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
                    ExpressionAttributeValues={":pk": string(owner(user_id)), ":prefix": string(prefix)},
                    ScanIndexForward=not newest_first,
                    ConsistentRead=True,
                    Limit=_PAGE,
                    **page,
                )
            yield from filter(self._is_current, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            page = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _keys(self, user_id: str, prefix: str) -> Sequence[dict[str, Any]]:
        return [
            {name: item[name] for name in (PARTITION_KEY, SORT_KEY)} for item in self._query(user_id, prefix)
        ]

    def _remove(self, keys: Sequence[dict[str, Any]]) -> None:
        for some in batched(keys, _DELETES_AT_ONCE):
            self._transact(*({"Delete": {"TableName": self._table, "Key": key}} for key in some))

    def _transact(self, *writes: Mapping[str, Any]) -> bool:
        """All of it, or nothing and False when a condition does not hold."""
        with trouble():
            try:
                self._client.transact_write_items(TransactItems=list(writes))  # type: ignore[arg-type]  # built above, one of four kinds each
            except self._client.exceptions.TransactionCanceledException as error:
                reasons = {reason["Code"] for reason in error.response["CancellationReasons"]}
                if reasons <= {"None", "ConditionalCheckFailed"}:
                    return False
                raise
        return True

    def _explain(self, user_id: str, conversation_id: str, epoch: int) -> None:
        """Why a write of this epoch was refused."""
        item = self._get(user_id, CONVERSATION + conversation_id)
        if item is None:
            raise ConversationUnknownError("the conversation is gone")
        current = int(item["epoch"]["N"])
        if current != epoch:
            raise SupersededError(f"epoch {epoch} is over; {current} is current")

    def _update(
        self, key: Item, expression: str, condition: str, values: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        return {
            "TableName": self._table,
            "Key": key,
            "UpdateExpression": expression,
            "ConditionExpression": f"attribute_exists(pk) AND {condition}",
            "ExpressionAttributeValues": values,
        }

    def _pointer(self, user_id: str, conversation_id: str, grip: Grip, now: float) -> Mapping[str, Any]:
        """Where a session's name leads to its conversation."""
        item = {
            **key(user_id, SESSION + grip.session_id),
            "conversation_id": string(conversation_id),
            TTL_ATTRIBUTE: expiry(now + self._retention.pointer_s),
        }
        return {"TableName": self._table, "Item": item}

    def _is_current(self, item: Item) -> bool:
        return float(item[TTL_ATTRIBUTE]["N"]) > self._now()

    def _now(self) -> float:
        return self._utc_now().timestamp()
