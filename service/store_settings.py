"""The settings of what outlives a process; a part of `service.settings`, which is where they are read."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings


class StoreSettings(BaseSettings):
    """Where conversations are kept, and how long."""

    store: Literal["sqlite", "dynamodb", "none"] = Field(
        default="sqlite",
        description="Where conversations are kept: a file, a DynamoDB table, or nowhere.",
    )
    store_path: Path = Field(
        default=Path(".run/conversations.sqlite"), description="The file of `sqlite`; made if there is none."
    )
    store_table: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9_.-]{3,255}$", description="The table of `dynamodb`."
    )
    store_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="Another address of DynamoDB; empty: AWS in the Region.",
    )
    store_timeout_s: float = Field(
        default=3.0,
        gt=0,
        le=30,
        description="Longest time for one request to the store; then it is tried again.",
    )
    retention_days: int = Field(
        default=90, ge=1, le=3_650, description="A conversation is deleted this long after its last turn."
    )
