"""What all tasks share beside conversations: tickets and small documents, in the same DynamoDB table."""

from collections.abc import Callable, Mapping
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from service.stores.dynamodb_calls import trouble
from service.stores.dynamodb_items import PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE, number, string
from service.stores.worker import Worker

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

THREADS: Final = 4


class DynamoDbTickets:
    """Records by name, each readable once; of several tasks that ask for one, a single one gets it."""

    def __init__(self, client: "DynamoDBClient", table: str, worker: Worker) -> None:
        self._client = client
        self._table = table
        self._worker = worker

    async def put(self, name: str, sealed: bytes, *, expires_at: float) -> None:
        """Keep a record until it is taken, or until this instant."""
        await self._worker.run(self._put, name, sealed, expires_at)

    async def take(self, name: str, *, now: float) -> bytes | None:
        """Remove a record and return it; None when there is none, or none any more."""
        return await self._worker.run(self._take, name, now)

    def _put(self, name: str, sealed: bytes, expires_at: float) -> None:
        with trouble():
            self._client.put_item(
                TableName=self._table,
                Item={
                    **_key("TICKET", name),
                    "sealed": {"B": sealed},
                    "valid_until": number(expires_at),
                    # Whole seconds, and DynamoDB takes its time: it is tidied up, not judged by.
                    TTL_ATTRIBUTE: number(ceil(expires_at)),
                },
            )

    def _take(self, name: str, now: float) -> bytes | None:
        with trouble():
            answer: Mapping[str, Any] = self._client.delete_item(
                TableName=self._table, Key=_key("TICKET", name), ReturnValues="ALL_OLD"
            )
        item = answer.get("Attributes")
        if item is None or float(item["valid_until"]["N"]) <= now:
            return None
        return bytes(item["sealed"]["B"])


class DynamoDbDocuments:
    """A `Documents` in the table."""

    def __init__(
        self, client: "DynamoDBClient", table: str, worker: Worker, now: Callable[[], float]
    ) -> None:
        self._client = client
        self._table = table
        self._worker = worker
        self._now = now

    async def read(self, name: str) -> tuple[int, bytes | None]:
        """See the port."""
        return await self._worker.run(self._read, name)

    async def swap(self, name: str, version: int, body: bytes, *, expires_at: float) -> bool:
        """See the port."""
        return await self._worker.run(self._swap, name, version, body, expires_at)

    def _read(self, name: str) -> tuple[int, bytes | None]:
        with trouble():
            answer = self._client.get_item(
                TableName=self._table, Key=_key("DOCUMENT", name), ConsistentRead=True
            )
        item = answer.get("Item")
        if item is None or float(item["valid_until"]["N"]) <= self._now():
            return 0, None
        return int(item["version"]["N"]), bytes(item["body"]["B"])

    def _swap(self, name: str, version: int, body: bytes, expires_at: float) -> bool:
        unchanged = "version = :was" if version else "attribute_not_exists(pk) OR valid_until <= :now"
        with trouble():
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item={
                        **_key("DOCUMENT", name),
                        "version": number(version + 1),
                        "body": {"B": body},
                        "valid_until": number(expires_at),
                        TTL_ATTRIBUTE: number(ceil(expires_at)),
                    },
                    ConditionExpression=unchanged,
                    ExpressionAttributeValues={":was": number(version)}
                    if version
                    else {":now": number(self._now())},
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True


def _key(kind: str, name: str) -> dict[str, Any]:
    return {PARTITION_KEY: string(f"{kind}#{name}"), SORT_KEY: string(kind)}
