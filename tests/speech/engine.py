"""The models, loaded once for the whole test run."""

from functools import cache

from emulators.nova_sonic.brains.voice import Voice, load_voice
from emulators.nova_sonic.brains.whisper import Transcriber, load_transcriber


@cache
def transcriber() -> Transcriber:
    """Return the one Whisper."""
    return load_transcriber()


@cache
def voice() -> Voice:
    """Return the one hibari."""
    return load_voice()
