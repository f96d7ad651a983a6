"""What a client sees byte by byte, from a real emulator in another process."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from aws_sdk_signers import AWSCredentialIdentity
from smithy_aws_event_stream.exceptions import ChecksumMismatch, InvalidEventBytes

from tests.emulators.nova_sonic.emulator_process import EmulatorProcess, running_emulator
from tests.emulators.nova_sonic.raw_client import (
    GOOD,
    MODEL_PATH,
    ChunkSigner,
    Outcome,
    RawClient,
    signed_headers,
)
from tests.emulators.nova_sonic.speech_events import SILENCE, SPEECH, Event, event, opening

pytestmark = pytest.mark.process

SESSION_START = next(opening())


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatorProcess]:
    with running_emulator(tmp_path_factory.mktemp("state")) as emulator:
        yield emulator


@pytest.fixture
def emulator(process: EmulatorProcess) -> Iterator[EmulatorProcess]:
    yield process
    process.control("DELETE", "/faults")
    process.control("POST", "/quota", {"streams": 20})


class Talk:
    """One stream of a raw client, with its chunks signed."""

    def __init__(self, client: RawClient) -> None:
        self.client = client
        self.headers = signed_headers(client.port)
        self.signer = ChunkSigner(self.headers)
        self.stream_id = client.open(self.headers)

    @property
    def outcome(self) -> Outcome:
        return self.client.outcomes[self.stream_id]

    @property
    def status(self) -> int | None:
        return self.outcome.status

    async def send(self, *events: Event) -> None:
        for document in events:
            self.client.send(self.stream_id, await self.signer.frame(document))

    async def over(self) -> Outcome:
        return await self.client.until_over(self.stream_id)

    async def accepted(self) -> None:
        await self.client.until(lambda: self.outcome.status is not None)


type Connect = Callable[[], Awaitable[RawClient]]


@pytest.fixture
async def connect(emulator: EmulatorProcess) -> AsyncIterator[Connect]:
    """Open connections that are closed in the end, however the test went."""
    clients: list[RawClient] = []

    async def make() -> RawClient:
        clients.append(await RawClient.connect(emulator.port, emulator.ca))
        return clients[-1]

    yield make
    for client in clients:
        await client.close()


async def round_trip(client: RawClient) -> None:
    """Give the emulator time to do everything it would have done by now."""
    other = client.open({}, path="/nothing")
    await client.until_over(other)


async def test_headers_come_after_the_first_event_and_not_before(connect: Connect) -> None:
    client = await connect()
    talk = Talk(client)
    await round_trip(client)
    assert talk.status is None

    await talk.send(SESSION_START)
    await talk.accepted()

    assert 200 == talk.outcome.status
    assert "application/vnd.amazon.eventstream" == talk.outcome.headers["content-type"]
    assert talk.outcome.headers["x-amzn-requestid"]
    assert not talk.outcome.body


async def test_a_frame_may_come_byte_by_byte(connect: Connect) -> None:
    client = await connect()
    talk = Talk(client)
    for byte in await talk.signer.frame(SESSION_START):
        client.send(talk.stream_id, bytes((byte,)))
    await talk.accepted()

    assert 200 == talk.outcome.status


async def test_a_wrong_chunk_signature_before_the_headers_is_forbidden(connect: Connect) -> None:
    client = await connect()
    talk = Talk(client)
    talk.signer.identity = AWSCredentialIdentity(access_key_id=GOOD.access_key_id, secret_access_key="no")
    await talk.send(SESSION_START)
    outcome = await talk.over()

    assert 403 == outcome.status
    assert "InvalidSignatureException" == outcome.headers["x-amzn-errortype"]


async def test_credentials_that_rotate_inside_a_stream_end_it(connect: Connect) -> None:
    client = await connect()
    talk = Talk(client)
    await talk.send(SESSION_START)
    await talk.accepted()
    talk.signer.identity = AWSCredentialIdentity(access_key_id="AKIDNEW", secret_access_key="rotated")
    await talk.send(event("sessionEnd"))
    outcome = await talk.over()

    (last,) = outcome.events()
    assert "validationException" == last.message.headers[":exception-type"]
    assert "request signature we calculated does not match" in json.loads(last.message.payload)["message"]


async def test_the_signed_empty_frame_ends_the_input(connect: Connect) -> None:
    client = await connect()
    talk = Talk(client)
    await talk.send(SESSION_START, event("sessionEnd"))
    client.send(talk.stream_id, await talk.signer.last_frame(), end=True)

    assert (await talk.over()).ended


async def test_an_old_sdk_that_only_ends_the_stream_is_understood(connect: Connect) -> None:
    client = await connect()
    talk = Talk(client)
    await talk.send(SESSION_START, event("sessionEnd"))
    client.send(talk.stream_id, b"", end=True)

    assert (await talk.over()).ended


@pytest.mark.parametrize(
    ("path", "status", "exception"),
    [
        ("/model/amazon.nova-9-sonic/invoke-with-bidirectional-stream", 400, "ValidationException"),
        ("/model/amazon.nova-2-sonic-v1%3A0/invoke", 404, "UnknownOperationException"),
    ],
)
async def test_an_unknown_model_or_operation_is_refused(
    emulator: EmulatorProcess, connect: Connect, path: str, status: int, exception: str
) -> None:
    client = await connect()
    stream_id = client.open(signed_headers(emulator.port, path=path), path=path)
    outcome = await client.until_over(stream_id)

    assert (status, exception) == (outcome.status, outcome.headers["x-amzn-errortype"])
    assert json.loads(outcome.body)["message"]


async def test_the_trailing_question_mark_of_the_sdk_is_served(
    emulator: EmulatorProcess, connect: Connect
) -> None:
    client = await connect()
    headers = signed_headers(emulator.port)
    stream_id = client.open(headers, path=f"{MODEL_PATH}?")
    client.send(stream_id, await ChunkSigner(headers).frame(SESSION_START))
    await client.until(lambda: client.outcomes[stream_id].status == 200)


async def test_an_old_signature_is_refused(emulator: EmulatorProcess, connect: Connect) -> None:
    client = await connect()
    date = f"{datetime.now(UTC) - timedelta(minutes=10):%Y%m%dT%H%M%SZ}"
    outcome = await client.until_over(client.open(signed_headers(emulator.port, date=date)))

    assert 403 == outcome.status
    assert "Signature expired" in json.loads(outcome.body)["message"]


async def test_the_quota_counts_streams_of_the_account(emulator: EmulatorProcess, connect: Connect) -> None:
    emulator.control("POST", "/quota", {"streams": 1})
    first, second = await connect(), await connect()
    talk = Talk(first)
    await talk.send(SESSION_START)
    await talk.accepted()
    refused = await Talk(second).over()
    assert (429, "ThrottlingException") == (refused.status, refused.headers["x-amzn-errortype"])
    assert "retry-after" not in refused.headers

    await first.close()
    for _ in range(100):
        if not emulator.control("GET", "/status")["openStreams"]:
            break
    again = Talk(second)
    await again.send(SESSION_START)
    await again.accepted()
    assert 200 == again.outcome.status


async def test_a_frame_with_a_wrong_checksum_ends_the_stream(connect: Connect) -> None:
    client = await connect()
    talk = Talk(client)
    frame = await talk.signer.frame(SESSION_START)
    client.send(talk.stream_id, frame[:-1] + bytes((frame[-1] ^ 1,)))
    (last,) = (await talk.over()).events()

    assert "validationException" == last.message.headers[":exception-type"]


async def test_a_reset_of_the_client_ends_its_stream_only(connect: Connect) -> None:
    client = await connect()
    mine, other = Talk(client), Talk(client)
    await mine.send(SESSION_START)
    await other.send(SESSION_START)
    await mine.accepted()
    client.reset(mine.stream_id)
    await other.send(event("sessionEnd"))

    assert (await other.over()).reset_code is None


async def test_a_client_that_says_goodbye_may_finish_its_streams(connect: Connect) -> None:
    """The SDK for JavaScript sends GOAWAY as soon as its stream is open."""
    client = await connect()
    talk = Talk(client)
    await talk.send(SESSION_START)
    await talk.accepted()
    client.say_goodbye()
    await talk.send(event("sessionEnd"))

    assert (await talk.over()).ended
    client.send(talk.stream_id, b"", end=True)
    await client.until(lambda: client.lost)


async def test_silence_from_the_open_has_no_headers(emulator: EmulatorProcess, connect: Connect) -> None:
    emulator.arm(kind="silence")
    client = await connect()
    talk = Talk(client)
    await talk.send(*opening())
    await round_trip(client)

    assert (None, False) == (talk.status, talk.outcome.over)


async def test_the_stream_limit_is_announced(emulator: EmulatorProcess, connect: Connect) -> None:
    client = await connect()
    await round_trip(client)
    assert 100 == client.server_settings[3]

    emulator.arm(kind="limit-streams")
    client = await connect()
    await round_trip(client)
    assert 1 == client.server_settings[3]


@pytest.mark.parametrize(("code", "number"), [("NO_ERROR", 0), ("INTERNAL_ERROR", 2), ("REFUSED_STREAM", 7)])
async def test_a_reset_before_the_headers(
    emulator: EmulatorProcess, connect: Connect, code: str, number: int
) -> None:
    emulator.arm(kind="reset", code=code)
    client = await connect()
    outcome = await Talk(client).over()

    assert (None, number) == (outcome.status, outcome.reset_code)


async def test_a_reset_inside_the_stream(emulator: EmulatorProcess, connect: Connect) -> None:
    emulator.arm(kind="reset", code="CANCEL", on_input="promptStart")
    client = await connect()
    talk = Talk(client)
    await talk.send(*list(opening())[:2])
    outcome = await talk.over()

    assert (200, 8) == (outcome.status, outcome.reset_code)


async def test_a_goaway_lets_open_streams_finish(emulator: EmulatorProcess, connect: Connect) -> None:
    client = await connect()
    talk = Talk(client)
    await talk.send(SESSION_START)
    await talk.accepted()
    emulator.arm(kind="goaway", at="now")
    await client.until(lambda: client.goaway_code is not None)
    assert 0 == client.goaway_code
    assert 7 == (await Talk(client).over()).reset_code

    await talk.send(event("sessionEnd"))
    assert (await talk.over()).ended


async def test_an_end_without_exception(emulator: EmulatorProcess, connect: Connect) -> None:
    emulator.arm(kind="end", on_input="promptStart")
    client = await connect()
    talk = Talk(client)
    await talk.send(*list(opening())[:2])
    outcome = await talk.over()

    assert outcome.ended
    assert [] == outcome.events()


async def test_a_connection_that_is_aborted(emulator: EmulatorProcess, connect: Connect) -> None:
    emulator.arm(kind="abort")
    client = await connect()

    assert (await Talk(client).over()).connection_lost


async def test_a_connection_cut_inside_a_frame(emulator: EmulatorProcess, connect: Connect) -> None:
    emulator.arm(kind="cut", on_input="promptStart")
    client = await connect()
    talk = Talk(client)
    await talk.send(*list(opening())[:2])
    outcome = await talk.over()

    assert outcome.connection_lost
    assert 200 == outcome.status


async def test_a_wrong_checksum_of_ours(emulator: EmulatorProcess, connect: Connect) -> None:
    emulator.arm(kind="bad-checksum", on_input="promptStart")
    client = await connect()
    talk = Talk(client)
    await talk.send(*list(opening())[:2])
    await client.until(lambda: talk.outcome.body)

    with pytest.raises(ChecksumMismatch):
        talk.outcome.events()


async def test_bytes_that_are_no_frame(emulator: EmulatorProcess, connect: Connect) -> None:
    emulator.arm(kind="garbage", size_bytes=40, on_input="promptStart")
    client = await connect()
    talk = Talk(client)
    await talk.send(*list(opening())[:2])
    await client.until(lambda: talk.outcome.body)

    assert b"\xa5" * 40 == bytes(talk.outcome.body)
    with pytest.raises((ChecksumMismatch, InvalidEventBytes)):
        talk.outcome.events()


async def test_late_headers_hold_back_everything_behind_them(
    emulator: EmulatorProcess, connect: Connect
) -> None:
    emulator.arm(kind="late-headers", seconds=0.3)
    emulator.arm(kind="model-timeout", on_input="promptStart")
    client = await connect()
    talk = Talk(client)
    started = asyncio.get_running_loop().time()
    await talk.send(*list(opening())[:2])
    outcome = await talk.over()

    assert asyncio.get_running_loop().time() - started >= 0.25
    assert 200 == outcome.status
    assert "modelTimeoutException" == outcome.events()[0].message.headers[":exception-type"]


async def test_headers_that_never_come(emulator: EmulatorProcess, connect: Connect) -> None:
    emulator.arm(kind="never-headers")
    client = await connect()
    talk = Talk(client)
    await talk.send(*opening())
    await round_trip(client)

    assert talk.status is None


async def test_silence_takes_everything_and_answers_nothing(
    emulator: EmulatorProcess, connect: Connect
) -> None:
    emulator.arm(kind="silence", on_input="promptStart")
    client = await connect()
    talk = Talk(client)
    await talk.send(*opening())
    for _ in range(8):  # more than a stream's window, which must open again and again
        await round_trip(client)
        await talk.send(*[SPEECH] * 100)
    await round_trip(client)

    assert (200, b"", False) == (talk.outcome.status, bytes(talk.outcome.body), talk.outcome.over)


async def test_one_byte_a_second(emulator: EmulatorProcess, connect: Connect) -> None:
    emulator.arm(kind="trickle", on_input="sessionStart")
    emulator.arm(kind="validation", on_input="promptStart")
    client = await connect()
    talk = Talk(client)
    await talk.send(*list(opening())[:2])
    await client.until(lambda: talk.outcome.body)

    assert 1 == len(talk.outcome.body)


async def test_a_fault_after_some_seconds(emulator: EmulatorProcess, connect: Connect) -> None:
    emulator.arm(kind="internal-server", after_s=0.2)
    client = await connect()
    talk = Talk(client)
    await talk.send(SESSION_START)
    (last,) = (await talk.over()).events()

    assert "internalServerException" == last.message.headers[":exception-type"]


async def test_a_fault_that_happens_now(emulator: EmulatorProcess, connect: Connect) -> None:
    client = await connect()
    talk = Talk(client)
    await talk.send(SESSION_START)
    await talk.accepted()
    emulator.arm(kind="reset", at="now")

    assert 2 == (await talk.over()).reset_code


async def test_the_first_audio_may_never_leave(emulator: EmulatorProcess, connect: Connect) -> None:
    emulator.arm(kind="unknown-exception", name="fooException", on_output="audioOutput")
    client = await connect()
    talk = Talk(client)
    await talk.send(*opening())
    for frame in [SPEECH] * 25 + [SILENCE] * 60:
        await talk.send(frame)
        await asyncio.sleep(0.01)  # speech must look alive: this is the pace of the test, not a wait
    outcome = await talk.over()

    assert "audioOutput" not in outcome.kinds()
    assert "fooException" == outcome.events()[-1].message.headers[":exception-type"]


async def test_a_client_that_reads_slowly_is_waited_for(emulator: EmulatorProcess) -> None:
    emulator.arm(kind="validation", message="x" * 300, on_input="sessionStart")
    client = await RawClient.connect(emulator.port, emulator.ca, window_bytes=100)
    talk = Talk(client)
    await talk.send(SESSION_START)
    await client.until(lambda: 100 == len(talk.outcome.body))  # one more byte would break h2's rules
    client.read_on(talk.stream_id, 50)
    await client.until(lambda: 150 == len(talk.outcome.body))
    client.read_on(talk.stream_id, 1000)
    (last,) = (await talk.over()).events()
    assert "x" * 300 == json.loads(last.message.payload)["message"]
    await client.close()


async def test_a_fault_on_an_output_event_takes_its_place(
    emulator: EmulatorProcess, connect: Connect
) -> None:
    emulator.arm(kind="garbage", size_bytes=40, on_output="any")
    emulator.arm(kind="end", on_output="audioOutput")
    client = await connect()
    talk = Talk(client)
    await talk.send(*opening())
    for frame in [SPEECH] * 25 + [SILENCE] * 60:
        await talk.send(frame)
        await asyncio.sleep(0.01)  # the pace of live speech, not a wait
    outcome = await talk.over()
    assert b"\xa5" * 40 == bytes(outcome.body[:40])

    del outcome.body[:40]
    assert "completionStart" == outcome.kinds()[0], "the first event was userSpeechStart"


async def test_a_client_without_h2_is_told(emulator: EmulatorProcess) -> None:
    context = ssl.create_default_context(cafile=emulator.ca)
    reader, writer = await asyncio.open_connection("localhost", emulator.port, ssl=context)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()

    assert answer.startswith(b"HTTP/1.1 505 ")
