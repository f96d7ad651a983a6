"""AWS's names and HTTP statuses for what went wrong, as kinds of ModelFailure; both ways to the model read them."""

from collections.abc import Mapping
from typing import Final

from service.errors import ModelFailureKind

# Names of AWS's exceptions, as types of the SDK and as codes of errors it does not model for this operation.
KINDS: Final[Mapping[str, ModelFailureKind]] = {
    "ThrottlingException": ModelFailureKind.THROTTLED,
    "ModelTimeoutException": ModelFailureKind.TIMED_OUT,
    "ValidationException": ModelFailureKind.VALIDATION,
    "AccessDeniedException": ModelFailureKind.ACCESS_DENIED,
    "InvalidSignatureException": ModelFailureKind.CREDENTIALS,
    "UnrecognizedClientException": ModelFailureKind.CREDENTIALS,
    "ExpiredTokenException": ModelFailureKind.CREDENTIALS,
    "MissingAuthenticationTokenException": ModelFailureKind.CREDENTIALS,
    "ResourceNotFoundException": ModelFailureKind.NOT_FOUND,
    "ModelNotReadyException": ModelFailureKind.NOT_READY,
    "ServiceQuotaExceededException": ModelFailureKind.QUOTA,
    "ServiceUnavailableException": ModelFailureKind.UNAVAILABLE,
    "InternalServerException": ModelFailureKind.INTERNAL,
    "ModelStreamErrorException": ModelFailureKind.STREAM_ERROR,
    "ModelErrorException": ModelFailureKind.STREAM_ERROR,
}

STATUS_KINDS: Final[Mapping[int, ModelFailureKind]] = {
    403: ModelFailureKind.ACCESS_DENIED,
    404: ModelFailureKind.NOT_FOUND,
    408: ModelFailureKind.TIMED_OUT,
    424: ModelFailureKind.STREAM_ERROR,
    429: ModelFailureKind.THROTTLED,
    500: ModelFailureKind.INTERNAL,
    503: ModelFailureKind.UNAVAILABLE,
}
