"""What AWS or the network complains of, as one kind of trouble."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from service.stores.ports import StoreUnavailableError


@contextmanager
def trouble() -> Iterator[None]:
    """Whatever goes wrong inside is StoreUnavailableError; its sentence names no item."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown")
        raise StoreUnavailableError(f"DynamoDB answered {code}") from error
    except BotoCoreError as error:
        raise StoreUnavailableError(f"DynamoDB cannot be reached: {type(error).__name__}") from error
