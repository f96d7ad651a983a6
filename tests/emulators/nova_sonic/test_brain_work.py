import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from emulators.nova_sonic.brain_work import Answer, BrainFailed, BrainWork, Composed, Transcribed
from emulators.nova_sonic.brains.ports import Request, Say, Step
from emulators.nova_sonic.brains.scripted import EnergyDetector
from emulators.nova_sonic.conversation.effects import Compose, Transcribe

ONE, TWO = Say(text="One.", pcm=b""), Say(text="Two.", pcm=b"")
REQUEST = Request(
    turn=1,
    heard="hello",
    typed=False,
    instructions="",
    history=(),
    tools=(),
    tool_results=(),
    voice_id="matthew",
    output_rate_hz=24_000,
)


class EchoBrain:
    """Hears the length of the audio and answers with two sentences; fails on empty audio and on `fail`."""

    def __init__(self, *, blocking: bool) -> None:
        self.blocking = blocking
        self.composed = 0

    def detector(self) -> EnergyDetector:
        return EnergyDetector(-45.0)

    def transcribe(self, pcm: bytes, turn: int) -> str:
        if not pcm:
            raise RuntimeError("nothing to hear")
        return f"{len(pcm)} bytes in turn {turn}"

    def compose(self, request: Request) -> Iterator[Step]:
        for step in (ONE, TWO):
            self.composed += 1
            yield step
            if request.heard == "fail":
                raise RuntimeError("lost the thread")


class Asker:
    """Collects the answers, and can wait for them."""

    def __init__(self, brain: EchoBrain, executor: ThreadPoolExecutor) -> None:
        self.answers: list[Answer] = []
        self.came = asyncio.Event()
        self.work = BrainWork(
            brain, loop=asyncio.get_running_loop(), executor=executor, answered=self._answered
        )
        self.cancel_after: int | None = None

    async def count(self, number: int) -> list[Answer]:
        async with asyncio.timeout(5):
            while len(self.answers) < number:
                self.came.clear()
                await self.came.wait()
        return self.answers

    def _answered(self, answer: Answer) -> None:
        self.answers.append(answer)
        self.came.set()
        if len(self.answers) == self.cancel_after:
            self.work.cancel(7)


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.mark.parametrize("blocking", [False, True])
async def test_an_utterance_is_transcribed(executor: ThreadPoolExecutor, *, blocking: bool) -> None:
    asker = Asker(EchoBrain(blocking=blocking), executor)
    asker.work.transcribe(Transcribe(utterance_id=7, pcm=b"ab", turn=3))

    assert [Transcribed(utterance_id=7, text="2 bytes in turn 3")] == await asker.count(1)


@pytest.mark.parametrize("blocking", [False, True])
async def test_a_reply_comes_step_by_step_and_ends(executor: ThreadPoolExecutor, *, blocking: bool) -> None:
    asker = Asker(EchoBrain(blocking=blocking), executor)
    asker.work.compose(Compose(request_id=7, request=REQUEST))

    assert [Composed(request_id=7, step=step) for step in (ONE, TWO, None)] == await asker.count(3)


@pytest.mark.parametrize("blocking", [False, True])
async def test_a_failure_is_an_answer(executor: ThreadPoolExecutor, *, blocking: bool) -> None:
    asker = Asker(EchoBrain(blocking=blocking), executor)
    asker.work.transcribe(Transcribe(utterance_id=6, pcm=b"", turn=1))
    await asker.count(1)
    asker.work.compose(Compose(request_id=7, request=replace(REQUEST, heard="fail")))

    assert [
        BrainFailed(asked_id=6, message="RuntimeError: nothing to hear"),
        Composed(request_id=7, step=ONE),
        BrainFailed(asked_id=7, message="RuntimeError: lost the thread"),
    ] == await asker.count(3)


@pytest.mark.parametrize("blocking", [False, True])
async def test_a_cancelled_reply_is_not_composed_further(
    executor: ThreadPoolExecutor, *, blocking: bool
) -> None:
    brain = EchoBrain(blocking=blocking)
    asker = Asker(brain, executor)
    asker.cancel_after = 1
    asker.work.compose(Compose(request_id=7, request=REQUEST))
    await asker.count(1)
    asker.work.transcribe(Transcribe(utterance_id=8, pcm=b"ab", turn=1))
    answers = await asker.count(2)

    assert [
        Composed(request_id=7, step=ONE),
        Transcribed(utterance_id=8, text="2 bytes in turn 1"),
    ] == answers
    assert 1 == brain.composed


async def test_nothing_is_answered_after_close(executor: ThreadPoolExecutor) -> None:
    asker = Asker(EchoBrain(blocking=True), executor)
    asker.work.transcribe(Transcribe(utterance_id=7, pcm=b"ab", turn=1))
    asker.work.close()
    await asyncio.get_running_loop().run_in_executor(executor, lambda: None)
    await asyncio.sleep(0)

    assert [] == asker.answers
