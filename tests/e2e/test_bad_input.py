"""What no client should send, over the real socket: refused by name, and nobody else notices."""

import asyncio
import json
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil
import pytest
import pytest_asyncio
import soundfile
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from tests.e2e.caller import (
    ALL_JSON,
    BINARY,
    FRAME_S,
    Caller,
    assert_talks_on,
    calling,
    eventually,
    talking_on,
    tone,
)
from tests.e2e.conftest import QUICK, Serve
from tests.e2e.processes import END_S, ROOT, Emulator, Service, environment
from tests.pool import connect

pytestmark = pytest.mark.process

GOLDEN: Final = json.loads((ROOT / "tests/contract/golden/client_protocol.json").read_text())
REFUSED: Final = [
    pytest.param(vector, subprotocol, id=f"{vector['name']}, {subprotocol}")
    for vector in GOLDEN["refused"]
    for subprotocol in vector["subprotocols"]
]
HEADER: Final = struct.Struct("<BBHId")
# Beyond what a closing service needs and far below what a hanging one takes.
SOON_S: Final = 6.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bystander(shared_emulator: Emulator, services: Serve) -> AsyncIterator[Caller]:
    """A well-behaved session of the same process, which talks on as long as the tests of this file run."""
    shared_emulator.play(QUICK)
    async with talking_on(services().socket_url) as other:
        yield other


@pytest_asyncio.fixture(loop_scope="module")
async def unaffected(bystander: Caller) -> AsyncIterator[None]:
    """The other session has a turn after whatever the test does, and no trouble."""
    turns = len(bystander.of("turn"))
    yield
    await assert_talks_on(bystander, turns)


in_company = pytest.mark.usefixtures("unaffected")
in_one_loop = pytest.mark.asyncio(loop_scope="module")


def _on_the_wire(vector: Mapping[str, Any]) -> str | bytes:
    match vector["kind"]:
        case "text":
            return str(vector["wire"])
        case "binary":
            return bytes.fromhex(vector["wire"])
        case _:
            return json.dumps(vector["wire"])


@in_company
@in_one_loop
@pytest.mark.parametrize(("vector", "subprotocol"), REFUSED)
async def test_what_the_protocol_refuses_is_refused_by_name(
    service: Service, vector: Mapping[str, Any], subprotocol: str
) -> None:
    async with calling(service.socket_url, subprotocol) as caller:
        await caller.socket.send(_on_the_wire(vector))
        error = await caller.refused(4400, within_s=SOON_S)

    assert ("protocol_error", False) == (error["code"], error["retryable"])
    assert vector["names"] in error["message"]
    assert error["correlationId"]


MALFORMED: Final[Mapping[str, tuple[str | bytes, str]]] = {
    "20,000 nested lists": ("[" * 10_000 + "]" * 10_000, "nest"),
    "nested within a known message": (
        '{"type":"start","resume":' + '{"a":' * 40 + "1" + "}" * 41,
        "nest",
    ),
    "a number of 5,000 digits": ('{"type":"ping","id":' + "9" * 5_000 + "}", "JSON"),
    "a field twice": ('{"type":"text","text":"a","text":"b"}', "duplicate"),
    "a byte order mark": ('\ufeff{"type":"end"}', "JSON"),
    "a NUL": ("\0", "JSON"),
    "an empty message": ("", "JSON"),
    "infinity": ('{"type":"ping","id":Infinity}', "JSON"),
    "a list": ("[]", "object"),
    "a type that is a number": ('{"type":1}', "type"),
    "typed words beyond the limit": (json.dumps({"type": "text", "text": "x" * 1_001}), "text.text"),
    "a capture time that is no number": (HEADER.pack(1, 1, 0, 0, float("nan")) + bytes(64), "capturedAtMs"),
    "a capture time without end": (HEADER.pack(1, 1, 0, 0, float("inf")) + bytes(64), "capturedAtMs"),
    "an empty frame": (b"", "header"),
    "a frame of half a sample": (HEADER.pack(1, 1, 0, 0, 0.0) + b"\0", "odd"),
    "a frame of ours": (struct.pack("<BBHIQ", 1, 2, 0, 1, 0) + bytes(64), "type"),
}


@in_company
@in_one_loop
@pytest.mark.parametrize("name", MALFORMED)
async def test_what_nobody_would_send_is_refused_by_name(service: Service, name: str) -> None:
    wire, names = MALFORMED[name]
    async with calling(service.socket_url) as caller:
        await caller.start()
        await caller.socket.send(wire)
        error = await caller.refused(4400, within_s=SOON_S)

    assert "protocol_error" == error["code"]
    assert names in error["message"]


@in_company
@in_one_loop
async def test_a_second_start_is_out_of_order(service: Service) -> None:
    async with calling(service.socket_url) as caller:
        await caller.start()
        await caller.send("start")
        error = await caller.refused(4400, within_s=SOON_S)

    assert "start must be the first message" in error["message"]


@in_company
@in_one_loop
@pytest.mark.parametrize("start", [{"conversationId": "01JD"}, {"resume": None}], ids=str)
async def test_a_conversation_nobody_has_kept_cannot_be_resumed(
    service: Service, start: dict[str, object]
) -> None:
    if "resume" in start:
        start = {"resume": {"sessionId": "01JD", "resumeToken": "x", "lastSeq": 0}}
    async with calling(service.socket_url) as caller:
        await caller.send("start", **start)
        error = await caller.refused(4410, within_s=SOON_S)

    assert "conversation_unknown" == error["code"]


@in_company
@in_one_loop
@pytest.mark.parametrize(
    "message",
    [bytes(1_000_000), "x" * 1_000_000, ["x" * 10] * 10_000],
    ids=["binary", "text", "10,000 fragments"],
)
async def test_a_message_of_a_megabyte_is_too_big(
    service: Service, message: bytes | str | Sequence[str]
) -> None:
    resident = psutil.Process(service.process.pid).memory_info().rss
    async with calling(service.socket_url) as caller:
        with suppress(ConnectionClosed):
            await caller.socket.send(message)
        # Whoever is still sending when the connection closes may lose the close frame to TCP's reset.
        assert (await caller.closed(SOON_S))[0] in ({1009, 1006} if isinstance(message, list) else {1009})

    assert psutil.Process(service.process.pid).memory_info().rss - resident < 8_000_000


@in_company
@in_one_loop
async def test_more_messages_than_a_person_can_cause_end_the_session(service: Service) -> None:
    async with calling(service.socket_url) as caller:
        await caller.start()
        with suppress(ConnectionClosed):
            for number in range(1_000):
                await caller.send("ping", id=number)
        error = await caller.refused(4429, within_s=SOON_S)

    assert "too_fast" == error["code"]
    assert len(caller.of("pong")) < 100


@in_company
@in_one_loop
async def test_audio_at_ten_times_its_pace_ends_the_session_after_ten_seconds(service: Service) -> None:
    resident = psutil.Process(service.process.pid).memory_info().rss
    async with asyncio.TaskGroup() as flooders:
        for subprotocol in (BINARY, ALL_JSON):
            flooders.create_task(_flood(service, subprotocol))
    assert psutil.Process(service.process.pid).memory_info().rss - resident < 8_000_000


async def _flood(service: Service, subprotocol: str) -> None:
    loop = asyncio.get_running_loop()
    async with calling(service.socket_url, subprotocol) as caller:
        await caller.start()
        began_at = loop.time()
        frame = tone(FRAME_S)
        with suppress(ConnectionClosed):
            async with asyncio.timeout(30.0):
                while True:
                    for _ in range(10):
                        await caller.send_frame(frame)
                    await asyncio.sleep(FRAME_S)
        error = await caller.refused(4429, within_s=SOON_S)
        lasted_s = loop.time() - began_at

    assert "too_fast" == error["code"]
    assert "1.25" in error["message"]
    assert 9.5 < lasted_s < 20.0


async def test_a_long_reply_reaches_a_client_that_reads(emulator: Emulator, service: Service) -> None:
    """The model sends half a minute in no time; that alone must not look like a slow client."""
    emulator.play('[[turn]]\nheard = "go on"\n[[turn.step]]\nsay = "A long story."\naudio_s = 30.0\n')
    for subprotocol in (BINARY, ALL_JSON):
        async with calling(service.socket_url, subprotocol) as caller:
            await caller.start()
            await caller.send("text", text="Tell me everything.")
            await eventually(
                lambda caller=caller: len(caller.audio(1)),  # type: ignore[misc] # mypy cannot infer a default's type
                lambda length: length == 30 * 48_000,
            )
            await caller.send("interrupt")
            await caller.end()
            assert [] == caller.of("error")


async def test_a_client_that_does_not_read_ends_alone(emulator: Emulator, service: Service) -> None:
    def too_slow() -> list[dict[str, Any]]:
        return [line for line in service.lines("session ended") if line["close_code"] == 4429]

    known = len(too_slow())
    async with talking_on(service.socket_url) as other:
        emulator.play(
            '[[turn]]\nheard = "go on"\n[[turn.step]]\nsay = "A very long story."\naudio_s = 240.0\n'
        )
        slow = await connect(
            service.socket_url,
            subprotocols=[Subprotocol(BINARY)],
            compression=None,
            max_queue=1,
            ping_interval=None,
        )
        await slow.send('{"type":"text","text":"Tell me everything."}')
        ended = (await eventually(too_slow, lambda lines: len(lines) > known))[-1]
        await assert_goes_on(other)
        slow.transport.abort()

    assert ended["duration_ms"] < 10_000


async def test_a_client_that_is_stopped_ends_alone(emulator: Emulator, services: Serve) -> None:
    """A stopped process keeps its connection open and answers no ping."""
    emulator.play("long-reply")
    open_before = emulator.status()["openStreams"]
    service = services(VOICE_PING_INTERVAL_S=0.5, VOICE_PING_TIMEOUT_S=0.5)
    command = [
        sys.executable,
        "-m",
        "talk",
        "--url",
        service.socket_url,
        "--text",
        "Tell me a story.",
        "--out",
    ]
    with subprocess.Popen(  # noqa: ASYNC220 - starting it blocks no longer than anything else here
        [*command, str(service.log.with_suffix(".wav"))],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env=environment(),
    ) as client:
        try:
            await eventually(lambda: service.get("/health/ready")[1]["sessions"], lambda count: count == 1)
            client.send_signal(signal.SIGSTOP)
            await eventually(lambda: service.get("/health/ready")[1]["sessions"], lambda count: count == 0)
        finally:
            client.kill()

    (ended,) = service.lines("session ended")
    assert ended["duration_ms"] < 15_000
    await eventually(lambda: emulator.status()["openStreams"], lambda count: count == open_before)


async def test_clients_that_leave_in_every_rude_way_leave_nothing_behind(
    emulator: Emulator, service: Service
) -> None:
    async with talking_on(service.socket_url) as other:
        before = emulator.status()["openStreams"]
        for rudely in ("reset", "half close", "strange code"):
            client = await connect(service.socket_url, subprotocols=[Subprotocol(BINARY)])
            await client.send('{"type":"start"}')
            while '"listening"' not in str(await client.recv()):
                pass
            await client.send('{"type":"text","text":"And you?"}')
            match rudely:
                case "reset":
                    client.transport.get_extra_info("socket").setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                    )
                    client.transport.abort()
                case "half close":
                    client.transport.write_eof()
                case _:
                    await client.close(4_999, "x" * 120)
        await eventually(lambda: emulator.status()["openStreams"], lambda count: count == before)
        await assert_goes_on(other)


async def assert_goes_on(other: Caller) -> None:
    await assert_talks_on(other, len(other.of("turn")))


# Before there is a session


HANDSHAKES: Final[Mapping[str, tuple[int, str, str, Mapping[str, Any]]]] = {
    "a query string": (400, "query_string", "?token=secret", {}),
    "a foreign page": (403, "forbidden_origin", "", {"origin": Origin("https://evil.example")}),
    "a page of no origin": (403, "forbidden_origin", "", {"origin": Origin("null")}),
    "an unknown subprotocol": (400, "unknown_subprotocol", "", {"subprotocols": [Subprotocol("voice.v9")]}),
    "another name for this machine": (
        403,
        "forbidden_host",
        "",
        {"additional_headers": {"Host": "rebound.example"}},
    ),
}


@pytest.mark.parametrize("name", HANDSHAKES)
async def test_a_handshake_that_cannot_be_is_refused_with_a_problem(service: Service, name: str) -> None:
    status, code, suffix, options = HANDSHAKES[name]
    if "additional_headers" in options:
        answer = await asyncio.to_thread(_upgrade, service, "rebound.example")
        assert answer.startswith(b"HTTP/1.1 403")
        assert code.encode() in answer
        return
    with pytest.raises(InvalidStatus) as refused:
        await connect(service.socket_url + suffix, **options)

    response = refused.value.response
    problem = json.loads(response.body or b"")
    assert status == response.status_code
    assert "application/problem+json" == response.headers["Content-Type"]
    assert code in problem["type"] or code == problem.get("code")
    assert "secret" not in service.text


def _upgrade(service: Service, host: str) -> bytes:
    """An upgrade request for this host name, as a page of that name would cause it."""
    port = int(service.url.rpartition(":")[2])
    lines = [
        "GET /ws HTTP/1.1",
        f"Host: {host}",
        f"Origin: http://{host}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    with socket.create_connection(("127.0.0.1", port), timeout=END_S) as client:
        client.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = b""
        while b"}" not in answer and (chunk := client.recv(4_096)):
            answer += chunk
        return answer


async def test_one_session_too_many_is_refused_with_its_reason(emulator: Emulator, services: Serve) -> None:
    service = services(VOICE_MAX_SESSIONS=2)
    open_before = emulator.status()["openStreams"]
    async with calling(service.socket_url) as first, calling(service.socket_url) as second:
        await first.start()
        await second.start()
        with pytest.raises(InvalidStatus) as refused:
            await connect(service.socket_url)
        response = refused.value.response
        assert (503, "5") == (response.status_code, response.headers["Retry-After"])
        assert "All places are taken" in json.loads(response.body or b"")["detail"]
        assert "completed" == (await first.ask())["outcome"]
        await first.end()
        await eventually(lambda: service.get("/health/ready")[1]["sessions"], lambda count: count == 1)
        async with calling(service.socket_url) as third:
            await third.start()
            await third.end()
        assert "completed" == (await second.ask())["outcome"]
        await second.end()
    await eventually(lambda: emulator.status()["openStreams"], lambda count: count == open_before)


async def test_a_client_that_says_nothing_is_let_go(emulator: Emulator, services: Serve) -> None:
    opened = emulator.status()["counters"]["streams_opened"]
    async with calling(services(VOICE_START_TIMEOUT_S=1).socket_url) as caller:
        error = await caller.refused(4408)

    assert "start_timeout" == error["code"]
    assert opened == emulator.status()["counters"]["streams_opened"]


def test_a_request_that_is_no_upgrade_is_told_so(service: Service) -> None:
    status, problem = service.get("/nothing")
    assert (404, 404) == (status, problem["status"])


# Command lines


def _run(module: str, *arguments: str, **settings: object) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=environment(**settings),  # type: ignore[arg-type] # no setting is called `emulator`
        capture_output=True,
        text=True,
        timeout=60.0,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("scenario", "says"),
    [
        ('[[turn]]\nherd = "hello"\n', "unknown key 'herd'; did you mean 'heard'?"),
        ("[[turn]\n", "line 1"),
        ("[[turn]]\n[[turn.step]]\nsay = 5\n", "say cannot be 5"),
        ('[[fault]]\nkind = "throtling"\n', "did you mean 'throttling'?"),
    ],
)
def test_a_scenario_with_a_typing_error_is_one_sentence(tmp_path: Path, scenario: str, says: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(scenario)
    arguments = ("--port", "0", "--control-port", "0", "--state-dir", str(tmp_path))
    code, printed, said = _run("emulators.nova_sonic", "--scenario", str(file), *arguments)

    assert (2, "") == (code, printed)
    assert said.startswith("emulator: ")
    assert 1 == said.count("\n")
    assert "mine" in said
    assert says in said


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"VOICE_AUTH": "none"}, "VOICE_AUTH"),
        ({"VOICE_AUTH_ISSUER": ""}, "VOICE_AUTH=cognito needs VOICE_AUTH_ISSUER"),
        ({"VOICE_MODEL_API": "converse"}, "invoke-model-with-bidirectional-stream only"),
        ({"VOICE_MODEL_ENDPOINT": "http://localhost:1"}, "no https address"),
        ({"VOICE_MODEL_CA_FILE": "/nowhere/ca.pem"}, "there is no file"),
        ({"VOICE_PAGE_DIR": "/nowhere"}, "there is no index.html"),
        ({"VOICE_VOICE": "amy"}, "VOICE_VOICE=amy does not speak en-US"),
        ({"VOICE_WATCHDOG_MS": "1500"}, "must be longer than VOICE_SILENCE_THRESHOLD_MS"),
        ({"VOICE_DRAIN_S": "30"}, "must be shorter than VOICE_STOP_TIMEOUT_S"),
        ({"VOICE_PORT": "99999"}, "VOICE_PORT"),
        ({"VOICE_MAX_SESIONS": "3"}, "did you mean VOICE_MAX_SESSIONS?"),
    ],
    ids=str,
)
def test_a_service_that_cannot_be_says_why_in_one_sentence(settings: dict[str, str], says: str) -> None:
    code, printed, said = _run("service", **settings)

    assert (2, "") == (code, printed)
    assert 1 == said.count("\n")
    assert says in said


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    speech = np.frombuffer(tone(0.5), dtype="<i2")
    stereo = np.repeat(speech, 3)[:, None].repeat(2, axis=1)
    soundfile.write(str(tmp_path / "stereo.wav"), stereo, 44_100, subtype="PCM_24")
    (tmp_path / "letter.wav").write_text("Dear assistant, this is no recording.")
    (tmp_path / "empty.wav").write_bytes(b"")
    soundfile.write(str(tmp_path / "nothing.wav"), speech[:0], 16_000)
    return tmp_path


def test_a_stereo_recording_of_another_rate_is_converted_and_answered(
    service: Service, recordings: Path
) -> None:
    out = recordings / "reply.wav"
    code, printed, said = _run(
        "talk", str(recordings / "stereo.wav"), "--url", service.socket_url, "--out", str(out)
    )

    assert (0, "") == (code, said)
    assert "2 channels mixed to one, 44100 Hz converted to 16000 Hz" in printed
    assert "first question" in printed
    samples, rate_hz = soundfile.read(str(out))
    assert (24_000, 7_200) == (rate_hz, len(samples))
    assert abs(samples).max() > 0.1


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("letter.wav", "cannot be read as sound"),
        ("empty.wav", "cannot be read as sound"),
        ("nothing.wav", "holds no sound"),
        ("missing.wav", "does not exist"),
        ("", "is a folder"),
    ],
)
def test_what_is_no_recording_is_refused_by_name(
    service: Service, recordings: Path, name: str, says: str
) -> None:
    code, printed, said = _run("talk", str(recordings / name), "--url", service.socket_url)

    assert (2, "") == (code, printed)
    assert said.startswith(f"talk: {recordings / name}".rstrip("/"))
    assert says in said


def test_a_service_that_is_not_there_is_named_with_its_remedy(recordings: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code, _, said = _run("talk", str(recordings / "stereo.wav"), "--url", f"http://127.0.0.1:{port}")

    assert 1 == code
    assert f"127.0.0.1:{port}" in said
    assert "make run" in said
