"""Events of a client that speaks: one session, its prompt, its audio."""

import base64
import math
from array import array
from collections.abc import Iterator, Mapping
from typing import Any

FRAME_SAMPLES = 512
SAMPLE_RATE_HZ = 16_000

type Event = Mapping[str, Any]


def event(name: str, **fields: Any) -> Event:
    return {"event": {name: fields}}


def opening(*, voice: str = "matthew") -> Iterator[Event]:
    """Everything before the first audio."""
    yield event("sessionStart", inferenceConfiguration={"maxTokens": 1024, "topP": 0.9, "temperature": 0.7})
    yield event(
        "promptStart",
        promptName="p",
        textOutputConfiguration={"mediaType": "text/plain"},
        audioOutputConfiguration={
            "mediaType": "audio/lpcm",
            "sampleRateHertz": 24000,
            "sampleSizeBits": 16,
            "channelCount": 1,
            "voiceId": voice,
            "encoding": "base64",
            "audioType": "SPEECH",
        },
    )
    yield event(
        "contentStart",
        promptName="p",
        contentName="system",
        type="TEXT",
        interactive=False,
        role="SYSTEM",
        textInputConfiguration={"mediaType": "text/plain"},
    )
    yield event("textInput", promptName="p", contentName="system", content="You are brief.")
    yield event("contentEnd", promptName="p", contentName="system")
    yield event(
        "contentStart",
        promptName="p",
        contentName="audio",
        type="AUDIO",
        interactive=True,
        role="USER",
        audioInputConfiguration={
            "mediaType": "audio/lpcm",
            "sampleRateHertz": SAMPLE_RATE_HZ,
            "sampleSizeBits": 16,
            "channelCount": 1,
            "audioType": "SPEECH",
            "encoding": "base64",
        },
    )


def closing() -> Iterator[Event]:
    yield event("contentEnd", promptName="p", contentName="audio")
    yield event("promptEnd", promptName="p")
    yield event("sessionEnd")


def audio(*, amplitude: int) -> Event:
    """One frame of 32 ms; amplitude 0 is silence."""
    samples = (
        int(amplitude * math.sin(2 * math.pi * 220 * n / SAMPLE_RATE_HZ)) for n in range(FRAME_SAMPLES)
    )
    content = base64.b64encode(array("h", samples).tobytes()).decode()
    return event("audioInput", promptName="p", contentName="audio", content=content)


SPEECH = audio(amplitude=12_000)
SILENCE = audio(amplitude=0)
