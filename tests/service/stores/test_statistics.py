"""What every way of keeping sums promises, asked of each."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from service.stores.statistics import EVERYBODY, Bin, StatisticsStore, StatisticsUnavailableError, of_user
from service.stores.statistics_dynamodb import DynamoDbStatistics
from service.stores.statistics_sqlite import SqliteStatistics

HOUR = Bin(scope=EVERYBODY, period="2026-11-23T18")
NEXT = Bin(scope=EVERYBODY, period="2026-11-23T19")
ALICE = Bin(scope=of_user("alice"), period="2026-11-23")


class _Clock:
    now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


def _table() -> Any:
    client = boto3.client(
        "dynamodb", region_name="eu-north-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    )
    client.create_table(
        TableName="voice",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


@pytest.fixture(params=["sqlite", "dynamodb"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], StatisticsStore]]:
    """Opens the same sums again and again."""
    if request.param == "sqlite":
        yield lambda: SqliteStatistics(tmp_path / "deep" / "statistics.sqlite", wall_clock=_Clock())
        return
    with mock_aws():
        client = _table()
        yield lambda: DynamoDbStatistics(client, "voice", wall_clock=_Clock())


async def test_what_is_added_is_read_again_summed_and_in_order(opened: Callable[[], StatisticsStore]) -> None:
    store = opened()
    await store.add(
        "one", {NEXT: {"turns": 1}, HOUR: {"turns": 2, "ttfa.91": 1}, ALICE: {"cost_nano": 2**40}}
    )
    await store.add("two", {HOUR: {"turns": 3, "cost_nano": 5}})
    await store.aclose()

    again = opened()
    assert [
        ("2026-11-23T18", {"cost_nano": 5, "ttfa.91": 1, "turns": 5}),
        ("2026-11-23T19", {"turns": 1}),
    ] == await again.read(EVERYBODY, "2026-11-23T00", "2026-11-23T23")
    assert [("2026-11-23", {"cost_nano": 2**40})] == await again.read(ALICE.scope, ALICE.period, ALICE.period)
    assert [] == await again.read(of_user("bob"), "2026-11-23", "2026-11-23")
    await again.aclose()


async def test_a_batch_that_is_tried_again_is_not_added_twice(opened: Callable[[], StatisticsStore]) -> None:
    store = opened()
    for _ in range(3):
        await store.add("the-same", {HOUR: {"turns": 2}})
    assert [("2026-11-23T18", {"turns": 2})] == await store.read(EVERYBODY, "2026", "2027")
    await store.aclose()


async def test_ninety_users_fit_into_one_batch(opened: Callable[[], StatisticsStore]) -> None:
    store = opened()
    bins = {Bin(scope=of_user(f"user-{at}"), period="2026-11-23"): {"turns": at + 1} for at in range(90)}
    await store.add("many", bins)
    assert [("2026-11-23", {"turns": 90})] == await store.read(of_user("user-89"), "2026-11-23", "2026-11-23")
    await store.aclose()


async def test_what_is_forgotten_is_gone_and_nothing_else(opened: Callable[[], StatisticsStore]) -> None:
    store = opened()
    await store.add("one", {HOUR: {"turns": 2}, ALICE: {"turns": 2}})
    await store.forget(ALICE.scope)
    assert [] == await store.read(ALICE.scope, "2026", "2027")
    assert [("2026-11-23T18", {"turns": 2})] == await store.read(EVERYBODY, "2026", "2027")
    await store.aclose()


async def test_one_period_of_what_is_forgotten_can_stay(opened: Callable[[], StatisticsStore]) -> None:
    store = opened()
    yesterday = Bin(scope=ALICE.scope, period="2026-11-22")
    await store.add("one", {yesterday: {"turns": 1}, ALICE: {"turns": 2}})
    await store.forget(ALICE.scope, but=ALICE.period)
    assert [(ALICE.period, {"turns": 2})] == await store.read(ALICE.scope, "2026", "2027")
    await store.aclose()


async def test_a_file_that_cannot_be_written_is_unavailable_and_not_the_end(tmp_path: Path) -> None:
    path = tmp_path / "statistics.sqlite"
    store = SqliteStatistics(path, wall_clock=_Clock())
    await store.add("one", {HOUR: {"turns": 1}})
    with sqlite3.connect(path) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StatisticsUnavailableError, match="statistics"):
            await store.add("two", {HOUR: {"turns": 1}})
    other.close()
    await store.add("two", {HOUR: {"turns": 1}})
    assert [("2026-11-23T18", {"turns": 2})] == await store.read(EVERYBODY, "2026", "2027")
    await store.aclose()


async def test_a_table_that_is_not_there_is_unavailable() -> None:
    with mock_aws():
        client = boto3.client(
            "dynamodb", region_name="eu-north-1", aws_access_key_id="testing", aws_secret_access_key="testing"
        )
        store = DynamoDbStatistics(client, "nowhere", wall_clock=_Clock())
        with pytest.raises(StatisticsUnavailableError):
            await store.add("one", {HOUR: {"turns": 1}})
        with pytest.raises(StatisticsUnavailableError):
            await store.read(EVERYBODY, "2026", "2027")
        await store.aclose()


async def test_sums_go_after_a_year_and_a_month(tmp_path: Path) -> None:
    clock = _Clock()
    store = SqliteStatistics(tmp_path / "statistics.sqlite", wall_clock=clock)
    await store.add("old", {HOUR: {"turns": 1}})
    clock.now += 401 * 86_400
    await store.add("new", {NEXT: {"turns": 1}})
    assert [("2026-11-23T19", {"turns": 1})] == await store.read(EVERYBODY, "2026", "2027")
    await store.aclose()
