"""Verification of AWS Signature Version 4: the request, and the chain over its event-stream chunks.

Every chunk is signed over the signature before it, so one lost, changed or reordered chunk breaks all that follow; so does
a change of credentials in the middle of a stream. Source: recomputed against the official SDK (service name `bedrock`,
the wire path encoded a second time, an empty signed frame at the end).

Rule 1: nothing here reads a clock; `now` is an argument.
Rule 2: a refusal carries the exception name and the sentence AWS uses, ready for a response.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final
from urllib.parse import parse_qsl, quote

from emulators.nova_sonic.wire.event_stream import FrameError, walk_headers

ALGORITHM: Final = "AWS4-HMAC-SHA256"
STREAMING_PAYLOAD: Final = "STREAMING-AWS4-HMAC-SHA256-EVENTS"
SERVICE: Final = "bedrock"
MAX_SKEW: Final = timedelta(minutes=5)
MISMATCH: Final = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)

_TIMESTAMP_FORMAT: Final = "%Y%m%dT%H%M%SZ"
_CREDENTIAL: Final = re.compile(
    r"(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9-]+)/aws4_request"
)


class SignatureRefusedError(Exception):
    """Who asks could not be established; the request is answered with `exception` and nothing else happens."""

    def __init__(self, exception: str, message: str) -> None:
        super().__init__(message)
        self.exception = exception
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """The parts of a request that its signature covers; header names in lower case, `host` included."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """The `authorization` header, taken apart."""

    access_key: str
    date: str
    region: str
    signed_headers: Sequence[str]
    signature: str

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{SERVICE}/aws4_request"


class ChunkChain:
    """The rolling signature of one request's chunks, beginning with the signature of the request itself."""

    __slots__ = ("_date", "_key", "_previous", "_region", "_secret")

    def __init__(self, *, secret: str, region: str, date: str, request_signature: str) -> None:
        self._secret = secret
        self._region = region
        self._previous = request_signature
        self._date = date
        self._key = signing_key(secret, date=date, region=region)

    def verify(self, header_block: bytes, payload: bytes) -> bool:
        """Is this the next chunk of the chain? The headers must hold `:date` and `:chunk-signature`."""
        covered, date, signature = b"", None, b""
        try:
            for name, value, raw in walk_headers(header_block):
                if name == ":chunk-signature" and isinstance(value, bytes):
                    signature = value
                    continue
                covered += raw
                if name == ":date" and isinstance(value, datetime):
                    date = value
        except FrameError:
            return False
        if date is None:
            return False
        expected = self._expect(date.strftime(_TIMESTAMP_FORMAT), covered, payload)
        if not hmac.compare_digest(expected, signature):
            return False
        self._previous = expected.hex()
        return True

    def _expect(self, timestamp: str, covered: bytes, payload: bytes) -> bytes:
        date = timestamp[:8]
        if date != self._date:  # midnight passed inside the stream: a new scope and a new key
            self._date, self._key = date, signing_key(self._secret, date=date, region=self._region)
        text = (
            f"{ALGORITHM}-PAYLOAD\n{timestamp}\n{date}/{self._region}/{SERVICE}/aws4_request\n{self._previous}\n"
            f"{sha256(covered).hexdigest()}\n{sha256(payload).hexdigest()}"
        )
        return hmac.digest(self._key, text.encode(), "sha256")


def verify_request(request: SignedRequest, *, secrets: Mapping[str, str], now: datetime) -> ChunkChain:
    """Return the chain for the request's chunks, or raise `SignatureRefusedError`."""
    authorization = parse_authorization(request.headers)
    timestamp = _check_date(request.headers, authorization, now)
    secret = secrets.get(authorization.access_key)
    if secret is None:
        raise SignatureRefusedError(
            "UnrecognizedClientException", "The security token included in the request is invalid."
        )
    text = f"{ALGORITHM}\n{timestamp}\n{authorization.scope}\n" + _digest(
        canonical_request(request, authorization)
    )
    key = signing_key(secret, date=authorization.date, region=authorization.region)
    expected = hmac.digest(key, text.encode(), "sha256").hex()
    if not hmac.compare_digest(expected, authorization.signature):
        raise SignatureRefusedError("InvalidSignatureException", MISMATCH)
    return ChunkChain(
        secret=secret, region=authorization.region, date=authorization.date, request_signature=expected
    )


def parse_authorization(headers: Mapping[str, str]) -> Authorization:
    """Take the `authorization` header apart; raise `SignatureRefusedError` when a part is missing or malformed."""
    header = headers.get("authorization")
    if header is None:
        raise SignatureRefusedError("MissingAuthenticationTokenException", "Missing Authentication Token")
    scheme, _, rest = header.partition(" ")
    if scheme != ALGORITHM:
        raise SignatureRefusedError(
            "IncompleteSignatureException", f"Unsupported signing algorithm {scheme!r}."
        )
    parts = {
        name.strip(): value.strip() for name, _, value in (item.partition("=") for item in rest.split(","))
    }
    for needed in ("Credential", "SignedHeaders", "Signature"):
        if not parts.get(needed):
            raise SignatureRefusedError(
                "IncompleteSignatureException", f"Authorization header requires '{needed}' parameter."
            )
    credential = _CREDENTIAL.fullmatch(parts["Credential"])
    if credential is None:
        raise SignatureRefusedError(
            "IncompleteSignatureException",
            f"Credential {parts['Credential']!r} is not KEY/DATE/REGION/SERVICE/aws4_request.",
        )
    if credential["service"] != SERVICE:
        raise SignatureRefusedError(
            "InvalidSignatureException", f"Credential should be scoped to correct service: '{SERVICE}'."
        )
    return Authorization(
        access_key=credential["key"],
        date=credential["date"],
        region=credential["region"],
        signed_headers=tuple(parts["SignedHeaders"].lower().split(";")),
        signature=parts["Signature"],
    )


def canonical_request(request: SignedRequest, authorization: Authorization) -> str:
    """Return the text whose digest is signed; the headers the client lists must be there, the host among them."""
    signed = authorization.signed_headers
    missing = [name for name in signed if name not in request.headers]
    if missing or not {"host", ":authority"} & set(
        signed
    ):  # the SDK for JavaScript signs HTTP/2's name for it
        lacking = ", ".join(missing) or "host"
        raise SignatureRefusedError(
            "InvalidSignatureException", f"{MISMATCH} Not sent or not signed: {lacking}."
        )
    path, _, query = request.path.partition("?")
    parameters = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in parse_qsl(query, keep_blank_values=True)
    )
    return "\n".join(
        (
            request.method,
            quote(path, safe="/-_.~"),  # the wire path is encoded already; signing encodes it once more
            "&".join(f"{name}={value}" for name, value in parameters),
            *(f"{name}:{' '.join(request.headers[name].split())}" for name in signed),
            "",
            ";".join(signed),
            request.headers.get("x-amz-content-sha256", _digest("")),
        )
    )


def signing_key(secret: str, *, date: str, region: str) -> bytes:
    """Return the key of one day, region and service."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, SERVICE, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _check_date(headers: Mapping[str, str], authorization: Authorization, now: datetime) -> str:
    timestamp = headers.get("x-amz-date", "")
    try:
        signed_at = datetime.strptime(timestamp, _TIMESTAMP_FORMAT).replace(tzinfo=UTC)
    except ValueError as error:
        raise SignatureRefusedError(
            "IncompleteSignatureException",
            "Authorization header requires existence of an 'X-Amz-Date' header.",
        ) from error
    if timestamp[:8] != authorization.date:
        raise SignatureRefusedError(
            "InvalidSignatureException",
            f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date: {authorization.date!r} "
            f"!= {timestamp[:8]!r}.",
        )
    here = f"{now:{_TIMESTAMP_FORMAT}}"
    if signed_at < now - MAX_SKEW:
        raise SignatureRefusedError(
            "InvalidSignatureException",
            f"Signature expired: {timestamp} is now earlier than {now - MAX_SKEW:{_TIMESTAMP_FORMAT}} ({here} - 5 min.)",
        )
    if signed_at > now + MAX_SKEW:
        raise SignatureRefusedError(
            "InvalidSignatureException",
            f"Signature not yet current: {timestamp} is still later than {now + MAX_SKEW:{_TIMESTAMP_FORMAT}} "
            f"({here} + 5 min.)",
        )
    return timestamp


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
