"""The store that the settings ask for."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from service.stores.ports import ConversationStore, Retention
from service.stores.sqlite import SqliteStore
from service.stores.statistics import StatisticsStore
from service.stores.statistics_sqlite import SqliteStatistics

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def open_store(
    kind: Literal["sqlite", "dynamodb", "none"],
    *,
    path: Path,
    table: str | None,
    region: str,
    endpoint: str | None,
    timeout_s: float,
    retention_days: int,
) -> ConversationStore | None:
    """A store that was not asked anything yet; None for `none`."""
    retention = Retention(turns_s=timedelta(days=retention_days).total_seconds())
    if kind == "sqlite":
        return SqliteStore(path, retention=retention, utc_now=_utc_now)
    if kind == "dynamodb" and table is not None:
        return _dynamodb(table, region, endpoint, timeout_s, retention)
    return None


def open_statistics(
    kind: Literal["sqlite", "dynamodb", "none"],
    *,
    path: Path,
    table: str | None,
    region: str,
    endpoint: str | None,
    timeout_s: float,
) -> StatisticsStore | None:
    """Where sums are kept: beside the conversations."""
    if kind == "sqlite":
        return SqliteStatistics(path.with_name("statistics.sqlite"), wall_clock=time.time)
    if kind == "dynamodb" and table is not None:
        from service.stores.statistics_dynamodb import DynamoDbStatistics  # noqa: PLC0415 - as below

        return DynamoDbStatistics(_client(region, endpoint, timeout_s, 2), table, wall_clock=time.time)
    return None


def _dynamodb(
    table: str, region: str, endpoint: str | None, timeout_s: float, retention: Retention
) -> ConversationStore:
    from service.stores.dynamodb import THREADS, DynamoDbStore  # noqa: PLC0415 - as below

    client = _client(region, endpoint, timeout_s, THREADS)
    return DynamoDbStore(client, table, retention=retention, utc_now=_utc_now)


def _client(region: str, endpoint: str | None, timeout_s: float, threads: int) -> "DynamoDBClient":
    # boto3 takes a third of a second to load, which nobody pays who keeps conversations in a file.
    import boto3  # noqa: PLC0415 - see above
    from botocore.config import Config  # noqa: PLC0415 - see above

    client: DynamoDBClient = boto3.client(
        "dynamodb",
        region_name=region,
        endpoint_url=endpoint,
        config=Config(
            connect_timeout=timeout_s / 2,
            read_timeout=timeout_s / 2,
            # The session tries again by itself, and knows what it has told the user.
            retries={"mode": "standard", "total_max_attempts": 2},
            max_pool_connections=threads,
        ),
    )
    return client


def _utc_now() -> datetime:
    return datetime.now(UTC)
