"""Recordings in and out: any common sound file becomes what the service hears, and replies become a WAV file."""

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile
import soxr  # type: ignore[import-untyped] # it ships stubs for its extension module only

from talk.protocol import INPUT_RATE_HZ
from talk.recording import Recording, RecordingError

LONGEST_S: Final = 300.0
# Speech is what is louder than a fiftieth of the loudest 20 ms, and louder than the noise of a good microphone.
_WINDOW_S: Final = 0.02
_RELATIVE_FLOOR: Final = 0.02
_ABSOLUTE_FLOOR: Final = 0.001


def load(path: Path) -> Recording:
    """Read a sound file of any rate, width and number of channels; raises RecordingError."""
    samples, description = _read(path)
    pcm = (np.clip(samples, -1.0, 1.0) * 32767.0).round().astype("<i2").tobytes()
    loud = _loud_windows(samples)
    ends_s = (int(loud[-1]) + 1) * _WINDOW_S if loud.size else len(samples) / INPUT_RATE_HZ
    return Recording(
        name=path.name,
        pcm=pcm,
        description=description,
        speech_ends_s=min(ends_s, len(samples) / INPUT_RATE_HZ),
        silent=not loud.size,
    )


def _read(path: Path) -> tuple[npt.NDArray[np.float32], str]:
    if path.is_dir():
        raise RecordingError(f"{path} is a folder, not a recording")
    if not path.exists():
        raise RecordingError(f"{path} does not exist")
    try:
        about = soundfile.info(str(path))
        if about.duration > LONGEST_S:
            raise RecordingError(
                f"{path} is {about.duration:.0f} s long; a question may last {LONGEST_S:.0f} s"
            )
        samples, rate_hz = soundfile.read(str(path), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as failure:
        raise RecordingError(
            f"{path} cannot be read as sound (WAV, FLAC, OGG and MP3 can): {str(failure).rpartition(': ')[2]}"
        ) from failure
    if not samples.size:
        raise RecordingError(f"{path} holds no sound: it is a sound file of length zero")
    channels = samples.shape[1]
    # Float files may hold NaN or infinity, which one resampling step would spread over everything.
    mono = np.nan_to_num(samples, posinf=1.0, neginf=-1.0).mean(axis=1, dtype=np.float32)
    changes = []
    if channels > 1:
        changes.append(f"{channels} channels mixed to one")
    if rate_hz != INPUT_RATE_HZ:
        mono = soxr.resample(mono, rate_hz, INPUT_RATE_HZ)
        changes.append(f"{rate_hz} Hz converted to {INPUT_RATE_HZ} Hz")
    kind = f"{about.format} {about.subtype}, {about.duration:.2f} s"
    return mono, kind + "".join(f", {change}" for change in changes)


def _loud_windows(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.intp]:
    window = int(INPUT_RATE_HZ * _WINDOW_S)
    padded = np.pad(samples, (0, -len(samples) % window))
    loudness = np.sqrt(np.mean(np.square(padded.reshape(-1, window)), axis=1))
    return np.flatnonzero(loudness > max(float(loudness.max()) * _RELATIVE_FLOOR, _ABSOLUTE_FLOOR))


def save(path: Path, pcm: bytes, *, rate_hz: int) -> None:
    """Write 16-bit mono PCM as a WAV file; raises RecordingError."""
    try:
        soundfile.write(str(path), np.frombuffer(pcm, dtype="<i2"), rate_hz, format="WAV", subtype="PCM_16")
    except (soundfile.LibsndfileError, OSError) as failure:
        raise RecordingError(f"{path} cannot be written: {str(failure).rpartition(': ')[2]}") from failure
