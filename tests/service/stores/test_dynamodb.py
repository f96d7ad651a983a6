"""Conversations in a table, against moto; and what DynamoDB's troubles become."""

import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber
from moto import mock_aws

from service.stores.dynamodb import DynamoDbStore
from service.stores.dynamodb_items import PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE
from service.stores.ports import StoreUnavailableError
from tests.contract.store_contract import C1, RETENTION, Stage, StoreContract, grip, turn

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = "conversations"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")


ONE_AT_A_TIME = threading.Lock()


def client() -> "DynamoDBClient":
    """A client of moto's; DynamoDB carries out a transaction at once, moto only if it is left alone meanwhile."""

    def alone(**request: Any) -> Any:
        with ONE_AT_A_TIME:
            return transact(**request)

    made: DynamoDBClient = boto3.client("dynamodb", region_name="us-east-1")
    transact = made.transact_write_items
    made.transact_write_items = alone  # type: ignore[method-assign]  # the same request, one at a time
    return made


@pytest.fixture
def table() -> Iterator["DynamoDBClient"]:
    with mock_aws():
        made = client()
        made.create_table(
            TableName=TABLE,
            KeySchema=[
                {"AttributeName": PARTITION_KEY, "KeyType": "HASH"},
                {"AttributeName": SORT_KEY, "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": PARTITION_KEY, "AttributeType": "S"},
                {"AttributeName": SORT_KEY, "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        yield made


class TestDynamoDb(StoreContract):
    @pytest.fixture
    async def stage(self, table: "DynamoDBClient") -> AsyncIterator[Stage]:
        assert table is not None
        stage = Stage(
            lambda stage: DynamoDbStore(client(), TABLE, retention=RETENTION, utc_now=lambda: stage.now)
        )
        yield stage
        await stage.close()


async def test_every_item_says_in_whole_seconds_when_it_may_go(table: "DynamoDBClient") -> None:
    store = DynamoDbStore(client(), TABLE, retention=RETENTION, utc_now=lambda: NOON)
    await store.begin("ann", C1, grip("s1"))
    await store.save_turn("ann", C1, 1, turn(1))
    await store.aclose()
    items = table.scan(TableName=TABLE)["Items"]

    assert {"CONVERSATION", "SESSION", "TURN"} == {item[SORT_KEY]["S"].split("#")[0] for item in items}
    assert {"USER#ann"} == {item[PARTITION_KEY]["S"] for item in items}
    assert all(int(item[TTL_ATTRIBUTE]["N"]) > NOON.timestamp() for item in items)


@pytest.mark.parametrize(
    "code", ["ThrottlingException", "ProvisionedThroughputExceededException", "InternalServerError"]
)
async def test_what_dynamodb_refuses_for_now_is_an_unavailable_store(code: str) -> None:
    made = client()
    store = DynamoDbStore(made, TABLE, retention=RETENTION, utc_now=lambda: NOON)
    with Stubber(made) as stubber:
        stubber.add_client_error("transact_write_items", service_error_code=code)
        with pytest.raises(StoreUnavailableError, match=code):
            await store.begin("ann", C1, grip("s1"))
    await store.aclose()


async def test_a_transaction_in_conflict_is_worth_another_try() -> None:
    made = client()
    store = DynamoDbStore(made, TABLE, retention=RETENTION, utc_now=lambda: NOON)
    reasons: list[dict[str, Any]] = [{"Code": "TransactionConflict"}, {"Code": "None"}]
    with Stubber(made) as stubber:
        stubber.add_client_error(
            "transact_write_items",
            service_error_code="TransactionCanceledException",
            modeled_fields={"CancellationReasons": reasons},
        )
        with pytest.raises(StoreUnavailableError):
            await store.save_turn("ann", C1, 1, turn(1))
    await store.aclose()


async def test_a_network_that_is_down_is_an_unavailable_store(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_named: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://dynamodb.example")

    made = client()
    monkeypatch.setattr(made, "get_item", refuse)
    store = DynamoDbStore(made, TABLE, retention=RETENTION, utc_now=lambda: NOON)
    with pytest.raises(StoreUnavailableError, match="EndpointConnectionError"):
        await store.check()
    await store.aclose()
