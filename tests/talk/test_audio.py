"""Sound files of every kind become 16 kHz mono; what is no sound is refused by name."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from talk import audio, recording


def tone(*, rate_hz: int, length_s: float = 0.5, channels: int = 1) -> npt.NDArray[np.float64]:
    mono = 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(rate_hz * length_s)) / rate_hz)
    return np.repeat(mono[:, None], channels, axis=1)


def loudest_hz(pcm: bytes) -> float:
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * 16_000 / len(samples))


@pytest.mark.parametrize(
    ("suffix", "rate_hz", "channels", "subtype"),
    [
        ("wav", 16_000, 1, "PCM_16"),
        ("wav", 44_100, 2, "PCM_16"),
        ("wav", 48_000, 6, "PCM_24"),
        ("wav", 8_000, 1, "ULAW"),
        ("wav", 11_025, 1, "PCM_U8"),
        ("wav", 96_000, 2, "FLOAT"),
        ("flac", 44_100, 2, "PCM_24"),
        ("ogg", 48_000, 1, "VORBIS"),
        ("ogg", 48_000, 2, "OPUS"),
        ("mp3", 44_100, 2, "MPEG_LAYER_III"),
    ],
)
def test_any_rate_width_and_number_of_channels_becomes_the_same_sound(
    tmp_path: Path, suffix: str, rate_hz: int, channels: int, subtype: str
) -> None:
    path = tmp_path / f"question.{suffix}"
    soundfile.write(path, tone(rate_hz=rate_hz, channels=channels), rate_hz, subtype=subtype)

    recording = audio.load(path)

    assert recording.length_s == pytest.approx(0.5, abs=0.1)  # MP3 pads its ends
    assert loudest_hz(recording.pcm) == pytest.approx(440, abs=10)


def test_says_what_was_converted(tmp_path: Path) -> None:
    path = tmp_path / "question.wav"
    soundfile.write(path, tone(rate_hz=44_100, channels=2), 44_100)

    expected = "WAV PCM_16, 0.50 s, 2 channels mixed to one, 44100 Hz converted to 16000 Hz"
    assert expected == audio.load(path).description


def test_finds_where_the_speech_ends(tmp_path: Path) -> None:
    path = tmp_path / "question.wav"
    soundfile.write(path, np.concatenate([tone(rate_hz=16_000), np.zeros((16_000, 1))]), 16_000)

    recording = audio.load(path)

    assert recording.speech_ends_s == pytest.approx(0.5, abs=0.03)
    assert recording.length_s == pytest.approx(1.5)
    assert not recording.silent


def test_a_silent_recording_is_one_that_nobody_speaks_in(tmp_path: Path) -> None:
    path = tmp_path / "question.wav"
    soundfile.write(path, np.zeros(1600), 16_000)

    assert audio.load(path).silent


def refused(path: Path) -> str:
    with pytest.raises(recording.RecordingError) as refusal:
        audio.load(path)
    return str(refusal.value)


def test_a_text_file_that_is_called_wav_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("What is the weather?")

    assert f"{path} cannot be read as sound (WAV, FLAC, OGG and MP3 can)" in refused(path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "nothing.wav"
    path.touch()

    assert "cannot be read as sound" in refused(path)


def test_a_wav_without_samples_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    soundfile.write(path, np.zeros(0), 16_000)

    assert "holds no sound" in refused(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    assert f"{tmp_path / 'no.wav'} does not exist" == refused(tmp_path / "no.wav")
    assert f"{tmp_path} is a folder, not a recording" == refused(tmp_path)


def test_a_recording_of_an_hour_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "long.flac"
    soundfile.write(path, np.zeros(8000 * 301, dtype=np.int16), 8000)

    assert "is 301 s long; a question may last 300 s" in refused(path)


def test_the_last_frame_is_filled_up_with_silence() -> None:
    assert [b"\1" * 1024, b"\1" * 976 + bytes(48)] == list(recording.frames(b"\1" * 2000))


def test_a_reply_is_saved_as_it_was_heard(tmp_path: Path) -> None:
    path = tmp_path / "reply.wav"
    audio.save(path, b"\1\0\2\0", rate_hz=24_000)

    samples, rate_hz = soundfile.read(path, dtype="int16")
    assert ([1, 2], 24_000) == (samples.tolist(), rate_hz)


def test_a_reply_that_cannot_be_saved_is_named(tmp_path: Path) -> None:
    with pytest.raises(recording.RecordingError, match="cannot be written"):
        audio.save(tmp_path / "no folder" / "reply.wav", b"", rate_hz=24_000)
