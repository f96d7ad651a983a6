"""The scripted brain does what its scenario says, the same way every time."""

import numpy as np
import pytest

from emulators.nova_sonic.brains.ports import CallTool, Request, Say, ToolResult
from emulators.nova_sonic.brains.scripted import EnergyDetector, ScriptedBrain, tone
from emulators.nova_sonic.scenarios import CallStep, SayStep, Scenario, ScriptedTurn

FRAME = 512


def request(*results: ToolResult, turn: int = 1, rate_hz: int = 24_000) -> Request:
    return Request(
        turn=turn,
        heard="hi",
        typed=False,
        instructions="",
        history=(),
        tools=("a", "b"),
        tool_results=results,
        voice_id="matthew",
        output_rate_hz=rate_hz,
    )


def result(name: str, **content: object) -> ToolResult:
    return ToolResult(tool_use_id=name, name=name, content=content)


TWO_CALLS = Scenario(
    turns=(
        ScriptedTurn(
            steps=(
                SayStep(text="Wait."),
                CallStep(tool="a", arguments={"x": 1}),
                CallStep(tool="b", arguments={}),
                SayStep(text="Found {results}."),
                CallStep(tool="a", arguments={"x": 2}),
                SayStep(text="Done, {heard}."),
            )
        ),
    )
)


def outline(brain: ScriptedBrain, asked: Request) -> list[str]:
    return [step.text if isinstance(step, Say) else step.name for step in brain.compose(asked)]


def test_a_reply_stops_after_a_run_of_calls() -> None:
    assert ["Wait.", "a", "b"] == outline(ScriptedBrain(TWO_CALLS), request())


def test_results_let_the_reply_go_on_where_it_stopped() -> None:
    brain = ScriptedBrain(TWO_CALLS)
    first = result("a", t=21), result("b", t=3)

    assert ['Found [{"t": 21}, {"t": 3}].', "a"] == outline(brain, request(*first))
    assert ["Done, hi."] == outline(brain, request(*first, result("a", t=1)))


def test_calls_carry_their_arguments_and_thinking_time() -> None:
    script = Scenario(turns=(ScriptedTurn(steps=(CallStep(tool="a", arguments={"x": 1}, after_s=0.5),)),))

    assert [CallTool(name="a", arguments={"x": 1}, after_s=0.5)] == list(
        ScriptedBrain(script).compose(request())
    )


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 24_000])
def test_audio_follows_the_text_at_the_requested_rate(rate_hz: int) -> None:
    (said,) = ScriptedBrain().compose(request(rate_hz=rate_hz))

    assert isinstance(said, Say)
    assert round(len("You said: hi.") * 0.06 * rate_hz) * 2 == len(said.pcm)


def test_audio_has_the_length_the_scenario_gives() -> None:
    script = Scenario(turns=(ScriptedTurn(steps=(SayStep(text="x", audio_s=2.0),)),))
    (said,) = ScriptedBrain(script).compose(request())

    assert isinstance(said, Say)
    assert 2 * 2 * 24_000 == len(said.pcm)


def test_the_tone_has_its_frequency() -> None:
    samples = np.frombuffer(tone(24_000, 24_000, 220.0), dtype="<i2")

    assert 220 == int(np.argmax(np.abs(np.fft.rfft(samples))))


def test_words_heard_are_those_of_the_turn() -> None:
    script = Scenario(turns=(ScriptedTurn(heard="one"), ScriptedTurn(heard="two")))

    assert ["one", "two", "one"] == [ScriptedBrain(script).transcribe(b"", turn) for turn in (1, 2, 3)]


def test_the_detector_takes_loud_frames_for_speech() -> None:
    detector = ScriptedBrain().detector()
    quiet = np.full(FRAME, 50, dtype="<i2").tobytes()  # about -56 dBFS

    assert [0.0, 0.0, 1.0] == [
        detector.speech_probability(frame) for frame in (bytes(2 * FRAME), quiet, tone(FRAME, 16_000, 440.0))
    ]


def test_the_threshold_is_the_scenarios() -> None:
    quiet = np.full(FRAME, 50, dtype="<i2").tobytes()

    assert 1.0 == EnergyDetector(-60.0).speech_probability(quiet)
