"""Commands given what they cannot use: one sentence that names it, the right exit code, and no traceback."""

import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.e2e.caller import (
    tone,
)
from tests.e2e.processes import ROOT, Service, environment

pytestmark = pytest.mark.process


def _run(module: str, *arguments: str, **settings: object) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=environment(**settings),  # type: ignore[arg-type] # no setting is called `emulator`
        capture_output=True,
        text=True,
        timeout=60.0,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("scenario", "says"),
    [
        ('[[turn]]\nherd = "hello"\n', "unknown key 'herd'; did you mean 'heard'?"),
        ("[[turn]\n", "line 1"),
        ("[[turn]]\n[[turn.step]]\nsay = 5\n", "say cannot be 5"),
        ('[[fault]]\nkind = "throtling"\n', "did you mean 'throttling'?"),
    ],
)
def test_a_scenario_with_a_typing_error_is_one_sentence(tmp_path: Path, scenario: str, says: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(scenario)
    arguments = ("--port", "0", "--control-port", "0", "--state-dir", str(tmp_path))
    code, printed, said = _run("emulators.nova_sonic", "--scenario", str(file), *arguments)

    assert (2, "") == (code, printed)
    assert said.startswith("emulator: ")
    assert 1 == said.count("\n")
    assert "mine" in said
    assert says in said


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"VOICE_AUTH": "none"}, "VOICE_AUTH"),
        ({"VOICE_AUTH_ISSUER": ""}, "VOICE_AUTH=cognito needs VOICE_AUTH_ISSUER"),
        ({"VOICE_MODEL_API": "converse"}, "invoke-model-with-bidirectional-stream only"),
        ({"VOICE_MODEL_CA_FILE": "/nowhere/ca.pem"}, "there is no file"),
        ({"VOICE_VOICE": "amy"}, "VOICE_VOICE=amy does not speak en-US"),
        ({"VOICE_WATCHDOG_MS": "1500"}, "must be longer than VOICE_SILENCE_THRESHOLD_MS"),
        ({"VOICE_MAX_SESIONS": "3"}, "did you mean VOICE_MAX_SESSIONS?"),
    ],
    ids=str,
)
def test_a_service_that_cannot_be_says_why_in_one_sentence(settings: dict[str, str], says: str) -> None:
    code, printed, said = _run("service", **settings)

    assert (2, "") == (code, printed)
    assert 1 == said.count("\n")
    assert says in said


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    speech = np.frombuffer(tone(0.5), dtype="<i2")
    stereo = np.repeat(speech, 3)[:, None].repeat(2, axis=1)
    soundfile.write(str(tmp_path / "stereo.wav"), stereo, 44_100, subtype="PCM_24")
    (tmp_path / "letter.wav").write_text("Dear assistant, this is no recording.")
    soundfile.write(str(tmp_path / "nothing.wav"), speech[:0], 16_000)
    return tmp_path


def test_a_stereo_recording_of_another_rate_is_converted_and_answered(
    service: Service, recordings: Path
) -> None:
    out = recordings / "reply.wav"
    code, printed, said = _run(
        "talk", str(recordings / "stereo.wav"), "--url", service.socket_url, "--out", str(out)
    )

    assert (0, "") == (code, said)
    assert "2 channels mixed to one, 44100 Hz converted to 16000 Hz" in printed
    assert "first question" in printed
    samples, rate_hz = soundfile.read(str(out))
    assert (24_000, 3_600) == (rate_hz, len(samples))
    assert abs(samples).max() > 0.1


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("letter.wav", "cannot be read as sound"),
        ("nothing.wav", "holds no sound"),
        ("missing.wav", "does not exist"),
    ],
)
def test_what_is_no_recording_is_refused_by_name(
    service: Service, recordings: Path, name: str, says: str
) -> None:
    code, printed, said = _run("talk", str(recordings / name), "--url", service.socket_url)

    assert (2, "") == (code, printed)
    assert said.startswith(f"talk: {recordings / name}")
    assert says in said


def test_a_service_that_is_not_there_is_named_with_its_remedy(recordings: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code, _, said = _run("talk", str(recordings / "stereo.wav"), "--url", f"http://127.0.0.1:{port}")

    assert 1 == code
    assert f"127.0.0.1:{port}" in said
    assert "make run" in said
