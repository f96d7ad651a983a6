"""`python -m emulators.nova_sonic.brains.measure`: what the speech engine costs on this machine.

Every figure in docs/speech-engine.md that names this command was printed by it.
"""

import resource
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

from emulators.nova_sonic.brains.ports import DETECTOR_FRAME_SAMPLES, DETECTOR_RATE_HZ, Brain, Request, Step
from emulators.nova_sonic.brains.speech import SpeechUnavailableError, load_speech_brain

_SENTENCES = (
    "Hello, can you hear me?",
    "How does the microphone reach the model?",
    "I would like to know how long it takes until you answer a question like this one.",
)
_REPEATS = 10
_RATE_HZ = 24_000


def _milliseconds(work: Callable[[], object]) -> float:
    """Return the median time of one call."""
    times = []
    for _ in range(_REPEATS):
        started_at = time.perf_counter()
        work()
        times.append(time.perf_counter() - started_at)
    return 1000 * statistics.median(times)


def _show(figure: str, value: float, unit: str) -> None:
    sys.stdout.write(f"{figure:<58}{value:>9.2f} {unit}\n")


def _ask(heard: str, rate_hz: int = _RATE_HZ) -> Request:
    return Request(
        turn=1,
        heard=heard,
        typed=False,
        instructions="",
        history=(),
        tools=(),
        tool_results=(),
        voice_id="tiffany",
        output_rate_hz=rate_hz,
    )


def _first_sentence(brain: Brain, question: str) -> Step:
    return next(iter(brain.compose(_ask(question))))


def main() -> int:
    """Load the engine, print the table, return the exit code."""
    started_at = time.perf_counter()
    try:
        brain = load_speech_brain()()
    except SpeechUnavailableError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    _show("verify and load all models", time.perf_counter() - started_at, "s")

    detector = brain.detector()
    frame = bytes(2 * DETECTOR_FRAME_SAMPLES)
    _show(
        "is there speech in a 32 ms frame", _milliseconds(partial(detector.speech_probability, frame)), "ms"
    )
    for sentence in _SENTENCES:
        pcm = b"".join(
            getattr(step, "pcm", b"") for step in brain.compose(_ask(f"say {sentence}", DETECTOR_RATE_HZ))
        )
        seconds = len(pcm) / 2 / DETECTOR_RATE_HZ
        _show(
            f"what was said in {seconds:.1f} s of speech",
            _milliseconds(partial(brain.transcribe, pcm, 1)),
            "ms",
        )
    for question in ("What is this product?", "What time is it?", "What is the capital of France?"):
        first = _milliseconds(partial(_first_sentence, brain, question))
        _show(f"first sentence of the answer to {question!r}", first, "ms")
    _show("largest memory so far", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB (Linux)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
