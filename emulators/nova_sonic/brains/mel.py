"""The picture of sound Whisper looks at: log-mel spectrogram, 80 bands, 100 frames a second, in numpy alone.

Constants and formulas are those of OpenAI's `whisper/audio.py` and the Slaney mel scale its filter file was made with.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

type Samples = npt.NDArray[np.float32]

RATE_HZ: Final = 16_000
_FFT: Final = 400
_HOP: Final = 160
_BANDS: Final = 80
_LINEAR_HZ_PER_MEL: Final = 200 / 3
_LOG_FROM_HZ: Final = 1000.0
_LOG_FROM_MEL: Final = _LOG_FROM_HZ / _LINEAR_HZ_PER_MEL
_LOG_STEP: Final = np.log(6.4) / 27
_DYNAMIC_RANGE: Final = 8.0
"""Everything more than 80 dB below the loudest point counts as equally silent (log10 of power)."""


def _filters() -> Samples:
    """Return triangular filters of equal area, shape [bands, fft bins]."""
    bins_hz = np.linspace(0, RATE_HZ / 2, _FFT // 2 + 1)
    top_mel = _LOG_FROM_MEL + np.log(RATE_HZ / 2 / _LOG_FROM_HZ) / _LOG_STEP
    mels = np.linspace(0, top_mel, _BANDS + 2)
    edges_hz = np.where(
        mels < _LOG_FROM_MEL,
        mels * _LINEAR_HZ_PER_MEL,
        _LOG_FROM_HZ * np.exp((mels - _LOG_FROM_MEL) * _LOG_STEP),
    )
    widths = np.diff(edges_hz)
    distance = edges_hz[:, None] - bins_hz[None]
    rising = -distance[:-2] / widths[:-1, None]
    falling = distance[2:] / widths[1:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    return (triangles * (2 / (edges_hz[2:] - edges_hz[:-2]))[:, None]).astype(np.float32)


_FILTERS: Final = _filters()
_WINDOW: Final = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FFT) / _FFT)).astype(np.float32)


def log_mel(samples: Samples) -> Samples:
    """Return shape [80, len(samples) / 160] for 16 kHz samples in -1..1, whole hops only."""
    frames = len(samples) // _HOP
    padded = np.pad(samples, _FFT // 2, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::_HOP][:frames] * _WINDOW
    power = np.abs(np.fft.rfft(windows, axis=1).astype(np.complex64)) ** 2
    log_power = np.log10(np.maximum(_FILTERS @ power.T, 1e-10))
    log_power = np.maximum(log_power, log_power.max() - _DYNAMIC_RANGE)
    return np.asarray((log_power + 4) / 4, dtype=np.float32)
