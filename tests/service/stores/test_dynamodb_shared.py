"""Tickets and documents in the table, against moto."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from service.stores.dynamodb_shared import DynamoDbDocuments, DynamoDbTickets
from service.stores.ports import StoreUnavailableError
from service.stores.worker import Worker
from tests.contract.shared_contract import Shared, SharedContract
from tests.service.stores.test_dynamodb import TABLE, client, credentials, table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["credentials", "table"]


class TestDynamoDbShared(SharedContract):
    @pytest.fixture
    async def shared(self, table: "DynamoDBClient") -> AsyncIterator[Shared]:
        assert table is not None
        clock = [100.0]
        # moto looks and writes in two steps; DynamoDB does both in one.
        worker = Worker("test", threads=1)
        here, there = client(), client()
        yield Shared(
            tickets=(DynamoDbTickets(here, TABLE, worker), DynamoDbTickets(there, TABLE, worker)),
            documents=(
                DynamoDbDocuments(here, TABLE, worker, lambda: clock[0]),
                DynamoDbDocuments(there, TABLE, worker, lambda: clock[0]),
            ),
            clock=clock,
        )
        worker.close()


async def test_a_table_that_is_not_there_is_an_unavailable_store(table: "DynamoDBClient") -> None:
    assert table is not None
    worker = Worker("test", threads=1)
    with pytest.raises(StoreUnavailableError, match="ResourceNotFoundException"):
        await DynamoDbTickets(client(), "elsewhere", worker).take("a", now=1.0)
    worker.close()
