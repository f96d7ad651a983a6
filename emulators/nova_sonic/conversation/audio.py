"""The client's audio at the detector's rate, cut into the detector's frames."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from emulators.nova_sonic.brains.ports import DETECTOR_FRAME_SAMPLES, DETECTOR_RATE_HZ

BYTES_PER_SAMPLE: Final = 2
FRAME_BYTES: Final = DETECTOR_FRAME_SAMPLES * BYTES_PER_SAMPLE
FRAME_S: Final = DETECTOR_FRAME_SAMPLES / DETECTOR_RATE_HZ


def duration_s(pcm: bytes, rate_hz: int) -> float:
    """Return how long mono s16le audio lasts."""
    return len(pcm) / (BYTES_PER_SAMPLE * rate_hz)


class Resampler:
    """Mono s16le from a rate to the detector's, chunk by chunk without a seam.

    Linear interpolation, after a short low-pass when the rate goes down: enough for recognising speech.
    """

    def __init__(self, rate_hz: int) -> None:
        self._step = rate_hz / DETECTOR_RATE_HZ
        self._tail: NDArray[np.float32] = np.zeros(0, dtype=np.float32)
        self._offset = 0.0

    def convert(self, pcm: bytes) -> bytes:
        """Return what is certain so far at the detector's rate; a few samples wait for the next chunk."""
        if self._step == 1.0 or not pcm:
            return pcm
        samples = np.concatenate((self._tail, np.frombuffer(pcm, dtype="<i2").astype(np.float32)))
        # Three taps need a neighbour on each side, interpolation one more on the right.
        last = samples.size - 3
        if last < 1:
            self._tail = samples
            return b""
        smooth = samples
        if self._step > 1.0:
            smooth = samples.copy()
            smooth[1:-1] = 0.25 * samples[:-2] + 0.5 * samples[1:-1] + 0.25 * samples[2:]
        positions = np.arange(self._offset, last, self._step)
        if not positions.size:
            self._tail = samples
            return b""
        out = np.interp(positions, np.arange(samples.size), smooth)
        following = float(positions[-1]) + self._step
        keep = max(int(following) - 1, 0)
        self._tail = samples[keep:]
        self._offset = following - keep
        return bytes(np.rint(out).astype("<i2"))


class Framer:
    """Any chunks in, frames of exactly the detector's length out."""

    def __init__(self) -> None:
        self._rest = b""

    def cut(self, pcm: bytes) -> list[bytes]:
        """Return the frames that are complete now."""
        if len(pcm) == FRAME_BYTES and not self._rest:
            return [pcm]
        data = self._rest + pcm
        whole = len(data) - len(data) % FRAME_BYTES
        self._rest = data[whole:]
        return [data[at : at + FRAME_BYTES] for at in range(0, whole, FRAME_BYTES)]
