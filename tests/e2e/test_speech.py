"""People and our own voice through everything: from a microphone to the transcript, and back from text to a loudspeaker."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import soxr  # type: ignore[import-untyped] # it ships stubs for its extension module only

from talk.audio import load, save
from talk.conversation import hold_conversation
from talk.record import Choices
from tests.e2e.caller import ALL_JSON, BINARY, Caller, calling
from tests.e2e.processes import Service, running_emulator, running_service
from tests.pool import user_pool
from tests.speech.corpus import OFFLINE, RATE_HZ, Clip, CorpusUnavailableError, human_clips, synthetic_clips
from tests.speech.engine import transcriber
from tests.speech.wer import normalise, word_error_rate

pytestmark = [pytest.mark.speech, pytest.mark.process, pytest.mark.timeout(240)]

MOST_ERRORS: Final = 0.10
AT_ONCE: Final = 4
"""Sessions in parallel: as many as leave two cores the time to transcribe."""
OUTPUT_RATE_HZ: Final = 24_000


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose model hears and speaks."""
    folder = tmp_path_factory.mktemp("speech")
    with (
        running_emulator(folder, "--brain", "speech", name="speech-emulator") as emulator,
        running_service(folder, emulator, name="speech-service") as running,
    ):
        yield running


@pytest.fixture(scope="module")
def clips() -> Sequence[Clip]:
    """Twenty clips of people and ten of our own voice; without the people the test fails, unless it was said to be offline."""
    try:
        people = human_clips()
    except CorpusUnavailableError as error:
        if os.environ.get(OFFLINE) == "1":
            pytest.skip(str(error))
        pytest.fail(str(error), pytrace=False)
    return [*people, *synthetic_clips()]


async def test_what_is_said_comes_back_as_the_users_words(service: Service, clips: Sequence[Clip]) -> None:
    assert 30 == len(clips)
    places = asyncio.Semaphore(AT_ONCE)

    async def say(index: int, clip: Clip) -> str:
        async with places, calling(service.socket_url, (BINARY, ALL_JSON)[index % 2]) as caller:
            return await _heard(caller, clip)

    async with asyncio.TaskGroup() as sessions:
        saying = [sessions.create_task(say(index, clip)) for index, clip in enumerate(clips)]
    heard = [words.result() for words in saying]

    print("\nWER %, seconds, clip, heard by the service")  # noqa: T201 - the table is what the measurement is for
    for clip, words in zip(clips, heard, strict=True):
        wer = 100 * word_error_rate([clip.text], [words])
        print(f"{wer:6.1f} {len(clip.pcm16k) / 2 / RATE_HZ:5.1f}  {clip.name:30.30} {words}")  # noqa: T201 - as above
    people, ours = word_error_rate_of(clips[:20], heard[:20]), word_error_rate_of(clips[20:], heard[20:])
    total = word_error_rate_of(clips, heard)
    print(f"people {100 * people:.1f} %, our own voice {100 * ours:.1f} %, all {100 * total:.1f} %")  # noqa: T201 - as above
    assert people <= MOST_ERRORS
    assert total <= MOST_ERRORS


def word_error_rate_of(clips: Sequence[Clip], heard: Sequence[str]) -> float:
    return word_error_rate([clip.text for clip in clips], heard)


async def _heard(caller: Caller, clip: Clip) -> str:
    """Say the clip in a session of its own; all that the service took for the user's words."""
    await caller.start()
    await caller.say(clip.pcm16k)
    # Whoever pauses long within a clip is answered, goes on, and so interrupts: the last answer tells that all was heard.
    if "speaking" != caller.of("state")[-1]["state"]:
        await caller.until_any(
            lambda message: message is caller.of("state")[-1] and message["state"] == "speaking",
            "the answer",
            within_s=30.0,
        )
    await caller.end()
    return " ".join(caller.said("user"))


async def test_a_spoken_question_gets_an_answer_that_can_be_understood(
    service: Service, tmp_path: Path
) -> None:
    (question,) = synthetic_clips(["What can you do?"])
    save(tmp_path / "question.wav", question.pcm16k, rate_hz=RATE_HZ)

    choices = Choices(token=str(user_pool().sign_in()["access_token"]))
    conversation = await hold_conversation(service.url, [load(tmp_path / "question.wav")], choices=choices)

    assert None is conversation.failure
    (answer,) = conversation.answers
    assert normalise(question.text) == normalise(answer.heard())
    planned = answer.spoken()
    assert len(planned.split()) >= 5
    reply = np.frombuffer(conversation.playback.joined(), dtype="<i2")
    understood = transcriber().transcribe(
        soxr.resample(reply, OUTPUT_RATE_HZ, RATE_HZ).astype("<i2").tobytes()
    )
    assert word_error_rate([planned], [understood]) <= 2 * MOST_ERRORS, understood
