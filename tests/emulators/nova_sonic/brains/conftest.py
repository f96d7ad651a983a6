import pytest

from emulators.nova_sonic.brains.voice import Voice
from emulators.nova_sonic.brains.whisper import Transcriber
from tests.speech import engine


@pytest.fixture(scope="session")
def transcriber() -> Transcriber:
    return engine.transcriber()


@pytest.fixture(scope="session")
def voice() -> Voice:
    return engine.voice()
