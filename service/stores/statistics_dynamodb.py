"""Sums in the one DynamoDB table: an item a bin, a number attribute a name, added to by `ADD` in one transaction.

The same transaction writes an item that names the batch and may not be there before, so a batch counts once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from service.stores.statistics import KEPT_S, Bin, StatisticsUnavailableError, Sums
from service.stores.worker import Worker

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

THREADS: Final = 2
_MARKER_KEPT_S: Final = 86_400
_OWN: Final = frozenset({"pk", "sk", "expires_at"})


class DynamoDbStatistics:
    """A `StatisticsStore` in the table of the conversations."""

    def __init__(self, client: "DynamoDBClient", table: str, *, wall_clock: Callable[[], float]) -> None:
        self._client = client
        self._table = table
        self._wall_clock = wall_clock
        self._worker = Worker("statistics", threads=THREADS)

    async def add(self, batch_id: str, sums: Mapping[Bin, Sums]) -> None:
        """See the port."""
        await self._worker.run(self._add, batch_id, sums)

    async def read(self, scope: str, first: str, last: str) -> Sequence[tuple[str, Sums]]:
        """See the port."""
        return await self._worker.run(self._read, scope, first, last)

    async def forget(self, scope: str, *, but: str = "") -> None:
        """See the port."""
        await self._worker.run(self._forget, scope, but)

    async def aclose(self) -> None:
        """Let running requests end behind us."""
        self._worker.close()

    # In a thread

    def _add(self, batch_id: str, sums: Mapping[Bin, Sums]) -> None:
        expires_at = int(self._wall_clock() + KEPT_S)
        updates = [{"Update": self._update(bin_, amounts, expires_at)} for bin_, amounts in sums.items()]
        writes: Any = [{"Put": self._marker(batch_id)}, *updates]
        try:
            with _unavailable():
                self._client.transact_write_items(TransactItems=writes)
        except StatisticsUnavailableError as error:
            if not _was_added(error.__cause__):
                raise

    def _marker(self, batch_id: str) -> dict[str, Any]:
        expires_at = int(self._wall_clock() + _MARKER_KEPT_S)
        return {
            "TableName": self._table,
            "Item": {**_key(f"batch#{batch_id}", "BATCH"), "expires_at": {"N": str(expires_at)}},
            "ConditionExpression": "attribute_not_exists(pk)",
        }

    def _update(self, bin_: Bin, amounts: Sums, expires_at: int) -> dict[str, Any]:
        names = {f"#n{at}": name for at, name in enumerate(amounts)}
        values = {f":n{at}": {"N": str(amount)} for at, amount in enumerate(amounts.values())}
        added = ", ".join(f"#n{at} :n{at}" for at in range(len(amounts)))
        return {
            "TableName": self._table,
            "Key": _key(bin_.scope, bin_.period),
            "UpdateExpression": f"SET expires_at = :expires_at ADD {added}",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": {**values, ":expires_at": {"N": str(expires_at)}},
        }

    def _read(self, scope: str, first: str, last: str) -> Sequence[tuple[str, Sums]]:
        return [
            (
                item["sk"]["S"],
                {name: int(item[name]["N"]) for name in sorted(item.keys() - _OWN)},
            )
            for item in self._items(scope, first, last)
        ]

    def _forget(self, scope: str, but: str) -> None:
        for item in list(self._items(scope, "0", "9")):
            if item["sk"]["S"] != but:
                with _unavailable():
                    self._client.delete_item(TableName=self._table, Key={"pk": item["pk"], "sk": item["sk"]})

    def _items(self, scope: str, first: str, last: str) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":pk": _key(scope, "")["pk"],
                ":first": {"S": first},
                ":last": {"S": last},
            },
        )
        with _unavailable():
            for page in pages:
                yield from page["Items"]


def _key(scope: str, period: str) -> dict[str, Any]:
    return {"pk": {"S": f"STATS#{scope}"}, "sk": {"S": period}}


def _was_added(error: BaseException | None) -> bool:
    """Whether a transaction was refused because the batch's own item, its first, is there already."""
    if not isinstance(error, ClientError):
        return False
    reasons = error.response.get("CancellationReasons", [])
    return bool(reasons) and reasons[0].get("Code") == "ConditionalCheckFailed"


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise StatisticsUnavailableError(f"DynamoDB: {error}") from error
