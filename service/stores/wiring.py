"""The store that the settings ask for."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from service.stores.ports import ConversationStore, Retention
from service.stores.sqlite import SqliteStore


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


def _dynamodb(
    table: str, region: str, endpoint: str | None, timeout_s: float, retention: Retention
) -> ConversationStore:
    # boto3 takes a third of a second to load, which nobody pays who keeps conversations in a file.
    import boto3  # noqa: PLC0415 - see above
    from botocore.config import Config  # noqa: PLC0415 - see above

    from service.stores.dynamodb import THREADS, DynamoDbStore  # noqa: PLC0415 - see above

    client = boto3.client(
        "dynamodb",
        region_name=region,
        endpoint_url=endpoint,
        config=Config(
            connect_timeout=timeout_s / 2,
            read_timeout=timeout_s / 2,
            # The session tries again by itself, and knows what it has told the user.
            retries={"mode": "standard", "total_max_attempts": 2},
            max_pool_connections=THREADS,
        ),
    )
    return DynamoDbStore(client, table, retention=retention, utc_now=_utc_now)


def _utc_now() -> datetime:
    return datetime.now(UTC)
