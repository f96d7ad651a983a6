"""Both ways to the model against the emulator in a process of its own: the contract, and every fault on the way."""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from service.errors import ModelFailure, ModelFailureKind
from service.transports.bedrock_direct.transport import BedrockDirectTransport
from service.transports.bedrock_sdk import BedrockSdkTransport
from service.transports.deadlines import Deadlines
from service.transports.ports import ModelTransport
from tests.contract.model_contract import ModelContract, Recorder, begin, end, silence
from tests.emulators.nova_sonic.emulator_process import EmulatorProcess, running_emulator

pytestmark = pytest.mark.process

DEADLINES = Deadlines(connect_s=3.0, accept_s=3.0, send_s=3.0, close_s=2.0)
FAULTS: Mapping[ModelFailureKind, Mapping[str, object]] = {
    ModelFailureKind.THROTTLED: {"kind": "throttling"},
    ModelFailureKind.VALIDATION: {"kind": "validation"},
    ModelFailureKind.TIMED_OUT: {"kind": "model-timeout"},
    ModelFailureKind.UNAVAILABLE: {"kind": "service-unavailable"},
    ModelFailureKind.INTERNAL: {"kind": "internal-server"},
    ModelFailureKind.STREAM_ERROR: {"kind": "model-stream-error"},
    ModelFailureKind.CONNECTION_LOST: {"kind": "abort"},
}


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatorProcess]:
    with running_emulator(tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture(autouse=True)
def emulator_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEMULATOR0EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "emulator-secret-access-key-example")
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)


@pytest.fixture(autouse=True)
async def nothing_is_left_unobserved() -> AsyncIterator[None]:
    """A task whose exception nobody looked at is reported by the loop when it is collected; here it fails."""
    reports: list[dict[str, object]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, report: reports.append(report))
    yield
    gc.collect()
    await asyncio.sleep(0)
    assert [] == reports


class TransportTo(Protocol):
    """Makes the transport under test."""

    def __call__(
        self, endpoint: str, ca_file: Path | None, *, model_id: str = "amazon.nova-2-sonic-v1:0"
    ) -> ModelTransport: ...


@pytest.fixture(params=[BedrockSdkTransport, BedrockDirectTransport], ids=["sdk", "direct"])
def transport_to(request: pytest.FixtureRequest) -> TransportTo:
    def make(
        endpoint: str, ca_file: Path | None, *, model_id: str = "amazon.nova-2-sonic-v1:0"
    ) -> ModelTransport:
        transport: ModelTransport = request.param(
            model_id=model_id,
            region="us-east-1",
            endpoint=endpoint,
            ca_file=ca_file,
            deadlines=DEADLINES,
            count=lambda _name, _amount: None,
        )
        return transport

    return make


@dataclass(frozen=True, slots=True)
class EmulatorPeer:
    transport: ModelTransport
    emulator: EmulatorProcess

    async def fail(self, kind: ModelFailureKind, *, on_input: str) -> None:
        await self.arm(**FAULTS[kind], on_input=on_input)

    async def arm(self, **fault: object) -> None:
        await asyncio.to_thread(self.emulator.arm, **fault)


@pytest.fixture
async def peer(emulator: EmulatorProcess, transport_to: TransportTo) -> AsyncIterator[EmulatorPeer]:
    transport = transport_to(emulator.endpoint, emulator.ca)
    yield EmulatorPeer(transport, emulator)
    await transport.aclose()
    await asyncio.to_thread(emulator.control, "DELETE", "/faults")


class TestBedrock(ModelContract):
    """The contract."""


async def failure_after(peer: EmulatorPeer, **fault: object) -> ModelFailure | None:
    """What a stream ends with when this fault is armed."""
    await peer.arm(**fault)
    recorder = Recorder()
    stream = await peer.transport.open(recorder)
    begin(stream)
    silence(stream, 3)
    failure = await recorder.closed()
    assert 1 == recorder.names.count("closed")
    return failure


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("access-denied", ModelFailureKind.ACCESS_DENIED),
        ("internal-server", ModelFailureKind.INTERNAL),
        ("model-error", ModelFailureKind.STREAM_ERROR),
        ("model-not-ready", ModelFailureKind.NOT_READY),
        ("model-stream-error", ModelFailureKind.STREAM_ERROR),
        ("model-timeout", ModelFailureKind.TIMED_OUT),
        ("resource-not-found", ModelFailureKind.NOT_FOUND),
        ("service-quota-exceeded", ModelFailureKind.QUOTA),
        ("service-unavailable", ModelFailureKind.UNAVAILABLE),
        ("throttling", ModelFailureKind.THROTTLED),
        ("validation", ModelFailureKind.VALIDATION),
        ("reset", ModelFailureKind.CONNECTION_LOST),
        ("abort", ModelFailureKind.CONNECTION_LOST),
        ("never-headers", ModelFailureKind.TIMED_OUT),
    ],
)
async def test_a_refusal_before_the_response_is_told_by_its_kind(
    peer: EmulatorPeer, fault: str, kind: ModelFailureKind
) -> None:
    failure = await failure_after(peer, kind=fault, at="open")

    assert failure is not None
    assert kind is failure.kind


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "reset"}, ModelFailureKind.CONNECTION_LOST),
        ({"kind": "reset", "code": "NO_ERROR"}, ModelFailureKind.CONNECTION_LOST),
        ({"kind": "cut"}, ModelFailureKind.CONNECTION_LOST),
        ({"kind": "abort"}, ModelFailureKind.CONNECTION_LOST),
        ({"kind": "end"}, ModelFailureKind.CONNECTION_LOST),
        ({"kind": "bad-checksum"}, ModelFailureKind.CONNECTION_LOST),
        ({"kind": "garbage"}, ModelFailureKind.CONNECTION_LOST),
        ({"kind": "unknown-exception"}, ModelFailureKind.STREAM_ERROR),
        # The operation knows these as answers to a request, not within a stream.
        ({"kind": "access-denied"}, ModelFailureKind.STREAM_ERROR),
        ({"kind": "resource-not-found"}, ModelFailureKind.STREAM_ERROR),
    ],
    ids=lambda value: " ".join(map(str, value.values())) if isinstance(value, dict) else "",
)
async def test_a_break_in_the_middle_is_told_at_once(
    peer: EmulatorPeer, fault: dict[str, object], kind: ModelFailureKind
) -> None:
    async with asyncio.timeout(5.0):
        failure = await failure_after(peer, **fault, on_input="audioInput", nth=2)

    assert failure is not None
    assert kind is failure.kind


async def test_a_goaway_leaves_the_running_stream_alone(peer: EmulatorPeer) -> None:
    await peer.arm(kind="goaway", on_input="audioInput")
    recorder = Recorder()
    stream = await peer.transport.open(recorder)
    begin(stream)
    silence(stream, 3)
    await recorder.until(lambda heard: "accepted" in heard.names)
    end(stream)

    assert None is await recorder.closed()


async def test_a_model_that_does_not_end_its_side_is_left_after_the_deadline(peer: EmulatorPeer) -> None:
    await peer.arm(kind="silence", on_input="audioInput")
    recorder = Recorder()
    stream = await peer.transport.open(recorder)
    begin(stream)
    silence(stream, 3)
    await recorder.until(lambda heard: "accepted" in heard.names)
    end(stream)
    failure = await recorder.closed()

    assert failure is not None
    assert ModelFailureKind.TIMED_OUT is failure.kind


async def test_a_model_that_takes_nothing_loses_old_audio_and_then_the_stream(peer: EmulatorPeer) -> None:
    recorder = Recorder()
    stream = await peer.transport.open(recorder)
    begin(stream)
    await recorder.until(lambda heard: "accepted" in heard.names)
    # A stopped process reads nothing, so the HTTP/2 window closes after 64 KiB.
    peer.emulator.process.send_signal(signal.SIGSTOP)
    closing = asyncio.create_task(recorder.closed())
    try:
        while not closing.done():
            silence(stream, 5)
            await asyncio.wait({closing}, timeout=0.1)
    finally:
        peer.emulator.process.send_signal(signal.SIGCONT)
    failure = closing.result()

    assert failure is not None
    assert (ModelFailureKind.TIMED_OUT, True) == (failure.kind, "no input" in failure.message)
    assert stream.dropped_frames > 0


async def test_streams_do_not_share_a_connection(peer: EmulatorPeer) -> None:
    await peer.arm(kind="limit-streams", streams=1, count="every")
    recorders = [Recorder() for _ in range(3)]
    streams = [await peer.transport.open(recorder) for recorder in recorders]
    for stream, recorder in zip(streams, recorders, strict=True):
        begin(stream)
        await recorder.until(lambda heard: "accepted" in heard.names)
    for stream in streams:
        silence(stream, 1)
        end(stream)

    assert [None] * 3 == [await recorder.closed() for recorder in recorders]


async def test_nobody_listening_is_unreachable_at_once(transport_to: TransportTo) -> None:
    with pytest.raises(ModelFailure) as raised:
        await transport_to("https://localhost:9", None).check()

    assert ModelFailureKind.UNREACHABLE is raised.value.kind
    assert "localhost:9" in str(raised.value)


async def test_a_certificate_of_a_stranger_is_refused_within_the_deadline(
    emulator: EmulatorProcess, transport_to: TransportTo
) -> None:
    with pytest.raises(ModelFailure) as raised:
        async with asyncio.timeout(DEADLINES.connect_s + 1.0):
            await transport_to(emulator.endpoint, None).check()

    assert ModelFailureKind.UNREACHABLE is raised.value.kind


async def test_no_credentials_are_named_as_the_reason(
    emulator: EmulatorProcess,
    transport_to: TransportTo,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(ModelFailure) as raised:
        await transport_to(emulator.endpoint, emulator.ca).check()

    assert ModelFailureKind.CREDENTIALS is raised.value.kind


async def test_a_wrong_secret_ends_the_stream_with_credentials(
    peer: EmulatorPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret")
    recorder = Recorder()
    begin(await peer.transport.open(recorder))
    failure = await recorder.closed()

    assert failure is not None
    assert ModelFailureKind.CREDENTIALS is failure.kind


async def test_credentials_that_rotate_under_a_stream_do_not_touch_it(
    peer: EmulatorPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder()
    stream = await peer.transport.open(recorder)
    begin(stream)
    await recorder.until(lambda heard: "accepted" in heard.names)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "rotated-meanwhile")
    silence(stream, 5)
    end(stream)

    assert None is await recorder.closed()


async def test_an_unknown_model_is_not_found_or_invalid(
    emulator: EmulatorProcess, transport_to: TransportTo
) -> None:
    transport = transport_to(emulator.endpoint, emulator.ca, model_id="amazon.nova-nine")
    recorder = Recorder()
    begin(await transport.open(recorder))
    failure = await recorder.closed()
    await transport.aclose()

    assert failure is not None
    assert failure.kind in {ModelFailureKind.NOT_FOUND, ModelFailureKind.VALIDATION}
