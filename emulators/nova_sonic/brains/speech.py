"""The brain for people: it hears and speaks with models that run on this machine, and answers from a small script."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from emulators.nova_sonic.brains.dialogue.conversation import Dialogue
from emulators.nova_sonic.brains.dialogue.knowledge import load_knowledge
from emulators.nova_sonic.brains.ports import Brain, CallTool, Request, Say, Step, VoiceDetector
from emulators.nova_sonic.brains.weights import SpeechUnavailableError, unavailable

if TYPE_CHECKING:
    from emulators.nova_sonic.brains.voice import Voice
    from emulators.nova_sonic.brains.whisper import Transcriber

__all__ = ["SpeechBrain", "SpeechUnavailableError", "load_speech_brain"]


class SpeechBrain:
    """One stream's view of the shared models; it holds no state of its own, so it is cheap to make."""

    blocking = True

    def __init__(
        self,
        *,
        make_detector: Callable[[], VoiceDetector],
        transcriber: "Transcriber",
        voice: "Voice",
        dialogue: Dialogue,
        now: Callable[[], datetime],
    ) -> None:
        self._make_detector = make_detector
        self._transcriber = transcriber
        self._voice = voice
        self._dialogue = dialogue
        self._now = now

    def detector(self) -> VoiceDetector:
        return self._make_detector()

    def transcribe(self, pcm: bytes, turn: int) -> str:  # noqa: ARG002 - a scripted brain goes by the turn
        return self._transcriber.transcribe(pcm)

    def compose(self, request: Request) -> Iterator[Step]:
        """Yield each sentence as soon as it is spoken: the first one is ready while the others are not yet made."""
        for step in self._dialogue.reply(request, now=self._now()):
            if isinstance(step, CallTool):
                yield step
            else:
                pcm = self._voice.speak(step, voice_id=request.voice_id, rate_hz=request.output_rate_hz)
                yield Say(text=step, pcm=pcm)


def _local_now() -> datetime:
    return datetime.now().astimezone()


def load_speech_brain(*, now: Callable[[], datetime] = _local_now, threads: int = 2) -> Callable[[], Brain]:
    """Verify and load all models once; return what makes a stream's brain.

    `now` is the clock on the wall that the dialogue tells the time from. Raises `SpeechUnavailableError`, whose text
    names the remedy, when a package is missing, a model file is not the one that was measured, or a model won't load.
    """
    try:
        # Here and not at the top: an emulator with another brain starts without these packages.
        from emulators.nova_sonic.brains.silero import load_detectors  # noqa: PLC0415 - see above
        from emulators.nova_sonic.brains.voice import load_voice  # noqa: PLC0415 - see above
        from emulators.nova_sonic.brains.whisper import load_transcriber  # noqa: PLC0415 - see above
    except (ImportError, OSError) as error:
        raise unavailable("The speech engine", error) from error
    make_detector = load_detectors()
    transcriber = load_transcriber(threads=threads)
    # The first pass allocates what every later one reuses; without it the first user waits for that.
    transcriber.transcribe(bytes(32_000))
    voice = load_voice()
    dialogue = Dialogue(load_knowledge())

    def make_brain() -> SpeechBrain:
        return SpeechBrain(
            make_detector=make_detector, transcriber=transcriber, voice=voice, dialogue=dialogue, now=now
        )

    return make_brain
