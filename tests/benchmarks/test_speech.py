"""What the load model says is what the emulator would say: readable, whole, and stamped."""

import json

import pybase64
import pytest

from benchmarks.speech import PIECE_BYTES, Speech
from benchmarks.stamps import delay_ms
from emulators.nova_sonic.wire.event_stream import FrameDecoder


@pytest.mark.parametrize("number", [1, 22, 4_321, 12_345_678])
def test_every_piece_is_a_stamped_event_of_audio(number: int) -> None:
    speech = Speech(number)
    frames = FrameDecoder().feed(speech.begin() + speech.piece() + speech.piece() + speech.end())
    events = [json.loads(pybase64.b64decode(json.loads(frame.payload)["bytes"]))["event"] for frame in frames]
    names = [next(iter(event)) for event in events]
    pieces = [pybase64.b64decode(event["audioOutput"]["content"]) for event in events[2:4]]

    assert [
        "completionStart",
        "contentStart",
        "audioOutput",
        "audioOutput",
        "contentEnd",
        "completionEnd",
    ] == names
    assert [PIECE_BYTES, PIECE_BYTES] == [len(pcm) for pcm in pieces]
    assert all((delay_ms(pcm) or -1.0) >= 0 for pcm in pieces)
    assert len({pcm[:16] for pcm in pieces}) == 2
