"""Thousands of frames, byte for byte against the official SDK: same clock, same keys, same documents."""

import base64
import datetime as dt
import json
import random
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

# The SDK ships no py.typed.
from aws_sdk_bedrock_runtime.models import (  # type: ignore[import-untyped]
    BidirectionalInputPayloadPart,
    InvokeModelWithBidirectionalStreamInputChunk,
)
from aws_sdk_signers import (
    URI,
    AsyncEventSigner,
    AsyncSigV4Signer,
    AWSCredentialIdentity,
    AWSRequest,
    Field,
    Fields,
    signers,
)
from smithy_aws_core.identity import AWSCredentialsIdentity
from smithy_aws_core.identity.static import StaticCredentialsResolver
from smithy_aws_event_stream.aio import AWSEventPublisher, SigningConfig
from smithy_aws_event_stream.events import EventHeaderEncoder
from smithy_json import JSONCodec

from service.transports.bedrock_direct.envelope import Envelopes
from service.transports.bedrock_direct.signing import CONTENT_TYPE, FrameSigner, Keys, sign_request

REGION = "eu-north-1"
# A second and a bit before midnight UTC, so that the day changes under the stream.
BEFORE_MIDNIGHT = dt.datetime(2026, 12, 31, 23, 59, 58, 750_000, tzinfo=dt.UTC).timestamp()


class Clock:
    """The SDK asks `datetime.now`; this is what it gets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at = BEFORE_MIDNIGHT
        clock = self

        class Frozen(dt.datetime):
            @classmethod
            def now(cls, tz: dt.tzinfo | None = None) -> "Frozen":
                return cls.fromtimestamp(clock.at, tz)

        monkeypatch.setattr(signers, "datetime", SimpleNamespace(datetime=Frozen, UTC=dt.UTC))


class Kept:
    """The SDK's writer."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    async def write(self, data: bytes) -> None:
        self.frames.append(data)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def publisher(writer: Kept, secret: str, token: str | None, signature: str) -> AWSEventPublisher[Any]:
    identity = AWSCredentialsIdentity(
        access_key_id="AKIDEXAMPLE", secret_access_key=secret, session_token=token
    )
    return AWSEventPublisher(
        JSONCodec(),
        writer,
        SigningConfig(
            signer=AsyncEventSigner(
                initial_signature=signature.encode(), event_encoder_cls=EventHeaderEncoder
            ),
            signing_properties={"region": REGION, "service": "bedrock"},
            identity_resolver=StaticCredentialsResolver(identity),
            identity_properties={},
        ),
    )


def documents(rng: random.Random, number: int) -> Iterator[bytes]:
    """Audio of 0 to 200 ms, and now and then one of the events that are text."""
    for index in range(number):
        if index % 17 == 0:
            words = {"event": {"textInput": {"content": "Grüße, 世界 🎧" * rng.randrange(40)}}}
            yield json.dumps(words, ensure_ascii=bool(index % 2)).encode()
        else:
            content = base64.b64encode(rng.randbytes(rng.choice([0, 1, 2, 640, 1024, 2048, 3200, 6400])))
            yield b'{"event":{"audioInput":{"promptName":"p","contentName":"a","content":"%s"}}}' % content


@pytest.mark.parametrize("token", [None, "a-session-token"], ids=["keys", "session token"])
async def test_every_frame_and_the_last_one_are_the_sdks(clock: Clock, token: str | None) -> None:
    rng = random.Random(7)
    different: list[int] = []
    total = 0
    # Keys are rotated between streams; each stream keeps its own.
    for secret in ("first-secret-example", "second/secret+example"):
        clock.at = BEFORE_MIDNIGHT
        signature = rng.randbytes(32).hex()
        sdk = Kept()
        reference = publisher(sdk, secret, token, signature)
        envelopes = Envelopes(FrameSigner(secret=secret, region=REGION, signature=signature))
        for document in documents(rng, 2_000):
            chunk = InvokeModelWithBidirectionalStreamInputChunk(
                value=BidirectionalInputPayloadPart(bytes_=document)
            )
            await reference.send(chunk)
            if envelopes.seal(document, clock.at) != sdk.frames[-1]:
                different.append(total)
            total += 1
            clock.at += rng.choice([0.0, 1 / 1024, 1 / 32, 0.5])
        await reference.close()

        assert sdk.frames[-1] == envelopes.last(clock.at)
        assert clock.at > BEFORE_MIDNIGHT + 2

    assert ([], 4_000) == (different, total)


@pytest.mark.parametrize("token", [None, "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMSJHMEUCIQ=="])
@pytest.mark.parametrize("authority", ["bedrock-runtime.eu-north-1.amazonaws.com", "localhost:8443"])
async def test_the_request_is_signed_as_the_sdk_signs_it(
    clock: Clock, token: str | None, authority: str
) -> None:
    model_id = "arn:aws:bedrock:eu-north-1:123456789012:inference-profile/eu.amazon.nova-2-sonic-v1:0"
    keys = Keys(access_key_id="AKIDEXAMPLE", secret="secret/example+", session_token=token)
    ours = sign_request(keys=keys, region=REGION, authority=authority, model_id=model_id, at=clock.at)
    sent = dict(ours.headers)
    host, _, port = authority.partition(":")
    request = AWSRequest(
        destination=URI(scheme="https", host=host, port=int(port) if port else None, path=sent[":path"]),
        method="POST",
        body=None,
        fields=Fields([Field(name="content-type", values=[CONTENT_TYPE])]),
    )
    identity = AWSCredentialIdentity(
        access_key_id=keys.access_key_id, secret_access_key=keys.secret, session_token=token
    )
    signer = AsyncSigV4Signer()
    signed = await signer.sign(
        request=request, identity=identity, properties={"region": REGION, "service": "bedrock"}
    )
    # The SDK names the payload's hash while it spells the canonical request; its first pass misses that header.
    again = await signer.sign(
        request=signed, identity=identity, properties={"region": REGION, "service": "bedrock"}
    )

    assert again.fields["authorization"].as_string() == sent["authorization"]
    assert sent["authorization"].endswith(ours.signature)


def test_a_secret_is_in_no_repr() -> None:
    keys = Keys(access_key_id="AKIDEXAMPLE", secret="do-not-show", session_token="nor-this")

    assert "do-not-show" not in repr(keys)
    assert "nor-this" not in repr(keys)
