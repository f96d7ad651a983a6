"""Every fault the emulator knows, at every moment it can happen: the session goes on or says clearly why it cannot.

The faults come from the emulator's own catalogue, so a new one cannot be forgotten: it fails here until `OUTCOMES` says
what must follow from it. Each fault happens to one stream. A second session talks on through all of them.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import nullcontext, suppress
from enum import Enum
from typing import Final

import pytest
import pytest_asyncio
from websockets.exceptions import ConnectionClosed

from emulators.nova_sonic.command_line import fault_table
from emulators.nova_sonic.fault_tables import KINDS, FaultError, parse_fault
from tests.e2e.caller import Caller, assert_talks_on, calling, talking_on, tone
from tests.e2e.conftest import Serve
from tests.e2e.processes import Emulator, Service

pytestmark = pytest.mark.process

# As short as they may be, so that a model that says nothing costs seconds here and not minutes.
IMPATIENT: Final[Mapping[str, object]] = {
    "VOICE_MODEL_ACCEPT_TIMEOUT_S": 1,
    "VOICE_MODEL_SEND_TIMEOUT_S": 2,
    "VOICE_MODEL_CLOSE_TIMEOUT_S": 1,
    "VOICE_REPLY_TIMEOUT_MS": 1_000,
    # A fault of a connection strikes the next one that is opened; so every stream has to open one.
    "VOICE_MODEL_SPARE_CONNECTIONS": 0,
}
DEADLINE_S: Final = 15.0
WORD: Final = tone(0.25)

STORY: Final = """
about = "An answer of two sentences, long enough that something can happen to it."
[[turn]]
heard = "tell me something"
[[turn.step]]
say = "This is the first sentence."
audio_s = 0.18
[[turn.step]]
say = "And this is the second."
audio_s = 0.18
"""

MOMENTS: Final[Mapping[str, str]] = {
    "open": "at=open",
    # While the user speaks: the fifth frame of audio.
    "listening": "on_input=audioInput nth=5",
    # The user has finished, the model has not begun: it is about to open its completion.
    "thinking": "on_output=completionStart nth=1",
    # The first sentence has been sent.
    "speaking": "on_output=audioOutput nth=4",
}


class Then(Enum):
    """What must follow."""

    UNNOTICED = "nothing: the turn is answered as if nothing had happened"
    ANSWERED = "the same turn is answered by another stream"
    NEXT_TURN = "the turn fails, the next one is answered"
    RECOVERED = "the turn fails or is answered by another stream, the next one is answered"
    REFUSED = "the client is told that the model refused, and the connection is closed with 1011"


def _of(open_: Then, listening: Then, thinking: Then, speaking: Then) -> Mapping[str, Then]:
    return dict(zip(MOMENTS, (open_, listening, thinking, speaking), strict=True))


# A stream that is lost before its reply sounds costs nothing: what was said is said again to the next one.
_LOST: Final = _of(Then.ANSWERED, Then.ANSWERED, Then.ANSWERED, Then.NEXT_TURN)
# AWS knows these before a stream only. Within one they are as good as lost: the next stream tells the truth.
_FATAL: Final = {**_LOST, "open": Then.REFUSED}
_NOTHING: Final = _of(Then.UNNOTICED, Then.UNNOTICED, Then.UNNOTICED, Then.UNNOTICED)

OUTCOMES: Final[Mapping[str, Mapping[str, Then]]] = {
    "access-denied": _FATAL,
    "resource-not-found": _FATAL,
    "internal-server": _LOST,
    "model-error": _LOST,
    "model-not-ready": _LOST,
    "model-stream-error": _LOST,
    "model-timeout": _LOST,
    "service-quota-exceeded": _LOST,
    "service-unavailable": _LOST,
    "throttling": _LOST,
    # With the text of a passing trouble; the other kind is tested below.
    "validation": _LOST,
    "unknown-exception": _LOST,
    "reset": _LOST,
    "cut": _LOST,
    # A reset overtakes what was sent before it: whether any of the reply arrives is chance.
    "abort": {**_LOST, "speaking": Then.RECOVERED},
    "end": _LOST,
    "bad-checksum": _LOST,
    "garbage": _LOST,
    "never-headers": _LOST,
    # The connection of a stream is its own, and goes on until the stream ends.
    "goaway": _NOTHING,
    "limit-streams": _NOTHING,
    # An event that nobody knows is passed over.
    "replace": _NOTHING,
    # 0.3 s, within what a new stream may take.
    "late-headers": _NOTHING,
    # Nobody can tell a model that says nothing from one that has nothing to say, until it owes an answer. At open
    # there are not even headers.
    "silence": _of(Then.ANSWERED, Then.ANSWERED, Then.ANSWERED, Then.NEXT_TURN),
    # Headers come at once.
    "trickle": _of(Then.ANSWERED, Then.ANSWERED, Then.ANSWERED, Then.NEXT_TURN),
}
OPTIONS: Final[Mapping[str, str]] = {"late-headers": "seconds=0.3"}


def _cases() -> list[tuple[str, str]]:
    """Each fault at each moment at which the emulator lets it happen."""
    cases = []
    for kind in sorted(KINDS):
        for moment in MOMENTS:
            try:
                parse_fault(fault_table(_written(kind, moment)))
            except FaultError:
                continue
            cases.append((kind, moment))
    return cases


def _written(kind: str, moment: str) -> str:
    return f"{kind} {MOMENTS[moment]} {OPTIONS.get(kind, '')}"


def test_every_fault_of_the_emulator_is_tried() -> None:
    assert KINDS.keys() == OUTCOMES.keys()
    assert KINDS.keys() == {kind for kind, _ in _cases()}
    # A fault that can only happen to a response that has begun, or only before that, misses some moments.
    assert len(_cases()) > 3 * len(KINDS)


@pytest.fixture(scope="module")
def impatient(services: Serve) -> Service:
    return services(**IMPATIENT)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bystander(shared_emulator: Emulator, impatient: Service) -> AsyncIterator[Caller]:
    """Another session, which asks one question after the other as long as the tests run."""
    shared_emulator.play(STORY)
    async with talking_on(impatient.socket_url) as other:
        yield other


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("kind", "moment"), _cases())
async def test_a_fault_ends_in_recovery_or_in_a_clear_error(
    emulator: Emulator, impatient: Service, bystander: Caller, kind: str, moment: str
) -> None:
    emulator.play(STORY)
    emulator.arm(**fault_table(_written(kind, moment)))
    turns_of_the_other = len(bystander.of("turn"))
    async with asyncio.timeout(DEADLINE_S), calling(impatient.socket_url) as caller:
        await _follow(caller, OUTCOMES[kind][moment], spoken=moment != "thinking")

    assert [1] == [armed["fired"] for armed in emulator.status()["faults"]]
    caller.assert_orderly()
    await assert_talks_on(bystander, turns_of_the_other)


async def test_a_trouble_that_does_not_pass_is_told_after_the_last_try(
    emulator: Emulator, impatient: Service
) -> None:
    emulator.arm(kind="throttling", count="every")
    async with calling(impatient.socket_url) as caller:
        await caller.send("start")
        error = await caller.refused(4503)

    assert ("model_unavailable", True) == (error["code"], error["retryable"])
    assert [4] == [armed["fired"] for armed in emulator.status()["faults"]]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("Received invalid voiceId nobody", "model_refused"),
        ("Blocked by a content filter.", "content_filtered"),
    ],
)
@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_refusal_that_no_second_try_can_change_is_told_at_once(
    emulator: Emulator, impatient: Service, moment: str, message: str, code: str
) -> None:
    emulator.play(STORY)
    emulator.arm(**fault_table(f"validation {MOMENTS[moment]}"), message=message)
    async with calling(impatient.socket_url) as caller:
        await _turn(caller, spoken=moment != "thinking", until_closed=True)
        error = await caller.refused(1011)

    assert (code, False) == (error["code"], error["retryable"])


async def _follow(caller: Caller, then: Then, *, spoken: bool) -> None:
    match then:
        case Then.UNNOTICED | Then.ANSWERED:
            await _turn(caller, spoken=spoken)
            assert ["completed"] == _outcomes(caller)
            assert [] == caller.of("error")
        case Then.NEXT_TURN:
            await _turn(caller, spoken=spoken)
            await caller.ask("Once more?")
            assert ["failed", "completed"] == _outcomes(caller)
        case Then.RECOVERED:
            await _turn(caller, spoken=spoken)
            await caller.ask("Once more?")
            assert _outcomes(caller) in (["failed", "completed"], ["completed", "completed"])
        case Then.REFUSED:
            await _turn(caller, spoken=spoken, until_closed=True)
            error = await caller.refused(1011)
            assert ("model_refused", False) == (error["code"], error["retryable"])
            return
    await caller.until("state", state="listening")
    await caller.end()


async def _turn(caller: Caller, *, spoken: bool, until_closed: bool = False) -> None:
    """One question, spoken or typed, to its end."""
    await caller.send("start")
    # Whoever is refused may be hung up on in the middle of a word.
    with suppress(ConnectionClosed) if until_closed else nullcontext():
        if spoken:
            await caller.say(WORD)
        else:
            await caller.send("text", text="Tell me something.")
    if not until_closed:
        await caller.until("turn", turn=1)


def _outcomes(caller: Caller) -> list[str]:
    return [turn["outcome"] for turn in caller.of("turn", saved=False)]
