"""What the endpoint answers instead of a stream, and what it says in the middle of one, as one ModelFailure."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from service.errors import ModelFailure, ModelFailureKind
from service.transports.bedrock_direct.envelope import said_in
from service.transports.bedrock_direct.signing import CONTENT_TYPE
from service.transports.failure_kinds import KINDS, STATUS_KINDS

# Names and statuses that say: this is not how one speaks to me. Everything else is about the account or the moment.
_NOT_OUR_OPERATION: Final = frozenset({"UnknownOperationException", "SerializationException"})
_NOT_OUR_REQUEST: Final = frozenset(
    {
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.NOT_ACCEPTABLE,
        HTTPStatus.LENGTH_REQUIRED,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.MISDIRECTED_REQUEST,
        HTTPStatus.UPGRADE_REQUIRED,
        HTTPStatus.NOT_IMPLEMENTED,
        HTTPStatus.HTTP_VERSION_NOT_SUPPORTED,
    }
)

# What the operation's model (Smithy) can say within a stream. Anything else there is no member that we know, as it is
# to the SDK; in particular it is no refusal of a request that was accepted long ago.
_WITHIN_A_STREAM: Final = frozenset(
    {
        "InternalServerException",
        "ModelStreamErrorException",
        "ModelTimeoutException",
        "ServiceUnavailableException",
        "ThrottlingException",
        "ValidationException",
    }
)


def wrong_response(status: int, headers: Mapping[str, str]) -> ModelFailure | None:
    """Why this response cannot carry a stream whatever its body says; None when it can, or when its body tells."""
    if status == HTTPStatus.OK:
        kind = headers.get("content-type", "")
        if kind.partition(";")[0].strip() == CONTENT_TYPE:
            return None
        return ModelFailure(ModelFailureKind.PROTOCOL, f"the response is {kind[:64]!r} and no event stream")
    if status < HTTPStatus.BAD_REQUEST:
        return ModelFailure(ModelFailureKind.PROTOCOL, f"the endpoint answered with HTTP {status}")
    return None


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> ModelFailure:
    """The failure that an error response stands for."""
    name = headers.get("x-amzn-errortype", "").partition(":")[0]
    said = said_in(body) or f"HTTP {status}"
    if name in KINDS:
        return ModelFailure(KINDS[name], said)
    if name in _NOT_OUR_OPERATION or status in _NOT_OUR_REQUEST:
        return ModelFailure(ModelFailureKind.PROTOCOL, f"{name} {said}".strip())
    return ModelFailure(STATUS_KINDS.get(status, ModelFailureKind.STREAM_ERROR), f"{name} {said}".strip())


def exception_in_stream(headers: Mapping[str, str], payload: bytes) -> ModelFailure:
    """The failure that an exception or error message within the stream stands for."""
    if headers.get(":message-type") == "error":
        kind = KINDS.get(headers.get(":error-code", ""), ModelFailureKind.STREAM_ERROR)
        return ModelFailure(kind, headers.get(":error-message", ""))
    member = headers.get(":exception-type", "")
    # A member of the operation's union is spelled like its type but for the first letter.
    name, said = member[:1].upper() + member[1:], said_in(payload)
    if name in _WITHIN_A_STREAM:
        return ModelFailure(KINDS[name], said)
    return ModelFailure(
        ModelFailureKind.STREAM_ERROR, f"an exception of the unknown type {member[:64]!r}: {said}"
    )
