"""Whatever the SDK raises becomes one failure of the right kind."""

import pytest
from awscrt.exceptions import AwsCrtError  # type: ignore[import-untyped]  # awscrt ships no py.typed
from smithy_aws_event_stream.exceptions import InvalidEventBytes, UnmodeledEventError
from smithy_core.exceptions import CallError, SmithyError, SmithyIdentityError

from service.errors import ModelFailure, ModelFailureKind
from service.transports.bedrock_failures import failure_of


def caused(outer: Exception, inner: Exception) -> Exception:
    outer.__cause__ = inner
    return outer


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (AwsCrtError(1047, "AWS_IO_SOCKET_CONNECTION_REFUSED", "refused"), ModelFailureKind.UNREACHABLE),
        (AwsCrtError(1059, "AWS_IO_DNS_INVALID_NAME", "no such name"), ModelFailureKind.UNREACHABLE),
        (AwsCrtError(2077, "AWS_ERROR_HTTP_RST_STREAM_RECEIVED", "reset"), ModelFailureKind.CONNECTION_LOST),
        (
            SmithyError(AwsCrtError(2058, "AWS_ERROR_HTTP_CONNECTION_CLOSED", "")),
            ModelFailureKind.CONNECTION_LOST,
        ),
        (SmithyIdentityError("no provider"), ModelFailureKind.CREDENTIALS),
        (UnmodeledEventError("ThrottlingException", "slow"), ModelFailureKind.THROTTLED),
        (UnmodeledEventError("Somethingelse", "?"), ModelFailureKind.STREAM_ERROR),
        (caused(OSError("Failed to read"), InvalidEventBytes()), ModelFailureKind.CONNECTION_LOST),
        (CallError(message="Unknown error: InvalidSignatureException - bad"), ModelFailureKind.CREDENTIALS),
        (CallError(message="odd"), ModelFailureKind.STREAM_ERROR),
        (TimeoutError(), ModelFailureKind.TIMED_OUT),
        (KeyError("somethingNewException"), ModelFailureKind.STREAM_ERROR),
        (ConnectionResetError("gone"), ModelFailureKind.CONNECTION_LOST),
        (ConnectionError("no HTTP/2"), ModelFailureKind.UNREACHABLE),
        (ZeroDivisionError("a defect"), ModelFailureKind.STREAM_ERROR),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_is_told_by_its_kind(error: Exception, kind: ModelFailureKind) -> None:
    assert kind is failure_of(error).kind


def test_a_failure_stays_itself() -> None:
    failure = ModelFailure(ModelFailureKind.QUOTA, "full")

    assert failure is failure_of(caused(RuntimeError(), failure))


def test_an_exception_that_causes_itself_is_no_endless_chain() -> None:
    error = RuntimeError("round")
    error.__cause__ = ValueError("and")
    error.__cause__.__cause__ = error

    assert ModelFailureKind.STREAM_ERROR is failure_of(error).kind
