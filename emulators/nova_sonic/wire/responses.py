"""How Bedrock answers: error responses before the stream, chunk and exception frames in it.

Source: the Smithy model of `InvokeModelWithBidirectionalStream` for names and status codes, the official SDK for the forms.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from enum import Enum
from typing import Final

import orjson
import pybase64

from emulators.nova_sonic.wire.event_stream import encode_frame, encode_headers

EVENT_STREAM: Final = "application/vnd.amazon.eventstream"

_CHUNK_HEADERS: Final = encode_headers(
    {":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}
)
_PADDING: Final = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
"""The filler other Bedrock streams put into the key `p` to hide the length of a chunk."""


class ApiException(Enum):
    """Every exception of the operation: its name and HTTP status, and whether the event stream has a form for it."""

    ACCESS_DENIED = ("AccessDeniedException", 403, False)
    INTERNAL_SERVER = ("InternalServerException", 500, True)
    MODEL_ERROR = ("ModelErrorException", 424, False)
    MODEL_NOT_READY = ("ModelNotReadyException", 429, False)
    MODEL_STREAM_ERROR = ("ModelStreamErrorException", 424, True)
    MODEL_TIMEOUT = ("ModelTimeoutException", 408, True)
    RESOURCE_NOT_FOUND = ("ResourceNotFoundException", 404, False)
    SERVICE_QUOTA_EXCEEDED = ("ServiceQuotaExceededException", 400, False)
    SERVICE_UNAVAILABLE = ("ServiceUnavailableException", 503, True)
    THROTTLING = ("ThrottlingException", 429, True)
    VALIDATION = ("ValidationException", 400, True)

    def __init__(self, title: str, status: int, in_stream: bool) -> None:  # noqa: FBT001 - a row of the table above
        self.title = title
        self.status = status
        self.in_stream = in_stream

    @property
    def member(self) -> str:
        """The name in an event stream, and in our own scenarios: `throttlingException`."""
        return self.title[0].lower() + self.title[1:]


_EXCEPTIONS_BY_NAME: Final[Mapping[str, ApiException]] = {
    name: exception for exception in ApiException for name in (exception.title, exception.member)
}
_SIGNATURE_STATUS: Final[Mapping[str, int]] = {
    "IncompleteSignatureException": 400,
    "UnknownOperationException": 404,
}
"""Names that are not of the operation but of the front door; those absent here are 403."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorResponse:
    """A whole HTTP answer instead of a stream."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


def exception_named(name: str) -> ApiException | None:
    """Find an exception by `ThrottlingException` or `throttlingException`."""
    return _EXCEPTIONS_BY_NAME.get(name)


def error_response(name: str, message: str, *, request_id: str) -> ErrorResponse:
    """Return the answer that refuses a request before its stream exists."""
    known = _EXCEPTIONS_BY_NAME.get(name)
    status = known.status if known else _SIGNATURE_STATUS.get(name, 403)
    body = orjson.dumps(_error_body(known, message))
    headers = (
        ("date", formatdate(usegmt=True)),
        ("content-type", "application/json"),
        ("content-length", str(len(body))),
        ("x-amzn-requestid", request_id),
        ("x-amzn-errortype", name),
    )
    return ErrorResponse(status=status, headers=headers, body=body)


def stream_headers(request_id: str) -> Sequence[tuple[str, str]]:
    """Return the headers of an accepted stream."""
    return (
        ("date", formatdate(usegmt=True)),
        ("content-type", EVENT_STREAM),
        ("x-amzn-requestid", request_id),
    )


def chunk_frame(event: bytes, *, padding: int | None = None) -> bytes:
    """Return the frame of one output event; `padding` adds the key `p` with so many characters."""
    encoded = pybase64.b64encode(event)
    if padding is None:
        payload = b'{"bytes":"' + encoded + b'"}'
    else:
        payload = b'{"bytes":"' + encoded + b'","p":"' + (_PADDING * 2)[:padding] + b'"}'
    return encode_frame(_CHUNK_HEADERS, payload)


def exception_frame(name: str, message: str) -> bytes:
    """Return the frame that ends a stream; `name` is the API's name, or one that no SDK knows."""
    known = _EXCEPTIONS_BY_NAME.get(name)
    headers = encode_headers(
        {
            ":exception-type": known.member if known else name,
            ":content-type": "application/json",
            ":message-type": "exception",
        }
    )
    return encode_frame(headers, orjson.dumps(_error_body(known, message)))


def _error_body(exception: ApiException | None, message: str) -> Mapping[str, object]:
    match exception:
        case ApiException.MODEL_STREAM_ERROR:
            return {"message": message, "originalStatusCode": 500, "originalMessage": message}
        case ApiException.MODEL_ERROR:
            return {"message": message, "originalStatusCode": 500, "resourceName": "nova-sonic"}
        case _:
            return {"message": message}
