"""The store that the settings ask for, and what else is shared through it."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol

from service.stores.ports import ConversationStore, Documents, Retention
from service.stores.sqlite import SqliteStore
from service.stores.sqlite_shared import SqliteDocuments, SqliteTickets
from service.stores.statistics import StatisticsStore
from service.stores.statistics_sqlite import SqliteStatistics
from service.stores.worker import Worker


class Tickets(Protocol):
    """Records that can be taken once; sign-in has the same port, which it may not share with us."""

    async def put(self, name: str, sealed: bytes, *, expires_at: float) -> None:
        """Keep a record."""

    async def take(self, name: str, *, now: float) -> bytes | None:
        """Take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Everything that outlives a process, or is shared by several; closing the conversations closes all."""

    conversations: ConversationStore
    tickets: Tickets
    documents: Documents
    statistics: StatisticsStore


def open_stores(
    kind: Literal["sqlite", "dynamodb", "none"],
    *,
    path: Path,
    table: str | None,
    region: str,
    endpoint: str | None,
    timeout_s: float,
    retention_days: int,
) -> Stores | None:
    """Stores that were not asked anything yet; None for `none`."""
    retention = Retention(turns_s=timedelta(days=retention_days).total_seconds())
    if kind == "sqlite":
        store = SqliteStore(path, retention=retention, utc_now=_utc_now)
        return Stores(
            conversations=store,
            tickets=SqliteTickets(store.file),
            documents=SqliteDocuments(store.file, time.time),
            statistics=SqliteStatistics(path.with_name("statistics.sqlite"), wall_clock=time.time),
        )
    if kind == "dynamodb" and table is not None:
        return _dynamodb(table, region, endpoint, timeout_s, retention)
    return None


def _dynamodb(
    table: str, region: str, endpoint: str | None, timeout_s: float, retention: Retention
) -> Stores:
    # boto3 takes a third of a second to load, which nobody pays who keeps conversations in a file.
    import boto3  # noqa: PLC0415 - see above
    from botocore.config import Config  # noqa: PLC0415 - see above

    from service.stores.dynamodb import THREADS, DynamoDbStore  # noqa: PLC0415 - see above
    from service.stores.dynamodb_shared import (  # noqa: PLC0415 - see above
        THREADS as SHARED_THREADS,
    )
    from service.stores.dynamodb_shared import DynamoDbDocuments, DynamoDbTickets  # noqa: PLC0415 - see above
    from service.stores.statistics_dynamodb import (  # noqa: PLC0415 - see above
        THREADS as STATISTICS_THREADS,
    )
    from service.stores.statistics_dynamodb import DynamoDbStatistics  # noqa: PLC0415 - see above

    client = boto3.client(
        "dynamodb",
        region_name=region,
        endpoint_url=endpoint,
        config=Config(
            connect_timeout=timeout_s / 2,
            read_timeout=timeout_s / 2,
            # The session tries again by itself, and knows what it has told the user.
            retries={"mode": "standard", "total_max_attempts": 2},
            max_pool_connections=THREADS + SHARED_THREADS + STATISTICS_THREADS,
        ),
    )
    # Threads of their own: nobody waits for a ticket behind conversations.
    worker = Worker("dynamodb-shared", threads=SHARED_THREADS)
    return Stores(
        conversations=DynamoDbStore(client, table, retention=retention, utc_now=_utc_now),
        tickets=DynamoDbTickets(client, table, worker),
        documents=DynamoDbDocuments(client, table, worker, time.time),
        statistics=DynamoDbStatistics(client, table, wall_clock=time.time),
    )


def _utc_now() -> datetime:
    return datetime.now(UTC)
