"""What the SDK raises, as one ModelFailure: by type where AWS models it, by what the connection did elsewhere."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from awscrt.exceptions import AwsCrtError  # type: ignore[import-untyped]  # awscrt ships no py.typed
from smithy_aws_event_stream.exceptions import EventError, UnmodeledEventError
from smithy_core.exceptions import CallError, SmithyError, SmithyIdentityError

from service.errors import ModelFailure, ModelFailureKind
from service.transports.failure_kinds import KINDS, STATUS_KINDS

# Errors of a connection that was never there, by the beginning of the CRT's name for them.
_NEVER_CONNECTED: Final = ("AWS_IO_DNS", "AWS_IO_SOCKET", "AWS_IO_TLS", "AWS_IO_NO_PERMISSION")


def failure_of(error: BaseException) -> ModelFailure:
    """The failure that `error`, or what caused it, stands for. Texts are AWS's own, never our events."""
    for cause in _causes(error):
        if isinstance(cause, ModelFailure):
            return cause
        if (kind := KINDS.get(type(cause).__name__)) is not None:
            return ModelFailure(kind, _text(cause))
        for error_type, read in _READERS:
            if isinstance(cause, error_type):
                return read(cause)
    return ModelFailure(ModelFailureKind.STREAM_ERROR, f"{type(error).__name__}: {error}")


def _of_connection(error: Any) -> ModelFailure:
    never = error.name.startswith(_NEVER_CONNECTED)
    kind = ModelFailureKind.UNREACHABLE if never else ModelFailureKind.CONNECTION_LOST
    return ModelFailure(kind, f"{error.name}: {error.message}")


def _of_unmodeled(error: Any) -> ModelFailure:
    return ModelFailure(KINDS.get(error.code, ModelFailureKind.STREAM_ERROR), error.message)


def _of_call(error: Any) -> ModelFailure:
    """An error response whose type the operation does not model; its code opens the text."""
    for name, kind in KINDS.items():
        if name in error.message:
            return ModelFailure(kind, error.message)
    status = error.response_metadata.http_status_code
    kind = STATUS_KINDS.get(status or 0, ModelFailureKind.STREAM_ERROR)
    return ModelFailure(kind, error.message or f"HTTP {status}")


def _text(error: BaseException) -> str:
    message = getattr(error, "message", None)
    return message if isinstance(message, str) else str(error)


def _causes(error: BaseException) -> list[BaseException]:
    """The error and what it was raised from, outermost first; the SDK wraps with and without `from`."""
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        wrapped = current.args[0] if isinstance(current, SmithyError) and current.args else None
        current = current.__cause__ or (wrapped if isinstance(wrapped, BaseException) else None)
    return chain


# By the first type that fits. OSError is missing on purpose: the SDK wraps what it reads in it.
_READERS: Final[Sequence[tuple[type[BaseException], Callable[[BaseException], ModelFailure]]]] = (
    (AwsCrtError, _of_connection),
    (SmithyIdentityError, lambda error: ModelFailure(ModelFailureKind.CREDENTIALS, str(error))),
    (UnmodeledEventError, _of_unmodeled),
    # Bytes that are no event: the connection was cut in the middle of one, or damaged.
    (EventError, lambda error: ModelFailure(ModelFailureKind.CONNECTION_LOST, str(error))),
    (CallError, _of_call),
    (TimeoutError, lambda error: ModelFailure(ModelFailureKind.TIMED_OUT, str(error) or "no answer in time")),
    (ConnectionResetError, lambda error: ModelFailure(ModelFailureKind.CONNECTION_LOST, str(error))),
    (ConnectionError, lambda error: ModelFailure(ModelFailureKind.UNREACHABLE, str(error))),
    # The SDK looks the exception's type up in the operation's table and does not find it.
    (
        KeyError,
        lambda error: ModelFailure(
            ModelFailureKind.STREAM_ERROR, f"an exception of the unknown type {error}"
        ),
    ),
)
