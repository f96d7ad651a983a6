"""Events made for every frame behave as frozen ones do, and the type checker guards them."""

import subprocess
import sys
from pathlib import Path

import pytest

from service.session.effects import SendAudio, SendToModel
from service.session.events import ModelEvent
from service.wire.client import Audio
from service.wire.sonic_input import AudioBlock, AudioInput
from service.wire.sonic_output import AudioOutput

HEARD = AudioOutput(content_id="a", pcm=b"\1\2")
SAID = AudioInput(block=AudioBlock(prompt="p", content="c"), pcm=b"\1\2")
EVENTS = [
    Audio(pcm=b"\1\2", sequence=7),
    SAID,
    HEARD,
    ModelEvent(stream_id=1, event=HEARD),
    SendToModel(stream_id=1, event=SAID, droppable=True),
    SendAudio(response_id=1, position=2, pcm=b"\1\2"),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_they_are_equal_by_value_can_be_hashed_and_take_nothing_else(event: object) -> None:
    fields = {name: getattr(event, name) for name in type(event).__slots__}  # type: ignore[attr-defined]
    same = type(event)(**fields)

    assert (event, hash(event), repr(event)) == (same, hash(same), repr(same))
    with pytest.raises(AttributeError):
        setattr(event, "another", 1)  # noqa: B010 - a name that there is not
    with pytest.raises(TypeError):
        type(event)(*fields.values())


def test_the_type_checker_refuses_to_change_one(tmp_path: Path) -> None:
    script = tmp_path / "changes.py"
    script.write_text('from service.wire.client import Audio\n\nAudio(pcm=b"").pcm = b"x"\n')
    checked = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--cache-dir",
            str(tmp_path / "cache"),
            "--follow-imports=silent",
            str(script),
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert 'Property "pcm" defined in "Audio" is read-only' in checked.stdout
