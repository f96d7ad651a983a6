"""Sample-rate conversion by a windowed-sinc polyphase filter, in numpy alone; deterministic on one machine."""

import math
from fractions import Fraction
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

type Samples = npt.NDArray[np.float32]

_ZERO_CROSSINGS: Final = 16
"""Half the filter's length, counted at the lower rate: transition band about 10 % of it."""
_PASSBAND: Final = 0.94
"""Cutoff as a part of the lower Nyquist frequency."""
_KAISER_BETA: Final = 8.0
"""About 80 dB of stop-band attenuation, below the noise of 16 bits in speech."""


def resample(samples: Samples, ratio: Fraction) -> Samples:
    """Return `samples` at `ratio` times their rate; the length is rounded up, the delay is zero."""
    if ratio == 1 or not len(samples):
        return samples
    up, down = ratio.numerator, ratio.denominator
    taps = _polyphase(up, down)
    reach = taps.shape[1] // 2
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(samples, reach), taps.shape[1])
    out = np.empty(math.ceil(len(samples) * ratio), np.float32)
    for first in range(min(up, len(out))):
        # Outputs first, first + up, ... all fall on the same fraction of an input sample: one phase, one product.
        start, phase = divmod(first * down, up)
        count = len(out[first::up])
        out[first::up] = windows[start::down][:count] @ taps[phase]
    return out


@lru_cache(maxsize=32)
def _polyphase(up: int, down: int) -> Samples:
    """Return the filter cut into phases, shape [up, taps]; row p interpolates p/up of a sample past the middle."""
    cutoff = _PASSBAND * min(1.0, up / down)
    reach = math.ceil(_ZERO_CROSSINGS / min(1.0, up / down))
    offsets = np.arange(-reach, reach + 1)[None] - np.arange(up)[:, None] / up
    inside = np.clip(1 - (offsets / (reach + 1)) ** 2, 0, None)
    window = np.i0(_KAISER_BETA * np.sqrt(inside)) / np.i0(_KAISER_BETA)
    taps = cutoff * np.sinc(cutoff * offsets) * window
    return np.asarray(taps / taps.sum(axis=1, keepdims=True), dtype=np.float32)
