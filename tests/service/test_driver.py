"""The driver performs what a session wants, in order, and keeps one session's trouble to itself."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from service.auth.ports import Grant, NotAuthenticatedError
from service.driver import Driver
from service.errors import CloseCode, ErrorCode, ModelFailure, ModelFailureKind
from service.holder import Holder
from service.metrics.counters import Counters
from service.metrics.sessions import SessionRecord
from service.policies.pressure import Level, Pressure
from service.session.effects import (
    CloseClient,
    CloseStream,
    Effect,
    OpenStream,
    RedeemTicket,
    RunTool,
    SendAudio,
    SendToClient,
    SendToModel,
)
from service.session.events import (
    AudioSent,
    ClientFault,
    ClientGone,
    DrainRequested,
    Event,
    ModelEvent,
    Refusal,
    SignInRefused,
    SignInRenewed,
    SignInRevoked,
    StreamAccepted,
    StreamClosed,
    StreamOpened,
    ToolFinished,
)
from service.surroundings import Surroundings
from service.tools.current_time import CurrentTime
from service.tools.registry import Registry
from service.wire.client import FRAME_HEADER, Audio, Auth, End, Interrupt, Start, Text
from service.wire.server import Pong
from service.wire.sonic_input import AudioBlock, AudioInput, SessionEnd, SessionStart
from service.wire.subprotocol import Subprotocol
from tests.service import fake_sign_in
from tests.service.fake_model import FakeModel

NOW = 100.0


@dataclass(slots=True)
class ScriptedSession:
    """Remembers what it was told and answers from a table of effects by type of event."""

    answers: dict[type, Sequence[Effect] | Exception] = field(default_factory=dict)
    heard: list[Event] = field(default_factory=list)
    deadline: float | None = NOW + 3_600.0
    ticks: list[float] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    lane: None = None

    def receive(self, event: Event, now: float) -> Sequence[Effect]:
        assert NOW == now
        self.heard.append(event)
        if isinstance(event, ClientGone):
            self.deadline = None
        self.changed.set()
        answer = self.answers.get(type(event), ())
        if isinstance(answer, Exception):
            raise answer
        return answer

    def can_resume(self, token: str, last_seq: int) -> bool:
        return (token, last_seq) == ("mine", 3)

    def tick(self, now: float) -> Sequence[Effect]:
        self.ticks.append(now)
        self.deadline = None
        self.changed.set()
        return ()

    async def until_heard(self, kind: type) -> Any:
        while not (found := [event for event in self.heard if isinstance(event, kind)]):
            self.changed.clear()
            await self.changed.wait()
        return found[-1]


@dataclass(slots=True)
class RememberingConnection:
    """A client's connection that keeps what it was given."""

    sent: list[bytes | str] = field(default_factory=list)
    closed: tuple[int, str] | None = None
    watch_s: float = 0.0
    """What the stopwatch shows."""
    takes_s: float = 0.0

    def send(self, message: bytes | str) -> None:
        self.watch_s += self.takes_s
        self.sent.append(message)

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)


@dataclass(slots=True, kw_only=True)
class Scene:
    session: ScriptedSession
    connection: RememberingConnection
    model: FakeModel
    counters: Counters
    tasks: asyncio.TaskGroup
    pressure: Pressure = field(default_factory=Pressure)
    grant: Grant = field(default_factory=lambda: fake_sign_in.grant(expires_at=fake_sign_in.NOW + 60))

    def begin(self, *, subprotocol: Subprotocol = Subprotocol.JSON) -> Driver:
        return Driver(
            session=self.session,
            connection=self.connection,
            subprotocol=subprotocol,
            record=SessionRecord(session_id="s-1", subprotocol="x", began_at=NOW, counters=self.counters),
            surroundings=Surroundings(
                model=self.model,
                tools=Registry([CurrentTime()], timeout_s=1.0, report=lambda _name, _error: None),
                clock=lambda: NOW,
                close_timeout_s=1.0,
                stopwatch=lambda: self.connection.watch_s,
                pressure=self.pressure,
            ),
            holder=Holder(
                self.grant, redeem=self.redeem, clock=lambda: NOW, wall_clock=lambda: fake_sign_in.NOW
            ),
            tasks=self.tasks,
        )

    async def redeem(self, ticket: str) -> Grant:
        """A ticket names its user and when the sign-in expires; anything else is no ticket."""
        user, _, expires_at = ticket.partition(":")
        if user == "broken":
            raise RuntimeError("the store is down")
        if not expires_at:
            raise NotAuthenticatedError("no such ticket")
        return fake_sign_in.grant(user, expires_at=float(expires_at))


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with asyncio.TaskGroup() as tasks:
        yield Scene(
            session=ScriptedSession(),
            connection=RememberingConnection(),
            model=FakeModel(),
            counters=Counters(),
            tasks=tasks,
        )


async def test_a_text_message_reaches_the_session_decoded(scene: Scene) -> None:
    driver = scene.begin()
    driver.on_text('{"type":"text","text":"hi"}')

    assert [Text(text="hi")] == scene.session.heard


async def test_a_broken_message_reaches_the_session_as_a_fault(scene: Scene) -> None:
    driver = scene.begin()
    driver.on_text("hello")
    driver.on_binary(b"\0")

    faults = [(fault.code, fault.error) for fault in scene.session.heard if isinstance(fault, ClientFault)]
    assert [(CloseCode.PROTOCOL, ErrorCode.PROTOCOL_ERROR)] * 2 == faults


async def test_a_slow_client_reaches_the_session_as_a_fault(scene: Scene) -> None:
    scene.begin().on_too_slow()

    (fault,) = scene.session.heard
    assert isinstance(fault, ClientFault)
    assert ErrorCode.TOO_SLOW is fault.error


async def test_messages_and_audio_go_out_in_order(scene: Scene) -> None:
    scene.session.answers[End] = [
        SendToClient(message=Pong(seq=1, id=7)),
        SendAudio(response_id=1, position=0, pcm=b"\1\2"),
        CloseClient(code=CloseCode.DONE, reason="bye"),
    ]
    scene.begin(subprotocol=Subprotocol.BINARY).on_text('{"type":"end"}')

    pong, audio = scene.connection.sent
    assert {"type": "pong", "seq": 1, "id": 7} == json.loads(pong)
    assert isinstance(audio, bytes)
    assert audio.endswith(b"\1\2")
    assert (1000, "bye") == scene.connection.closed


async def test_what_frames_and_replies_take_on_their_way_through_is_told_to_the_session(scene: Scene) -> None:
    connection = scene.connection
    scene.session.answers = {
        End: [OpenStream(stream_id=1)],
        # Something that takes 40 ms lies between a frame and its end here.
        Audio: [SendToClient(message=Pong(seq=1, id=7))],
        ModelEvent: [SendAudio(response_id=1, position=0, pcm=bytes(2))],
    }
    driver = scene.begin(subprotocol=Subprotocol.BINARY)
    driver.on_text('{"type":"end"}')
    await scene.session.until_heard(StreamOpened)
    connection.takes_s = 0.04
    for sequence in range(64):  # one frame in so many is measured
        driver.on_binary(FRAME_HEADER.pack(1, 1, 0, sequence, 0.0) + bytes(64))
    connection.takes_s = 0.055
    scene.model.stream.say("completionEnd")
    sent = await scene.session.until_heard(AudioSent)

    assert pytest.approx(0.04) == sent.taken_s
    assert pytest.approx(0.055) == sent.handled_s
    await driver.finish(1000)


async def test_a_stream_is_opened_fed_and_closed(scene: Scene) -> None:
    scene.session.answers[End] = [OpenStream(stream_id=1)]
    scene.session.answers[StreamOpened] = [SendToModel(stream_id=1, event=SessionStart())]
    scene.session.answers[StreamAccepted] = [
        SendToModel(stream_id=1, event=SessionEnd()),
        CloseStream(stream_id=1),
    ]
    scene.begin().on_text('{"type":"end"}')
    closed = await scene.session.until_heard(StreamClosed)

    assert StreamClosed(stream_id=1, failure=None) == closed
    assert ["sessionStart", "sessionEnd"] == scene.model.stream.names
    assert [End, StreamOpened, StreamAccepted, StreamClosed] == [type(event) for event in scene.session.heard]


async def test_what_the_model_says_reaches_the_session_under_the_number_of_its_stream(scene: Scene) -> None:
    scene.session.answers[End] = [OpenStream(stream_id=4)]
    driver = scene.begin()
    driver.on_text('{"type":"end"}')
    await scene.session.until_heard(StreamOpened)
    scene.model.stream.say("completionEnd")
    event = await scene.session.until_heard(ModelEvent)

    assert 4 == event.stream_id
    await driver.finish(1000)


async def test_a_stream_that_cannot_be_opened_is_closed_with_the_reason(scene: Scene) -> None:
    failure = ModelFailure(ModelFailureKind.UNREACHABLE, "nobody home")
    scene.model.refusals.append(failure)
    scene.session.answers[End] = [OpenStream(stream_id=1)]
    scene.begin().on_text('{"type":"end"}')

    assert failure is (await scene.session.until_heard(StreamClosed)).failure


async def test_closing_ends_an_opening_that_is_still_under_way(scene: Scene) -> None:
    scene.model.never_opens = True
    scene.session.answers[End] = [OpenStream(stream_id=1), CloseStream(stream_id=1)]
    scene.begin().on_text('{"type":"end"}')

    assert None is (await scene.session.until_heard(StreamClosed)).failure


async def test_a_send_to_a_stream_that_is_gone_is_dropped(scene: Scene) -> None:
    scene.session.answers[End] = [SendToModel(stream_id=9, event=SessionStart()), CloseStream(stream_id=9)]
    scene.begin().on_text('{"type":"end"}')

    assert None is scene.connection.closed


async def test_the_result_of_a_tool_comes_back_under_its_ids(scene: Scene) -> None:
    scene.session.answers[End] = [
        RunTool(stream_id=2, tool_use_id="u", name="current_time", arguments_json="{}"),
        RunTool(stream_id=2, tool_use_id="v", name="launch", arguments_json="{}"),
    ]
    scene.begin().on_text('{"type":"end"}')
    while 3 > len(scene.session.heard):
        scene.session.changed.clear()
        await scene.session.changed.wait()

    results = {event.tool_use_id: event for event in scene.session.heard if isinstance(event, ToolFinished)}
    assert (False, True) == (results["u"].failed, results["v"].failed)
    assert "UTC" == json.loads(results["u"].result_json)["timeZone"]


async def test_the_timer_ticks_at_the_deadline_and_not_before(scene: Scene) -> None:
    scene.session.deadline = NOW + 3_600.0
    driver = scene.begin()
    await asyncio.sleep(0)
    early = list(scene.session.ticks)
    scene.session.deadline = NOW
    driver.drain(1.0)
    while not scene.session.ticks:
        scene.session.changed.clear()
        await scene.session.changed.wait()

    assert ([], [NOW]) == (early, scene.session.ticks)


async def test_draining_is_passed_on(scene: Scene) -> None:
    scene.begin().drain(25.0)

    assert [DrainRequested(deadline_s=25.0)] == scene.session.heard


async def test_an_unexpected_exception_ends_this_session_alone_with_its_correlation_id(scene: Scene) -> None:
    scene.session.answers[Text] = [OpenStream(stream_id=1), SendToClient(message=Pong(seq=41, id=1))]
    scene.session.answers[End] = RuntimeError("a defect")
    driver = scene.begin()
    driver.on_text('{"type":"text","text":"hi"}')
    await scene.session.until_heard(StreamOpened)
    driver.on_text('{"type":"end"}')
    driver.on_text('{"type":"text","text":"still there?"}')

    error = json.loads(scene.connection.sent[-1])
    assert ("error", 42, "internal_error", "s-1") == tuple(
        error[name] for name in ("type", "seq", "code", "correlationId")
    )
    assert "a defect" not in scene.connection.sent[-1]
    assert (1011, "internal error") == scene.connection.closed
    assert isinstance(scene.session.heard[-1], End)
    await driver.finish(None)
    assert scene.model.stream.over.is_set()
    assert 1 == scene.counters.value("sessions_ended", "1011")


async def test_finishing_closes_streams_and_counts_the_session(scene: Scene) -> None:
    scene.session.answers[End] = [OpenStream(stream_id=1)]
    driver = scene.begin()
    driver.on_text('{"type":"end"}')
    await scene.session.until_heard(StreamOpened)
    await driver.finish(1001)

    assert any(isinstance(event, ClientGone) for event in scene.session.heard)
    assert scene.model.stream.over.is_set()
    assert 1 == scene.counters.value("sessions_ended", "1001")


@pytest.mark.parametrize(
    ("ticket", "answer"),
    [
        (f"alice:{fake_sign_in.NOW + 3_600}", SignInRenewed(expires_at=NOW + 3_600)),
        (f"alice:{fake_sign_in.NOW + 60}", SignInRefused(why=Refusal.NOT_LATER)),
        (f"bob:{fake_sign_in.NOW + 3_600}", SignInRefused(why=Refusal.OTHER_USER)),
        ("unknown", SignInRefused(why=Refusal.UNKNOWN)),
        ("broken", SignInRefused(why=Refusal.UNAVAILABLE)),
    ],
)
async def test_a_ticket_is_looked_at_and_its_sign_in_told(
    scene: Scene, ticket: str, answer: SignInRenewed | SignInRefused
) -> None:
    scene.session.answers[Auth] = (RedeemTicket(ticket=ticket),)
    driver = scene.begin()
    driver.on_text(json.dumps({"type": "auth", "ticket": ticket}))
    told = await scene.session.until_heard(type(answer))

    assert answer == told
    assert isinstance(answer, SignInRenewed) is (driver.grant is not scene.grant)


async def test_a_sign_in_that_was_taken_back_is_told(scene: Scene) -> None:
    scene.begin().revoke()

    assert [SignInRevoked()] == scene.session.heard


def test_a_ticket_is_in_no_text_that_could_be_logged() -> None:
    assert "secret" not in repr(RedeemTicket(ticket="secret")) + repr(Auth(ticket="secret"))


async def test_under_pressure_frames_go_two_at_a_time_and_nothing_overtakes_them(scene: Scene) -> None:
    block = AudioBlock(prompt="p", content="a")

    def heard(pcm: bytes, *, droppable: bool = True) -> SendToModel:
        return SendToModel(stream_id=1, event=AudioInput(block=block, pcm=pcm), droppable=droppable)

    scene.session.answers[Start] = [OpenStream(stream_id=1)]
    driver = scene.begin()
    driver.on_text('{"type":"start"}')
    await scene.session.until_heard(StreamOpened)
    said = {
        "calm": [heard(b"\x01\x00")],
        "busy": [heard(b"\x02\x00"), heard(b"\x03\x00"), heard(b"\x04\x00")],
        "silence": [heard(b"\x05\x00", droppable=False), heard(b"\x06\x00")],
        "end": [SendToModel(stream_id=1, event=SessionEnd())],
    }
    for what, effects in said.items():
        scene.pressure.level = Level.CALM if what == "calm" else Level.BUSY
        scene.session.answers[Interrupt] = effects
        driver.on_text('{"type":"interrupt"}')
    sent = [
        base64.b64decode(body["content"])[::2] if name == "audioInput" else name
        for name, body in scene.model.stream.sent
    ]
    await driver.finish(1000)

    assert [b"\x01", b"\x02\x03", b"\x04", b"\x05", b"\x06", "sessionEnd"] == sent
