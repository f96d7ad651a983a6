from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from aws_sdk_signers import AWSCredentialIdentity, SigV4Signer, SigV4SigningProperties

from emulators.nova_sonic.account import DEFAULT_ACCESS_KEY, DEFAULT_SECRET
from emulators.nova_sonic.wire.event_stream import FrameDecoder
from emulators.nova_sonic.wire.signature import (
    ChunkChain,
    SignatureRefusedError,
    SignedRequest,
    verify_request,
)
from tests.emulators.nova_sonic.raw_client import GOOD, MODEL_PATH, PROPERTIES, ChunkSigner, signed_headers

SECRETS = {DEFAULT_ACCESS_KEY: DEFAULT_SECRET}
EVENT: dict[str, object] = {"event": {"sessionStart": {}}}


def verify(headers: Mapping[str, str], *, path: str = MODEL_PATH, now: datetime | None = None) -> ChunkChain:
    request = SignedRequest(method="POST", path=path, headers=headers)
    return verify_request(request, secrets=SECRETS, now=now or datetime.now(UTC))


def accepts(chain: ChunkChain, message: bytes) -> bool:
    (frame,) = FrameDecoder().feed(message)
    return chain.verify(frame.header_block, frame.payload)


def test_a_request_of_the_official_signer_is_accepted() -> None:
    verify(signed_headers(8443))


def test_the_trailing_question_mark_of_the_sdk_is_no_query() -> None:
    verify(signed_headers(8443), path=f"{MODEL_PATH}?")


def test_any_list_of_signed_headers_is_accepted() -> None:
    verify(signed_headers(8443, extra={"x-amz-security-token": "token", "x-amz-user-agent": "a   client/1"}))


def test_the_host_may_be_signed_by_its_http2_name() -> None:
    """As the SDK for JavaScript does."""
    authority = "localhost:8443"
    headers = signed_headers(8443)
    canonical = "\n".join(
        (
            "POST",
            MODEL_PATH.replace("%3A", "%253A"),
            "",
            f":authority:{authority}",
            f"x-amz-date:{headers['x-amz-date']}",
            "",
            ":authority;x-amz-date",
            "STREAMING-AWS4-HMAC-SHA256-EVENTS",
        )
    )
    properties: SigV4SigningProperties = {**PROPERTIES, "date": headers["x-amz-date"]}
    text = SigV4Signer().string_to_sign(canonical_request=canonical, signing_properties=properties)
    signature = SigV4Signer()._signature(
        string_to_sign=text, secret_key=DEFAULT_SECRET, signing_properties=properties
    )
    before, _, _ = headers["authorization"].partition("SignedHeaders=")
    headers["authorization"] = f"{before}SignedHeaders=:authority;x-amz-date, Signature={signature}"

    verify(headers | {":authority": authority})


def test_a_request_that_does_not_sign_its_host_is_refused() -> None:
    headers = signed_headers(8443)
    headers["authorization"] = headers["authorization"].replace("content-type;host;", "content-type;")
    with pytest.raises(SignatureRefusedError, match="Not sent or not signed: host"):
        verify(headers)


def test_repeated_spaces_in_a_header_do_not_matter() -> None:
    headers = signed_headers(8443, extra={"x-thing": "a b"})

    verify(headers | {"x-thing": "  a    b "})


@pytest.mark.parametrize(
    ("changed", "exception"),
    [
        ({"content-type": "text/plain"}, "InvalidSignatureException"),
        ({"host": "elsewhere"}, "InvalidSignatureException"),
        ({"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, "InvalidSignatureException"),
        ({"authorization": "Bearer abc"}, "IncompleteSignatureException"),
        ({"authorization": "AWS4-HMAC-SHA256 Credential=a"}, "IncompleteSignatureException"),
        (
            {"authorization": "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=b"},
            "IncompleteSignatureException",
        ),
        ({"x-amz-date": "yesterday"}, "IncompleteSignatureException"),
    ],
)
def test_a_changed_request_is_refused(changed: dict[str, str], exception: str) -> None:
    with pytest.raises(SignatureRefusedError) as refusal:
        verify(signed_headers(8443) | changed)

    assert exception == refusal.value.exception


def test_a_changed_path_is_refused() -> None:
    with pytest.raises(SignatureRefusedError, match="does not match"):
        verify(signed_headers(8443), path=MODEL_PATH.replace("2-sonic", "3-sonic"))


def test_a_request_without_authorization_is_refused() -> None:
    with pytest.raises(SignatureRefusedError, match="Missing Authentication Token"):
        verify({"host": "localhost"})


def test_an_unknown_access_key_is_refused() -> None:
    stranger = AWSCredentialIdentity(access_key_id="AKIDSTRANGER", secret_access_key=DEFAULT_SECRET)
    with pytest.raises(SignatureRefusedError) as refusal:
        verify(signed_headers(8443, identity=stranger))

    assert "UnrecognizedClientException" == refusal.value.exception


def test_a_wrong_secret_is_refused() -> None:
    impostor = AWSCredentialIdentity(access_key_id=DEFAULT_ACCESS_KEY, secret_access_key="wrong")
    with pytest.raises(SignatureRefusedError) as refusal:
        verify(signed_headers(8443, identity=impostor))

    assert "InvalidSignatureException" == refusal.value.exception


def test_another_service_is_refused() -> None:
    headers = signed_headers(8443)
    headers["authorization"] = headers["authorization"].replace("/bedrock/", "/s3/")
    with pytest.raises(SignatureRefusedError, match="scoped to correct service: 'bedrock'"):
        verify(headers)


@pytest.mark.parametrize(
    ("late_by", "sentence"),
    [(timedelta(minutes=6), "Signature expired"), (timedelta(minutes=-6), "Signature not yet current")],
)
def test_a_clock_that_is_minutes_off_is_refused(late_by: timedelta, sentence: str) -> None:
    with pytest.raises(SignatureRefusedError, match=sentence):
        verify(signed_headers(8443), now=datetime.now(UTC) + late_by)


@pytest.mark.parametrize("late_by", [timedelta(minutes=4), timedelta(minutes=-4)])
def test_a_clock_that_is_a_little_off_is_accepted(late_by: timedelta) -> None:
    verify(signed_headers(8443), now=datetime.now(UTC) + late_by)


def test_a_date_that_is_not_the_scopes_is_refused() -> None:
    headers = signed_headers(8443)
    with pytest.raises(SignatureRefusedError, match="Date in Credential scope"):
        verify(headers | {"x-amz-date": "20010101T000000Z"})


async def test_a_chain_of_chunks_and_its_signed_end_are_accepted() -> None:
    headers = signed_headers(8443)
    chain, signer = verify(headers), ChunkSigner(headers)

    for _ in range(3):
        assert accepts(chain, await signer.frame(EVENT))
    assert accepts(chain, await signer.last_frame())


async def test_a_lost_chunk_breaks_the_chain() -> None:
    headers = signed_headers(8443)
    chain, signer = verify(headers), ChunkSigner(headers)
    await signer.frame(EVENT)

    assert not accepts(chain, await signer.frame(EVENT))


async def test_a_repeated_chunk_breaks_the_chain() -> None:
    headers = signed_headers(8443)
    chain, signer = verify(headers), ChunkSigner(headers)
    message = await signer.frame(EVENT)

    assert accepts(chain, message)
    assert not accepts(chain, message)


async def test_credentials_that_change_inside_a_stream_break_the_chain() -> None:
    headers = signed_headers(8443)
    chain, signer = verify(headers), ChunkSigner(headers)
    assert accepts(chain, await signer.frame(EVENT))
    signer.identity = AWSCredentialIdentity(access_key_id=GOOD.access_key_id, secret_access_key="rotated")

    assert not accepts(chain, await signer.frame(EVENT))


async def test_a_chunk_without_signature_or_date_is_refused() -> None:
    chain = verify(signed_headers(8443))

    assert not chain.verify(b"", b"payload")
    assert not chain.verify(b"\x01", b"payload")


def test_midnight_changes_scope_and_key() -> None:
    """Recomputed here with the standard library only, for the official signer takes its dates from the clock."""
    import hmac  # noqa: PLC0415 - this test's own second opinion
    import struct  # noqa: PLC0415 - as above
    from hashlib import sha256  # noqa: PLC0415 - as above

    def mac(key: bytes, text: str) -> bytes:
        return hmac.new(key, text.encode(), sha256).digest()

    chain = ChunkChain(secret="s", region="eu-north-1", date="20261123", request_signature="ab" * 32)
    previous = "ab" * 32
    for day, clock in (("20261123", "T235959Z"), ("20261124", "T000001Z"), ("20261124", "T000002Z")):
        at = datetime.strptime(day + clock, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        date_header = b"\x05:date\x08" + struct.pack(">q", int(at.timestamp() * 1000))
        key = b"AWS4s"
        for part in (day, "eu-north-1", "bedrock", "aws4_request"):
            key = mac(key, part)
        text = (
            f"AWS4-HMAC-SHA256-PAYLOAD\n{day}{clock}\n{day}/eu-north-1/bedrock/aws4_request\n{previous}\n"
            f"{sha256(date_header).hexdigest()}\n{sha256(b'x').hexdigest()}"
        )
        signature = mac(key, text)
        previous = signature.hex()

        assert chain.verify(date_header + b"\x10:chunk-signature\x06\x00\x20" + signature, b"x")
