"""`python -m talk` as people call it: what it prints, what it writes, how it ends."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.talk.service import Session, one_turn, serving

REPOSITORY = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.process, pytest.mark.timeout(30)]


@pytest.fixture
def question(tmp_path: Path) -> Path:
    path = tmp_path / "a question.wav"
    samples = np.repeat(0.3 * np.sin(np.arange(4410) / 10)[:, None], 2, axis=1)
    soundfile.write(path, samples, 44_100)
    return path


async def start(*arguments: str | Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "talk", *map(str, arguments)),
        cwd=REPOSITORY,
        env={**os.environ, "TALK_TOKEN": "token-of-the-environment"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def run(*arguments: str | Path) -> tuple[int | None, str, str]:
    process = await start(*arguments)
    said, complained = await process.communicate()
    return process.returncode, said.decode(), complained.decode()


async def test_a_stereo_recording_is_asked_and_the_reply_is_written(question: Path, tmp_path: Path) -> None:
    reply = tmp_path / "reply.wav"
    async with serving(one_turn) as (url, _):
        code, said, complained = await run(question, "--url", url, "--out", reply)

    assert (0, "") == (code, complained)
    assert "2 channels mixed to one, 44100 Hz converted to 16000 Hz" in said
    assert "you: what is the weather" in said
    assert "assistant: It is sunny." in said
    assert f"{reply}: 0.10 s of reply" in said
    samples, rate_hz = soundfile.read(reply, dtype="int16")
    assert (24_000, list(range(2400))) == (rate_hz, samples.tolist())


async def test_in_time_the_reply_starts_where_it_was_heard(question: Path, tmp_path: Path) -> None:
    reply = tmp_path / "reply.wav"
    async with serving(one_turn) as (url, _):
        code, _, _ = await run(question, "--url", url, "--out", reply, "--in-time")

    assert 0 == code
    assert soundfile.info(reply).duration > 0.2  # the question's tenth of a second came first


async def test_a_program_gets_a_result(question: Path, tmp_path: Path) -> None:
    async with serving(one_turn) as (url, _):
        code, said, _ = await run(question, "--url", url, "--json", "--out", tmp_path / "reply.wav")

    documents = [json.loads(line) for line in said.splitlines()]
    assert (0, "result", True) == (code, documents[-1]["type"], documents[-1]["heardReplies"])


async def test_a_text_file_that_is_called_wav_is_refused_before_anything_is_connected(tmp_path: Path) -> None:
    notes = tmp_path / "notes.wav"
    notes.write_text("What is the weather?")

    code, said, complained = await run(notes)

    assert (2, "") == (code, said)
    assert complained.startswith(f"talk: {notes} cannot be read as sound")
    assert "Traceback" not in complained


async def test_without_a_service_the_remedy_is_named(question: Path) -> None:
    async with serving(one_turn) as (url, _):
        pass
    code, _, complained = await run(question, "--url", url)

    assert 1 == code
    assert (
        f"talk: nothing listens at {url}. Start the assistant in another terminal with: make run\n"
        == complained
    )


async def test_a_conversation_that_fails_is_no_success(question: Path) -> None:
    async def story(session: Session) -> None:
        await session.begin()
        await session.say("error", message="No room.")
        await session.socket.close(4503)

    async with serving(story) as (url, _):
        code, said, _ = await run(question, "--url", url)

    assert 1 == code
    assert "4503" in said
    assert "No room." in said


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Whoever is started in the background of a shell ignores Ctrl-C, and so does everybody it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
async def test_ctrl_c_says_goodbye(question: Path) -> None:
    begun = asyncio.Event()

    async def story(session: Session) -> None:
        await session.begin()
        begun.set()
        await session.goodbye()

    async with serving(story) as (url, sessions):
        process = await start(question, "--url", url)
        said = asyncio.create_task(process.communicate())
        beginning = asyncio.create_task(begun.wait())
        # A client that ends before the conversation began shows below what it said, instead of a test that hangs.
        await asyncio.wait({said, beginning}, return_when=asyncio.FIRST_COMPLETED)
        beginning.cancel()
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        _, complained = await said

    assert (130, b"talk: ended by Ctrl-C\n") == (process.returncode, complained)
    assert "end" == sessions[0].received[-1]["type"]


async def test_without_a_question_the_way_to_ask_one_is_named() -> None:
    code, _, complained = await run()

    assert 2 == code
    assert "make talk FILE=question.wav" in complained
