"""Each kind of store, opened as the settings ask for it."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import boto3
import pytest
from moto import mock_aws

from service.stores.dynamodb import THREADS, DynamoDbStore
from service.stores.dynamodb_shared import THREADS as SHARED_THREADS
from service.stores.statistics import EVERYBODY, Bin
from service.stores.statistics_dynamodb import THREADS as STATISTICS_THREADS
from service.stores.wiring import Stores, open_stores
from tests.contract.store_contract import C1, grip, turn

_DAY_S = 86_400.0


def opened(
    kind: Literal["sqlite", "dynamodb", "none"], path: Path, *, table: str | None = "voice"
) -> Stores | None:
    return open_stores(
        kind,
        path=path / "data" / "conversations.sqlite",
        table=table,
        region="eu-north-1",
        endpoint=None,
        timeout_s=3.0,
        retention_days=7,
    )


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_none_is_none(tmp_path: Path) -> None:
    assert None is opened("none", tmp_path)
    assert None is opened("dynamodb", tmp_path, table=None)
    assert [] == list(tmp_path.iterdir())


async def use(stores: Stores) -> None:
    """Write to each of them, and read it again."""
    await stores.conversations.check()
    await stores.conversations.begin("ann", C1, grip("s1"))
    await stores.conversations.save_turn("ann", C1, 1, turn(1))
    saved = await stores.conversations.conversation("ann", C1)
    await stores.tickets.put("t", b"s", expires_at=time.time() + 30)
    assert await stores.documents.swap("d", 0, b"one", expires_at=time.time() + 30)
    hour = Bin(scope=EVERYBODY, period="2026-11-23T18")
    await stores.statistics.add("batch", {hour: {"turns": 1}})

    assert abs((datetime.now(UTC) - saved.updated_at).total_seconds()) < 60
    assert b"s" == await stores.tickets.take("t", now=time.time())
    assert (1, b"one") == await stores.documents.read("d")
    assert not await stores.documents.swap("d", 0, b"two", expires_at=time.time() + 30)


async def test_a_file_keeps_conversations_tickets_and_documents_and_another_one_the_sums(
    tmp_path: Path,
) -> None:
    stores = opened("sqlite", tmp_path)
    assert stores is not None
    await use(stores)
    await stores.conversations.aclose()
    await stores.statistics.aclose()

    assert ["conversations.sqlite", "statistics.sqlite"] == files(tmp_path / "data")


async def test_a_document_of_a_file_is_gone_after_its_time_by_the_wall_clock(tmp_path: Path) -> None:
    stores = opened("sqlite", tmp_path)
    assert stores is not None
    await stores.documents.swap("d", 0, b"one", expires_at=time.time() - 1)

    assert (0, None) == await stores.documents.read("d")
    await stores.conversations.aclose()
    await stores.statistics.aclose()


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-north-1")
        client.create_table(
            TableName="voice",
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client


async def test_a_table_keeps_everything_for_as_long_as_it_should(table: Any, tmp_path: Path) -> None:
    stores = opened("dynamodb", tmp_path)
    assert stores is not None
    before = time.time()
    await use(stores)
    items = table.scan(TableName="voice")["Items"]
    kept_until = {item["sk"]["S"]: float(item["expires_at"]["N"]) for item in items if "expires_at" in item}
    await stores.conversations.aclose()
    await stores.statistics.aclose()

    assert any(abs(until - before - 7 * _DAY_S) < 60 for until in kept_until.values())


@pytest.mark.usefixtures("table")
def test_a_call_of_the_table_is_bounded_and_every_thread_has_a_connection(tmp_path: Path) -> None:
    stores = opened("dynamodb", tmp_path)
    assert stores is not None
    assert isinstance(stores.conversations, DynamoDbStore)
    client = stores.conversations._client
    config: Any = client.meta.config

    assert "eu-north-1" == client.meta.region_name
    assert (1.5, 1.5) == (config.connect_timeout, config.read_timeout)
    assert {"mode": "standard", "total_max_attempts": 2} == config.retries
    assert THREADS + SHARED_THREADS + STATISTICS_THREADS == config.max_pool_connections


@pytest.mark.usefixtures("table")
def test_another_endpoint_is_asked_where_one_is_named(tmp_path: Path) -> None:
    stores = open_stores(
        "dynamodb",
        path=tmp_path,
        table="voice",
        region="eu-north-1",
        endpoint="http://127.0.0.1:9",
        timeout_s=1.0,
        retention_days=1,
    )
    assert stores is not None
    assert isinstance(stores.conversations, DynamoDbStore)
    assert "http://127.0.0.1:9" == stores.conversations._client.meta.endpoint_url
