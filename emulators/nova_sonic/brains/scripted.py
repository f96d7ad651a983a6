"""A brain without any intelligence: it hears and says what a scenario tells it to, the same way every time."""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import numpy as np

from emulators.nova_sonic.brains.ports import CallTool, Request, Say, Step
from emulators.nova_sonic.scenarios import CallStep, SayStep, Scenario

FULL_SCALE: Final = 32768.0
TONE_AMPLITUDE: Final = 0.25
FADE_S: Final = 0.005


class EnergyDetector:
    """Takes every loud frame for speech."""

    def __init__(self, threshold_dbfs: float) -> None:
        self._threshold = (FULL_SCALE * 10.0 ** (threshold_dbfs / 20.0)) ** 2

    def speech_probability(self, frame: bytes) -> float:
        """Return 1.0 when the frame's mean power is above the threshold, else 0.0."""
        samples = np.frombuffer(frame, dtype="<i2").astype(np.float32)
        return 1.0 if float(np.dot(samples, samples)) > self._threshold * samples.size else 0.0


class ScriptedBrain:
    """Hears and answers what its scenario says for each turn."""

    blocking = False

    def __init__(self, scenario: Scenario | None = None) -> None:
        self._scenario = scenario or Scenario()

    def detector(self) -> EnergyDetector:
        """Return a detector with the scenario's threshold."""
        return EnergyDetector(self._scenario.threshold_dbfs)

    def transcribe(self, pcm: bytes, turn: int) -> str:
        """Return the turn's scripted words, whatever was said."""
        del pcm  # A script does not listen.
        return self._scenario.turn(turn).heard

    def compose(self, request: Request) -> Iterator[Step]:
        """Yield the turn's steps up to the next run of calls, or from where its results let it go on."""
        results = json.dumps([dict(result.content) for result in request.tool_results])
        answered = len(request.tool_results)
        called = False
        for step in self._scenario.turn(request.turn).steps:
            match step:
                case CallStep() if answered > 0:
                    answered -= 1
                case CallStep(tool=tool, arguments=arguments, after_s=after_s):
                    called = True
                    yield CallTool(name=tool, arguments=arguments, after_s=after_s)
                case SayStep() if called:
                    return
                case SayStep() if answered > 0:
                    continue
                case SayStep(text=text):
                    yield self._say(
                        step,
                        text.replace("{heard}", request.heard).replace("{results}", results),
                        request.output_rate_hz,
                    )

    def _say(self, step: SayStep, text: str, rate_hz: int) -> Say:
        audio_s = step.audio_s
        if audio_s is None:
            audio_s = len(text) * self._scenario.seconds_per_character
        samples = round(audio_s * rate_hz)
        return Say(text=text, pcm=tone(samples, rate_hz, self._scenario.frequency_hz), after_s=step.after_s)


@lru_cache(maxsize=64)
def tone(samples: int, rate_hz: int, frequency_hz: float) -> bytes:
    """Return a sine with soft ends as mono s16le."""
    at_s = np.arange(samples) / rate_hz
    wave = TONE_AMPLITUDE * FULL_SCALE * np.sin(2.0 * np.pi * frequency_hz * at_s)
    fade = min(samples // 2, round(FADE_S * rate_hz))
    if fade:
        ramp = np.linspace(0.0, 1.0, fade)
        wave[:fade] *= ramp
        wave[-fade:] *= ramp[::-1]
    return wave.astype("<i2").tobytes()
