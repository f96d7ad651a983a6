"""The official SDK, unmodified, against an emulator in another process."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any

import pytest
from aws_sdk_bedrock_runtime import models  # type: ignore[import-untyped] # the SDK ships no types
from aws_sdk_bedrock_runtime.client import AsyncBedrockRuntimeClient  # type: ignore[import-untyped] # the SDK ships no types
from aws_sdk_bedrock_runtime.config import AsyncBedrockRuntimeConfig  # type: ignore[import-untyped] # the SDK ships no types
from smithy_aws_core.identity import AWSCredentialsIdentity
from smithy_core.aio.eventstream import DuplexEventStream
from smithy_core.exceptions import CallError
from smithy_http.aio.crt import AWSCRTHTTPClient

from emulators.nova_sonic.account import DEFAULT_ACCESS_KEY, DEFAULT_SECRET
from tests.emulators.nova_sonic.emulator_process import EmulatorProcess, running_emulator
from tests.emulators.nova_sonic.speech_events import SILENCE, SPEECH, Event, closing, opening

pytestmark = pytest.mark.process

PATIENCE_S = 10.0
FRAME_PACE_S = 0.012
"""Frames of 32 ms every 12 ms: faster than life, but not so fast that the model takes them for no live speech."""

type Stream = DuplexEventStream[Any, Any, Any]


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatorProcess]:
    with running_emulator(tmp_path_factory.mktemp("state"), "--time-scale", "3") as emulator:
        yield emulator


@pytest.fixture
def emulator(process: EmulatorProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmulatorProcess]:
    monkeypatch.setenv("SSL_CERT_FILE", str(process.ca))
    yield process
    process.control("DELETE", "/faults")
    process.control("POST", "/quota", {"streams": 20})


type Open = Callable[..., Awaitable[Stream]]


@pytest.fixture
async def open_stream(emulator: EmulatorProcess) -> AsyncIterator[Open]:
    """Open streams, each with a client of its own, as the service does."""
    clients: list[AsyncBedrockRuntimeClient] = []
    # The loop knows a waiting writer only weakly: whoever lets go of its stream has it collected in the middle of its wait.
    streams: list[Stream] = []

    async def make(
        *, secret: str = DEFAULT_SECRET, model_id: str = "amazon.nova-2-sonic-v1:0", resolver: Any = None
    ) -> Stream:
        credentials = (
            {"aws_credentials_identity_resolver": resolver}
            if resolver
            else {"aws_access_key_id": DEFAULT_ACCESS_KEY, "aws_secret_access_key": secret}
        )
        config = await AsyncBedrockRuntimeConfig.resolve(
            region="us-east-1", endpoint_uri=emulator.endpoint, transport=AWSCRTHTTPClient(), **credentials
        )
        client = AsyncBedrockRuntimeClient(config=config)
        clients.append(client)
        stream: Stream = await client.invoke_model_with_bidirectional_stream(
            models.InvokeModelWithBidirectionalStreamOperationInput(model_id=model_id)
        )
        streams.append(stream)
        return stream

    yield make
    for client in clients:
        await client.close()
    # After a refusal the SDK's writer waits for input for ever; the loop must not close around it.
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


async def send(stream: Stream, *events: Event) -> None:
    for event in events:
        part = models.BidirectionalInputPayloadPart(bytes_=json.dumps(event).encode())
        await stream.input_stream.send(models.InvokeModelWithBidirectionalStreamInputChunk(value=part))


async def receive(stream: Stream) -> dict[str, Any] | None:
    """The next event, or None at the end."""
    async with asyncio.timeout(PATIENCE_S):
        assert stream.output_stream is not None
        chunk = await stream.output_stream.receive()
    return None if chunk is None else json.loads(chunk.value.bytes_)["event"]


async def answered(stream: Stream) -> None:
    async with asyncio.timeout(PATIENCE_S):
        await stream.await_output()


async def say(stream: Stream) -> None:
    """One utterance of 0.8 s and the silence after it."""
    for frame in [SPEECH] * 25 + [SILENCE] * 60:
        await send(stream, frame)
        await asyncio.sleep(FRAME_PACE_S)  # the pace of live audio, not a wait


async def until_turn_ends(stream: Stream) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    while (event := await receive(stream)) is not None:
        events.append(event)
        end = event.get("contentEnd", {})
        if (end.get("type"), end.get("stopReason")) == ("AUDIO", "END_TURN"):
            return events
    pytest.fail(f"the stream ended inside a turn: {kinds(events)}")


def kinds(events: Sequence[dict[str, Any]]) -> list[str]:
    return [next(iter(event)) for event in events]


async def test_two_turns_and_a_clean_end(open_stream: Open) -> None:
    stream = await open_stream()
    await send(stream, *opening())
    await answered(stream)
    for _ in range(2):
        async with asyncio.TaskGroup() as group:
            group.create_task(say(stream))
            turn = await until_turn_ends(stream)
        texts = [event["textOutput"] for event in turn if "textOutput" in event]
        assert "hello" in [text["content"] for text in texts if text["role"] == "USER"]
        assert "You said: hello." in [text["content"] for text in texts if text["role"] == "ASSISTANT"]
        assert "audioOutput" in kinds(turn)
    await send(stream, *closing())
    await stream.input_stream.close()

    rest = []
    while (event := await receive(stream)) is not None:
        rest.append(event)
    assert "completionEnd" in kinds(rest)
    await stream.close()


@pytest.mark.parametrize(
    ("kind", "exception"),
    [
        ("access-denied", models.AccessDeniedException),
        ("internal-server", models.InternalServerException),
        ("model-error", models.ModelErrorException),
        ("model-not-ready", models.ModelNotReadyException),
        ("model-stream-error", models.ModelStreamErrorException),
        ("model-timeout", models.ModelTimeoutException),
        ("resource-not-found", models.ResourceNotFoundException),
        ("service-quota-exceeded", models.ServiceQuotaExceededException),
        ("service-unavailable", models.ServiceUnavailableException),
        ("throttling", models.ThrottlingException),
        ("validation", models.ValidationException),
    ],
)
async def test_an_error_before_the_stream_is_its_typed_exception(
    emulator: EmulatorProcess, open_stream: Open, kind: str, exception: type[Exception]
) -> None:
    emulator.arm(kind=kind, message="on purpose")
    stream = await open_stream()

    with pytest.raises(exception, match="on purpose"):
        await answered(stream)


@pytest.mark.parametrize(
    ("kind", "exception"),
    [
        ("internal-server", models.InternalServerException),
        ("model-stream-error", models.ModelStreamErrorException),
        ("model-timeout", models.ModelTimeoutException),
        ("service-unavailable", models.ServiceUnavailableException),
        ("throttling", models.ThrottlingException),
        ("validation", models.ValidationException),
    ],
)
async def test_an_error_inside_the_stream_is_its_typed_exception(
    emulator: EmulatorProcess, open_stream: Open, kind: str, exception: type[Exception]
) -> None:
    emulator.arm(kind=kind, message="on purpose", on_input="promptStart")
    stream = await open_stream()
    await send(stream, *list(opening())[:2])
    await answered(stream)

    with pytest.raises(exception, match="on purpose"):
        await receive(stream)


async def test_a_wrong_secret_is_refused(open_stream: Open) -> None:
    stream = await open_stream(secret="wrong")

    with pytest.raises(CallError, match="InvalidSignatureException"):
        await answered(stream)


async def test_an_unknown_model_is_refused(open_stream: Open) -> None:
    stream = await open_stream(model_id="amazon.nova-3-sonic-v1:0")

    with pytest.raises(models.ValidationException, match="model identifier is invalid"):
        await answered(stream)


async def test_a_stream_above_the_quota_is_throttled(emulator: EmulatorProcess, open_stream: Open) -> None:
    emulator.control("POST", "/quota", {"streams": 1})
    first = await open_stream()
    await send(first, next(opening()))
    await answered(first)

    with pytest.raises(models.ThrottlingException):
        await answered(await open_stream())


class RotatingResolver:
    """Credentials that are other ones from the third time on, as after a rotation in the middle of a stream."""

    def __init__(self) -> None:
        self.calls = 0

    async def get_identity(self, **_: Any) -> Any:
        self.calls += 1
        secret = DEFAULT_SECRET if self.calls <= 2 else "rotated"
        return AWSCredentialsIdentity(access_key_id=DEFAULT_ACCESS_KEY, secret_access_key=secret)


async def test_credentials_that_rotate_inside_a_stream_kill_it(
    emulator: EmulatorProcess, open_stream: Open
) -> None:
    stream = await open_stream(resolver=RotatingResolver())
    first, *others = opening()
    await send(stream, first)
    await answered(stream)
    await send(stream, *others)

    with pytest.raises(models.ValidationException, match="signature we calculated does not match"):
        await receive(stream)
    assert emulator.control("GET", "/status")["counters"]["chunks_refused"]
